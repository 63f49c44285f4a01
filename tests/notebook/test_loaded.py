"""What is loaded and is not what is installed."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from envaudit.notebook.loaded import stale


def module(name: str, version: str | None, path: Path) -> ModuleType:
    made = ModuleType(name)
    made.__file__ = str(path)
    if version:
        made.__version__ = version  # type: ignore[attr-defined]
    return made


def installed(folder: Path, name: str, version: str) -> Path:
    (folder / name).mkdir(parents=True)
    init = folder / name / "__init__.py"
    init.write_text("")
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n")
    (info / "RECORD").write_text(f"{name}/__init__.py,,\n{name}-{version}.dist-info/METADATA,,\n")
    return init


@pytest.mark.parametrize(
    ("loaded", "now", "since", "said"),
    [
        ("1.26.4", "2.1.0", 0.0, ["demo 1.26.4 is loaded, 2.1.0 is installed"]),
        ("2.1.0", "2.1.0", 0.0, []),
        ("2.1", "2.1.0", 0.0, []),
        ("2.1.0", "2.1.0+cu121", 0.0, []),
        ("2.1.0+cu118", "2.1.0+cu121", 0.0, ["demo 2.1.0+cu118 is loaded, 2.1.0+cu121 is installed"]),
        (None, "2.1.0", 0.0, []),  # it does not tell its version
        ("1.26.4", "2.1.0", 1e12, []),  # nothing was installed since: such is this package's own version
    ],
)
def test_versions(tmp_path: Path, loaded: str | None, now: str, since: float, said: list[str]) -> None:
    init = installed(tmp_path, "demo", now)
    modules = {"demo": module("demo", loaded, init)}
    assert [one.words() for one in stale(modules, [str(tmp_path)], since, maps="/nowhere")] == said


def test_what_was_uninstalled(tmp_path: Path) -> None:
    modules = {"gone": module("gone", "1.0", tmp_path / "gone" / "__init__.py")}
    found = stale(modules, [str(tmp_path)], 0.0, maps="/nowhere")
    assert [one.words() for one in found] == ["gone 1.0 is loaded, and its files are gone or replaced"]


def test_a_native_library_that_was_replaced(tmp_path: Path) -> None:
    init = installed(tmp_path / "site", "demo", "2.1.0")
    maps = tmp_path / "maps"
    maps.write_text(f"7f00-7f10 r-xp 00000000 08:01 42 {tmp_path}/site/demo/core.so (deleted)\n")
    modules = {"demo": module("demo", "2.1.0", init)}
    found = stale(modules, [str(tmp_path / "site")], 0.0, str(maps))
    assert [one.words() for one in found] == ["demo 2.1.0 is loaded, and was installed anew since"]
