"""Plans are carried out in real environments, and put back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from envaudit.cli import main
from envaudit.fix import record
from envaudit.fix.apply import Back, Hand, Refused, not_from_an_index, warnings
from envaudit.fix.plan import Plan
from envaudit.snapshot.locate import find
from tests.fix.index import use_index
from tests.snapshot.environments import dist_info, make_venv, site_packages, uv

RELEASES = ("numpy 1.26.4", "numpy 2.1.3", "pandas 2.0.3: numpy>=1.20", "extra 1.0", "extra 2.0")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The interpreter of an environment in which pandas 2.0.3 meets NumPy 2, with a cache folder of its own."""
    use_index(tmp_path / "wheels", monkeypatch, *RELEASES)
    monkeypatch.setenv("ENVAUDIT_CACHE_DIR", str(tmp_path / "cache"))
    python = make_venv(tmp_path / "venv")
    install(python, "pandas==2.0.3", "numpy==2.1.3", "extra==1.0")
    return python


def install(python: str, *words: str) -> None:
    subprocess.run([uv(), "pip", "install", "--quiet", "--python", python, *words], check=True)


def held(python: str) -> dict[str, str]:
    listed = subprocess.run(
        [uv(), "pip", "list", "--python", python, "--format", "json"], check=True, capture_output=True, text=True
    )
    return {entry["name"]: entry["version"] for entry in json.loads(listed.stdout)}


def test_apply_and_undo(place: str, capfd: pytest.CaptureFixture[str]) -> None:
    before = held(place)
    assert main(["--python", place, "--fix", "--apply", "--yes"]) == 0
    assert held(place) == {**before, "numpy": "1.26.4"}
    out = capfd.readouterr().out
    assert "# numpy 2.1.3 -> 1.26.4 (numpy2-abi)" in out
    assert "# done: nothing fires any more" in out
    install(place, "extra==2.0")  # undo puts back what was recorded, whoever changed it
    assert main(["undo", "--python", place, "--yes"]) == 0
    assert held(place) == before
    assert "# numpy 1.26.4 -> 2.1.3" in capfd.readouterr().out
    assert main(["undo", "--python", place, "--yes"]) == 2
    assert "nothing to undo" in capfd.readouterr().err


def test_nothing_is_changed_where_nobody_can_agree(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = held(place)
    assert main(["--python", place, "--fix", "--apply"]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert held(place) == before


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 1), ("", 1)])
def test_the_user_is_asked(
    place: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], answer: str, status: int
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert main(["--python", place, "--fix", "--apply"]) == status
    assert (held(place)["numpy"] == "1.26.4") == (status == 0)
    assert ("nothing was changed" in capfd.readouterr().out) == (status == 1)


