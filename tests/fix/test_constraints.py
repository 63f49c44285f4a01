"""The constraints file: every package, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from envaudit.fix.constraints import text, write
from envaudit.fix.plan import Plan
from envaudit.fix.project import advice


def plan() -> Plan:
    made = Plan({"numpy": "1.26.4", "new": "1.0"}, ["keras"], [], [], False)
    made.reasons = {"numpy": "numpy2-abi", "new": "some-rule", "keras": "some-rule"}
    return made


def test_every_package_as_it_is_after_the_plan() -> None:
    packages = {"numpy": "2.1.3", "torch": "2.4.0+cu121", "keras": "3.0", "a b": "1", "evil": "1\n-r /etc/passwd"}
    assert text(plan(), {"packages": packages}).splitlines() == [
        "# made by envaudit: the versions of this environment after its plan",
        "new==1.0  # was not installed: some-rule",
        "numpy==1.26.4  # was 2.1.3: numpy2-abi",
        "torch==2.4.0+cu121",
    ]


def test_nothing_to_mend_gives_the_environment() -> None:
    assert text(None, {"packages": {"numpy": "2.1.3"}}).endswith("\nnumpy==2.1.3\n")


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "constraints.txt"
    write(str(path), "old\n")
    assert path.read_text() == "old\n"
    with pytest.raises(OSError):
        write(str(tmp_path / "no" / "such.txt"), "new\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["constraints.txt"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("uv.lock", "  uv add 'numpy==1.26.4'"),
        ("poetry.lock", "  poetry add 'numpy==1.26.4'"),
        ("pyproject.toml", '  "numpy==1.26.4"'),
        ("README.md", None),
    ],
)
def test_advice_for_the_project_of_an_environment(tmp_path: Path, file: str, said: str | None) -> None:
    (tmp_path / file).write_text("")
    found = advice({"interpreter": {"venv": True, "prefix": str(tmp_path / ".venv")}}, {"numpy": "1.26.4"})
    assert (found[-1] if found else None) == said
    assert advice({"interpreter": {"venv": False, "prefix": str(tmp_path / ".venv")}}, {"numpy": "1.26.4"}) == []
    assert advice({}, {"numpy": "1.26.4"}) == []
