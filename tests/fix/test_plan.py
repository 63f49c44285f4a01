"""The plan mends what can be mended, with few moves, and is audited again."""

from __future__ import annotations

from typing import Any

from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.fix.plan import Plan, make_plan
from envaudit.matrix.store import Matrix
from tests.matrices import matrix, rule, snapshot


def releases(package: str, *versions: str, pythons: str = "3.8-3.12") -> str:
    rows = ", ".join(f"{version}: {pythons}" for version in versions)
    return f"releases: {package}\nsource: made up\nversions: {{{rows}}}\n"


def plan(snap: dict[str, Any], held: Matrix, installer: str = "pip") -> Plan | None:
    found = evaluate(Facts(snap, held.table), held).findings  # type: ignore[arg-type]
    return make_plan(snap, found, held, installer)  # type: ignore[arg-type]


def test_nothing_to_mend() -> None:
    held = matrix(rule("{a: 1}", level="notice"))
    assert plan(snapshot(a="2"), held) is None
    assert plan(snapshot(a="1"), held) is None  # a notice is not worth a move


def test_the_nearest_release_is_taken() -> None:
    held = matrix(rule("{a: '>=2', b: '<5'}", fix="[a]"), releases("a", "0.9", "1.0", "1.9.1", "1.9.3", "2.0", "3.0"))
    found = plan(snapshot(a="3.0", b="1"), held)
    assert found is not None
    assert found.pins == {"a": "1.9.3"}
    assert found.commands == ["python -m pip install 'a==1.9.3'"]
    assert found.left == []


def test_releases_for_another_python_are_not_named() -> None:
    text = "releases: a\nsource: x\nversions: {1.0: 3.6-3.8, 1.1: 3.9-3.12, 1.2: 3.13-, 2.0: 3.8-}\n"
    held = matrix(rule("{a: '>=2'}", fix="[a]"), text)
    found = plan(snapshot(a="2.0", python="3.10.4"), held)
    assert found is not None and found.pins == {"a": "1.1"}


def test_one_move_that_mends_two_findings_beats_two_moves() -> None:
    held = matrix(
        rule("{a: '>=2', b: '<5'}", id="one", fix="[b, a]"),
        rule("{a: '>=2', c: '<5'}", id="two", fix="[c, a]"),
        releases("a", "1.0", "2.0"),
        releases("b", "4.0", "5.0"),
        releases("c", "4.0", "5.0"),
    )
    found = plan(snapshot(a="2.0", b="4.0", c="4.0"), held)
    assert found is not None and found.pins == {"a": "1.0"}


def test_a_way_out_that_breaks_something_else_is_not_taken() -> None:
    held = matrix(
        rule("{a: '>=2', b: '<5'}", id="one", fix="[a, b]"),
        rule("{a: '<2', c: '*'}", id="two", fix="[a]"),
        releases("a", "1.0", "2.0"),
        releases("b", "4.0", "5.0"),
    )
    found = plan(snapshot(a="2.0", b="4.0", c="1"), held)
    assert found is not None and found.pins == {"b": "5.0"}


def test_packages_that_must_move_together_do() -> None:
    held = matrix(
        rule("{a: '>=2', b: '<5'}", fix="[{a: '<2', b: '<4'}]"),
        releases("a", "1.0", "2.0"),
        releases("b", "3.0", "4.0"),
    )
    found = plan(snapshot(a="2.0", b="4.0"), held)
    assert found is not None and found.pins == {"a": "1.0", "b": "3.0"}


def test_a_package_can_be_taken_away() -> None:
    held = matrix(rule("{a: '*', b: '*'}", fix="[{b: absent}]"))
    found = plan(snapshot(a="1", b="1"), held)
    assert found is not None
    assert (found.pins, found.remove) == ({}, ["b"])
    assert found.commands == ["python -m pip uninstall -y 'b'"]


def test_what_no_package_change_mends_is_left_and_the_rest_is_mended() -> None:
    text = rule("{a: 1, driver: '<500'}", id="driver", level="crash").replace(
        "  fix: [a]\n", "  note: A newer driver.\n"
    )
    held = matrix(text, rule("{b: '>=2'}", id="mendable", fix="[b]"), releases("b", "1.0", "2.0"))
    found = plan(snapshot(a="1", b="2.0", driver="470.1"), held)
    assert found is not None
    assert found.pins == {"b": "1.0"}
    assert [finding.rule for finding in found.left] == ["driver"]


def test_a_finding_that_cannot_be_mended_does_not_keep_others_from_it() -> None:
    held = matrix(
        rule("{a: '>=2'}", id="first", level="crash", fix="[a]"),
        rule("{b: '*'}", id="stuck", fix="[b]"),
        rule("{c: '>=2'}", id="last", level="degraded", fix="[c]"),
        releases("a", "1.0", "2.0"),
        releases("b", "1.0", "2.0"),
        releases("c", "1.0", "2.0"),
    )
    found = plan(snapshot(a="2.0", b="1.0", c="2.0"), held)
    assert found is not None and found.pins == {"a": "1.0", "c": "1.0"}
    assert [finding.rule for finding in found.left] == ["stuck"]


def test_a_plan_brings_in_nothing_new() -> None:
    held = matrix(
        rule("{a: '>=2'}", id="there", fix="[a]"),
        rule("{a: '<2', b: '*'}", id="brought-in", level="degraded", fix="[a]"),
        releases("a", "1.0", "2.0"),
    )
    found = plan(snapshot(a="2.0", b="1.0"), held)
    assert found is not None and found.pins == {}


