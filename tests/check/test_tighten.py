"""A tighter requirement leaves nothing that fires, and keeps as much as it can."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envaudit import versions
from envaudit.check import audit
from envaudit.check.tighten import narrowed
from envaudit.manifest.pep508 import parse
from envaudit.manifest.requirement import Manifest
from tests.check.test_ranges import PACKAGES, ranges
from tests.matrices import real


def manifest(*lines: str) -> Manifest:
    made = Manifest("requirements.txt", "requirements")
    made.python = "==3.11.*"
    made.requirements = [parse(line, "requirements.txt", place, 0) for place, line in enumerate(lines, 1)]
    return made


def checked(*lines: str) -> dict[str, audit.Checked]:
    return {one.rule: one for one in audit.check([manifest(*lines)], lambda _: [], real()).findings}


@pytest.mark.parametrize(
    ("lines", "rule", "tighter"),
    [
        (["pandas==1.5.3", "numpy>=1.24"], "numpy2-abi", {"numpy": ">=1.24,<2"}),
        (["pandas==1.5.3", "numpy"], "numpy2-abi", {"numpy": "<2"}),
        (["pandas", "numpy==2.0.2"], "numpy2-abi", {"pandas": ">=2.2.2"}),
        (["pandas==1.5.3", "numpy!=1.24.1"], "numpy2-abi", {"numpy": "!=1.24.1,<2"}),
        (["pandas==1.5.3", "numpy==2.0.2"], "numpy2-abi", {}),
    ],
)
def test_what_is_tightened(lines: list[str], rule: str, tighter: dict[str, str]) -> None:
    assert checked(*lines)[rule].tighten == tighter


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(PACKAGES), st.lists(ranges, max_size=1), min_size=2, max_size=3))
def test_after_it_the_finding_is_gone(stated: dict[str, list[str]]) -> None:
    lines = {name: name + ",".join(parts) for name, parts in stated.items()}
    for rule, one in checked(*lines.values()).items():
        if not one.tighten:
            continue
        for specifier in one.tighten.values():
            assert versions.specifier(specifier), "it allows something"
        after = checked(*{**lines, **{name: name + tighter for name, tighter in one.tighten.items()}}.values())
        if rule in after:  # about other packages
            assert set(after[rule].finding.culprits) != set(one.finding.culprits)


@pytest.mark.parametrize(
    ("stated", "region", "text"),
    [
        ([">=1.24"], "<2", ">=1.24,<2"),
        ([">=1.24,<3"], "<2", ">=1.24,<2"),
        (["<3", ">=1"], "", ">=1,<3"),
        (["~=1.24"], ">=1.25", ">=1.25,~=1.24"),
        ([""], "<2", "<2"),
    ],
)
def test_narrowed(stated: list[str], region: str, text: str) -> None:
    assert versions.specifier(narrowed(stated, region)) == versions.specifier(text)
    assert narrowed(stated, region).count(",") == text.count(",")
