"""Plans that a real resolver confirms, against a folder of real wheels."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from envaudit.fix.confirm import Confirmer
from envaudit.fix.resolve.interface import Impossible, Machine
from envaudit.fix.resolve.uv import Uv
from envaudit.fix.search import Search
from envaudit.fix.wishes import Wishes
from tests.fix.index import resolved, use_index
from tests.fix.test_plan import releases
from tests.matrices import matrix, rule, snapshot

PY = {"python": "3.11.4"}
BOTH = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """use_index with a folder of this test."""
    return lambda *found: use_index(tmp_path / "wheels", monkeypatch, *found)


@BOTH
def test_a_plan_that_can_be_installed_stays_as_it_is(index, resolver: str) -> None:
    index("a 1.0", "a 2.0", "b 1.0: a>=1")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", **PY), held, resolver=resolver)
    assert plan is not None
    assert (plan.pins, plan.verified, plan.reasons) == ({"a": "1.0"}, "resolver", {"a": "some-rule"})
    assert plan.notes == []


@BOTH
def test_what_the_new_version_requires_moves_along_and_says_why(index, resolver: str) -> None:
    index("a 1.0: c<2", "a 2.0", "b 1.0", "c 1.5", "c 2.5")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", c="2.5", **PY), held, resolver=resolver)
    assert plan is not None
    assert plan.pins == {"a": "1.0", "c": "1.5"}
    assert plan.reasons == {"a": "some-rule", "c": "a requires it"}


def test_an_answer_that_a_rule_speaks_of_is_closed_and_asked_again(index) -> None:
    # the matrix does not know the releases of c, so it cannot foresee that c follows into a clash
    index("a 1.0: c<3", "a 2.0", "b 1.0", "c 1.0", "c 2.0", "c 3.0")
    held = matrix(
        rule("{a: '>=2', b: 1.0}", id="one", fix="[a]"),
        rule("{b: 1.0, c: '2.0'}", id="two", fix="[{c: '<2'}]"),
        releases("a", "1.0", "2.0"),
    )
    plan = resolved(snapshot(a="2.0", b="1.0", c="3.0", **PY), held)
    assert plan is not None
    assert (plan.pins, plan.verified, plan.left) == ({"a": "1.0", "c": "1.0"}, "resolver", [])


def test_the_other_package_moves_where_the_first_way_out_cannot_be_installed(index) -> None:
    index("a 2.0", "b 1.0", "b 2.0")  # the matrix knows an a 1.0 that the index has not
    held = matrix(rule("{a: '>=2', b: '<2'}", fix="[a, b]"), releases("a", "1.0", "2.0"), releases("b", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", **PY), held)
    assert plan is not None
    assert (plan.pins, plan.verified) == ({"b": "2.0"}, "resolver")


@BOTH
def test_what_cannot_be_is_proven_and_the_choices_are_told(index, resolver: str) -> None:
    index("a 1.0: b<2", "a 2.0: b<2", "b 1.0", "b 2.0")
    held = matrix(rule("{a: '>=1', b: '<2'}", fix="[b]"), releases("b", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", **PY), held, resolver=resolver)
    assert plan is not None
    assert plan.impossible == ["some-rule"]
    assert plan.pins == {} and plan.commands == []
    assert [finding.rule for finding in plan.left] == ["some-rule"]
    assert "no releases of a, b go together here [some-rule]" in plan.notes[0]
    assert [(choice.what, choice.remove, choice.pins) for choice in plan.choices] == [("without a", ["a"], {})]


def test_one_part_is_mended_though_another_cannot_be(index) -> None:
    index("a 1.0: b<2", "b 1.0", "b 2.0", "c 1.0", "c 2.0", "d 1.0")
    held = matrix(
        rule("{a: '>=1', b: '<2'}", id="never", level="crash", fix="[b]"),
        rule("{c: '>=2', d: 1.0}", id="easy", fix="[c]"),
        releases("b", "1.0", "2.0"),
        releases("c", "1.0", "2.0"),
    )
    plan = resolved(snapshot(a="1.0", b="1.0", c="2.0", d="1.0", **PY), held)
    assert plan is not None
    assert (plan.pins, plan.impossible, plan.verified) == ({"c": "1.0"}, ["never"], "resolver")
    assert [finding.rule for finding in plan.left] == ["never"]


def test_other_ways_out_are_choices_with_their_cost(index) -> None:
    index("a 1.0", "a 2.0", "b 1.0", "b 2.0")
    held = matrix(rule("{a: '>=2', b: '<2'}", fix="[a, b]"), releases("a", "1.0", "2.0"), releases("b", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", **PY), held)
    assert plan is not None and plan.pins == {"a": "1.0"}
    assert [(choice.what, choice.pins, choice.majors) for choice in plan.choices] == [
        ("keeping a 2.0", {"b": "2.0"}, 1),
    ]


@pytest.mark.parametrize(
    ("wishes", "pins"),
    [
        (Wishes(), {"a": "1.0"}),
        (Wishes(keep=["a"]), {"b": "2.0"}),
        (Wishes(direction="down"), {"a": "1.0"}),
        (Wishes(direction="up"), {"b": "2.0"}),
        (Wishes(keep=["a", "b"]), {}),
    ],
)
def test_wishes(index, wishes: Wishes, pins: dict[str, str]) -> None:
    index("a 1.0", "a 2.0", "b 1.0", "b 2.0")
    held = matrix(rule("{a: '>=2', b: '<2'}", fix="[a, b]"), releases("a", "1.0", "2.0"), releases("b", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", **PY), held, wishes=wishes)
    assert plan is not None and plan.pins == pins


@pytest.mark.parametrize(("allow", "pins"), [((), {"a": "1.0"}), (("torch",), {"torch": "1.0"})])
def test_a_framework_stays_unless_it_is_allowed_to_move(index, allow: tuple[str, ...], pins: dict[str, str]) -> None:
    index("a 1.0", "a 2.0", "torch 1.0", "torch 2.0")
    held = matrix(
        rule("{a: '>=2', torch: '>=2'}", fix="[torch, a]"),
        releases("a", "1.0", "2.0"),
        releases("torch", "1.0", "2.0"),
    )
    plan = resolved(snapshot(a="2.0", torch="2.0", **PY), held, wishes=Wishes(allow=allow))
    assert plan is not None and plan.pins == pins


def test_what_installed_distributions_require_binds(index) -> None:
    # d is on no index, and is not asked for: what it requires is known from its own metadata
    index("a 1.0", "a 1.5", "a 2.0", "b 1.0")
    held = matrix(
        rule("{a: '>=2', b: 1.0}", fix="[a]"),
        rule("{none: 1.0}", id="requirement-not-met", level="notice"),
        releases("a", "1.0", "1.5", "2.0"),
    )
    snap = snapshot(a="2.0", b="1.0", d="7.0", **PY)
    snap["requires"] = {"d": ["a<1.5"], "b": ["a"]}
    plan = resolved(snap, held)
    assert plan is not None and plan.verified == "resolver"
    # a<1.5 is broken already, so it binds nobody
    assert plan.pins == {"a": "1.5"}
    snap["requires"] = {"d": ["a!=1.5"], "b": ["a"]}
    plan = resolved(snap, held)
    assert plan is not None and plan.pins == {"a": "1.0"}


def test_what_requires_the_moved_package_moves_where_nothing_else_goes(index) -> None:
    index("a 1.0", "a 2.0", "b 1.0", "d 1.0: a", "d 2.0: a>=2")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    snap = snapshot(a="2.0", b="1.0", d="2.0", **PY)
    snap["requires"] = {"d": ["a>=2"]}
    plan = resolved(snap, held)
    assert plan is not None and plan.pins == {"a": "1.0", "d": "1.0"}


def test_what_no_index_has_is_reckoned_with_as_installed(index) -> None:
    index("a 1.0: own<2", "a 2.0")
    held = matrix(rule("{a: '>=2', own: '<2'}", fix="[a]"), releases("a", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", own="1.0", **PY), held)
    assert plan is not None
    assert (plan.pins, plan.verified) == ({"a": "1.0"}, "resolver")
    assert plan.notes == ["no index has a wheel of own: not checked further"]


def test_a_report_full_of_packages_that_no_index_has_is_resolved_for_those_that_clash(index) -> None:
    index("a 1.0", "a 2.0", "b 1.0")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    snap = snapshot(complete=False, a="2.0", b="1.0", **PY)
    snap["packages"].update({f"own-{number}": "1.0" for number in range(40)})
    plan = resolved(snap, held)
    assert plan is not None and (plan.pins, plan.verified) == ({"a": "1.0"}, "resolver")
    assert "only those that clash were resolved" in plan.notes[-1]


def test_a_report_is_not_told_of_packages_that_it_does_not_name(index) -> None:
    index("a 1.0: c", "a 2.0", "b 1.0", "c 9.0")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    plan = resolved(snapshot(complete=False, a="2.0", b="1.0", **PY), held)
    assert plan is not None and plan.pins == {"a": "1.0"}


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("UV_DEFAULT_INDEX", "http://me:secret@127.0.0.1:9/simple", "cannot be asked (Failed to fetch: "),
        ("UV_OFFLINE", "1", "cannot be asked (uv has no network)"),
    ],
)
def test_without_a_network_the_matrix_plan_says_so(
    index, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    index()
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    for name in ("UV_CONFIG_FILE", "PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv(variable, value)
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", **PY), held)
    assert plan is not None
    assert (plan.pins, plan.verified) == ({"a": "1.0"}, "matrix")
    assert len(plan.notes) == 1 and said in plan.notes[0]
    assert "secret" not in plan.notes[0]


def test_a_limit_on_the_time(index) -> None:
    index("a 1.0")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", **PY), held, seconds=0.001)
    assert plan is not None
    assert (plan.pins, plan.verified) == ({"a": "1.0"}, "matrix")
    assert plan.notes == [
        "the resolver did not answer in 0.001 s (--timeout): the plan is checked against the matrix only"
    ]


def test_a_report_without_a_python_is_not_resolved(index) -> None:
    index("a 1.0")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0"), held)
    assert plan is not None and plan.verified == "matrix"
    assert "which Python" in plan.notes[0]


def test_hostile_names_and_versions_do_not_reach_the_resolver(index) -> None:
    index("a 1.0", "a 2.0", "b 1.0")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[a]"), releases("a", "1.0", "2.0"))
    snap = snapshot(complete=False, a="2.0", b="1.0", **PY)
    snap["packages"].update({"--index-url=http://evil": "1", "c": "1.0\n-r /etc/passwd", "e @ http://evil": "1"})
    plan = resolved(snap, held)
    assert plan is not None and (plan.pins, plan.verified) == ({"a": "1.0"}, "resolver")


def test_a_build_that_the_pytorch_index_lacks_is_not_called_resolved(index, monkeypatch: pytest.MonkeyPatch) -> None:
    index("torch 1.0", "torch 2.0", "a 2.0")
    held = matrix(rule("{a: '>=2', torch: '>=2'}", fix="[torch]"), releases("torch", "1.0", "2.0"))
    asked = Uv.resolve

    def resolve(self, question, seconds):
        if question.torch_build:
            raise Impossible("there is no such build", {})
        return asked(self, question, seconds)

    monkeypatch.setattr(Uv, "resolve", resolve)
    plan = resolved(snapshot(torch="2.0+cu118", a="2.0", **PY), held)
    assert plan is not None and plan.pins == {"torch": "1.0"} and plan.verified == "resolver"
    moves = {"torch": "1.0+cu118"}
    search = Search(snapshot(torch="2.0+cu118", a="2.0", **PY), held)
    confirmer = Confirmer(
        search, Uv("uv"), Machine("3.11", None, "linux", "x86_64", None), time.monotonic() + 30, print
    )
    there, said = confirmer.builds(moves)
    assert not there and "the PyTorch index does not have torch==1.0+cu118" in (said or "")


def test_a_pre_release_that_nobody_asked_for_is_no_way_out(index, tmp_path: Path) -> None:
    # the releases of a before 2.0 are source distributions; only a pre-release has a wheel
    index("a 0.3.dev5", "a 2.0", "b 1.0")
    (tmp_path / "wheels" / "a-1.0.tar.gz").write_bytes(b"")
    held = matrix(rule("{a: '>=2', b: 1.0}", fix="[{a: ''}]"), releases("a", "1.0", "2.0"))
    plan = resolved(snapshot(a="2.0", b="1.0", **PY), held)
    assert plan is not None
    assert (plan.pins, plan.impossible) == ({}, [])  # nothing is found, and nothing is proven
