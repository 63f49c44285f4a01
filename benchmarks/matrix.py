"""A matrix of many rules: the real ones, and generated ones like them."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks.environment import ROOT, versions
from envaudit.matrix.compiler import compile_matrix, read

UNIVERSE = 6000  # packages that generated rules speak of, the environment's own among them
INSTALLED = 0.1  # share of the generated rules whose packages are all installed


def compiled(folder: Path, count: int) -> tuple[bytes, int]:
    """The compiled matrix of `count` rules (more when the real ones are more), and how many of them are real."""
    source, faults = read([str(ROOT / "rules")])
    if faults:
        raise SystemExit(f"the rules have faults: {faults[0]}")
    real = len(source.rules)
    extra = folder / f"generated-{count}"
    extra.mkdir()
    names = sorted(versions(650))
    for start in range(0, max(0, count - real), 1000):
        rules = (rule(number, names) for number in range(start, min(start + 1000, count - real)))
        (extra / f"from-{start:05}.yaml").write_text("".join(rules), "utf-8")
    source, faults = read([str(ROOT / "rules"), str(extra)])
    data, more = compile_matrix(source)
    if faults or more:
        raise SystemExit(f"the generated rules have faults: {(faults + more)[0]}")
    return data, real


def rule(number: int, names: list[str]) -> str:
    """A rule about two packages that does not fire on the environment of the benchmark."""
    chance = random.Random(number)  # noqa: S311
    first, other = chance.sample(names, 2)
    second = other if chance.random() < INSTALLED else f"unseen-{chance.randrange(UNIVERSE):04}"
    low = chance.randrange(20)
    return f"""\
- id: generated-{number:05}
  level: error
  title: {first} {{{first}}} and {second} do not go together
  when: {{{first}: ">=1.{low},<1.{low + chance.randrange(1, 20)}", {second}: "<0.0.{chance.randrange(1, 9)}"}}
  symptom: "ImportError: cannot import name 'part_{number}' from '{first}'"
  why: The function moved, and {second} before 0.0.9 asks for it at its old place.
  fix: [{second}, {{{first}: "<1.0"}}]
  proof: documented
  sources: [https://example.org/{number}]
  examples:
    bad: [{{{first}: 1.{low}, {second}: 0.0.0}}]
    good: [{{{first}: 1.{low}, {second}: 1.0}}]
"""
