"""What comes of an old release with what an installer takes today."""

from __future__ import annotations

from typing import Any

import pytest

from lab.sweep import moved, verdict


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"verdict": "refused"}, "refused"),
        ({"outcome": "exit 0", "said": []}, "quiet"),
        ({"outcome": "exit 0", "said": ["some-rule?"]}, "quiet"),
        ({"outcome": "exit 0", "said": ["some-rule"]}, "false alarm"),
        ({"outcome": "exit 1", "said": ["some-rule?"], "then": "exit 0"}, "named"),
        ({"outcome": "SIGSEGV", "said": [], "then": "exit 0"}, "missed"),
        ({"outcome": "exit 1", "said": [], "then": "exit 1"}, "broken"),
        ({"outcome": "exit 1", "said": [], "then": "not installed"}, "unsure"),
    ],
)
def test_verdict(result: dict[str, Any], expected: str) -> None:
    assert verdict({"verdict": "run", **result}) == expected


def test_what_is_of_another_series_now_is_named() -> None:
    then, now = {"numpy": "1.22.3", "six": "1.16.0", "old": "1"}, {"numpy": "2.2.6", "six": "1.16.1", "new": "1"}
    assert moved({"then_packages": then, "snapshot": {"packages": now}}) == ["numpy 1.22.3 -> 2.2.6"]
