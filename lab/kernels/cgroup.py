"""A memory cgroup of our own for one kernel, version 1 or 2: the way to a real out-of-memory kill."""

from __future__ import annotations

import time
from pathlib import Path

LIMIT = 500 << 20  # bytes
_ONE, _TWO = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


class Group:
    """Made, and the process put into it; `made` is false where that may not be done here."""

    def __init__(self, name: str, pid: str) -> None:
        second = (_TWO / "cgroup.controllers").is_file()
        self.folder = (_TWO if second else _ONE) / f"envaudit-lab-{name}"
        limits = {"memory.max": LIMIT, "memory.swap.max": 0} if second else {"memory.limit_in_bytes": LIMIT}
        self.made = False
        try:
            self.folder.mkdir()
            for file, value in limits.items():
                if file != "memory.swap.max" or (self.folder / file).exists():
                    (self.folder / file).write_text(str(value))
            (self.folder / "cgroup.procs").write_text(pid)
            self.made = True
        except OSError:
            self.remove()

    def remove(self) -> None:
        """Remove it once its processes are gone."""
        for _ in range(50):
            try:
                self.folder.rmdir()
                return
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.1)
