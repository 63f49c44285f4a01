from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from envaudit.manifest.requirement import ManifestError
from tests.manifest.formats.lock_files import UV, UV_PROJECT, lines, read, rows


def test_packages_with_their_groups_and_markers() -> None:
    manifest = read("uv_lock", UV)
    assert rows(manifest) == [
        ("colorama", "==0.4.6", 'sys_platform == "win32"', ""),
        ("filelock", "==3.13.1", "", "cpu"),
        ("helper", "==0.1.0", "", ""),
        ("numpy", "==1.26.4", 'python_full_version < "3.12"', ""),
        ("numpy", "==2.1.0", 'python_full_version >= "3.12"', ""),
        ("ruff", "==0.5.0", "", "dev"),
        ("torch", "==2.4.0+cpu", "", "cpu"),
        ("torch", "==2.4.0+cu124", "", "cu124"),
        ("tqdm", "==4.66.0", 'sys_platform != "darwin"', ""),
        ("triton", "==3.0.0", 'platform_machine == "x86_64" and sys_platform == "linux"', "cu124"),
    ]
    assert (manifest.python, manifest.complete, manifest.notes) == (">=3.10", True, [])


def test_places_and_addresses() -> None:
    manifest = read("uv_lock", UV)
    assert lines(manifest, UV) == [f'version = "{item.specifier[2:]}"' for item in manifest.requirements]
    assert [item.url for item in manifest.requirements if item.url] == [
        "git+https://example.org/helper.git@0123456789012345678901234567890123456789"
    ]


def _uv() -> str:
    found = shutil.which("uv") or shutil.which("uv", path=os.path.dirname(sys.executable))
    if not found:
        pytest.skip("uv is not installed")
    return found


@pytest.mark.parametrize(
    ("options", "groups"),
    [(["--no-dev"], {""}), (["--extra", "cpu", "--no-dev"], {"", "cpu"}), (["--all-groups"], {"", "dev"})],
)
def test_as_uv_exports_it(tmp_path: Path, options: list[str], groups: set[str]) -> None:
    (tmp_path / "uv.lock").write_text(UV)
    (tmp_path / "pyproject.toml").write_text(UV_PROJECT)
    command = [_uv(), "export", "--frozen", "--offline", "--no-hashes", "--no-header", "--no-annotate", *options]
    cache = {**os.environ, "UV_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=cache, check=False)
    if done.returncode:
        pytest.skip(f"this uv does not export it: {done.stderr}")
    theirs = [Requirement(line) for line in done.stdout.splitlines() if line]
    ours = [item for item in read("uv_lock", UV).requirements if item.group in groups]
    for platform, machine in (("linux", "x86_64"), ("darwin", "arm64"), ("win32", "AMD64")):
        for python in ("3.10", "3.11", "3.12", "3.13"):
            environment = {
                "sys_platform": platform,
                "platform_machine": machine,
                "python_version": python,
                "python_full_version": f"{python}.1",
            }
            expected = {
                (item.name, "" if item.url else str(item.specifier))
                for item in theirs
                if not item.marker or item.marker.evaluate(environment)
            }
            found = {
                (item.name, "" if item.url else item.specifier)
                for item in ours
                if not item.marker or Marker(item.marker).evaluate(environment)
            }
            # what a group asks for beyond the default is told once, with the marker of the default
            beyond = {("tqdm", "==4.66.0")} if "dev" in groups and platform == "darwin" else set()
            assert found == expected - beyond


_TWO_WAYS = """\
version = 1
requires-python = ">=3.9"

[manifest]
members = ["app", "lib"]

[[package]]
name = "app"
version = "1"
source = { editable = "." }
dependencies = [{ name = "a", marker = "platform_python_implementation != 'PyPy' and sys_platform == 'linux'" }]

[[package]]
name = "lib"
version = "1"
source = { editable = "lib" }
dependencies = [{ name = "b", extra = ["x"], marker = "sys_platform == 'darwin'" }]

[[package]]
name = "a"
version = "1"
source = { registry = "https://idx.example.org/simple" }
dependencies = [{ name = "shared" }]

[[package]]
name = "b"
version = "1"
source = { registry = "https://idx.example.org/simple" }
dependencies = [{ name = "a", marker = "python_full_version < '3.9'" }]

[package.optional-dependencies]
x = [{ name = "shared" }]
y = [{ name = "other" }]

[[package]]
name = "other"
version = "1"
source = { registry = "https://idx.example.org/simple" }

[[package]]
name = "shared"
version = "1"
source = { registry = "https://idx.example.org/simple" }
dependencies = [{ name = "a" }]
"""


def test_a_package_is_installed_where_one_of_the_ways_to_it_is_open() -> None:
    manifest = read("uv_lock", _TWO_WAYS)
    both = 'platform_python_implementation != "PyPy" and sys_platform == "linux" or sys_platform == "darwin"'
    found = {name: marker.replace("(", "").replace(")", "") for name, _, marker, _ in rows(manifest)}
    assert found.keys() == {"a", "b", "shared"}
    assert found["b"] == 'sys_platform == "darwin"'
    assert sorted(found["shared"].split(" or ")) == sorted(both.split(" or "))
    assert manifest.notes == [(None, "other: nothing that the project asks for leads there; left out")]


def test_a_lock_of_a_script_starts_at_its_requirements() -> None:
    text = 'version = 1\nrequires-python = ">=3.11"\n\n[manifest]\nrequirements = [{ name = "rich" }]\n'
    text += '\n[[package]]\nname = "rich"\nversion = "13.0"\nsource = { registry = "https://idx.example.org/simple" }\n'
    assert rows(read("uv_lock", text)) == [("rich", "==13.0", "", "")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("version = 2\n", "a.lock: has version 'int' of the format; known is 1"),
        ("version = 1\npackage = 1\n", "a.lock: 'package' is not a list of packages"),
    ],
)
def test_what_is_no_lock(text: str, reason: str) -> None:
    with pytest.raises(ManifestError) as error:
        read("uv_lock", text)
    assert str(error.value) == reason
