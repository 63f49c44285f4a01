"""`python -m envaudit` is the `envaudit` command."""

import sys

from envaudit.cli import main

if __name__ == "__main__":
    sys.exit(main())
