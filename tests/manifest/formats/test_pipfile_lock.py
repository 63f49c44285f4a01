from __future__ import annotations

import pytest

from envaudit.manifest.requirement import ManifestError
from tests.manifest.formats.lock_files import PIPFILE, lines, read, rows


def test_packages() -> None:
    manifest = read("pipfile_lock", PIPFILE)
    assert rows(manifest) == [
        ("numpy", "==1.26.4", 'python_version >= "3.9"', ""),
        ("torch", "==2.1.0+cu118", "", ""),
        ("tool", "", "", ""),
        ("numpy", "==1.26.4", "", "dev"),
        ("sphinx", "==7.0", "", "docs"),
    ]
    assert [item.hashed for item in manifest.requirements] == [True, False, False, False, False]
    assert (manifest.python, manifest.complete, manifest.notes) == ("==3.10.*", True, [])


def test_places() -> None:
    manifest = read("pipfile_lock", PIPFILE)
    assert lines(manifest, PIPFILE) == [
        '"version": "==1.26.4"',
        '"torch": {"version": "==2.1.0+cu118"},',
        '"tool": {',
        '"version": "==1.26.4"',
        '"version": "==7.0"',
    ]
    first, *_, second, _ = (item.place.line for item in manifest.requirements)
    assert first < second


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "a.lock: is not a JSON object"),
        ('{\n"default": }', "a.lock:2: is not valid JSON: Expecting value"),
    ],
)
def test_what_is_no_lock(text: str, reason: str) -> None:
    with pytest.raises(ManifestError) as error:
        read("pipfile_lock", text)
    assert str(error.value) == reason
