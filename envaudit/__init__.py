"""envaudit: an environment compatibility auditor for Python machine-learning stacks."""

__version__ = "0.1.0"


def load_ipython_extension(shell):  # type: ignore[no-untyped-def]  # annotations would cost each start an import
    """`%load_ext envaudit`."""
    from envaudit.notebook import load

    load(shell)


def unload_ipython_extension(shell):  # type: ignore[no-untyped-def]
    """`%unload_ext envaudit`."""
    from envaudit.notebook import unload

    unload(shell)
