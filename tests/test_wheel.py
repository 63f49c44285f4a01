"""The wheel: what travels inside, and that it works where nothing but Python is installed."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from envaudit.matrix.source import yaml_files
from envaudit.matrix.store import Matrix

pytest.importorskip("hatchling", reason="building the wheel without a network needs hatchling installed")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*words, "--wheel-dir", str(folder), str(ROOT)], check=True, cwd=folder)
    return next(folder.glob("envaudit_ml-*.whl"))


def install(wheel: Path, folder: Path) -> Path:
    """A new virtual environment with the wheel and nothing else; returns its folder of commands."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    words = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    subprocess.run([*words, "--no-deps", "--no-index", str(wheel)], check=True, cwd=folder)
    return folder / "bin"


@pytest.fixture(scope="module")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("alone") / "venv")


def test_rules_and_compiled_matrix_are_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        matrix = Matrix(io.BytesIO(archive.read("envaudit/matrix.bin")))
    rules = {f"envaudit/rules/{Path(path).relative_to(ROOT / 'rules')}" for path in yaml_files(str(ROOT / "rules"))}
    assert rules <= names
    assert {
        "envaudit/py.typed",
        "envaudit/rules/README.md",
        "envaudit/rules/schema.json",
        "envaudit/signatures.json",
    } <= names
    assert len(matrix.rule_ids()) > 100
    strangers = {name for name in names if not name.startswith(("envaudit/", "envaudit_ml-"))}
    assert not strangers
    assert not {name for name in names if name.endswith(".pyc") or "/tests/" in name or "/lab/" in name}


def test_lists_its_rules_from_any_folder(wheel: Path, commands: Path, tmp_path: Path) -> None:
    # no YAML parser is installed there: the rules can only come from the compiled matrix
    with zipfile.ZipFile(wheel) as archive:
        ids = Matrix(io.BytesIO(archive.read("envaudit/matrix.bin"))).rule_ids()
    done = subprocess.run(
        [str(commands / "envaudit"), "rules"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    listed = {word for line in done.stdout.splitlines() for word in line.split()[1:2]}
    assert set(ids) <= listed


def test_audits_with_nothing_but_python(commands: Path, tmp_path: Path) -> None:
    done = subprocess.run([str(commands / "envaudit")], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 package" in done.stdout


def test_runs_as_a_module(wheel: Path, commands: Path, tmp_path: Path) -> None:
    words = [str(commands / "python"), "-m", "envaudit", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert wheel.name.split("-")[1] in done.stdout
