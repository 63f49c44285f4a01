"""What is said of input that cannot be read."""

from __future__ import annotations


class RecordedError(Exception):
    """A recorded environment cannot be read; `str()` is one line: the file, where in it, and the reason."""

    def __init__(self, name: str, reason: str) -> None:
        text = f"{name}: {reason}"
        super().__init__("".join(char if char.isprintable() else "?" for char in text)[:500])
