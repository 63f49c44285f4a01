"""`envaudit recorder enable|disable|status`."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from envaudit.recorder import startup


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("ENVAUDIT_CACHE_DIR", str(tmp_path / "cache"))


def do(action: str) -> tuple[int, str]:
    out = StringIO()
    return startup.command(action, out), out.getvalue()


def test_enable_twice_and_disable_twice() -> None:
    assert do("status")[1].startswith("off")
    assert [do("enable")[0] for _ in range(2)] == [0, 0]
    assert Path(startup.path()).read_text() == startup.CONTENT
    assert do("status")[1].startswith("on")
    assert list(Path(startup.path()).parent.iterdir()) == [Path(startup.path())]
    assert [do("disable")[0] for _ in range(2)] == [0, 0]
    assert not Path(startup.path()).exists()


@pytest.mark.parametrize("action", ["enable", "disable", "status"])
def test_a_file_of_somebody_else_stays(action: str) -> None:
    Path(startup.path()).parent.mkdir(parents=True)
    Path(startup.path()).write_text("print('mine')\n")
    status, said = do(action)
    assert status == 2 and startup.path() in said
    assert Path(startup.path()).read_text() == "print('mine')\n"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "file" / "below"))
    status, said = do("enable")
    assert status == 2 and said.count("\n") == 1
