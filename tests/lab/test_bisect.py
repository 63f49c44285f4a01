"""The walk over two lists of releases."""

from __future__ import annotations

import pytest

from lab.bisect import first_that_works, lower, newest_of_series, upper

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

    assert first_that_works(releases, works) == str(first)
    assert len(asked) <= 4


def test_newest_of_series() -> None:
    assert newest_of_series(["1.10.0", "1.9.1", "1.9.0", "2.0", "1.10.2"]) == ["1.9.1", "1.10.2", "2.0"]
