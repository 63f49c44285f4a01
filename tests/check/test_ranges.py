"""Definite exactly when every choice of versions fires, possible exactly when some do: held against enumeration."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envaudit import versions
from envaudit.check.ranges import judge, outcomes
from envaudit.check.world import build
from envaudit.engine import concerning, culprits_of, fire
from envaudit.facts import Facts
from envaudit.manifest.pep508 import parse
from envaudit.matrix.store import Matrix, load
from envaudit.truth import TRUE

PACKAGES = (
    "numpy",
    "pandas",
    "scipy",
    "torch",
    "torchvision",
    "tensorflow",
    "protobuf",
    "keras",
    "numba",
    "transformers",
)
MOST = 3000  # choices that a test looks at, one by one


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return load()


def world(lines: list[str], held: Matrix, python: str = "3.11", target: dict | None = None):
    requirements = [parse(line, "requirements.txt", place, 0) for place, line in enumerate(lines, 1)]
    return build(requirements, target, python, held)


class Told:
    """Declared requirements, as written in a test."""

    def __init__(self, said: dict[str, dict[str, dict[str, str]]]) -> None:
        self.said = said

    def of(self, package: str, key: object) -> dict[str, str] | None:
        for text, wanted in self.said.get(package, {}).items():
            if versions.contains(versions.specifier(text), key):
                return wanted
        return None

    guess = of

    def tells(self, package: str, key: object, other: str) -> bool:
        return self.of(package, key) is not None

    def bounds(self, package: str) -> list:
        return []


def certainties(lines: list[str], held: Matrix, **more) -> dict[tuple[str, frozenset[str]], str]:
    declares = more.pop("declares", None)
    found = judge(world(lines, held, **more), held, declares)
    return {(one.finding.rule, frozenset(one.finding.culprits)): one.finding.certainty for one in found}


def enumerated(lines: list[str], held: Matrix) -> dict[tuple[str, frozenset[str]], str] | None:
    """The same by asking every clause about every choice of versions; None when there are too many."""
    made = world(lines, held)
    lists = [part.known for part in made.parts.values()]
    count = math.prod(map(len, lists))
    if not 0 < count <= MOST:
        return None
    fired: dict[tuple[str, frozenset[str]], list[int]] = {}
    for choice in itertools.product(*lists):
        facts = Facts({**made.snapshot, "packages": dict(zip(made.parts, choice))}, held.table)
        values: dict[tuple[str, frozenset[str]], int] = {}
        for clause, value in fire(concerning(facts, held), facts)[0]:
            which = clause["r"], frozenset(culprits_of(clause["c"]))
            values[which] = max(values.get(which, 0), value)
        for which, value in values.items():
            fired.setdefault(which, []).append(value)
    named = {}
    for (rule, parts), values in fired.items():
        card = held.card(rule)
        every = values.count(TRUE) == count and card["certainty"] == "definite"
        named[rule, frozenset(card["culprits"] or parts)] = "definite" if every else "possible"
    return named


ranges = st.builds(
    lambda sign, version: f"{sign}{version}",
    st.sampled_from(["==", ">=", "<", "~="]),
    st.sampled_from(["1.23.5", "1.26.4", "2.0.1", "2.1.0", "2.12.0", "0.15.2", "3.20.3", "4.30.0", "1.5.3", "0.57.0"]),
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(PACKAGES), st.lists(ranges, max_size=2), min_size=1, max_size=3))
def test_certainty_is_that_of_enumeration(stated: dict[str, list[str]]) -> None:
    held = load()
    lines = [name + ",".join(parts) for name, parts in stated.items()]
    expected = enumerated(lines, held)
    if expected is None:
        return
    found = outcomes(world(lines, held), held, None, {})
    assert {(one.finding.rule, frozenset(one.finding.culprits)): one.finding.certainty for one in found} == expected


NUMPY_2 = ("numpy2-abi", frozenset({"pandas", "numpy"}))


@pytest.mark.parametrize(
    ("lines", "certainty"),
    [
        (["pandas==1.5.3", "numpy>=1.24"], "possible"),
        (["pandas==1.5.3", "numpy>=1.24,<2"], None),
        (["pandas==1.5.3", "numpy>=2"], "definite"),
        (["pandas>=1.4,<2.2", "numpy>=2"], "definite"),
        (["pandas>=1.4", "numpy>=2"], "possible"),
        (["pandas>=2.2.2", "numpy>=2"], None),
        (["pandas==1.5.3"], None),
    ],
)
def test_numpy_2(lines: list[str], certainty: str | None, matrix: Matrix) -> None:
    assert certainties(lines, matrix).get(NUMPY_2) == certainty


def test_what_is_declared_leaves_out_what_no_installer_takes(matrix: Matrix) -> None:
    lines = ["pandas==1.5.3", "numpy"]
    assert certainties(lines, matrix)[NUMPY_2] == "possible"
    bound = Told({"pandas": {"<2.2.2": {"numpy": "<2"}}})
    assert NUMPY_2 not in certainties(lines, matrix, declares=bound)
    # two pins are what somebody wants, whatever is declared
    assert certainties(["pandas==1.5.3", "numpy==2.0.2"], matrix, declares=bound)[NUMPY_2] == "definite"


def test_a_target_keeps_what_meets_the_requirements(matrix: Matrix) -> None:
    target = {"python": "3.11.4", "packages": {"numpy": "2.0.2", "pandas": "2.2.2"}, "packages_complete": True}
    kept = Told({"pandas": {"": {"numpy": ">=1.21"}}})
    assert certainties(["pandas==1.5.3"], matrix, target=target, declares=kept)[NUMPY_2] == "definite"
    # nobody knows whether this pandas brings another numpy along
    assert certainties(["pandas==1.5.3"], matrix, target=target)[NUMPY_2] == "possible"
    # it does
    moves = Told({"pandas": {"": {"numpy": ">=1.21,<2"}}})
    assert NUMPY_2 not in certainties(["pandas==1.5.3"], matrix, target=target, declares=moves)
    # what is there already meets it, and stays
    assert NUMPY_2 not in certainties(["pandas>=1.5"], matrix, target=target, declares=kept)


def test_the_target_alone_is_not_the_files_fault(matrix: Matrix) -> None:
    target = {"python": "3.11.4", "packages": {"numpy": "2.0.2", "pandas": "1.5.3"}, "packages_complete": True}
    assert certainties(["requests"], matrix, target=target) == {}
