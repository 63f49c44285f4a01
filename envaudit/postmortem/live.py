"""What is left on this machine of a kernel that died.  Everything is read with a bound, nothing waits."""

from __future__ import annotations

import os

from envaudit.snapshot import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.postmortem.death import Death

TAIL = 1 << 20  # bytes of a log that are read, from its end
KMSG_RECORDS = 20_000  # of the kernel log
_DEPTH = 64  # cgroups above each other
# where hosts keep the log of their notebook server; the first is Colab's, one JSON object a line
LOGS = ("/var/log/colab-jupyter.log", "/var/log/jupyter.log", "/var/log/jupyterlab.log", "/home/jovyan/.jupyter.log")


class Live:
    """What is left.

    death        the flight recorder's last record of this kernel, None where there is none
    watched      the recorder is on in this kernel, so that the end of the one before it would be known
    logs         (path, last bytes) of server logs
    kernel_log   lines of the system's kernel log about killed or crashed processes; None where it may not be read
    oom_kills    kills by the out-of-memory killer in this memory cgroup since it began; None for unknown
    vm_oom_kills the same of the whole machine since it started
    peak_mib, limit_mib   of the memory cgroup
    shm_free_mib free room in /dev/shm
    core_pattern where core files go
    boot_id      of the machine now
    hosts        every host that this is, innermost first: ["colab", "docker"]
    unread       {"what", "because"} for what could not be read
    """

    __slots__ = (
        "boot_id", "core_pattern", "death", "hosts", "kernel_log", "limit_mib", "logs", "oom_kills", "peak_mib",
        "shm_free_mib", "unread", "vm_oom_kills", "watched",
    )  # fmt: skip

    def __init__(self) -> None:
        self.death: Death | None = None
        self.watched = False
        self.logs: list[tuple[str, bytes]] = []
        self.kernel_log: list[str] | None = None
        self.oom_kills: int | None = None
        self.vm_oom_kills: int | None = None
        self.peak_mib: int | None = None
        self.limit_mib: int | None = None
        self.shm_free_mib: int | None = None
        self.core_pattern: str | None = None
        self.boot_id: str | None = None
        self.hosts: list[str] = []
        self.unread: list[dict[str, str]] = []


def look(root: str = "/", kernel: str | None = None) -> Live:
    """What is left here; `kernel` is the id of the kernel that died, found by itself where None."""
    live = Live()
    live.death = _recorded(live, kernel) if root == "/" else None
    for path in LOGS:
        data = tail(files.under(root, path))
        if data:
            live.logs.append((path, data))
    _cgroup(live, root)
    live.vm_oom_kills = _field(files.text(root, "/proc/vmstat", 1 << 20), "oom_kill")
    live.boot_id = (files.text(root, "/proc/sys/kernel/random/boot_id", 64) or "").strip() or None
    live.core_pattern = (files.text(root, "/proc/sys/kernel/core_pattern", 256) or "").strip() or None
    live.hosts = _hosts(root)
    live.shm_free_mib = _shm_free(root)
    live.kernel_log = _kernel_log(live, files.under(root, "/dev/kmsg"))
    if not live.logs:
        live.unread.append({"what": "the log of the notebook server", "because": "it lies in none of the usual places"})
    return live


def _hosts(root: str) -> list[str]:
    from envaudit.snapshot.runtime import Place, hosts

    release = files.text(root, "/proc/sys/kernel/osrelease", 256) or ""
    return hosts(Place(dict(os.environ), release=release.strip(), root=root))


def tail(path: str) -> bytes:
    """The last bytes of a file, from the start of a line on; b"" when it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return b""
    try:
        size = os.fstat(descriptor).st_size
        os.lseek(descriptor, max(0, size - TAIL), os.SEEK_SET)
        data = os.read(descriptor, TAIL)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return data if size <= TAIL else data.partition(b"\n")[2]


def _recorded(live: Live, kernel: str | None) -> Death | None:
    try:
        from envaudit.recorder.read import last, watched
    except ImportError:
        live.unread.append({"what": "the flight recorder's record", "because": "this envaudit has no recorder"})
        return None
    try:
        death: Death | None = last(kernel)
        live.watched = death is None and watched(kernel)
    except (OSError, ValueError) as error:
        live.unread.append({"what": "the flight recorder's record", "because": f"it cannot be read: {error}"})
        return None
    if death is None and not live.watched:
        because = "the recorder was not on; `%load_ext envaudit` in the first cell turns it on"
        live.unread.append({"what": "the flight recorder's record", "because": because})
    return death


def _cgroup(live: Live, root: str) -> None:
    """The counters of the nearest group that has them, versions 1 and 2."""
    for line in (files.text(root, "/proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            mount, events, peak, limit = "/sys/fs/cgroup", "memory.events", "memory.peak", "memory.max"
        elif "memory" in controllers.split(","):
            mount, events = "/sys/fs/cgroup/memory", "memory.oom_control"
            peak, limit = "memory.max_usage_in_bytes", "memory.limit_in_bytes"
        else:
            continue
        parts = [part for part in path.split("/") if part and part != ".."][:_DEPTH]
        for length in range(len(parts), -1, -1):
            folder = "/".join([mount, *parts[:length]])
            kills = _field(files.text(root, f"{folder}/{events}", 4096), "oom_kill")
            if kills is not None:
                live.oom_kills = kills
                live.peak_mib = _mib(files.text(root, f"{folder}/{peak}", 64))
                live.limit_mib = _mib(files.text(root, f"{folder}/{limit}", 64))
                return


def _field(text: str | None, name: str) -> int | None:
    for line in (text or "").splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == name and words[1].isdecimal():
            return int(words[1])
    return None


def _mib(text: str | None) -> int | None:
    word = (text or "").strip()
    # cgroup v1 writes a number near 2**63 for no limit
    return int(word) >> 20 if word.isdecimal() and int(word) < 1 << 60 else None


def _shm_free(root: str) -> int | None:
    try:
        size = os.statvfs(files.under(root, "/dev/shm"))  # noqa: S108  # it is asked for its room
    except (AttributeError, OSError):
        return None
    return (size.f_bavail * size.f_frsize) >> 20


_KERNEL_WORDS = (
    "oom-kill",
    "Out of memory",
    "out of memory",
    "segfault",
    "traps:",
    "NVRM: Xid",
    "NVRM: API mismatch",
    "fallen off the bus",
)


def _kernel_log(live: Live, path: str) -> list[str] | None:
    """Lines of the kernel log about processes that were killed or crashed; each read gives one record."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        because = "it may not be read here" if isinstance(error, PermissionError) else error.strerror or str(error)
        live.unread.append({"what": "the system's kernel log", "because": because})
        return None
    lines: list[str] = []
    try:
        for _ in range(KMSG_RECORDS):
            try:
                record = os.read(descriptor, 8192)
            except BrokenPipeError:  # a record was overwritten while we read: go on with the next one
                continue
            if not record:
                break
            for line in record.decode("utf-8", "replace").splitlines():
                message = line.partition(";")[2] or line
                if any(word in message for word in _KERNEL_WORDS):
                    lines.append(message)
    except BlockingIOError:  # the end
        pass
    except OSError as error:
        live.unread.append({"what": "the system's kernel log", "because": error.strerror or str(error)})
        if not lines:
            return None
    finally:
        os.close(descriptor)
    return lines[-200:]
