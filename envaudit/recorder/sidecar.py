"""The flight recorder's second process: it watches a kernel from outside and sees how it ends.  Linux only.

It is run as a file by `python -I -S`, apart from the kernel's process group, and imports next to nothing: a thread in
the kernel would be blind while native code holds the interpreter lock, and a child of the kernel would be killed with
it.  What it writes is laid out in layout.py; a warning about memory is a line on its standard output.
"""

from __future__ import annotations

import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# layout.py has the same numbers; a test holds them together
LIBRARIES, SAMPLES, SAMPLE, RING = 2048, 20480, 64, 704

SLOW, FAST = 1.0, 0.25  # seconds between looks
GROWTH = 64 << 20  # bytes a second from which looks are fast
CALM = 5.0  # seconds of fast looks after the last growth
WATCH = 0.2  # seconds between looks for the end where the system has no pidfd
WINDOW = 3.0  # seconds over which growth is measured for a warning
SOON, AGAIN = 30.0, 10.0  # seconds to the limit from which to warn, and between warnings
_DEPTH = 64  # cgroups above each other
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NO_LIMIT = 1 << 60  # cgroup version 1 writes a number near 2**63 for none
_GET_INFO, _INFO_SIZE, _INFO_EXIT = 0xC040FF0B, 64, 8  # ioctl PIDFD_GET_INFO, bytes of its first version, its flag


