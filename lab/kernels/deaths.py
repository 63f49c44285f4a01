"""Ways for a kernel to die: the cell that does it, and what the record has to say."""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class Death:
    """One way: `cell` is run in the kernel; `asked` is what the user asks the server for instead.

    signal, code   how it ends; both None where nothing is to be said of it (asked for by the user)
    family         what `why` has to name
    memory         whether an out-of-memory counter has to rise
    """

    def __init__(
        self,
        name: str,
        cell: str,
        family: str,
        *,
        signal: int = 0,
        code: int = 0,
        asked: str = "",
        memory: bool = False,
    ) -> None:
        self.name, self.cell, self.family, self.signal, self.code = name, cell, family, signal, code
        self.asked, self.memory = asked, memory


_RAISE = "import os, signal; os.kill(os.getpid(), signal.{})"
_MACHINE_CODE = """import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes([0x0F, 0x0B]))
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()"""
_LOST_MAPPING = """import mmap, tempfile
file = tempfile.TemporaryFile(); file.truncate(8192)
mapped = mmap.mmap(file.fileno(), 8192); file.truncate(0)
mapped[5000]"""
_FILL = """import time
held = []
while True:
    held.append(bytearray(b'x') * (16 << 20)); time.sleep(0.1)"""

_RECURSION = """import sys; sys.setrecursionlimit(10**9)
class Deep:
    def __repr__(self):
        return repr([self])
repr(Deep())"""

DEATHS: Final = (
    Death("SIGKILL", _RAISE.format("SIGKILL"), "user", signal=signal.SIGKILL),
    Death("SIGKILL from outside", "import time; time.sleep(60)", "unknown", signal=signal.SIGKILL, asked="kill"),
    Death("out of memory (cgroup)", _FILL, "memory", signal=signal.SIGKILL, memory=True),
    Death("SIGSEGV", "import ctypes; ctypes.string_at(0)", "native-crash", signal=signal.SIGSEGV),
    Death("SIGABRT", "import os; os.abort()", "native-crash", signal=signal.SIGABRT),
    Death("SIGILL", _MACHINE_CODE, "abi", signal=signal.SIGILL),
    Death("SIGBUS", _LOST_MAPPING, "native-crash", signal=signal.SIGBUS),
    Death("SIGTERM", _RAISE.format("SIGTERM"), "user", signal=signal.SIGTERM),
    Death("os._exit(1)", "import os; os._exit(1)", "user", code=1),
    Death(
        "fatal recursion",
        _RECURSION,
        "program",
        signal=signal.SIGSEGV,
    ),
    Death("exit()", "exit()", "user", asked="exit"),
    Death("restart by the user", "x = 1", "user", asked="restart"),
    Death("restart by the user, busy", "import time; time.sleep(60)", "user", asked="restart"),
    Death("shutdown by the user", "x = 1", "user", asked="shutdown"),
)
