"""The notebook kernel that started envaudit (`!envaudit` in a cell), found through the parent processes."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

PARENTS: Final = 12  # how far up to look; kernel, shell, uv or another launcher, envaudit are four
_LARGEST: Final = 256 * 1024  # bytes of a /proc file
# what the dynamic loader and Python read once, when the process starts
_READ_AT_START: Final = ("LD_", "PYTHON")


class Kernel:
    """A running notebook kernel: `pid`, the `executable` of its interpreter, and the variables that it works with."""

    __slots__ = ("environ", "executable", "pid")

    def __init__(self, pid: int, executable: str, environ: dict[str, str]) -> None:
        self.pid, self.executable, self.environ = pid, executable, environ


def find(proc: str = "/proc") -> Kernel | None:
    """The kernel that this process runs in or under, or None.  `proc` is where the process file system is."""
    if not os.path.isdir(proc):
        # macOS, Windows: only the variable that jupyter_client gives its kernels tells; the parent may be a shell
        if "JPY_PARENT_PID" in os.environ:
            return Kernel(os.getppid(), sys.executable, dict(os.environ))
        return None
    pid = os.getpid()
    for _ in range(PARENTS):
        words = [os.fsdecode(word) for word in _read(f"{proc}/{pid}/cmdline").split(b"\0")]
        if is_kernel(words):
            environ = _environ(proc, pid)
            return Kernel(pid, _executable(proc, pid, words[0], environ), environ)
        # "12 (a name) S 11 ...": the name may hold spaces and parentheses
        fields = _read(f"{proc}/{pid}/stat").rpartition(b")")[2].split()
        if len(fields) < 2 or int(fields[1]) < 1:
            return None
        pid = int(fields[1])
    return None


def is_kernel(words: list[str]) -> bool:
    """Whether a command line is that of a Python notebook kernel."""
    if not words[0].rpartition("/")[2].startswith(("python", "pypy")):
        return False
    for before, word in zip(words, words[1:]):
        name = word.rpartition("/")[2]
        # "-m ipykernel_launcher", ".../colab_kernel_launcher.py", ".../db_ipykernel_launcher.py"
        if name.removesuffix(".py").endswith("kernel_launcher") or (before == "-m" and name == "ipykernel"):
            return True
        connection = name.startswith("kernel-") and name.endswith(".json")
        if connection and (before == "-f" or word.startswith(("--f=", "-f="))):
            return True
    return False


def _read(path: str) -> bytes:
    """The content of a /proc file; b"" when the process has gone or belongs to somebody else."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _LARGEST)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _environ(proc: str, pid: int) -> dict[str, str]:
    """The variables that a kernel works with now.

    envaudit inherits them as they are now (after `%env` and `os.environ[...] = ...`); only those that count at the
    start of a process are as the kernel found them.
    """
    first = {}
    for entry in _read(f"{proc}/{pid}/environ").split(b"\0"):
        name, separator, value = os.fsdecode(entry).partition("=")
        if separator:
            first[name] = value
    if not first:
        return dict(os.environ)
    now = {name: value for name, value in os.environ.items() if not name.startswith(_READ_AT_START)}
    now.update((name, value) for name, value in first.items() if name.startswith(_READ_AT_START))
    return now


def _executable(proc: str, pid: int, called: str, environ: dict[str, str]) -> str:
    """The interpreter of a process.

    Its name as it was called, because in a virtual environment the link in /proc leads to the base interpreter.
    """
    try:
        real = os.readlink(f"{proc}/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        real = ""
    if "/" in called:
        candidates = [called] if os.path.isabs(called) else []
    else:
        candidates = [os.path.join(folder, called) for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    for candidate in candidates:
        if os.path.exists(candidate) and (not real or os.path.realpath(candidate) == os.path.realpath(real)):
            return candidate
    return real or called
