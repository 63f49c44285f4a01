"""Cases that follow from a rule's examples, its table, and the recipes by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from envaudit.fix.ways import as_specifier
from envaudit.matrix.compiler import Source, read
from envaudit.versions import specifier
from lab.isolation import Host
from lab.recipe import Recipes, Skip, cases, digest

RULE = """
- id: a-b
  level: error
  title: a and b
  over: pairs
  when: {a: $a, b: $b}
  symptom: "ImportError: no"
  why: why
  fix: [a]
  proof: reported
  sources: [https://example.org]
  examples:
    bad: [%s]
    good: [{a: 2.0.0, b: 1.0.0}]
"""
TABLE = """
table: pairs
about: pairs
columns: {a: a, b: b}
sources: [x]
rows:
- {a: <2, b: 1.0.0}
- {a: ">=3,<4", b: ">=2"}
"""
RELEASES = """
releases: a
source: x
versions: {1.0: 3.8-3.11, 1.4.2: 3.8-3.11, 3.1.0: 3.9-, 3.9.1: 3.9-, 4.0.0: 3.9-}
"""


@pytest.fixture
def recipes(tmp_path: Path) -> Recipes:
    (tmp_path / "recipes.yaml").write_text("by-hand: {probe: import c, python: '3.9'}\nnever: {skip: no way}\n")
    (tmp_path / "probes.yaml").write_text("probes: {a: import a.inner}\nskips: {c: has no wheels}\nstand-ins: {d: e}\n")
    return Recipes(tmp_path)


def source(tmp_path: Path, bad: str = "{a: 1.0.0, b: 1.0.0}", rule_id: str = "a-b") -> Source:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.yaml").write_text((RULE % bad).replace("a-b", rule_id))
    (folder / "table.yaml").write_text(TABLE)
    (folder / "releases.yaml").write_text(RELEASES)
    found, faults = read([str(folder)])
    assert not faults
    return found


def test_an_example_and_the_row_that_it_does_not_stand_for(tmp_path: Path, recipes: Recipes) -> None:
    held = source(tmp_path)
    example, row = cases(held.rules[0], held, recipes, rows=9)
    assert example.wanted == {"a": "==1.0.0", "b": "==1.0.0"}
    assert example.probe == "import a.inner\nimport b"
    assert example.good == {"a": "2.0.0"}
    assert row.wanted == {"a": "==3.9.1", "b": ">=2"}  # nearest to the bound, from the list; no list for b
    assert cases(held.rules[0], held, recipes) == [example]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{a: 1.0.0, b: 1.0.0, gpu: T4}", "needs a GPU"),
        ("{a: 1.0.0, b: 1.0.0, os: windows}", "needs another operating system"),
        ("{a: 1.0.0, b: 1.0.0, torch: 2.4.0}", "torch: only builds for CUDA on the package index"),
        ("{a: 1.0.0, b: 1.0.0, torch: 2.4.0+cu121}", "needs a build of another index"),
        (
            "{a: 1.0.0, b: 1.0.0, nvidia-cudnn-cu12: 9.1.0}",
            "nvidia-cudnn-cu12: only builds for CUDA on the package index",
        ),
        ("{a: 1.0.0, c: 1.0.0}", "c: has no wheels"),
    ],
)
def test_what_the_lab_cannot_run(tmp_path: Path, recipes: Recipes, bad: str, reason: str) -> None:
    held = source(tmp_path, bad)
    with pytest.raises(Skip, match=reason.replace("+", r"\+")):
        cases(held.rules[0], held, recipes)


def test_recipes_by_hand(tmp_path: Path, recipes: Recipes) -> None:
    held = source(tmp_path, rule_id="by-hand")
    case = cases(held.rules[0], held, recipes)[0]
    assert (case.probe, case.python, case.own_probe) == ("import c", "3.9", True)


def test_a_recipe_may_say_no(tmp_path: Path, recipes: Recipes) -> None:
    held = source(tmp_path, rule_id="never")
    with pytest.raises(Skip, match="no way"):
        cases(held.rules[0], held, recipes)


def test_python_and_environment_variables_of_an_example(tmp_path: Path, recipes: Recipes) -> None:
    held = source(tmp_path, '{a: 1.0.0, b: 1.0.0, python: 3.12.1, "env:X": "1"}')
    case = cases(held.rules[0], held, recipes)[0]
    assert (case.python, case.env) == ("3.12", {"X": "1"})
    assert case.key == "a-b: a==1.0.0, b==1.0.0 python 3.12"


def test_the_digest_changes_with_the_claim_and_not_with_the_words(tmp_path: Path, recipes: Recipes) -> None:
    held = source(tmp_path)
    rule = held.rules[0]
    case = cases(rule, held, recipes)[0]
    before = digest(rule, case)
    rule.why = "other words"
    assert digest(rule, case) == before
    rule.level = "crash"
    assert digest(rule, case) != before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<2", "<2"),
        (">=1.5", ">=1.5"),
        (">=1.5,<2.0.1", ">=1.5,<2.0.1"),
        ("<=1.4", "<=1.4"),
        ("1.4", "==1.4"),
        ("", ""),
    ],
)
def test_intervals_as_specifiers(text: str, said: str) -> None:
    assert as_specifier(*specifier(text)[-1]) == said


def test_the_lab_s_own_recipes_can_be_read_and_name_real_rules() -> None:
    from envaudit.matrix.store import own_rules

    known = {rule.id for rule in read([own_rules()])[0].rules}
    own = Recipes()
    assert set(own.rules) <= known
    for code in [*own.probes.values(), *(recipe["probe"] for recipe in own.rules.values() if "probe" in recipe)]:
        compile(code, "probe", "exec")


@pytest.mark.parametrize(
    ("example", "host", "facts"),
    [
        ("open-files: '256'", Host(open_files=256), {"memory": {"open_files": 256}}),
        ("cpu: [sse4_2, avx]", Host(cpu="SandyBridge"), {"cpu": {"flags": ["sse4_2", "avx"]}}),
        ("cpu: [sse2]", Host(cpu="qemu64"), {"cpu": {"flags": ["sse2"]}}),
    ],
)
def test_a_machine_that_an_example_describes(
    example: str, host: Host, facts: object, tmp_path: Path, recipes: Recipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Host, "lacking", None)
    found = source(tmp_path, f"{{a: 1.0.0, {example}}}")
    case = cases(found.rules[0], found, recipes)[0]
    assert (case.wanted, case.host, case.facts, case.good) == ({"a": "==1.0.0"}, host, facts, {})
    assert case.key == f"a-b: a==1.0.0 on {host}"
    assert digest(found.rules[0], case) != digest(found.rules[0], case._replace(host=Host(), facts={}))
    monkeypatch.setattr(Host, "lacking", "needs something")
    with pytest.raises(Skip, match="needs something"):
        cases(found.rules[0], found, recipes)
