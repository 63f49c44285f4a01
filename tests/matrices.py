"""Small matrices and snapshots for tests."""

from __future__ import annotations

import os
import tempfile
import textwrap
from functools import lru_cache
from io import BytesIO
from typing import Any

from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.finding import Audit
from envaudit.matrix.compiler import compile_matrix, read
from envaudit.matrix.examples import snapshot as example_snapshot
from envaudit.matrix.source import Block
from envaudit.matrix.store import Matrix, load

RULE = """
- id: {id}
  level: {level}
  title: {title}
  when: {when}
  symptom: "ImportError: it fails"
  why: Because.
  fix: {fix}
  proof: documented
  sources: [https://example.org]
  examples: {{bad: [{{a: 1}}], good: [{{a: 2}}]}}
"""


def rule(when: str, *, id: str = "some-rule", level: str = "error", fix: str = "[a]", title: str = "a clash") -> str:
    """The YAML of one rule with this `when`."""
    return RULE.format(id=id, level=level, when=when, fix=fix, title=title)


def matrix(*files: str) -> Matrix:
    """A matrix of these YAML files; a fault in them fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(files):
            with open(os.path.join(folder, f"{number}.yaml"), "w", encoding="utf-8") as file:
                file.write(textwrap.dedent(text))
        source, faults = read([folder])
        data, more = compile_matrix(source)
    assert not faults + more, [str(fault) for fault in faults + more]
    return Matrix(BytesIO(data))


@lru_cache(maxsize=1)
def real() -> Matrix:
    """envaudit's own matrix."""
    return load()


def snapshot(complete: bool = True, **facts: Any) -> dict[str, Any]:
    """A snapshot from the facts of an example; underscores stand for hyphens."""
    example = Block(1)
    for name, value in facts.items():
        example[name.replace("_", "-")] = value
    if not complete:
        example["complete"] = "false"
    return example_snapshot(example)


def audit(snap: dict[str, Any], held: Matrix) -> Audit:
    """What `held` says of `snap`."""
    return evaluate(Facts(snap, held.table), held)  # type: ignore[arg-type]


def fired(snap: dict[str, Any], held: Matrix) -> dict[str, str]:
    """Rule id to certainty of every finding."""
    return {finding.rule: finding.certainty for finding in audit(snap, held).findings}
