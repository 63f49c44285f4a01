"""What a record says of processes that really died."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from envaudit.recorder import layout, sidecar, store
from envaudit.recorder.read import last
from envaudit.recorder.words import died
from tests.recorder.kernels import newest, run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the sidecar is for Linux")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENVAUDIT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("os.kill(os.getpid(), 9)", signal.SIGKILL, "signal 9 (SIGKILL)"),
        ("import ctypes; ctypes.string_at(0)", signal.SIGSEGV, "signal 11 (SIGSEGV)"),
        ("os.abort()", signal.SIGABRT, "signal 6 (SIGABRT)"),
        ("os._exit(3)", 3 << 8, "exit code 3"),
        ("os._exit(0)", 0, "exit code 0"),
    ],
)
def test_a_death_inside_a_cell(cache: Path, code: str, status: int, said: str) -> None:
    run(cache, f"cell('x = 1'); done(); cell('\\nboom()'); {code}")
    death = last("abc")
    assert death is not None
    assert death["wait_status"] & ~0x80 == status
    assert (death["clean"], death["leaving"]) == (False, False)
    assert death["cell"] is not None
    assert (death["cell"]["number"], death["cell"]["first_line"], death["cell"]["running"]) == (2, "boom()", True)
    assert death["samples"] and death["samples"][-1]["rss_mib"] > 0
    line = died(death)
    assert line is not None
    assert line.startswith("The last kernel died in cell 2") and said in line and "out of memory" not in line


@pytest.mark.parametrize(
    "code", ["sys.exit(0)", "shell.changed({'new': True}); time.sleep(0.1); os.kill(os.getpid(), 9)"]
)
def test_nothing_is_said_of_a_kernel_that_was_asked_to_leave(cache: Path, code: str) -> None:
    run(cache, f"cell('exit()'); {code}")
    death = last("abc")
    assert death is not None
    assert died(death) is None


@pytest.mark.parametrize(("code", "status"), [("os._exit(3)", 3 << 8), ("os.kill(os.getpid(), 9)", 9)])
def test_the_pidfd_tells_the_status_of_a_process_that_its_parent_has_asked_for(code: str, status: int) -> None:
    if not hasattr(os, "pidfd_open"):
        pytest.skip("this Python has no pidfd_open")
    child = subprocess.Popen([sys.executable, "-c", f"import os; input(); {code}"], stdin=subprocess.PIPE)
    descriptor = os.pidfd_open(child.pid)
    try:
        child.communicate(b"\n")
        assert not Path(f"/proc/{child.pid}/stat").exists()
        told = sidecar.exit_of(descriptor)
    finally:
        os.close(descriptor)
    if told is None and tuple(map(int, os.uname().release.split(".")[:2])) < (6, 15):
        pytest.skip("this Linux does not tell")
    assert told == status


def test_a_death_after_a_cell_is_not_inside_it(cache: Path) -> None:
    run(cache, "cell('x'); done(False); os.kill(os.getpid(), 9)")
    line = died(last("abc") or {})
    assert line is not None and "died after cell 1" in line


def test_a_recorder_that_was_turned_off_leaves_nothing_behind(cache: Path) -> None:
    code = """
from envaudit.recorder.stop import stop
from envaudit.recorder.read import read
import faulthandler, signal
cell('%unload_ext envaudit')
watcher = int(read(recorder.name).life["sidecar"])
stop(recorder)
for _ in range(100):
    if not os.path.exists(f"/proc/{watcher}"): break
    time.sleep(0.05)
print(shell.events.hooks, faulthandler.is_enabled(), os.path.exists(f"/proc/{watcher}"), flush=True)
os.kill(os.getpid(), 9)
"""
    done = run(cache, code)
    assert done.stdout.splitlines()[-1:] == ["{} False False"], done.stderr
    assert last("abc") is None  # the kernel was killed afterwards, and that was not watched
    assert [path.name for path in (cache / "recorder").iterdir()] == []


def test_the_next_kernel_says_it_in_its_first_cell(cache: Path) -> None:
    run(cache, "cell('x'); os.abort()")
    done = run(cache, "print('none yet'); cell('y'); done(); cell('z')")
    assert done.stdout.splitlines()[:2] == [
        "none yet",
        "The last kernel died in cell 1: signal 6 (SIGABRT). `envaudit why` for more.",
    ]
    assert len(done.stdout.splitlines()) == 2


def test_the_fault_file_is_the_kernels_and_not_a_forked_childs(cache: Path) -> None:
    run(cache, "import ctypes\nif not os.fork(): ctypes.string_at(0)\nos.wait(); os.kill(os.getpid(), 9)")
    assert (last("abc") or {}).get("fault") is None
    run(cache, "import ctypes; ctypes.string_at(0)")
    assert "Segmentation fault" in ((last("abc") or {}).get("fault") or "")


def test_a_forked_child_that_exits_does_not_mark_the_kernel_as_clean(cache: Path) -> None:
    run(cache, "if not os.fork(): sys.exit(0)\nos.wait(); cell('x'); os.kill(os.getpid(), 9)")
    assert last("abc", None) is not None
    assert (last("abc") or {})["clean"] is False


def test_a_record_is_private_bounded_and_one_of_five(cache: Path) -> None:
    for _ in range(7):
        run(cache, "cell('x')")
    names = store.names()
    assert len(names) == 5
    folder = store.folder()
    assert folder is not None
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    for entry in os.scandir(folder):
        assert stat.S_IMODE(entry.stat().st_mode) == 0o600
        assert entry.stat().st_size <= layout.SIZE
    assert len(os.listdir(folder)) == 15


def test_the_source_is_kept_only_where_it_is_asked_for(cache: Path) -> None:
    source = "'first'\\nprint('second')"
    run(cache, f"cell({source!r}.encode().decode('unicode_escape')); os._exit(1)")
    assert ((last("abc") or {}).get("cell") or {})["source"] is None
    record = newest()
    assert record is not None and b"second" not in record.marks


def test_the_sidecar_and_the_reader_agree_on_the_layout() -> None:
    assert (sidecar.LIBRARIES, sidecar.SAMPLES, sidecar.SAMPLE, sidecar.RING) == (
        layout.LIBRARIES, layout.SAMPLES, layout.SAMPLE, layout.RING,
    )  # fmt: skip
    assert layout.SAMPLES + layout.SAMPLE * layout.RING <= layout.SIZE


def test_a_damaged_record_is_none(cache: Path) -> None:
    run(cache, "cell('x'); os._exit(1)")
    path = store.names()[0].path("marks")
    assert path is not None
    for damage in (b"", b"\xff" * layout.SIZE, layout.MAGIC + b"[" * (layout.SIZE - len(layout.MAGIC))):
        Path(path).write_bytes(damage)
        assert last("abc") is None
