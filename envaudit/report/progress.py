"""A line that says what is being waited for, on a terminal only."""

from __future__ import annotations

import contextlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def status(first: str) -> Iterator[Callable[[str], None]]:
    """Shows `first`, then each text that the given function is called with, on standard error; clears it at the end."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(first)) as line:
        yield lambda text: line.update(escape(text[:200]))
