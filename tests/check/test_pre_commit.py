"""The hooks, run by pre-commit itself in a repository of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.check.files import notebook

ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def git(folder: Path, *words: str) -> None:
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], cwd=folder, env=environ, check=True
    )


def pre_commit(folder: Path, *words: str) -> tuple[int, str]:
    environ = {**os.environ, "PRE_COMMIT_HOME": str(folder.parent / "cache"), "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", *words],
        cwd=folder,
        env=environ,
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose hooks are ours, run by this Python instead of in an environment of their own."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    hooks = [{**hook, "language": "system", "entry": f"{sys.executable} -m {hook['entry']}"} for hook in HOOKS]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "pandas==1.5.3\nnumpy=={}\n"),
        ("docs/requirements-dev.in", "pandas==1.5.3\nnumpy=={}\n"),
        ("requirements/base.txt", "pandas==1.5.3\nnumpy=={}\n"),
        ("pyproject.toml", "[project]\nname='x'\nversion='1'\ndependencies=[\n'pandas==1.5.3',\n'numpy=={}']\n"),
        ("environment.yml", "dependencies:\n- pandas=1.5.3\n- numpy={}\n"),
        ("Pipfile.lock", '{{"default": {{"pandas": {{"version": "==1.5.3"}},\n"numpy": {{"version": "=={}"}}}}}}\n'),
        (
            "uv.lock",
            'version = 1\n[[package]]\nname = "pandas"\nversion = "1.5.3"\n'
            '[[package]]\nname = "numpy"\nversion = "{}"\n',
        ),
        ("Dockerfile", "FROM python:3.11\nRUN pip install pandas==1.5.3 numpy=={}\n"),
        ("a notebook.ipynb", None),
    ],
)
def test_a_bad_pin_fails_and_a_good_one_passes(repository: Path, name: str, text: str | None) -> None:
    path = repository / name
    path.parent.mkdir(exist_ok=True)
    for version, status in (("2.0.2", 1), ("1.26.4", 0)):
        path.write_text(text.format(version) if text else notebook(f"!pip install pandas==1.5.3 numpy=={version}"))
        git(repository, "add", ".")
        returned, said = pre_commit(repository, "run", "--all-files")
        assert returned == status, said
        if status:
            assert "numpy2-abi" in said
            assert f"{name}:" in said


def test_other_files_are_left_alone(repository: Path) -> None:
    (repository / "notes.txt").write_text("pandas==1.5.3\nnumpy==2.0.2\n")
    (repository / "settings.yaml").write_text("a: 1\n")
    git(repository, "add", ".")
    returned, said = pre_commit(repository, "run", "--all-files")
    assert returned == 0
    assert said.count("(no files to check)") == len(HOOKS)


@pytest.mark.network
def test_try_repo(repository: Path) -> None:
    """As a user tries it: pre-commit clones envaudit and installs it."""
    (repository / "requirements.txt").write_text("pandas==1.5.3\nnumpy==2.0.2\n")
    git(repository, "add", ".")
    returned, said = pre_commit(repository, "try-repo", str(ROOT), "envaudit", "--all-files")
    assert returned == 1, said
    assert "requirements.txt:2: numpy==2.0.2" in said
