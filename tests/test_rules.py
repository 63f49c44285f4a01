"""The matrix itself: every rule does on its examples what it says, and what it tells users to do helps."""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.fix.plan import make_plan
from envaudit.matrix import source
from envaudit.matrix.compiler import read
from envaudit.matrix.examples import snapshot
from envaudit.matrix.lint import example_faults
from envaudit.matrix.rule import Rule
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


def test_titles_say_which_versions() -> None:
    held = real()
    bad = set()
    for rule in SOURCE.rules:
        for example in rule.examples["bad"]:
            snap: Any = snapshot(example)
            for finding in evaluate(Facts(snap, held.table), held).findings:
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
