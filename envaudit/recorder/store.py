"""The folder of the records: names, who may read them, and how many are kept."""

from __future__ import annotations

import os
import sys

from envaudit.snapshot import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

KEPT, KEPT_IN_ALL = 5, 50  # records of one kernel, and of all kernels of the user
MAX_ENTRIES = 2000  # of the folder that are looked at
_PARTS = (".marks", ".life", ".fault")


class Name:
    """The name of a record: the kernel's key, when it started (milliseconds since the epoch), its pid."""

    __slots__ = ("key", "pid", "started", "stem")

    def __init__(self, key: str, started: int, pid: int) -> None:
        self.key, self.started, self.pid = key, started, pid
        self.stem = f"{key}.{started}.{pid}"

    def path(self, part: str) -> str | None:
        """Path of its file `part` ("marks", "life" or "fault"); None where there is no cache folder."""
        home = folder()
        return os.path.join(home, f"{self.stem}.{part}") if home else None


def folder() -> str | None:
    """The folder of the records, which may not exist yet."""
    home = cache.folder()
    return os.path.join(home, "recorder") if home else None


def key_of(kernel: str) -> str:
    """A kernel id as a part of a file name: itself, when it is one already (as all of Jupyter's are), else a digest."""
    if 0 < len(kernel) <= 80 and kernel.isascii() and kernel.replace("-", "").replace("_", "").isalnum():
        return kernel
    from hashlib import sha256

    return "k" + sha256(kernel.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def kernel_of(connection_file: str) -> str:
    """The kernel id in the name of a connection file: `kernel-<id>.json`."""
    name = os.path.basename(connection_file)
    return name.removesuffix(".json").removeprefix("kernel-") or name


def make_folder() -> str | None:
    """The folder of the records, made private to the user.  Raises OSError."""
    home = folder()
    if home is None:
        return None
    os.makedirs(home, mode=0o700, exist_ok=True)
    if os.name == "posix" and os.stat(home).st_mode & 0o077:
        os.chmod(home, 0o700)
    return home


def create(path: str, size: int) -> int:
    """A new file for the user alone, with room for `size` bytes on the disk; returns its descriptor.  Raises OSError.

    The room is taken at once: writing to a mapping whose page has no room ends the process.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.write(descriptor, bytes(size))
    except OSError:
        os.close(descriptor)
        os.unlink(path)
        raise
    return descriptor


def names() -> list[Name]:
    """All records, newest first."""
    home = folder()
    if home is None:
        return []
    found = []
    try:
        with os.scandir(home) as entries:
            for _, entry in zip(range(MAX_ENTRIES), entries):
                words = entry.name.split(".")
                if len(words) == 4 and words[3] == "marks" and words[1].isdecimal() and words[2].isdecimal():
                    found.append(Name(words[0], int(words[1]), int(words[2])))
    except OSError:  # nothing was ever recorded, or not by this user
        return []
    found.sort(key=lambda name: -name.started)
    return found


def forget_old(key: str) -> None:
    """Delete all records of kernel `key` but the last KEPT, and of all kernels but the last KEPT_IN_ALL."""
    everything = names()
    ours = [name for name in everything if name.key == key]
    delete(name for name in {*ours[KEPT:], *everything[KEPT_IN_ALL:]} if not alive(name.pid))


def alive(pid: int) -> bool:
    """Whether a process with this id runs."""
    if sys.platform == "win32":
        return False  # os.kill would end it there
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def delete(old: Iterable[Name]) -> None:
    """Delete these records."""
    home = folder()
    assert home is not None
    for name in old:
        for part in _PARTS:
            try:
                os.unlink(os.path.join(home, name.stem + part))
            except OSError:
                continue


def start_ticks(pid: int | str = "self") -> str | None:
    """When a process started, in clock ticks since the machine did; None where that is not known."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in ("Z", "X") else None


def boot_id() -> str | None:
    """The id of the machine's present run."""
    return _read("/proc/sys/kernel/random/boot_id").strip() or None


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(4096).decode("utf-8", "replace")
    except OSError:
        return ""
