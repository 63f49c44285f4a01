"""The promises about real environments: what must be detected, and that nothing cries wolf."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tests.corpus.accuracy import cases, judge, unseen
from tests.matrices import real


@lru_cache(maxsize=1)
def rows() -> list[dict[str, Any]]:
    return [judge(case, real()) for case in cases()]


def test_no_working_environment_gets_a_false_alarm() -> None:
    wolves = {row["case"]["id"]: row["wolf"] for row in rows() if row["case"]["label"] == "works" and row["wolf"]}
    assert wolves == {}


def decidable(**asked: bool) -> list[dict[str, Any]]:
    return [
        row
        for row in rows()
        if row["case"]["label"] != "works"
        and row["case"].get("decidable")
        and all(bool(row["case"].get(key)) == value for key, value in asked.items())
    ]


def test_most_of_what_can_be_seen_is_seen() -> None:
    firm, every = decidable(firm=True), decidable()
    assert len(firm) > 50
    assert sum(row["detected"] for row in firm) / len(firm) >= 0.90
    assert sum(row["detected"] for row in every) / len(every) >= 0.80


def test_what_is_not_seen_is_explained() -> None:
    missed = {row["case"]["id"] for row in decidable() if not row["detected"]}
    assert missed == set(unseen())


def test_working_environments_raise_few_doubts() -> None:
    works = [row for row in rows() if row["case"]["label"] == "works"]
    assert sum(len(row["doubts"]) for row in works) / len(works) <= 0.5


def test_a_plan_leaves_nothing_that_crashes() -> None:
    left = [row["case"]["id"] for row in rows() if row["fixed"] is False]
    assert left == []
