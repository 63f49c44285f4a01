"""`python -m envaudit` is the `envaudit` command."""

from envaudit.cli import run

if __name__ == "__main__":
    run()
