"""Made-up system folders for the collectors' `root`."""

from __future__ import annotations

import os
from pathlib import Path


class Link(str):
    """A symbolic link with this target, relative to its own folder."""


class Folder:
    """An empty folder."""


def plant(root: Path, content: dict[str, str | bytes | Link | Folder]) -> str:
    """Write files, links and folders below `root`; returns it as text."""
    for name, value in content.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, Folder):
            path.mkdir(exist_ok=True)
        elif isinstance(value, Link):
            path.symlink_to(str(value))
        elif isinstance(value, bytes):
            path.write_bytes(value)
        else:
            path.write_text(value, encoding="utf-8")
    return os.fspath(root)
