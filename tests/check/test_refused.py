"""A pin of which an installer has no file for the Python that runs there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envaudit.cli import main

PROJECT = """[project]
name = "x"
version = "1"
requires-python = "{python}"
dependencies = ["{pin}", "torchvision==0.16.2"]
"""


def found(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str], name: str = "pyproject.toml"
) -> list[tuple[str, str, str]]:
    (folder / name).write_text(text, encoding="utf-8")
    main(["check", str(folder / name), "--format", "json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return [(one["rule"], one["certainty"], one["title"]) for one in findings]


def test_a_package_of_wheels_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # pip 24.2 on Python 3.13: from versions: 2.5.0, 2.5.1, ...
    (only,) = found(tmp_path, PROJECT.format(python="==3.13.*", pin="torch==2.1.2"), capsys)
    assert only[:2] == ("no-wheel-for-python", "definite")
    assert "torch 2.1.2" in only[2] and "the next release that has is 2.5.0" in only[2]


def test_a_release_that_is_too_new_for_the_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (only,) = found(tmp_path, PROJECT.format(python="==3.8.*", pin="torch==2.6.0"), capsys)
    assert only[0] == "no-wheel-for-python"
    assert only[2].endswith("the last release that has is 2.4.1")


@pytest.mark.parametrize(
    ("python", "pin"),
    [
        (">=3.11", "torch==2.1.2"),  # 3.11 has it
        ("==3.13.*", "torch==2.5.0"),
        ("==3.13.*", "numpy==1.25.2"),  # it can be built, if not easily: another rule doubts it
        ("==3.13.*", "torch>=2.1.2"),
        ("==3.13.*", "torch==99.0"),  # newer than the list: nobody knows
    ],
)
def test_what_is_not_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], python: str, pin: str) -> None:
    rules = [rule for rule, _, _ in found(tmp_path, PROJECT.format(python=python, pin=pin), capsys)]
    assert "no-wheel-for-python" not in rules


@pytest.mark.parametrize(
    ("name", "text", "is_refused"),
    [
        ("Dockerfile", "FROM python:3.13\nRUN pip install torch==2.1.2\n", True),
        ("Dockerfile", "FROM python:3.13\nRUN pip install -i https://wheels.example.org/simple torch==2.1.2\n", False),
        (
            "Dockerfile",
            "FROM python:3.13\nRUN pip install -i https://download.pytorch.org/whl/cu121 torch==2.1.2\n",
            True,
        ),
        ("requirements.txt", "tensorflow==1.12.0\n", False),  # nobody says that it is not for Python 3.6
        ("environment.yml", "dependencies:\n- python=3.13\n- pytorch=2.1.2\n", False),
    ],
)
def test_other_channels_have_other_builds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, is_refused: bool
) -> None:
    assert ("no-wheel-for-python" in [rule for rule, _, _ in found(tmp_path, text, capsys, name)]) == is_refused
