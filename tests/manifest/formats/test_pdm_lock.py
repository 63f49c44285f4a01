from __future__ import annotations

from tests.manifest.formats.lock_files import PDM, lines, read, rows


def test_packages() -> None:
    manifest = read("pdm_lock", PDM)
    assert rows(manifest) == [
        ("coverage", "==7.4.0", "", "test"),
        ("numpy", "==1.26.4", 'python_version >= "3.9"', ""),
        ("torch", "==2.3.0+cu121", "", "gpu"),
        ("tool", "==0.1", "", ""),
    ]
    assert lines(manifest, PDM) == [f'version = "{item.specifier[2:]}"' for item in manifest.requirements]
    assert manifest.requirements[-1].url == "git+https://example.org/tool.git@abc"
    assert (manifest.python, manifest.complete, manifest.notes) == (">=3.9,<3.12", True, [])
