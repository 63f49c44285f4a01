"""The promises about real environments: what must be detected, and that nothing cries wolf."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tests.corpus.accuracy import cases, judge
from tests.matrices import real


@lru_cache(maxsize=1)
def rows() -> list[dict[str, Any]]:
    return [judge(case, real()) for case in cases()]


def test_no_working_environment_gets_a_false_alarm() -> None:
    wolves = {row["case"]["id"]: row["wolf"] for row in rows() if row["case"]["label"] == "works" and row["wolf"]}
    assert wolves == {}


def test_most_of_what_can_be_seen_is_seen() -> None:
    firm = [
        row
        for row in rows()
        if row["case"]["label"] != "works" and row["case"].get("decidable") and row["case"].get("firm")
    ]
    assert len(firm) > 50
    assert sum(row["detected"] for row in firm) / len(firm) >= 0.60


def test_a_plan_leaves_nothing_that_crashes() -> None:
    left = [row["case"]["id"] for row in rows() if row["fixed"] is False]
    assert left == []
