from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from envaudit.manifest import ManifestError
from envaudit.manifest.formats.pixi import platform_marker
from envaudit.manifest.requirement import CONSTRAINT
from tests.manifest.formats.test_pyproject import VALUES, manifest_of, short

WHOLE = """\
[workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]
[workspace.dependencies]
scipy = "1.11.*"
[dependencies]
python = ">=3.10,<3.13"
pytorch-gpu = ">=2.1,<2.3|2.4.*"
numpy = { version = "1.26.*", channel = "conda-forge" }
scipy = { workspace = true }
cuda-nvcc = "12.*"
bad = "1.*.2"
[constraints]
pandas = "<3"
[pypi-dependencies]
six = "*"
mine = { path = ".", editable = true }
requests = { version = "~=2.0", extras = ["socks"] }
bare = "1.0"
[target.linux-64.dependencies]
triton = "==3.1"
[target.win.pypi-dependencies]
pywin32 = "*"
[target.moon.dependencies]
dust = "*"
[feature.test.dependencies]
pytest = ">=7"
python = "3.12.*"
[feature.test.target.osx-arm64.pypi-dependencies]
mlx = ">=0.1"
[environments]
test = ["test"]
"""


def test_tables(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, WHOLE, "pixi.toml")
    assert (manifest.format, manifest.python) == ("pixi", ">=3.10,<3.13")
    assert [(*short(one), one.conda) for one in manifest.requirements] == [
        ("torch", ">=2.1,<2.3||==2.4.*", "", 8, ">=2.1,<2.3|2.4.*", True),
        ("numpy", "==1.26.*", "", 9, "1.26.*", True),
        ("scipy", "==1.11.*", "", 5, "1.11.*", True),
        ("pandas", "<3", "", 14, "<3", True),
        ("six", "", "", 16, "*", False),
        ("mine", "", "", 17, "", False),
        ("requests", "~=2.0", "", 18, "~=2.0", False),
        ("bare", "==1.0", "", 19, "1.0", False),
        ("triton", "==3.1", "", 21, "==3.1", True),
        ("pywin32", "", "", 23, "*", False),
        ("pytest", ">=7", "test", 27, ">=7", True),
        ("mlx", ">=0.1", "test", 30, ">=0.1", False),
    ]
    markers = {one.name: one.marker for one in manifest.requirements if one.marker}
    assert markers == {
        "triton": 'sys_platform == "linux" and platform_machine == "x86_64"',
        "pywin32": 'sys_platform == "win32"',
        "mlx": 'sys_platform == "darwin" and platform_machine == "arm64"',
    }
    assert [one.name for one in manifest.requirements if one.kind == CONSTRAINT] == ["pandas"]
    assert {one.name: one.url for one in manifest.requirements if one.url} == {"mine": "."}
    assert manifest.notes[0][0] == 12
    assert manifest.notes[1][1] == "no marker says 'moon'; what is asked for there was left out"


def test_pythons_of_features(tmp_path: Path) -> None:
    text = '[feature.a.dependencies]\npython = "3.10.*"\n[feature.b.dependencies]\npython = "3.11.*"\n'
    assert manifest_of(tmp_path, text, "pixi.toml").python == "==3.10.*||==3.11.*"


@pytest.mark.parametrize(
    ("platform", "marker"),
    [
        ("win-64", 'sys_platform == "win32" and platform_machine == "AMD64"'),
        ("unix", 'sys_platform != "win32"'),
        ("emscripten-wasm32", ""),
    ],
)
def test_platforms(platform: str, marker: str) -> None:
    assert platform_marker(platform) == marker
    if marker:
        Marker(marker)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wrong_types(tmp_path: Path, data: st.DataObject) -> None:
    spots = [found.span(1) for found in re.finditer(r"=\s*(.+?)\s*$", WHOLE, re.MULTILINE)]
    start, end = data.draw(st.sampled_from(spots))
    try:
        manifest_of(tmp_path, WHOLE[:start] + data.draw(st.sampled_from(VALUES)) + WHOLE[end:], "pixi.toml")
    except ManifestError as error:
        assert "\n" not in str(error)
