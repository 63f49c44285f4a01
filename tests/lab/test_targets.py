"""How lab/targets.py reads what is published."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lab.targets import Made, Repository, colab_image, main, read_requirements, write

APT = """Listing...
cuda-nvcc-12-8/unknown,now 12.8.93-1 amd64 [installed,automatic]
libc6/now 2.35-0ubuntu3.9 amd64 [installed,upgradable to: 2.35-0ubuntu3.14]
libcudnn9-cuda-12/unknown,now 9.8.0.87-1 amd64 [installed,upgradable to: 9.25.0.15-1]
libnccl2/unknown,now 2.25.1-1+cuda12.8 amd64 [installed]
libstdc++6/jammy-updates,now 12.3.0-1ubuntu1~22.04.3 amd64 [installed]
"""
FREEZE = (
    "torch @ https://download.pytorch.org/whl/cu128/torch-2.11.0%2Bcu128-cp311-cp311-linux_x86_64.whl\nnumpy==2.0.2\n"
)


@pytest.fixture
def backend(tmp_path: Path) -> Repository:
    """A clone with the files of one Colab image of the time when CPU and GPU shared it."""
    clone = tmp_path / "googlecolab+backend-info"
    clone.mkdir()
    files = {
        "pip-freeze.txt": FREEZE,
        "os-info.txt": "# made by a script\nUbuntu 22.04.4 LTS\nPython 3.11.13\n",
        "apt-list.txt": APT,
    }
    for name, text in files.items():
        (clone / name).write_text(text)
    me = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], [*me, "commit", "-q", "-m", "lists"]):
        subprocess.run(["git", "-C", str(clone), *words], check=True)
    return Repository(tmp_path, "googlecolab/backend-info")


def test_colab_image(backend: Repository) -> None:
    snapshot, paths, shared = colab_image(backend, "HEAD", "gpu", {"12": "3.4.30"})
    assert shared
    assert paths == ["pip-freeze.txt", "os-info.txt", "apt-list.txt"]
    assert snapshot == {
        "schema": "envaudit.snapshot/1",
        "python": "3.11.13",
        "platform": {"system": "Linux", "release": "Ubuntu 22.04.4", "machine": "x86_64", "libc": "glibc 2.35"},
        "packages": {"torch": "2.11.0+cu128", "numpy": "2.0.2"},
        "packages_complete": True,
        "packages_unversioned": ["pip", "setuptools", "wheel"],
        "toolkit": "12.8",
        "cudnn": "9.8.0",
        "libraries": {"nccl": "2.25.1", "libstdcxx": "3.4.30"},
        "runtime": "colab",
        "runtimes": ["colab", "docker"],
    }


def test_requirements_are_names_and_pins() -> None:
    text = "# a comment\nBoruta\nkagglehub[signing]>=0.4.2\njiter==0.10.0\njupyter_server==2.12.5\ngit+https://x.org/a.git\n"
    assert read_requirements(text) == {"boruta": None, "kagglehub": None, "jiter": "0.10.0", "jupyter-server": "2.12.5"}


def test_write_replaces_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "old@1.json").write_text("{}")
    write([Made("a", "2", "2026-01-01", "about a", "x at y", {"packages": {}})], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a@2.json", "index.json"]
    assert json.loads((tmp_path / "index.json").read_text()) == {"a": [["2", "2026-01-01", "about a"]]}


def test_a_missing_clone_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--clones", str(tmp_path)]) == 2
    assert "no clone of googlecolab/backend-info" in capsys.readouterr().err
