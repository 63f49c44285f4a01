from __future__ import annotations

from tests.manifest.formats.lock_files import POETRY_1, POETRY_2, lines, read, rows


def test_poetry_1() -> None:
    manifest = read("poetry_lock", POETRY_1)
    assert rows(manifest) == [
        ("colorama", "==0.4.4", "", "dev"),
        ("foo-bar", "==1.0", "", "all"),
        ("six", "==1.16.0", "", "all"),
        ("lost", "==1.0", "", "optional"),
        ("torch", "==2.1.0+cu118", "", ""),
    ]
    assert lines(manifest, POETRY_1)[1] == 'version = "1.0"'
    assert manifest.python == ">=3.8,<4||>=2.7,<2.8"
    assert manifest.notes == [(None, "lost: optional, without the name of an extra or group")]
    assert manifest.requirements[-1].url.endswith("cp310-cp310-linux_x86_64.whl")


def test_poetry_2() -> None:
    manifest = read("poetry_lock", POETRY_2)
    assert rows(manifest) == [
        ("cohere", "==5.0", 'python_version < "3.11"', "cohere"),
        ("colorama", "==0.4.6", 'platform_system == "Windows"', ""),
        ("pandas", "==2.0.3", 'python_version < "3.9"', ""),
        ("pandas", "==2.2.0", 'python_version >= "3.9"', ""),
        ("pytest", "==8.0.0", "", "dev"),
        ("tool", "==0.1", "", ""),
    ]
    assert manifest.requirements[-1].url == "git+https://example.org/tool.git@abc"
    assert (manifest.python, manifest.complete, manifest.notes) == (">=3.8,<4.0", True, [])


def test_versions_that_no_marker_tells_apart_are_a_note() -> None:
    text = POETRY_2.replace('markers = "python_version >= \\"3.9\\""\n', "").replace(
        'markers = "python_version < \\"3.9\\""\n', ""
    )
    manifest = read("poetry_lock", text)
    [(line, note)] = manifest.notes
    assert note == "pandas is locked in several versions; the file does not say where each applies"
    assert text.split("\n")[(line or 0) - 1] == 'version = "2.2.0"'
