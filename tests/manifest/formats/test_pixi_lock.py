from __future__ import annotations

import pytest

from envaudit.manifest.requirement import ManifestError
from tests.manifest.formats.lock_files import CONDA, PIXI_5, PIXI_6, lines, read, rows


def test_version_5() -> None:
    manifest = read("pixi_lock", PIXI_5)
    assert rows(manifest) == [
        ("torch", "==2.3.0+cu121", 'sys_platform == "linux"', ""),
        ("einops", "==0.8.0", "", ""),
        ("torch", "==2.3.0", 'sys_platform == "darwin"', ""),
    ]
    assert [item.conda for item in manifest.requirements] == [True, False, True]
    assert lines(manifest, PIXI_5) == ["version: 2.3.0", "version: 0.8.0", "version: 2.3.0"]
    assert (manifest.python, manifest.complete, manifest.notes) == ("==3.11.4", True, [])


def test_version_6_and_environments() -> None:
    manifest = read("pixi_lock", PIXI_6)
    assert rows(manifest) == [
        ("numpy", "==1.26.4", "", ""),
        ("numpy", "==2.0.0", 'sys_platform == "linux"', "test"),
        ("tool", "==0.2.0", 'sys_platform == "linux"', "test"),
    ]
    numpy, tool = lines(manifest, PIXI_6)[1:]
    assert numpy.endswith("/numpy-2.0.0-py311h64a7726_0.conda")
    assert tool == "version: 0.2.0"
    assert manifest.requirements[-1].url == "git+https://example.org/tool.git@abc"


def test_version_7_has_platforms_of_its_own_names() -> None:
    text = PIXI_5.replace("version: 5", "version: 7\nplatforms:\n- name: gpu\n  subdir: linux-64").replace(
        "      linux-64:", "      gpu:"
    )
    assert rows(read("pixi_lock", text)) == rows(read("pixi_lock", PIXI_5))


def test_old_versions_are_as_those_of_conda_lock() -> None:
    manifest = read("pixi_lock", CONDA.replace("version: 1\n", "version: 3\n", 1))
    assert (manifest.format, rows(manifest)) == ("pixi.lock", rows(read("conda_lock", CONDA)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a.lock: has version 'NoneType' of the format; known are 1 to 7"),
        ("version: 99\n", "a.lock: has version '99' of the format; known are 1 to 7"),
        ("version: 6\n", "a.lock: has no 'environments'"),
        ("version: 6\nenvironments: &a {}\npackages: *a\n", "a.lock:3: has YAML aliases, which no lock file has"),
        ("version: [\n", "a.lock:2: is not valid YAML: "),
        ("[" * 500, "a.lock:1: is nested too deeply"),
    ],
)
def test_what_is_no_lock(text: str, reason: str) -> None:
    with pytest.raises(ManifestError) as error:
        read("pixi_lock", text)
    assert str(error.value).startswith(reason)
