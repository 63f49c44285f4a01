"""Why the kernel died, as people read it: the cause first, what it rests on, what to do, in few words."""

from __future__ import annotations

import io
from typing import Any

import pytest

from envaudit.postmortem.cause import HIGH, MEDIUM, Cause
from envaudit.postmortem.families import FAMILIES
from envaudit.postmortem.why import Why
from envaudit.report import why as report

NOBODY = {"id": None, "exit": None, "last_cell": None}


def shown(verdict: str, causes: list[Cause], kernel: dict[str, Any] = NOBODY, missing: list[str] | None = None) -> str:
    out = io.StringIO()
    report.show(Why(verdict, causes, kernel, missing or []), out)
    return out.getvalue()


def cause(points: int = HIGH, family: str = "memory") -> Cause:
    made = Cause(family, "oom_cgroup", points, ["cgroup oom_kill rose from 0 to 1"])
    made.title = "the limit was reached"
    made.against = ["nothing much"]
    made.next = ["use less", "take more"]
    return made


def test_a_known_cause() -> None:
    cell = {"number": 12, "first_line": "x = load()", "running": True}
    assert shown("memory", [cause()], {"id": "k", "exit": "signal 9 (SIGKILL)", "last_cell": cell}, ["more"]) == (
        "kernel k, ended by signal 9 (SIGKILL), inside cell 12: x = load()\n"
        "Out of memory (the limit was reached)\n"
        "  + cgroup oom_kill rose from 0 to 1\n"
        "  - nothing much\n"
        "  What to do:\n"
        "    1. use less\n"
        "    2. take more\n"
    )


@pytest.mark.parametrize(("points", "words"), [(HIGH, "Out of"), (MEDIUM, "Probably: Out of"), (0, "Perhaps: Out of")])
def test_how_sure_it_is_stands_first(points: int, words: str) -> None:
    assert shown("memory", [cause(points)]).startswith(words)


def test_what_would_tell_more_stands_where_it_is_not_sure() -> None:
    assert "What would tell more:\n  - the log\n" in shown("memory", [cause(MEDIUM)], missing=["the log"])
    assert "What would tell more" not in shown("memory", [cause(HIGH)], missing=["the log"])


def test_a_second_cause_is_short() -> None:
    text = shown("memory", [cause(), cause(MEDIUM, "native-crash")])
    assert "Less likely\nProbably: A crash in native code (the limit was reached)\n" in text
    assert text.count("What to do") == 1


def test_not_known_and_nothing_died() -> None:
    assert shown("unknown", [], missing=["a log"]).startswith("Not known: ")
    assert shown("none", []) == "Nothing died as far as can be seen here.\n"


def test_every_family_has_words() -> None:
    assert set(report.FAMILIES) == set(FAMILIES) - {"none", "unknown"}


def test_control_characters_do_not_reach_the_terminal() -> None:
    bad = cause()
    bad.evidence = ["a\x1b[2Jb"]
    assert "\x1b" not in shown("memory", [bad])
