"""Facts and matrix to findings."""

from __future__ import annotations

from envaudit import declared
from tests.matrices import audit, fired, matrix, rule, snapshot

PAIRS = """
table: pairs
about: a and the b that was built for it
columns: {a: release of a, b: series of b, extra: sometimes there}
sources: [https://example.org]
rows:
- {a: 1.0, b: 1.0}
- {a: 2.0, b: [2.0, 2.1], extra: 7}
"""
PAIR_RULE = rule("[{a: $a, b: {not: $b}}, {b: $b, a: {not: $a}}]", id="pair").replace(
    "  when:", "  over: pairs\n  when:"
)


def test_a_rule_over_a_table_holds_for_every_row() -> None:
    held = matrix(
        PAIRS,
        PAIR_RULE.replace("bad: [{a: 1}]", "bad: [{a: 1, b: 2}]").replace("good: [{a: 2}]", "good: [{a: 2, b: 2}]"),
    )
    assert fired(snapshot(a="1.0", b="2.0"), held) == {"pair": "definite"}
    assert fired(snapshot(a="2.0", b="2.1"), held) == {}
    assert fired(snapshot(a="3.0", b="2.1"), held) == {"pair": "definite"}  # b 2.1 belongs to a 2.0
    assert fired(snapshot(a="3.0", b="3.0"), held) == {}  # no row says anything about either


def test_one_finding_for_one_pair_of_culprits() -> None:
    held = matrix(rule("[{a: '1', b: '>=1'}, {b: '1', a: '>=1'}]"))
    assert len(audit(snapshot(a="1", b="1"), held).findings) == 1


def test_superseded_rules_say_nothing_more() -> None:
    held = matrix(
        rule("{a: 1}", id="general"),
        rule("{a: 1, b: 1}", id="particular").replace("  proof:", "  supersedes: [general]\n  proof:"),
    )
    assert fired(snapshot(a="1"), held) == {"general": "definite"}
    assert fired(snapshot(a="1", b="1"), held) == {"particular": "definite"}


def test_the_worst_stands_first() -> None:
    held = matrix(
        rule("{a: 1}", id="mild", level="notice"),
        rule("{a: 1}", id="deadly", level="crash"),
        rule("{a: 1}", id="bad", level="error"),
    )
    assert [finding.rule for finding in audit(snapshot(a="1"), held).findings] == ["deadly", "bad", "mild"]


def test_texts_are_filled_in() -> None:
    held = matrix(rule("{a: 1, gpu: '7.5'}", title="'a {a} on {gpu} ({gpu.capability}), {nothing known}'"))
    found = audit(snapshot(a="1", gpu="7.5"), held).findings
    assert found[0].title == "a 1 on GPU 7.5 (7.5), {nothing known}"
    assert found[0].culprits == ["a", "gpu"]


def test_a_hostile_version_is_only_text() -> None:
    held = matrix(rule("{a: '*'}", title="a {a}"))
    assert audit(snapshot(a="{a.__class__} {0}"), held).findings[0].title == "a {a.__class__} {0}"


def test_what_is_not_known_is_said_and_fires_nothing() -> None:
    held = matrix(rule("{a: 1, driver: '<500'}"))
    result = audit(snapshot(a="1"), held)
    assert result.findings == []
    assert result.unchecked == [{"what": "NVIDIA driver", "because": "not known on this machine"}]


def test_what_another_condition_rules_out_is_not_asked_for() -> None:
    held = matrix(rule("{driver: '<500', a: 1}"))
    assert audit(snapshot(a="2"), held).unchecked == []


def test_a_newer_version_is_not_covered() -> None:
    held = matrix("releases: a\nsource: x\nversions: {1.0: 3.9-, 2.0: 3.9-}\n")
    assert audit(snapshot(a="2.1"), held).coverage == [
        {"package": "a", "version": "2.1", "known": False, "newest_known": "2.0"}
    ]
    assert audit(snapshot(a="2.0"), held).coverage == []


REQUIREMENT = rule("{problem: requirement-not-met}", id=declared.RULE, level="notice")


def test_unmet_requirements_are_notices() -> None:
    held = matrix(REQUIREMENT)
    snap = snapshot(a="1.0", b="1.5", c="odd version")
    snap["requires"] = {"a": ["b>=2", "b (<3)", "c", "c>1", "gone>=1", "A[x]"], "not-there": ["b>=9"]}
    titles = [finding.title for finding in audit(snap, held).findings]
    assert titles == [
        "a declares b>=2, but b 1.5 is installed",
        "a declares gone>=1, but gone is not installed",
    ]


def test_a_rule_that_knows_better_takes_the_place_of_the_notice() -> None:
    held = matrix(REQUIREMENT, rule("{a: 1, b: '<2'}", id="known"))
    snap = snapshot(a="1.0", b="1.5")
    snap["requires"] = {"a": ["b>=2"]}
    assert fired(snap, held) == {"known": "definite"}