def test_a_move_that_breaks_a_declared_requirement_costs_more() -> None:
    held = matrix(rule("{a: '>=2', b: '<5'}", fix="[a, b]"), releases("a", "1.0", "2.0"), releases("b", "4.0", "5.0"))
    snap = snapshot(a="2.0", b="4.0", c="1.0")
    assert plan(snap, held).pins == {"a": "1.0"}  # type: ignore[union-attr]
    snap["requires"] = {"c": ["a>=2"]}
    assert plan(snap, held).pins == {"b": "5.0"}  # type: ignore[union-attr]


def test_nothing_is_promised_where_no_release_is_clean() -> None:
    held = matrix(rule("{a: '*', b: '*'}", fix="[a]"), releases("a", "1.0", "2.0"))
    found = plan(snapshot(a="1.0", b="1"), held)
    assert found is not None
    assert found.commands == [] and found.to_json() is None
    assert [finding.rule for finding in found.left] == ["some-rule"]


def test_builds_of_torch_come_from_the_index_of_their_cuda() -> None:
    archs = """
    table: torch-archs
    about: x
    columns: {torch: release, build: builds, archs: list}
    sources: [x]
    rows:
    - {torch: 2.6.0, build: [cu118, cu124], archs: [8.0]}
    - {torch: 2.7.1, build: [cu126, cu128], archs: [8.0, 12.0]}
    """
    held = matrix(
        archs,
        rule("{torch: {not: '>=2.7', build: 'cu*'}, gpu: '12.0'}", fix="[torch]"),
        releases("torch", "2.6.0", "2.7.1"),
    )
    found = plan(snapshot(torch="2.6.0+cu124", gpu="12.0"), held)
    assert found is not None
    assert found.pins == {"torch": "2.7.1+cu128"}
    assert found.commands == [
        "python -m pip install 'torch==2.7.1+cu128' --index-url https://download.pytorch.org/whl/cu128"
    ]


FAMILY = """
table: torch-family
about: x
columns: {torch: release, torchvision: releases}
sources: [x]
rows:
- {torch: 2.4.0, torchvision: 0.19.0}
- {torch: 2.4.1, torchvision: 0.19.1}
"""


def test_a_companion_moves_to_the_release_that_pins_the_torch_that_stays() -> None:
    pair = rule("{torch: 2.4.*, torchvision: {not: 0.19.*}}", fix="[torchvision]")
    held = matrix(FAMILY, pair, releases("torchvision", "0.18.0", "0.19.0", "0.19.1"))
    found = plan(snapshot(torch="2.4.0+cu121", torchvision="0.18.0+cu121"), held)
    assert found is not None and found.pins == {"torchvision": "0.19.0+cu121"}


def test_another_build_of_the_same_release_comes_first() -> None:
    archs = "table: torch-archs\nabout: x\ncolumns: {torch: x, build: x}\nsources: [x]\n"
    held = matrix(
        archs + "rows: [{torch: [2.1.0, 2.1.2], build: [cu118, cu121]}]\n",
        rule("{torch: {build: cu121}, driver: '<500'}", fix="[torch]"),
        releases("torch", "2.1.0", "2.1.2"),
    )
    found = plan(snapshot(torch="2.1.0+cu121", driver="470.1"), held)
    assert found is not None and found.pins == {"torch": "2.1.0+cu118"}


def test_companions_follow_torch_to_its_build() -> None:
    held = matrix(
        "table: torch-archs\nabout: x\ncolumns: {torch: x, build: x}\nsources: [x]\n"
        "rows: [{torch: 2.8.0, build: [cu126, cu128]}]\n",
        rule("{torch: {build: cu128}, gpu: '6.0'}", fix="[torch]"),
        releases("torch", "2.8.0"),
    )
    found = plan(snapshot(torch="2.8.0+cu128", torchvision="0.23.0+cu128", gpu="6.0"), held)
    assert found is not None
    assert found.pins == {"torch": "2.8.0+cu126", "torchvision": "0.23.0+cu126"}
    assert found.commands == [
        "python -m pip install 'torch==2.8.0+cu126' 'torchvision==0.23.0+cu126'"
        " --index-url https://download.pytorch.org/whl/cu126"
    ]


def test_companions_stay_where_their_other_build_would_clash() -> None:
    held = matrix(
        "table: torch-archs\nabout: x\ncolumns: {torch: x, build: x}\nsources: [x]\n"
        "rows: [{torch: 2.8.0, build: [cu126, cu128]}]\n",
        rule("{torch: {build: cu128}, gpu: '6.0'}", id="arch", fix="[torch]"),
        rule("{torchvision: {build: cu126}}", id="no-such-build", fix="[torchvision]"),
        releases("torch", "2.8.0"),
    )
    found = plan(snapshot(torch="2.8.0+cu128", torchvision="0.23.0+cu128", gpu="6.0"), held)
    assert found is not None and found.pins == {"torch": "2.8.0+cu126"}


def test_every_finding_has_its_share_of_the_plan() -> None:
    held = matrix(
        rule("{a: '>=2'}", id="one", fix="[a]"),
        rule("{b: '>=2'}", id="two", fix="[b]"),
        releases("a", "1.0", "2.0"),
        releases("b", "1.0", "2.0"),
    )
    snap = snapshot(a="2.0", b="2.0")
    found = evaluate(Facts(snap, held.table), held).findings  # type: ignore[arg-type]
    make_plan(snap, found, held, "pip")  # type: ignore[arg-type]
    assert {finding.rule: finding.pins for finding in found} == {"one": {"a": "1.0"}, "two": {"b": "1.0"}}
