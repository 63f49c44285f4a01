"""The walk over two lists of releases."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lab.bisect import Grid, first_that_works, lower, newest_of_series, upper

# OTHER -> the oldest and the newest PACKAGE it works with
TRUTH = {"1.0": (1, 3), "1.1": (1, 3), "1.2": (2, 6), "2.0": (4, 8), "2.1": (4, 9)}
PACKAGES = [str(number) for number in range(1, 10)]


def test_the_staircases_find_both_edges() -> None:
    runs: list[tuple[str, str]] = []

    def works(other: str, package: str) -> bool:
        runs.append((other, package))
        low, high = TRUTH[other]
        return low <= int(package) <= high

    assert upper(list(TRUTH), PACKAGES, works) == {other: str(high) for other, (_, high) in TRUTH.items()}
    assert lower(list(TRUTH), PACKAGES, works) == {other: str(low) for other, (low, _) in TRUTH.items()}
    assert len(set(runs)) < len(TRUTH) * len(PACKAGES) * 0.7


def test_a_lower_edge_that_goes_down_again() -> None:
    oldest = {"1": 2, "2": 5, "3": 3, "4": 4}
    found = lower(list(oldest), PACKAGES, lambda other, package: int(package) >= oldest[other])
    assert found == {other: str(first) for other, first in oldest.items()}


def test_one_that_works_with_nothing() -> None:
    assert upper(["1"], PACKAGES, lambda other, package: False) == {"1": None}
    assert lower(["1"], PACKAGES, lambda other, package: False) == {"1": None}


@pytest.mark.parametrize("first", range(1, 10))
def test_first_that_works(first: int) -> None:
    releases = [str(number) for number in range(10)]
    asked: list[str] = []

    def works(version: str) -> bool:
        asked.append(version)
        return int(version) >= first

    assert first_that_works(releases, works) == (str(first), str(first - 1))
    assert len(asked) <= 4


@pytest.mark.parametrize("gone", [("3",), ("4", "5"), ("3", "4", "5", "6", "7", "8")])
def test_releases_that_cannot_be_installed_are_passed_over(gone: tuple[str, ...]) -> None:
    def works(version: str) -> bool | None:
        return None if version in gone else int(version) >= 6

    first, failed = first_that_works([str(number) for number in range(10)], works)
    assert first == ("9" if "6" in gone else "6")
    assert failed == next(str(number) for number in range(5, 0, -1) if str(number) not in gone)


def test_newest_of_series() -> None:
    assert newest_of_series(["1.10.0", "1.9.1", "1.9.0", "2.0", "1.10.2"]) == ["1.9.1", "1.10.2", "2.0"]


def test_rows_say_what_was_run() -> None:
    grid = Grid("a", "b", "3.11", "import b", SimpleNamespace(recipes=SimpleNamespace(stand_ins={"b": "b-headless"})))
    outcomes = {"2.0": ("exit 1", "E: new"), "1.9": ("exit 0", "a warning"), "1.10": ("exit 0", ""),
                "2.1": ("SIGABRT", ""), "3.0": ("not installed", "none")}  # fmt: skip
    grid.runs = {
        "5": {
            v: {"outcome": outcome, "error": error, "date": "2026-01-02"} for v, (outcome, error) in outcomes.items()
        },
        "6": {"3.0": {"outcome": "not installed", "error": "none", "date": "2026-01-02"}},
    }
    assert grid.rows() == [
        {"other": "b-headless", "release": "5", "package": "a", "python": "3.11", "works": ["1.9", "1.10"],
         "fails": ["2.0", "2.1"], "errors": ["E: new", "SIGABRT"], "date": "2026-01-02"}
    ]  # fmt: skip
