"""Trees of other systems are found by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import systems
from lab.systems import System, find


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, python in (
        ("trixie-arm64", "3.13"),
        ("bullseye-arm64", "3.9"),
        ("bullseye-riscv64", "3.9"),
        ("other", "3.9"),
    ):
        folder = tmp_path / name / "usr/bin"
        folder.mkdir(parents=True)
        (folder / f"python{python}").touch()
        (folder / f"python{python}-config").touch()
    monkeypatch.setattr(systems.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(systems, "_libc", lambda python: "glibc 2.41" if "trixie" in python else "glibc 2.31")
    return tmp_path


def test_trees_are_found_oldest_suite_first_and_their_pythons_can_be_started(trees: Path) -> None:
    old, new = find(trees)
    script = trees / "trixie-arm64/usr/bin/python3.13-played"
    assert new == System("trixie-arm64", "aarch64", "glibc 2.41", {"3.13": str(script)})
    assert (old.name, list(old.pythons)) == ("bullseye-arm64", ["3.9"])
    line = script.read_text("utf-8").splitlines()[1]
    assert line == f"exec qemu-aarch64 -L '{trees}/trixie-arm64' -0 \"$0\" '{script.with_name('python3.13')}' \"$@\""
    assert script.stat().st_mode & 0o111


def test_without_qemu_there_are_none(trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systems.shutil, "which", lambda name: None)
    assert find(trees) == find(None) == find(trees / "nowhere") == []
