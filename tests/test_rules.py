"""The matrix itself: every rule does on its examples what it says, and what it tells users to do helps."""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from envaudit import versions
from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.finding import Finding
from envaudit.fix.plan import make_plan
from envaudit.matrix import source
from envaudit.matrix.clauses import clauses, plain
from envaudit.matrix.compiler import read
from envaudit.matrix.examples import snapshot
from envaudit.matrix.lint import example_faults
from envaudit.matrix.rule import Rule
from envaudit.matrix.source import Block
from envaudit.matrix.store import own_rules
from tests.matrices import real

SOURCE, FAULTS = read([own_rules()])
FILES = source.yaml_files(own_rules())
with open(os.path.join(own_rules(), "schema.json"), encoding="utf-8") as _file:
    VALIDATOR = jsonschema.Draft202012Validator(json.load(_file))


def test_every_file_can_be_read() -> None:
    assert [str(fault) for fault in FAULTS] == []
    assert SOURCE.rules and SOURCE.tables and SOURCE.releases


def test_every_rule_does_on_its_examples_what_it_says() -> None:
    assert [str(fault) for fault in example_faults(SOURCE.rules, real())] == []


@pytest.mark.parametrize("path", FILES, ids=[os.path.relpath(path, own_rules()) for path in FILES])
def test_the_schema_knows_what_stands_there(path: str) -> None:
    content = source.load(path)
    content = _sampled(content)
    assert [error.message for error in VALIDATOR.iter_errors(content)] == []


def _sampled(content: Any) -> Any:
    """A long table by its first rows: the reader has checked each row's columns already."""
    if isinstance(content, dict) and isinstance(content.get("rows"), list):
        return {**content, "rows": content["rows"][:20]}
    return content


def test_every_source_is_an_address_or_a_wheel() -> None:
    """ "https://… (where on the page)", or words that name the releases that were read or run."""
    bad = []
    for rule in SOURCE.rules:
        for entry in rule.sources:
            parts = urlsplit(entry.split(" (")[0])
            well_formed = parts.scheme in ("https", "http") and "." in parts.netloc and " " not in parts.geturl()
            if not well_formed and (
                "://" in entry or not ("wheel" in entry or "table " in entry or re.search(r"\d\.\d", entry))
            ):
                bad.append(f"{rule.id}: {entry}")
    assert bad == []


def test_what_supersedes_exists() -> None:
    ids = {rule.id for rule in SOURCE.rules}
    assert [(rule.id, other) for rule in SOURCE.rules for other in rule.supersedes if other not in ids] == []


def test_texts_are_for_people() -> None:
    bad = []
    for rule in SOURCE.rules:
        if len(rule.title) > 160 or "\n" in rule.title:
            bad.append(f"{rule.id}: the title is no line")
        if not 20 <= len(rule.why) <= 900:
            bad.append(f"{rule.id}: the why has {len(rule.why)} characters")
    assert bad == []


# tables that facts and plans are derived with, beside those that rules are expanded with
DERIVED = {"gpus", "default-builds", "torch-archs", "torch-family", "reproductions", "measured", "wheels-only"}


def test_every_row_of_every_table_is_used() -> None:
    used: set[tuple[str, str]] = set()
    for rule in SOURCE.rules:
        if rule.over:
            columns = SOURCE.tables[rule.over].columns
            used |= {(rule.over, _row(clause.cells, columns)) for clause in clauses(rule, SOURCE.tables)}
    idle = []
    for name, table in SOURCE.tables.items():
        for row in table.rows if name not in DERIVED else ():
            cells = {key: plain(cell) for key, cell in row.items() if cell is not None}
            if (name, _row(cells, table.columns)) not in used:
                idle.append(f"{table.path}:{row.line}")
    assert idle == []


def _row(cells: dict[str, str], columns: dict[str, str]) -> str:
    return repr(sorted((key, cell) for key, cell in cells.items() if key in columns))


# pairs whose boundary runs through each other's examples: the good example of the mild rule is the sharp rule's bad one
STATED = {
    ("torchvision-torch-pair", "torchvision-torch-drift"),
    ("torchvision-torch-pair", "torchvision-torch-patch"),
    ("torchaudio-torch-pair", "torchaudio-torch-drift"),
    ("torchcodec-torch-pair", "torchcodec-torch-drift"),
    ("torchaudio-cuda-minor", "torchaudio-torch-pair"),
    ("torchvision-cuda-major", "torchvision-torch-pair"),
    ("torch-gpu-arch", "torch-gpu-arch-conda"),
}


def _findings(example: Block) -> list[Finding]:
    held = real()
    return evaluate(Facts(snapshot(example), held.table), held).findings  # type: ignore[arg-type]


def test_no_rule_crashes_on_the_good_example_of_another() -> None:
    clashes = set()
    for rule in SOURCE.rules:
        for example in rule.examples["good"]:
            for finding in _findings(example):
                serious = finding.level in ("crash", "error") and finding.certainty == "definite"
                if serious and finding.rule != rule.id:
                    clashes.add((finding.rule, rule.id))
    assert clashes - STATED == set()


def _rising(table: str, first: str, second: str) -> list[str]:
    """Rows of a table in which `second` falls although `first` rises."""
    rows = [
        (versions.key(row[first]), versions.key(row[second]), row.line)
        for row in SOURCE.tables[table].rows
        if isinstance(row.get(first), str) and isinstance(row.get(second), str)
    ]
    keyed = sorted((one, other, line) for one, other, line in rows if one is not None and other is not None)
    assert len(keyed) > 2
    return [f"{table}:{after[2]}" for before, after in zip(keyed, keyed[1:]) if after[1] < before[1]]


@pytest.mark.parametrize(
    ("table", "first", "second"),
    [
        ("torch-family", "torch", "torchvision"),
        ("torch-family", "torch", "torchaudio"),
        ("cuda-driver", "cuda", "floor"),
        ("jax-jaxlib", "jax", "least"),
    ],
)
def test_what_must_rise_rises(table: str, first: str, second: str) -> None:
    assert _rising(table, first, second) == []


def test_titles_say_which_versions() -> None:
    bad = set()
    for rule in SOURCE.rules:
        for example in rule.examples["bad"]:
            for finding in _findings(example):
                if finding.rule == rule.id and ("{" in finding.title + finding.why or "?" in finding.title):
                    bad.add(f"{rule.id}: {finding.title}")
    assert bad == set()


def _left(rule: Rule) -> list[str]:
    """The bad examples of the rule that its plan does not mend."""
    held = real()
    wrong = []
    for example in rule.examples["bad"]:
        snap: Any = snapshot(example)
        found = evaluate(Facts(snap, held.table), held).findings
        plan = make_plan(snap, found, held, "pip")
        moves: dict[str, str | None] = {**plan.pins, **dict.fromkeys(plan.remove)} if plan else {}
        after = evaluate(Facts(snap, held.table, moves), held).findings
        if rule.id in {finding.rule for finding in after}:
            wrong.append(f"{rule.path}:{example.line}: {rule.id}: the plan {moves} does not mend {dict(example)}")
    return wrong


def test_a_fix_is_a_fix() -> None:
    """A plan mends every bad example; where a rule also has a note (a driver, a GPU), at least one."""
    wrong = []
    for rule in SOURCE.rules:
        if rule.fix and rule.level != "notice":
            left = _left(rule)
            if left and (not rule.note or len(left) == len(rule.examples["bad"])):
                wrong += left
    assert wrong == []
