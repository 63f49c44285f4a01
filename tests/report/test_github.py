"""GitHub's workflow commands."""

from __future__ import annotations

import io
from typing import Any

import pytest

from envaudit.report import github
from tests.report.test_sarif import finding


def written(*findings: dict[str, Any]) -> list[str]:
    out = io.StringIO()
    github.show({"findings": list(findings), "files": [{}]}, out)
    return out.getvalue().splitlines()


def test_an_annotation_at_its_line() -> None:
    command, summary = written(finding())
    assert command.startswith(
        "::error file=a folder/requirements.txt,line=3,title=envaudit%3A numpy2-abi::pandas 1.5.3"
    )
    assert "%0Atighten: numpy<2" in command
    assert summary == "envaudit: 1 error in 1 files"


def test_nothing_found() -> None:
    assert written() == ["envaudit: nothing found in 1 files"]


@pytest.mark.parametrize(
    ("path", "said"),
    [("a,b:c.txt", "file=a%2Cb%3Ac.txt,"), ("x%y.txt", "file=x%25y.txt,"), ("e\n::x", "file=e%0A%3A%3Ax,")],
)
def test_names_cannot_end_the_command(path: str, said: str) -> None:
    assert said in written(finding(where=[{"path": path, "line": 1}]))[0]


def test_texts_cannot_begin_a_command() -> None:
    lines = written(finding(title="x\n::error::y", symptom="z"))
    assert len(lines) == 2
