"""Runs one probe where it can do no harm, and says how it ended.

Where Linux allows it (root, or user namespaces), the probe gets namespaces of its own: no network but its own
loopback, a process tree that dies with it, a file system it can only read, and a small one in memory for its home and
scratch files.  Elsewhere its own process group, proxies that lead nowhere and an audit hook that refuses sockets must
do; `Outcome.isolation` says which it was.  Limits of time, memory and file size hold in both; that of processes where
the lab may make a cgroup.

`Host` is a machine that lacks something: its memory, its /dev/shm and its open files are limited in earnest, its
processor is played by qemu.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

TAIL = 64 << 10  # bytes of the probe's output that are looked at
PIDS = Path("/sys/fs/cgroup/pids")
MEMORY = Path("/sys/fs/cgroup/memory")
SHM = 256  # MiB of /dev/shm
QEMU = "qemu-x86_64"

# $1 MiB of address space, $2 of the largest file, $3 CPU seconds, $4 open files, $5 cgroups, then the command
_LIMITED = """
ulimit -c 0
ulimit -v $(($1 * 1024))
ulimit -f $(($2 * 2048))
ulimit -t "$3"
if [ -n "$4" ]; then ulimit -n "$4"; fi
for group in $5; do echo $$ > "$group/cgroup.procs"; done
shift 5
exec "$@"
"""
# $1 scratch folder, $2 its size in MiB, $3 that of /dev/shm, then the command.  The shell stays as the first process of
# the namespace: to the first process the kernel delivers no signal that it raises itself, so an abort would not show.
_INNER = """
set -e
mount --make-rprivate /
mount -t tmpfs -o "size=${2}m" tmpfs "$1"
mount -t tmpfs -o "size=${3}m" tmpfs /dev/shm
mount -o remount,bind,ro /
mount -t proc proc /proc
ip link set lo up 2>/dev/null || true
mkdir "$1/home" "$1/tmp"
cd "$1/tmp"
shift 3
set +e
"$@"
exit $?
"""
# what stands in for the network namespace where there is none
_GUARD = """
import sys
def _no_network(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"):
        raise PermissionError("the lab gives probes no network")
sys.addaudithook(_no_network)
"""
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class Limits(NamedTuple):
    """What a probe may use."""

    seconds: float = 120.0
    memory_mib: int = 8192  # address space of each process
    disk_mib: int = 512  # scratch files, all together; also the largest file
    processes: int = 256


class Host(NamedTuple):
    """How the machine of a probe differs from this one; None: not at all.

    cpu  a model of qemu's (`qemu-x86_64 -cpu help`), as Nehalem
    """

    memory_mib: int | None = None
    shm_mib: int | None = None
    tmp_free_mib: int | None = None
    open_files: int | None = None
    cpu: str | None = None

    @property
    def lacking(self) -> str | None:
        """What this machine would need to play `self`, or None."""
        if self.memory_mib is not None and not os.access(MEMORY, os.W_OK):
            return "needs a memory cgroup (version 1)"
        if (self.shm_mib, self.tmp_free_mib) != (None, None) and not namespaces_allowed():
            return "needs namespaces"
        if self.cpu and not shutil.which(QEMU):
            return f"needs {QEMU} (Debian: qemu-user)"
        return None

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in zip(self._fields, self) if value is not None)


class Outcome(NamedTuple):
    """How a probe ended.

    status     exit status, None when it was killed for time or died by a signal
    signal     name of the signal it died by, as SIGSEGV, or None
    error      the last line it wrote to standard error, "" for none
    output     the end of its standard error
    """

    status: int | None
    signal: str | None
    timed_out: bool
    error: str
    output: str
    seconds: float
    isolation: str

    def __str__(self) -> str:
        if self.timed_out:
            return "no end"
        return self.signal or f"exit {self.status}"

    @property
    def passed(self) -> bool:
        """Whether the probe ran to its end."""
        return self.status == 0


def run(
    python: Path,
    code: str,
    limits: Limits = Limits(),  # noqa: B008
    env: dict[str, str] | None = None,
    host: Host = Host(),  # noqa: B008
) -> Outcome:
    """Run `code` with the interpreter `python` in isolation, as on the machine `host`."""
    began = time.monotonic()
    words = [QEMU, "-cpu", host.cpu, str(python)] if host.cpu else [str(python)]
    with tempfile.TemporaryDirectory(prefix="lab-probe-") as scratch, tempfile.TemporaryFile() as errors:
        if namespaces_allowed():
            sizes = [str(host.tmp_free_mib or limits.disk_mib), str(host.shm_mib or SHM)]
            command = [*_unshare(), "sh", "-c", _INNER, "sh", scratch, *sizes, *words, "-c", code]
            isolation = "namespaces"
        else:
            Path(scratch, "home").mkdir()
            Path(scratch, "tmp").mkdir()
            command = [*words, "-c", f"{_GUARD}\nexec(compile({code!r}, '<string>', 'exec'))"]
            isolation = "audit hook"
        with _groups(limits, host) as groups:
            process = subprocess.Popen(  # noqa: S603
                [*_limited(limits, host, groups), *command],
                env={**_environment(scratch), **(env or {})},
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
            timed_out = False
            try:
                process.wait(limits.seconds)
            except subprocess.TimeoutExpired:
                timed_out = True
            finally:
                _end(process)
        output = _tail(errors)
    status = process.returncode
    number = -status if status < 0 else status - 128 if status > 128 else 0
    name = _signal_name(number)
    return Outcome(
        None if timed_out or name else status,
        None if timed_out else name,
        timed_out,
        _last_line(output),
        output,
        round(time.monotonic() - began, 1),
        isolation,
    )


@functools.lru_cache(maxsize=1)
def namespaces_allowed() -> bool:
    """Whether this machine lets the lab make namespaces (asked once, by doing it)."""
    if sys.platform != "linux":
        return False
    with tempfile.TemporaryDirectory(prefix="lab-probe-") as scratch:
        command = [*_unshare(), "sh", "-c", _INNER, "sh", scratch, "1", "1", "true"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=20, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0


def _unshare() -> list[str]:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child"]


def _environment(scratch: str) -> dict[str, str]:
    nowhere = "http://127.0.0.1:9"
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "HOME": f"{scratch}/home",
        "TMPDIR": f"{scratch}/tmp",  # noqa: S108  # inside a scratch folder of its own
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "PYTHONNOUSERSITE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _limited(limits: Limits, host: Host, groups: list[Path]) -> list[str]:
    amounts = [limits.memory_mib, limits.disk_mib, int(limits.seconds) + 1, host.open_files or ""]
    return ["sh", "-c", _LIMITED, "sh", *map(str, amounts), " ".join(map(str, groups))]


@contextlib.contextmanager
def _groups(limits: Limits, host: Host) -> Iterator[list[Path]]:
    """Cgroups for the probe's processes, where the lab may make them; `ulimit -u` would count the user's other ones and
    does not bind root, and `ulimit -v` raises where a machine that is full kills."""
    made: list[Path] = []
    try:
        if namespaces_allowed() and os.access(PIDS, os.W_OK):
            made.append(Path(tempfile.mkdtemp(prefix="lab-", dir=PIDS)))
            (made[-1] / "pids.max").write_text(str(limits.processes))
        if host.memory_mib is not None:
            made.append(Path(tempfile.mkdtemp(prefix="lab-", dir=MEMORY)))
            for name in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"):  # the second only with swap
                if (made[-1] / name).exists():
                    (made[-1] / name).write_text(str(host.memory_mib << 20))
        yield made
    finally:
        for group in made:
            for _ in range(50):
                try:
                    group.rmdir()
                    break
                except OSError:  # its last process is still dying
                    time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the probe: its process group, and with it the namespace of all its descendants."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    return file.read().decode("utf-8", "replace")


def _signal_name(number: int) -> str | None:
    try:
        return signal.Signals(number).name if number > 0 else None
    except ValueError:
        return None


# what the shell says of a process that died by a signal
_SHELL = re.compile(
    r"^(?:sh: .*)?(?:Segmentation fault|Aborted|Illegal instruction|Killed|Bus error)( \(core dumped\))?$"
)


def _last_line(output: str) -> str:
    """The last line that tells something: the shell's word on a signal only where there is no other."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in reversed(lines):
        if not _SHELL.match(line):
            return line[:500]
    return lines[-1] if lines else ""
