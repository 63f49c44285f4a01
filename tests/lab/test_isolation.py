"""A probe may hang, fork, fill the disk, ask the network: it ends, and nothing is left of it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

from lab.isolation import QEMU, Host, Limits, namespaces_allowed, run

PYTHON = Path(sys.executable)
SHORT = Limits(seconds=20, memory_mib=1024, disk_mib=16, processes=64)
needs_namespaces = pytest.mark.skipif(not namespaces_allowed(), reason="no namespaces here")


@pytest.mark.parametrize(
    ("code", "said", "error"),
    [
        ("print('fine')", "exit 0", ""),
        ("raise SystemExit(3)", "exit 3", ""),
        ("import sys; sys.exit('so it is')", "exit 1", "so it is"),
        ("import json; json.nothing", "exit 1", "AttributeError: module 'json' has no attribute 'nothing'"),
        ("import os; os.abort()", "SIGABRT", "Aborted"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV", "Segmentation fault"),
        ("import os, sys; sys.stderr.write('last words\\n'); sys.stderr.flush(); os.abort()", "SIGABRT", "last words"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "SIGILL", "Illegal instruction"),
        ("x = bytearray(3 << 30)", "exit 1", "MemoryError"),
    ],
)
def test_how_it_ended(code: str, said: str, error: str) -> None:
    outcome = run(PYTHON, code, SHORT)
    assert str(outcome) == said
    assert outcome.error.startswith(error)
    assert outcome.passed == (said == "exit 0")


def test_one_that_hangs_is_ended() -> None:
    began = time.monotonic()
    outcome = run(PYTHON, "import time; time.sleep(600)", Limits(seconds=2))
    assert outcome.timed_out and str(outcome) == "no end"
    assert time.monotonic() - began < 20


@needs_namespaces
def test_children_that_leave_the_process_group_end_too(tmp_path: Path) -> None:
    mark = f"3600.{os.getpid()}"
    code = f"""
import os, time
for _ in range(3):
    if not os.fork():
        os.setsid()
        os.execvp("sleep", ["sleep", "{mark}"])
time.sleep(600)
"""
    run(PYTHON, code, Limits(seconds=2))
    time.sleep(0.5)
    assert not _running(mark)


@needs_namespaces
def test_a_fork_bomb_stops_at_its_limit() -> None:
    code = """
import os, sys, time
made = 0
try:
    while made < 2000:
        if not os.fork():
            time.sleep(600)
        made += 1
except OSError:
    sys.exit(f"stopped after {made}")
"""
    if not os.access("/sys/fs/cgroup/pids", os.W_OK):
        pytest.skip("no pids cgroup here")
    outcome = run(PYTHON, code, SHORT)
    assert outcome.error.startswith("stopped after ")
    assert int(outcome.error.split()[-1]) < SHORT.processes


@needs_namespaces
def test_it_cannot_fill_the_disk() -> None:
    code = """
for name in range(1000):
    with open(str(name), "wb") as file:
        file.write(bytes(1 << 20))
"""
    before = shutil.disk_usage(tempfile.gettempdir()).free
    outcome = run(PYTHON, code, SHORT)
    assert "No space left on device" in outcome.error
    assert shutil.disk_usage(tempfile.gettempdir()).free > before - (500 << 20)  # others may be writing too


def test_no_file_larger_than_its_limit() -> None:
    code = "file = open('x', 'wb')\nfor _ in range(64): file.write(bytes(1 << 20)); file.flush()"
    assert not run(PYTHON, code, SHORT).passed


@needs_namespaces
def test_it_writes_nowhere_but_in_its_scratch_folder(tmp_path: Path) -> None:
    outcome = run(PYTHON, f"open({str(tmp_path / 'x')!r}, 'w')", SHORT)
    assert "Read-only file system" in outcome.error
    assert not list(tmp_path.iterdir())


def test_home_is_a_scratch_folder_that_is_gone_afterwards() -> None:
    outcome = run(
        PYTHON, "import os, sys; open(os.path.expanduser('~/x'), 'w'); sys.exit(os.path.expanduser('~'))", SHORT
    )
    assert outcome.error and outcome.error != os.path.expanduser("~")
    assert not os.path.exists(outcome.error)


@pytest.mark.parametrize("guarded", [False, pytest.param(True, marks=needs_namespaces)])
def test_no_network(guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not guarded:
        monkeypatch.setattr("lab.isolation.namespaces_allowed", lambda: False)
    # an address of a documentation network: nothing is sent to anyone even if the lab failed
    outcome = run(PYTHON, "import socket; socket.create_connection(('192.0.2.1', 9), timeout=5)", SHORT)
    assert outcome.isolation == ("namespaces" if guarded else "audit hook")
    assert outcome.error.startswith(
        "OSError: [Errno 101]" if guarded else "PermissionError: the lab gives probes no net"
    )


def test_limits_without_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.isolation.namespaces_allowed", lambda: False)
    assert run(PYTHON, "x = bytearray(3 << 30)", SHORT).error == "MemoryError"
    assert str(run(PYTHON, "import os; os.abort()", SHORT)) == "SIGABRT"
    assert run(PYTHON, "import time; time.sleep(600)", Limits(seconds=1)).timed_out
    assert run(PYTHON, "def f(): return g()\ndef g(): return 1\nassert f() == 1", SHORT).passed


def _running(mark: str) -> bool:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark.encode() in (folder / "cmdline").read_bytes():
                    return True
            except OSError:
                continue
    return False


@pytest.mark.parametrize(
    ("host", "code", "said", "error"),
    [
        (Host(open_files=20), "held = [open('/dev/null') for _ in range(30)]", "exit 1", "OSError: [Errno 24]"),
        (Host(tmp_free_mib=1), "open('x', 'wb').write(bytes(2 << 20))", "exit 1", "OSError: [Errno 28] No space left"),
        (Host(shm_mib=1), "open('/dev/shm/x', 'wb').write(bytes(2 << 20))", "exit 1", "OSError: [Errno 28]"),
        (Host(memory_mib=40), "x = bytearray(200 << 20)", "SIGKILL", "Killed"),
        (Host(cpu="qemu64"), "import os; os.abort()", "SIGABRT", "qemu: uncaught target signal 6 (Aborted)"),
    ],
)  # fmt: skip
def test_a_machine_that_lacks_something(host: Host, code: str, said: str, error: str) -> None:
    if host.lacking:
        pytest.skip(host.lacking)
    outcome = run(PYTHON, code, SHORT._replace(memory_mib=8192), host=host)
    assert (str(outcome), outcome.error[: len(error)]) == (said, error)


def test_what_a_host_needs_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert Host().lacking is None
    assert QEMU in str(Host(cpu="Nehalem").lacking)
