"""What installing requirements would put there."""

from __future__ import annotations

from typing import Any

import pytest

from envaudit.check.world import World, build
from envaudit.manifest.pep508 import parse
from envaudit.manifest.requirement import CONSTRAINT, REMOVE
from tests.matrices import real

TARGET = {
    "python": "3.11.4",
    "platform": {"system": "Linux", "machine": "x86_64"},
    "packages": {"numpy": "2.0.2", "pandas": "2.2.2", "torch": "2.5.1+cu121"},
    "packages_complete": True,
}


def world(*lines: str, target: dict[str, Any] | None = None, python: str = "3.11", **more: Any) -> World:
    """A line may start with "N:" (its install command), "c:" (a constraint), "x:" (uninstall) or "U:" (upgrade)."""
    requirements = []
    for place, line in enumerate(lines, 1):
        marks, _, text = line.rpartition(":") if "://" not in line else ("", "", line)
        requirement = parse(text, "requirements.txt", place, 0)
        for mark in marks.split(":"):
            if mark.isdigit():
                requirement.step = int(mark)
            requirement.kind = {"c": CONSTRAINT, "x": REMOVE}.get(mark, requirement.kind)
            requirement.upgrade = requirement.upgrade or mark == "U"
        requirements.append(requirement)
    return build(requirements, target, None if target else python, real(), **more)


def newest(made: World, name: str) -> str | None:
    part = made.parts.get(name)
    return part.known[0] if part and part.known else None


def test_a_pin_is_one_version_and_a_range_those_that_are_known() -> None:
    made = world("numpy>=1.24,<1.26", "pandas==1.5.3")
    assert made.parts["numpy"].known == ["1.25.2", "1.25.1", "1.25.0", "1.24.4", "1.24.3", "1.24.2", "1.24.1", "1.24.0"]
    assert made.parts["pandas"].pinned
    assert not made.parts["numpy"].pinned


def test_several_requirements_bind_together() -> None:
    assert newest(world("numpy>=1.24", "numpy<1.26"), "numpy") == "1.25.2"
    assert newest(world("numpy", "c:numpy<1.26"), "numpy") == "1.25.2"


def test_a_constraint_installs_nothing() -> None:
    assert "numpy" not in world("pandas", "c:numpy<2").parts


def test_what_excludes_each_other_is_a_conflict() -> None:
    made = world("numpy>=2", "numpy<1.26")
    assert [[one.place.line for one in asked] for asked in made.conflicts] == [[1, 2]]
    assert "numpy" not in made.parts


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        (["0:numpy==1.26.4", "1:numpy==1.24.4"], "1.24.4"),  # the last command has its way
        (["0:numpy==1.24.4", "1:numpy>=1.20"], "1.24.4"),  # what is there meets it
        (["0:numpy<1.26", "1:U:numpy<2"], "1.26.4"),
        (["0:numpy==1.24.4", "1:x:numpy"], None),
        (["0:x:numpy", "1:numpy==1.24.4"], "1.24.4"),
    ],
)
def test_commands_come_one_after_the_other(lines: list[str], version: str | None) -> None:
    assert newest(world(*lines), "numpy") == version


def test_what_the_target_has_stays_where_it_meets_the_requirements() -> None:
    made = world("numpy>=1.24", "pandas<2.2", "torch==2.5.1", target=TARGET)
    assert made.parts["numpy"].kept == "2.0.2"
    assert made.parts["pandas"].kept is None
    assert newest(made, "pandas") == "2.1.4"
    assert made.parts["torch"].kept == "2.5.1+cu121"


def test_a_local_tag_is_part_of_a_pin() -> None:
    assert newest(world("torch==2.5.1+cu118", target=TARGET), "torch") == "2.5.1+cu118"


def test_an_upgrade_replaces_what_is_there() -> None:
    made = world("U:numpy<2.2", target=TARGET)
    assert made.parts["numpy"].kept is None
    assert newest(made, "numpy") == "2.1.3"


def test_a_url_without_a_version_is_an_unknown_version() -> None:
    made = world("torch @ https://example.org/torch.zip")
    assert "torch" not in made.parts
    assert made.snapshot["packages_unversioned"] == ["torch"]
    assert list(made.unknown) == ["torch"]


def test_the_name_of_a_wheel_says_its_version() -> None:
    made = world("torch @ https://example.org/torch-2.1.0%2Bcu121-cp311-cp311-linux_x86_64.whl")
    assert newest(made, "torch") == "2.1.0+cu121"


def test_a_pin_without_a_release_for_the_python() -> None:
    assert world("numpy==1.21.6", python="3.13").homeless == [("numpy", "1.21.6")]
    assert world("numpy==1.21.6", python="3.10").homeless == []
    assert world("numpy>=1.21,<1.22", python="3.13").homeless == [("numpy", "")]


def test_what_is_newer_than_all_that_is_known() -> None:
    assert newest(world("numpy==99.1"), "numpy") == "99.1"
    assert newest(world("numpy>=99.1"), "numpy") == "99.1"


def test_the_index_says_the_build() -> None:
    address = "https://download.pytorch.org/whl/cu118"
    made = world("torch==2.1.0", indexes=[address])
    assert made.snapshot["builds"]["torch"] == "cu118"
    assert not made.snapshot["packages_tagged"]
    assert world("torch==2.1.0").snapshot["packages_tagged"]
