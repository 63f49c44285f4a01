"""How fast envaudit is, measured on this machine beside its peers: `python -m benchmarks`."""
