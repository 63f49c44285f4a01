"""The user's cache folder: the only place that a run of envaudit writes to.

A cache that cannot be read or written is no cache; nothing here raises.
"""

from __future__ import annotations

import os
import sys

COMPILED = 8  # compiled matrices that are kept: a few checkouts and rule folders side by side


def folder() -> str | None:
    """Path of envaudit's cache folder, which may not exist yet; None when there is no home to put it in.

    `ENVAUDIT_CACHE_DIR` names another one.
    """
    chosen = os.environ.get("ENVAUDIT_CACHE_DIR")
    if chosen:
        return os.path.abspath(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or ""
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or ""
        if not os.path.isabs(base):  # the XDG specification: a relative path is to be ignored
            base = os.path.expanduser("~/.cache")
    return os.path.join(base, "envaudit") if os.path.isabs(base) else None


def read_bytes(name: str) -> bytes | None:
    """The content of file `name` in the cache folder, or None when it is not there or cannot be read."""
    home = folder()
    if home is None:
        return None
    try:
        with open(os.path.join(home, name), "rb") as file:
            return file.read()
    except OSError:
        return None


def write_bytes(name: str, data: bytes) -> None:
    """Put `data` into file `name` of the cache folder in one step, so that nobody ever reads half of it."""
    home = folder()
    if home is None:
        return
    path = os.path.join(home, name)
    new = f"{path}.{os.getpid()}.new"
    try:
        os.makedirs(home, exist_ok=True)
        try:
            with open(new, "wb") as file:
                file.write(data)
            os.replace(new, path)
        except OSError:
            os.unlink(new)
        for start in ("matrix-", "signatures-"):
            _forget_old(home, start)
    except OSError:
        pass


def _forget_old(home: str, start: str) -> None:
    with os.scandir(home) as entries:
        compiled = [entry for entry in entries if entry.name.startswith(start) and not entry.name.endswith(".new")]
    if len(compiled) > COMPILED:
        compiled.sort(key=lambda entry: entry.stat().st_mtime_ns)
        for entry in compiled[:-COMPILED]:
            os.unlink(entry.path)
