"""envaudit: an environment compatibility auditor for Python machine-learning stacks."""

__version__ = "0.1.0"
