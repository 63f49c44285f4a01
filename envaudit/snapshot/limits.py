"""How much memory there is, and the limit that counts.

A container, a Slurm job or a notebook host gives a process less than the machine has, and says so in different places;
the least of them ends the process.  All results are MiB.
"""

from __future__ import annotations

import os
import sys

from envaudit.snapshot import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.snapshot.model import Memory

_DEPTH = 64  # cgroups above each other


def read(
    environ: dict[str, str], process: str = "self", root: str = "/", system: str = sys.platform
) -> tuple[Memory, str | None]:
    """(memory, why it is not known) of the process with this id."""
    total = _total(root, system)
    memory: Memory = {}
    shm = _shm(root)
    if shm is not None:
        memory["shm_mib"] = shm >> 20
    rlimits = files.text(root, f"/proc/{process}/limits", 8192) or ""
    for open_files in _soft_limit(rlimits, "Max open files"):
        memory["open_files"] = open_files
    free = _free(environ.get("TMPDIR") or "/tmp", root)  # noqa: S108  # it is asked for its room
    if free is not None:
        memory["tmp_free_mib"] = free >> 20
    if total is None:
        return memory, "this system does not tell its memory without a system call that envaudit does not make"
    limits = [total, *_cgroups(process, root), *_soft_limit(rlimits, "Max address space"), *_mem_limit(environ)]
    memory["total_mib"] = total >> 20
    memory["limit_mib"] = min(limits) >> 20
    return memory, None


def _total(root: str, system: str) -> int | None:
    if not system.startswith("linux"):
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):  # Windows; a name that the system does not know
            return None
    words = (files.text(root, "/proc/meminfo", 128) or "").split()
    if len(words) > 1 and words[0] == "MemTotal:" and words[1].isdecimal():
        return int(words[1]) * 1024
    return None


def _cgroups(process: str, root: str) -> list[int]:
    """The limits in bytes of the process's control groups and all groups above them, versions 1 and 2."""
    limits: list[int] = []
    for line in (files.text(root, f"/proc/{process}/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            limits += _walk("/sys/fs/cgroup", path, "memory.max", root)
        elif "memory" in controllers.split(","):
            limits += _walk("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes", root)
    return limits


def _walk(mount: str, path: str, name: str, root: str) -> list[int]:
    # A container sees its own group at the mount point, and often the path that the group has on the host: then only
    # the mount point exists.
    parts = [part for part in path.split("/") if part][:_DEPTH]
    if ".." in parts:  # the process is outside of what this mount shows
        parts = []
    limits = []
    for length in range(len(parts), -1, -1):
        limits += _bytes(files.text(root, "/".join([mount, *parts[:length], name]), 64))
    return limits


def _bytes(text: str | None) -> list[int]:
    """[the limit] that a file or a variable holds, [] for none ("max", "-1", "unlimited").

    cgroup v1 writes a number near 2**63 for none; it is more than any machine has and never the least.
    """
    word = (text or "").strip()
    return [int(word)] if word.isdecimal() and len(word) < 20 and int(word) > 0 else []


def _soft_limit(rlimits: str, name: str) -> list[int]:
    """[the soft limit] of a line of /proc/PID/limits (`ulimit -v`, `ulimit -n`), [] for none."""
    for line in rlimits.splitlines():
        if line.startswith(name):
            soft = line[len(name) :].split()
            return _bytes(soft[0]) if soft else []
    return []


def _mem_limit(environ: dict[str, str]) -> list[int]:
    """MEM_LIMIT in bytes, as JupyterHub sets it."""
    return _bytes(environ.get("MEM_LIMIT"))


def _free(folder: str, root: str) -> int | None:
    """Bytes that a user may still write below `folder`."""
    try:
        size = os.statvfs(files.under(root, folder))
    except (AttributeError, OSError, ValueError):  # Windows; no such folder; a NUL in the name
        return None
    return size.f_bavail * size.f_frsize


def _shm(root: str) -> int | None:
    """Size of /dev/shm in bytes."""
    try:
        size = os.statvfs(files.under(root, "/dev/shm"))  # noqa: S108  # it is asked for its size
    except (AttributeError, OSError):
        return None
    return size.f_blocks * size.f_frsize
