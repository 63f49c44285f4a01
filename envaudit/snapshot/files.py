"""Small files of the system, read with a bound and without surprises.

`root` stands before every path, so that tests can hand in a made-up /proc or /sys.
"""

from __future__ import annotations

import os


def under(root: str, path: str) -> str:
    """The absolute `path` as it lies below `root` ("/" changes nothing)."""
    return path if root == "/" else os.path.join(root, path.lstrip("/"))


def exists(root: str, path: str) -> bool:
    return os.path.exists(under(root, path))


def names(root: str, path: str) -> list[str]:
    """The sorted entries of a folder; [] when it cannot be read."""
    try:
        return sorted(os.listdir(under(root, path)))
    except OSError:
        return []


def text(root: str, path: str, limit: int = 65536) -> str | None:
    """The first `limit` bytes of a file as text; None when it cannot be read."""
    try:
        descriptor = os.open(under(root, path), os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return None
    try:
        return os.read(descriptor, limit).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)
