from __future__ import annotations

import pytest

from envaudit.manifest.requirement import ManifestError
from tests.manifest.formats.lock_files import CONDA, lines, read, rows


def test_packages() -> None:
    manifest = read("conda_lock", CONDA)
    x86_or_mac = 'sys_platform == "linux" and platform_machine == "x86_64" or sys_platform == "darwin"'
    assert rows(manifest) == [
        ("numpy", "==1.26.4", x86_or_mac, ""),
        ("numpy", "==2.0.0", 'sys_platform == "linux" and platform_machine == "aarch64"', ""),
        ("ruff", "==0.5.0", 'sys_platform == "linux" and platform_machine == "x86_64"', "dev"),
    ]
    assert lines(manifest, CONDA) == ["version: 1.26.4", "version: '2.0.0'", "version: 0.5.0"]
    assert [item.conda for item in manifest.requirements] == [True, True, False]
    assert (manifest.python, manifest.complete, manifest.notes) == ("==3.10.12", True, [])


def test_a_bad_package_is_a_note() -> None:
    manifest = read("conda_lock", "package:\n- name: x\n- 3\n- name: numpy\n  version: '1.0'\n  platform: linux-64\n")
    assert rows(manifest) == [("numpy", "==1.0", "", "")]
    assert manifest.notes == [
        (2, "a package without name, version and platform; it was left out"),
        (None, "'3' is no package; it was left out"),
    ]


def test_a_plain_environment_of_that_name_is_read_as_one() -> None:
    manifest = read("conda_lock", "name: x\ndependencies:\n- numpy=1.26\n")
    assert [(one.name, one.specifier, one.place.line) for one in manifest.requirements] == [("numpy", "==1.26.*", 3)]


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(ManifestError, match="no lock file"):
        read("conda_lock", "name: x\n")
