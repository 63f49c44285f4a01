"""Processes that really die: their exit status, faulthandler's dump and what they print give the right family."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from envaudit.matrix.store import load
from envaudit.postmortem import exits, signatures
from envaudit.postmortem.why import of_text

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals and their numbers are Linux's")
START = "import faulthandler, sys; faulthandler.enable(file=open(sys.argv[1], 'w'))\n"
KNOWN = signatures.load()
MATRIX = load()

# what the cell runs, family by the record, family by what stands on the terminal (the shell adds its own word)
DEATHS: dict[str, tuple[str, str, str]] = {
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", "native-crash", "Segmentation fault (core dumped)"),
    "abort": ("import os; os.abort()", "native-crash", "Aborted (core dumped)"),
    "illegal instruction": (
        "import ctypes, mmap\n"
        "page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
        "page.write(b'\\x0f\\x0b')\n"  # ud2
        "ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()",
        "abi",
        "Illegal instruction (core dumped)",
    ),
    "bus error": (
        "import mmap, tempfile\n"
        "file = tempfile.TemporaryFile(); file.truncate(8192)\n"
        "page = mmap.mmap(file.fileno(), 8192); file.truncate(0); page[5000]",
        "native-crash",
        "Bus error (core dumped)",
    ),
}
if sys.version_info < (3, 12):  # since then Python counts how deep its C code is, and raises
    DEATHS["recursion"] = (
        "import sys, ctypes; sys.setrecursionlimit(10**9)\n"
        "@ctypes.CFUNCTYPE(None)\ndef f():\n    f()\n"  # through C, so that it is the C stack that ends
        "f()",
        "program",
        "Segmentation fault (core dumped)",
    )


def died(tmp_path: Path, code: str) -> tuple[int, str, str]:
    """(wait status, dump, standard error) of a process that runs `code`."""
    dump = tmp_path / "fault"
    done = subprocess.run(
        [sys.executable, "-c", START + code, str(dump)], capture_output=True, text=True, check=False, timeout=60
    )
    status = -done.returncode if done.returncode < 0 else done.returncode << 8
    return status, dump.read_text(), done.stderr


@pytest.mark.parametrize("name", list(DEATHS))
def test_by_the_record(tmp_path: Path, name: str) -> None:
    code, family, _ = DEATHS[name]
    if name == "illegal instruction" and not _is_x86():
        pytest.skip("the instruction is one of x86")
    status, dump, _ = died(tmp_path, code)
    causes, _ = exits.judge({"wait_status": status, "fault": dump}, None)
    assert causes[0].family == family, dump


@pytest.mark.parametrize("name", list(DEATHS))
def test_by_the_terminal(tmp_path: Path, name: str) -> None:
    code, family, word = DEATHS[name]
    if name == "illegal instruction" and not _is_x86():
        pytest.skip("the instruction is one of x86")
    _, dump, err = died(tmp_path, code)
    assert of_text(f"{err}{dump}\n{word}\n".encode(), KNOWN, MATRIX, None).verdict == family


@pytest.mark.parametrize(("code", "status"), [("import os; os._exit(0)", 0), ("import os; os._exit(7)", 7 << 8)])
def test_an_end_on_purpose(tmp_path: Path, code: str, status: int) -> None:
    seen, dump, _ = died(tmp_path, code)
    assert seen == status
    causes, _ = exits.judge({"wait_status": seen, "fault": dump or None}, None)
    assert (causes[0].family, causes[0].cause) == ("user", "os_exit_call")


def test_a_kill_is_not_known(tmp_path: Path) -> None:
    status, dump, _ = died(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert (status, dump) == (9, "")
    counted = {"oom_kills_before": 0, "oom_kills_after": 0, "vm_oom_kills_before": 1, "vm_oom_kills_after": 1}
    assert exits.judge({"wait_status": status, **counted}, None)[0] == []  # type: ignore[typeddict-item]


def _is_x86() -> bool:
    import platform

    return platform.machine() in ("x86_64", "AMD64")