def read(path: str, most: int = 65536) -> bytes:
    """The content of a small file; b"" when it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, most)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def number(data: bytes) -> int | None:
    """A file that holds one number; None for "max" and no file."""
    data = data.strip()
    return int(data) if data.isdigit() and int(data) < _NO_LIMIT else None


def field(data: bytes, name: bytes) -> int | None:
    """The number behind `name` in a file of lines "name number"."""
    for line in data.split(b"\n"):
        words = line.split()
        if len(words) >= 2 and words[0] == name and words[1].isdigit():
            return int(words[1])
    return None


class Group:
    """The memory cgroup of a process: its files, and the least limit of it and the groups above (bytes)."""

    __slots__ = ("cache", "events", "folder", "limit", "stat", "usage")

    def __init__(self, listing: bytes) -> None:
        self.folder: str | None = None
        self.events = self.usage = self.stat = ""
        self.cache = b"inactive_file"
        self.limit: int | None = None
        for line in os.fsdecode(listing).splitlines():
            kind, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if kind == "0" and not controllers:
                names = ("/sys/fs/cgroup", "memory.current", "memory.events", "memory.max", b"inactive_file")
            elif "memory" in controllers.split(","):
                names = (
                    "/sys/fs/cgroup/memory", "memory.usage_in_bytes", "memory.oom_control", "memory.limit_in_bytes",
                    b"total_inactive_file",
                )  # fmt: skip
            else:
                continue
            self._walk(path, *names)

    def _walk(self, path: str, mount: str, usage: str, events: str, limit: str, cache: bytes) -> None:
        # in a container the group stands at the mount point, often under a path that only the host has
        parts = [part for part in path.split("/") if part][:_DEPTH]
        if ".." in parts:
            parts = []
        nearest = True
        for length in range(len(parts), -1, -1):
            folder = "/".join([mount, *parts[:length]])
            if nearest and field(read(f"{folder}/{events}"), b"oom_kill") is not None:
                nearest = False
                self.folder, self.usage, self.stat = folder, f"{folder}/{usage}", f"{folder}/memory.stat"
                self.events, self.cache = f"{folder}/{events}", cache
            most = number(read(f"{folder}/{limit}", 64))
            if most is not None and (self.limit is None or most < self.limit):
                self.limit = most

    def kills(self) -> int | None:
        """Processes of the group that the out-of-memory killer has ended."""
        return field(read(self.events), b"oom_kill") if self.events else None

    def used(self) -> int | None:
        """Bytes in use without file pages that the system can drop at once."""
        usage = number(read(self.usage, 64)) if self.usage else None
        return None if usage is None else max(0, usage - (field(read(self.stat), self.cache) or 0))


class Watch:
    """One kernel under watch."""

    def __init__(self, pid: int, ticks: bytes, path: str, allowed: int | None) -> None:
        self.pid, self.ticks, self.allowed = pid, ticks, allowed
        self.file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        self.facts: dict[str, object] = {}
        self.listing = b""
        self.group = Group(b"")
        self.limit, self.kind = 0, ""
        self.peak = self.count = self.size = 0
        self.libraries: list[bytes] = []
        self.next_libraries = self.warned = self.fast_until = 0.0
        self.recent: list[tuple[float, int, int]] = []  # (time, resident bytes, bytes that count against the limit)
        self.gpu: tuple[int | None, int | None] = (None, None)
        self.asked_gpu = False
        self.facts["sidecar"] = os.getpid()
        self.facts["vm_before"] = field(read("/proc/vmstat"), b"oom_kill")

    def stat(self) -> list[bytes]:
        """/proc/PID/stat from its third field on; [] when the process has gone or is another one."""
        fields = read(f"/proc/{self.pid}/stat", 4096).rpartition(b")")[2].split()
        return fields if len(fields) > 49 and fields[19] == self.ticks else []

    def look(self, now: float) -> float:
        """Take a sample; returns the seconds until the next one."""
        listing = read(f"/proc/{self.pid}/cgroup")
        pages = read(f"/proc/{self.pid}/statm", 256).split()
        if len(pages) < 2 or pages[1] == b"0":  # it is on its way out: its memory is gone, and next its cgroup
            return FAST
        if listing and listing != self.listing:
            self._enter(listing)
        size, resident = int(pages[0]) * _PAGE, int(pages[1]) * _PAGE
        available = (field(read("/proc/meminfo", 512), b"MemAvailable:") or 0) << 10
        grouped = self.group.used()
        row = [resident, available, grouped, *self.gpu]
        words = " ".join("-" if value is None else str(value >> 20) for value in row)
        place = SAMPLES + self.count % RING * SAMPLE
        os.pwrite(self.file, f"{now:.2f} {words}".encode()[: SAMPLE - 1].ljust(SAMPLE - 1) + b"\n", place)
        self.count += 1
        if resident > self.peak:
            self.peak = resident
            self.tell(peak_mib=resident >> 20)
        if size != self.size and now >= self.next_libraries:
            self.size = size
            self._list_libraries(now)
        used = {"cgroup": grouped, "RLIMIT_AS": size, "MEM_LIMIT": resident}.get(self.kind)
        if used is None:
            used = max(0, self.limit - available)
        self._judge(now, resident, used)
        return FAST if now < self.fast_until else SLOW

    def _enter(self, listing: bytes) -> None:
        """The kernel is in this cgroup from now on."""
        self.listing = listing
        self.group = group = Group(listing)
        found = [((field(read("/proc/meminfo", 512), b"MemTotal:") or 0) << 10, "physical")]
        if group.limit is not None:
            found.append((group.limit, "cgroup"))
        if self.allowed:
            found.append((self.allowed, "MEM_LIMIT"))
        for line in read(f"/proc/{self.pid}/limits").split(b"\n"):
            if line.startswith(b"Max address space"):
                soft = number(line[len(b"Max address space") :].split()[0])
                if soft is not None:
                    found.append((soft, "RLIMIT_AS"))
        self.limit, self.kind = min(limit for limit in found if limit[0])
        self.tell(
            cgroup=group.folder,
            oom_before=group.kills(),
            limit_mib=self.limit >> 20,
            limit_kind=self.kind,
        )

    def _judge(self, now: float, resident: int, used: int) -> None:
        """Look faster while memory grows, and warn when it will soon be used up."""
        recent = self.recent
        recent.append((now, resident, used))
        while len(recent) > 2 and recent[0][0] < now - WINDOW:
            del recent[0]
        before = recent[-2] if len(recent) > 1 else recent[-1]
        if now > before[0] and (resident - before[1]) / (now - before[0]) > GROWTH:
            self.fast_until = now + CALM
        then, _, at_first = recent[0]
        grown = used - at_first
        if now - then < FAST or grown < self.limit // 100 or used < self.limit // 2 or now < self.warned + AGAIN:
            return
        rate = grown / (now - then)
        left = (self.limit - used) / rate
        if left < SOON:
            self.warned = now
            line = f"{used >> 20} {self.limit >> 20} {int(rate) >> 20} {max(0, left):.0f}\n"
            try:  # noqa: SIM105  # contextlib is a megabyte
                os.write(1, line.encode())
            except OSError:  # nobody reads any more
                pass

    def _list_libraries(self, now: float) -> None:
        """The native libraries of the kernel, newest last.  A big list takes milliseconds, so it is not read often."""
        begun = time.perf_counter()
        listed: dict[bytes, None] = {}
        for line in read_all(f"/proc/{self.pid}/maps").split(b"\n"):
            if b".so" in line and b"/" in line:
                listed[line[line.index(b"/") :].removesuffix(b" (deleted)")] = None
        known = set(self.libraries)
        new = [path for path in listed if path not in known]
        if new:
            self.libraries = [path for path in self.libraries if path in listed] + new
            text = b"\n".join(self.libraries)[-(SAMPLES - LIBRARIES - 1) :]
            os.pwrite(self.file, text.ljust(SAMPLES - LIBRARIES, b"\0"), LIBRARIES)
            if not self.asked_gpu and any(b"/libcuda.so" in path for path in new):
                self.asked_gpu = True
                start_gpu(self)
        self.next_libraries = now + max(2.0, (time.perf_counter() - begun) * 1000)

    def end(self, descriptor: int) -> None:
        """Write down how the kernel ended.  It is a zombie until its parent asks for it."""
        now = time.time()
        fields = self.stat()
        status: int | None = None
        by = None
        if fields and fields[0] in (b"Z", b"X"):
            status, by = int(fields[49]), "stat"
        elif descriptor >= 0:
            status = exit_of(descriptor)
            by = "pidfd" if status is not None else None
        self.tell(
            ended=f"{now:.3f}",
            wait_status=status,
            status_by=by,
            oom_after=self.group.kills(),
            vm_after=field(read("/proc/vmstat"), b"oom_kill"),
        )

    def tell(self, **facts: object) -> None:
        """Write facts to the head of the file."""
        self.facts.update(facts)
        text = "".join(f"{name} {value}\n" for name, value in self.facts.items() if value is not None)
        os.pwrite(self.file, text.encode("utf-8", "replace")[: LIBRARIES - 1].ljust(LIBRARIES, b"\0"), 0)


def read_all(path: str, most: int = 8 << 20) -> bytes:
    """A /proc file of any length, which gives a page at a time."""
    parts: list[bytes] = []
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            while most > 0:
                part = os.read(descriptor, 1 << 20)
                if not part:
                    break
                parts.append(part)
                most -= len(part)
        finally:
            os.close(descriptor)
    except OSError:
        pass
    return b"".join(parts)


def exit_of(descriptor: int) -> int | None:
    """The wait status of a process that is gone, from its pidfd (Linux 6.15 and newer)."""
    try:
        from fcntl import ioctl

        answer = ioctl(descriptor, _GET_INFO, _INFO_EXIT.to_bytes(8, sys.byteorder).ljust(_INFO_SIZE, b"\0"))
    except (ImportError, OSError):
        return None
    if not int.from_bytes(answer[:8], sys.byteorder) & _INFO_EXIT:
        return None
    return int.from_bytes(answer[60:64], sys.byteorder, signed=True)


def start_gpu(watch: Watch) -> None:
    """Watch GPU memory, in a thread of its own: a GPU that fell off the bus never answers."""
    import _thread

    _thread.start_new_thread(_watch_gpu, (watch,))


def _watch_gpu(watch: Watch) -> None:
    try:
        import ctypes

        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        if nvml.nvmlInit_v2():
            return
        count = ctypes.c_uint()
        nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
        devices: list[object] = []
        for index in range(min(count.value, 64)):
            device = ctypes.c_void_p()
            if not nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(device)):
                devices.append(device)
        while devices:
            watch.gpu = _gpu_memory(nvml, ctypes, devices, watch.pid)
            time.sleep(SLOW)
    except (ImportError, OSError, AttributeError):  # no such library, or one that lacks a function
        pass


def _gpu_memory(nvml: object, ctypes: object, devices: list[object], pid: int) -> tuple[int | None, int | None]:
    """(bytes that the process holds on all GPUs, least free bytes of a GPU); None for unknown."""
    call: Callable[..., int]
    held: int | None = None
    free: int | None = None
    memory = (ctypes.c_ulonglong * 3)()  # type: ignore[attr-defined]  # total, free, used
    for device in devices:
        call = nvml.nvmlDeviceGetMemoryInfo  # type: ignore[attr-defined]
        if not call(device, memory):
            free = memory[1] if free is None else min(free, memory[1])
        count = ctypes.c_uint(64)  # type: ignore[attr-defined]
        rows = (ctypes.c_ulonglong * (3 * 64))()  # type: ignore[attr-defined]  # pid, bytes, two instance numbers
        call = nvml.nvmlDeviceGetComputeRunningProcesses_v3  # type: ignore[attr-defined]
        if not call(device, ctypes.byref(count), rows):  # type: ignore[attr-defined]
            for index in range(min(count.value, 64)):
                # in a container the numbers are the host's, and none is ours: unknown then
                if rows[index * 3] & 0xFFFFFFFF == pid and rows[index * 3 + 1] < _NO_LIMIT:
                    held = (held or 0) + rows[index * 3 + 1]
    return held, free


def main() -> None:
    """Watch the kernel that the arguments name until it ends: pid, start ticks, file, MEM_LIMIT or 0."""
    pid, ticks, path, allowed = sys.argv[1:5]
    if os.fork():  # so that the kernel gets no child that its own os.wait() would find
        os._exit(0)
    watch = Watch(int(pid), ticks.encode(), path, int(allowed) or None)
    descriptor = -1
    try:  # noqa: SIM105
        descriptor = os.pidfd_open(int(pid))
    except (AttributeError, OSError):  # an old kernel, a sandbox
        pass
    if not watch.stat():
        return
    poll = select.poll()
    if descriptor >= 0:
        poll.register(descriptor, select.POLLIN)
    due = 0.0
    while True:
        now = time.time()
        if now >= due:
            due = now + watch.look(now)
        wait = max(0.01, due - time.time())
        if descriptor >= 0:
            if poll.poll(int(wait * 1000) + 1):
                break
        else:
            time.sleep(min(wait, WATCH))
            fields = watch.stat()
            if not fields or fields[0] in (b"Z", b"X"):
                break
    watch.end(descriptor)


if __name__ == "__main__":
    main()
