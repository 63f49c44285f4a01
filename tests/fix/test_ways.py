"""Ways out of a clause, as regions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit import versions
from envaudit.facts import Facts
from envaudit.fix.ways import joined, pieces, ways
from tests.matrices import matrix, rule, snapshot

NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
CLAUSES = st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS).map("".join)


@given(st.lists(CLAUSES, min_size=1, max_size=3), NUMBERS)
def test_the_pieces_of_a_set_hold_what_the_set_holds(clauses: list[str], version: str) -> None:
    held = versions.specifier(",".join(clauses))
    key = versions.key(version)
    assert key is not None
    said = [text for text in pieces(held) if versions.contains(versions.specifier(text), key)]
    if held != versions.ALL:
        assert len(said) == versions.contains(held, key)  # final releases: no piece overlaps another


@pytest.mark.parametrize(
    ("bounds", "way", "expected"),
    [
        ({}, {"a": "<2"}, {"a": "<2"}),
        ({"a": "<2"}, {"a": ">=1", "b": "==3"}, {"a": "<2,>=1", "b": "==3"}),
        ({"a": "<2"}, {"a": ">=2"}, None),
        ({"a": "<2"}, {"a": "<2"}, {"a": "<2"}),
        ({}, {"a": "absent"}, {"a": "<0"}),
    ],
)
def test_joined(bounds: dict[str, str], way: dict[str, str], expected: dict[str, str] | None) -> None:
    assert joined(bounds, way) == expected


def test_what_the_rule_names_comes_first_then_everything_else() -> None:
    held = matrix(rule("{a: '>=2,<3', b: '<5'}", fix="[{a: '==1.0||==1.5'}]"))
    facts = Facts(snapshot(a="2.0", b="1.0"), held.table)
    (clause,) = held.clauses(("a", "b"), facts.key, frozenset())
    assert ways(clause, facts, held) == [{"a": "==1.0"}, {"a": "==1.5"}, {"a": ">=3"}, {"a": "<2"}, {"b": ">=5"}]
