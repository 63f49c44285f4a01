from __future__ import annotations

import pytest

from envaudit.manifest.requirement import ManifestError
from tests.manifest.formats.lock_files import PYLOCK, lines, read, rows


def test_packages_with_their_groups_and_markers() -> None:
    manifest = read("pylock", PYLOCK)
    assert rows(manifest) == [
        ("torch", "==2.4.0+cu121", 'sys_platform == "linux"', "gpu"),
        ("torch", "==2.4.0", "", ""),
        ("numpy", "==1.26.4", "", ""),
        ("pytest", "==8.0.0", 'python_version < "3.12"', "test"),
        ("sphinx", "==7.0", "", "docs"),
        ("always", "==1.0", "", ""),
        ("from-git", "", "", ""),
    ]
    assert (manifest.python, manifest.complete, manifest.notes) == (">=3.10,<3.13", True, [])


def test_places_are_the_lines_of_the_versions() -> None:
    manifest = read("pylock", PYLOCK)
    assert lines(manifest, PYLOCK)[:2] == ['version = "2.4.0+cu121"', 'version = "2.4.0"']
    assert lines(manifest, PYLOCK)[-1] == 'name = "from-git"'
    assert {item.place.column for item in manifest.requirements} == {None}


def test_a_package_from_a_repository_has_its_address() -> None:
    assert read("pylock", PYLOCK).requirements[-1].url == "git+https://example.org/r.git@abc"


def test_as_packaging_selects_them() -> None:
    pylock = pytest.importorskip("packaging.pylock")
    tomllib = pytest.importorskip("tomllib")
    from packaging.markers import Marker

    theirs = pylock.Pylock.from_dict(tomllib.loads(PYLOCK))
    ours = read("pylock", PYLOCK).requirements
    for python in ("3.10", "3.12"):
        for platform in ("linux", "win32"):
            environment = {"sys_platform": platform, "python_version": python, "python_full_version": f"{python}.1"}
            asked = {**environment, "extras": set(), "dependency_groups": {"default"}}
            expected = {
                (str(item.name), f"=={item.version}" if item.version else "")
                for item in theirs.packages
                if item.name != "project" and (not item.marker or item.marker.evaluate(asked, context="lock_file"))
            }
            assert expected == {
                (item.name, item.specifier)
                for item in ours
                if not item.group and (not item.marker or Marker(item.marker).evaluate(environment))
            }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('lock-version = "2.0"\n', "a.lock: has lock-version '2.0'; known is 1.0"),
        ("", "a.lock: has lock-version 'NoneType'; known is 1.0"),
        ('lock-version = "1.0"\npackages = 3\n', "a.lock: 'packages' is not a list of packages"),
        ('lock-version = "1.0"\n[[packages]\n', "a.lock:2: is not valid TOML"),
    ],
)
def test_what_is_no_lock(text: str, reason: str) -> None:
    with pytest.raises(ManifestError) as error:
        read("pylock", text)
    assert str(error.value).startswith(reason)


def test_a_bad_package_is_a_note_and_the_rest_is_read() -> None:
    text = PYLOCK + '[[packages]]\nname = "b@d"\nversion = "1"\n'
    text += '[[packages]]\nname = "odd"\nversion = "one"\nmarker = "nonsense"\n'
    manifest = read("pylock", text)
    assert rows(manifest)[-1] == ("odd", "", "", "")
    assert [text for _, text in manifest.notes] == [
        "'b@d' is no name of a package; it was left out",
        "odd: 'one' is not a version as Python packages have them",
        "odd: 'nonsense' is no marker; it counts as installed everywhere",
    ]