def test_a_step_that_fails_says_how_to_get_back(place: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wheels" / "numpy-1.26.4-py3-none-any.whl").unlink()
    assert main(["--python", place, "--fix", "--resolver", "none", "--apply", "--yes", "--keep", "pandas"]) == 1
    out = capfd.readouterr().out
    assert "this step failed" in out
    assert "`envaudit undo` puts it back" in out


def test_a_record_that_cannot_be_written_stops_it(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cache").mkdir(exist_ok=True)
    (tmp_path / "cache" / "undo").write_text("in the way")
    before = held(place)
    assert main(["--python", place, "--fix", "--resolver", "none", "--apply", "--yes"]) == 2
    assert "cannot be recorded" in capsys.readouterr().err
    assert held(place) == before


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"[" * 100_000, b'{"schema": "other"}', b'{"schema": "envaudit.undo/1", "packages": 1}'],
)
def test_a_broken_record_is_one_line(
    place: str, tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record.write({"interpreter": {"prefix": str(tmp_path / "venv")}}, Plan({}, [], [], [], False), [])
    Path(path).write_bytes(content)
    assert main(["undo", "--python", place, "--yes"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_hostile_names_in_a_record_are_refused(place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packages = {"numpy": "1.26.4", "--index-url=http://evil": "1"}
    snapshot = {"interpreter": {"prefix": str(tmp_path / "venv")}, "packages": packages}
    record.write(snapshot, Plan({}, [], [], [], False), [])  # type: ignore[arg-type]
    assert main(["undo", "--python", place, "--yes"]) == 2
    assert "is no record of this environment" in capsys.readouterr().err


def test_records_are_private_and_five_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVAUDIT_CACHE_DIR", str(tmp_path))
    for number in range(7):
        snapshot = {"interpreter": {"prefix": "/x"}, "packages": {"a": str(number)}}
        path = record.write(snapshot, Plan({}, [], [], [], False), [])  # type: ignore[arg-type]
    assert oct(os.stat(path).st_mode & 0o777) == "0o600"
    assert len(list((tmp_path / "undo").iterdir())) == 5
    assert record.newest("/x").packages == {"a": "6"}


@pytest.mark.parametrize(
    ("interpreter", "told", "said"),
    [
        ({}, False, "no interpreter"),
        ({"path": "/usr/bin/python3", "prefix": "/usr", "externally_managed": True}, False, "PEP 668"),
        ({"path": "/usr/bin/python3", "prefix": "/no/such/place"}, False, "cannot be written"),
    ],
)
def test_environments_that_are_left_alone(interpreter: dict, told: bool, said: str) -> None:
    with pytest.raises(Refused, match=said):
        Hand({"interpreter": interpreter}, "pip", told)  # type: ignore[typeddict-item]


def test_what_undo_cannot_bring_back_is_said_before(place: str) -> None:
    folder = dist_info(site_packages(place), "own", "1.0")
    (folder / "direct_url.json").write_text('{"url": "file:///src/own", "dir_info": {"editable": true}}')
    plan = Plan({"own": "2.0", "numpy": "1.26.4", "scipy": "1.0"}, [], [], [], False)
    snapshot = {"installers": {"scipy": "conda"}}
    assert warnings(plan, snapshot, not_from_an_index({}, find(place).paths)) == [  # type: ignore[arg-type]
        "conda manages scipy: it does not know of what pip changes",
        "own came from no index: envaudit undo cannot bring that back",
    ]


def test_what_undo_does() -> None:
    then = {"a": "1", "torch": "2.4.0+cu121", "pip": "23", "own": "1.0", "odd": "0.1-bulk"}
    held = record.Record("", "", then, frozenset(["own"]))
    back = Back(held, {"a": "2", "new": "1", "pip": "24", "uv": "1"})
    assert back.install == {"a": "1", "pip": "23", "torch": "2.4.0+cu121"}
    assert back.uninstall == ["new"]
    assert back.lost == ["odd", "own"]  # a namesake on the index is something else
    steps = [step.argv("uv", "uv", "/python", []) for step in back.steps()]
    assert steps == [
        ["uv", "pip", "uninstall", "--python", "/python", "--", "new"],
        [
            *["uv", "pip", "install", "--python", "/python", "--index-url"],
            *["https://download.pytorch.org/whl/cu121", "--no-deps", "--", "torch==2.4.0+cu121"],
        ],
        ["uv", "pip", "install", "--python", "/python", "--no-deps", "--", "a==1", "pip==23"],
    ]


def test_the_same_environment_by_another_path(place: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "venv")
    assert main(["--python", place, "--fix", "--apply", "--yes"]) == 0
    assert main(["undo", "--python", str(tmp_path / "link"), "--yes"]) == 0
    assert held(place)["numpy"] == "2.1.3"


def test_a_version_that_nobody_can_compare_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVAUDIT_CACHE_DIR", str(tmp_path))
    packages = {"odd": "0.1-bulk", "a": "1.0"}
    record.write({"interpreter": {"prefix": "/x"}, "packages": packages}, Plan({}, [], [], [], False), [])
    assert record.newest("/x").packages == packages
    assert Back(record.newest("/x"), {"odd": "0.1-bulk", "a": "2.0"}).lines({"a": "2.0"}) == ["a 2.0 -> 1.0"]


def test_a_namesake_is_not_taken_for_what_came_from_a_folder(
    place: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install(place, str(tmp_path / "wheels" / "extra-2.0-py3-none-any.whl"))
    assert main(["--python", place, "--fix", "--apply", "--yes"]) == 0
    subprocess.run([uv(), "pip", "uninstall", "--quiet", "--python", place, "extra"], check=True)
    assert main(["undo", "--python", place, "--yes"]) == 1
    assert "extra cannot be brought back: it came from no index" in capfd.readouterr().out
    assert "extra" not in held(place)
    assert held(place)["numpy"] == "2.1.3"
