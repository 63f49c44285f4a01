from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envaudit.manifest import ManifestError
from tests.manifest.formats.test_pyproject import VALUES, manifest_of, short

WHOLE = """\
[[source]]
url = "https://x.org/simple"
verify_ssl = true
name = "pypi"

[packages]
numpy = "*"
torch = "==2.1.0"  # numpy = "1"
pandas = {version = ">=1.5, <3", extras = ["Test_X"], markers = "python_version < '3.12' or os_name == 'nt'"}
"requests[socks]" = "~= 2.0"
six = "1.16.0"
pywin32 = {version = "*", sys_platform = "== 'win32'"}
fork = {git = "https://x.org/f.git", ref = "abc", editable = true}
[packages.late]
extras = ["a"]
version = "!=1.2.*"

[dev-packages]
pytest = ">=7"
bad = "^1"
worse = 1

[docs]
sphinx = "*"

[requires]
python_version = "3.11"

[scripts]
run = "python x.py"
"""


def test_tables(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, WHOLE, "Pipfile")
    assert (manifest.format, manifest.python) == ("pipfile", "==3.11.*")
    assert [short(requirement) for requirement in manifest.requirements] == [
        ("numpy", "", "", 7, "*"),
        ("torch", "==2.1.0", "", 8, "==2.1.0"),
        ("pandas", "<3,>=1.5", "", 9, ">=1.5, <3"),
        ("requests", "~=2.0", "", 10, "~= 2.0"),
        ("six", "==1.16.0", "", 11, "1.16.0"),
        ("pywin32", "", "", 12, "*"),
        ("fork", "", "", 13, ""),
        ("late", "!=1.2.*", "", 16, "!=1.2.*"),
        ("pytest", ">=7", "dev", 19, ">=7"),
        ("sphinx", "", "docs", 24, "*"),
    ]
    pandas, requests, _, pywin32, fork = manifest.requirements[2:7]
    assert (pandas.extras, pandas.marker) == (("test-x",), 'python_version < "3.12" or os_name == "nt"')
    assert (requests.extras, pywin32.marker) == (("socks",), 'sys_platform == "win32"')
    assert fork.url == "git+https://x.org/f.git@abc"
    assert [line for line, _ in manifest.notes] == [20, 21]


@pytest.mark.parametrize(
    ("requires", "python"),
    [
        ('python_version = "3.11"', "==3.11.*"),
        ('python_version = "3"', "==3.*"),
        ('python_version = ">=3.9"', ">=3.9"),
        ('python_version = "3.11"\npython_full_version = "3.11.4"', "==3.11.4"),
        ('python_version = "*"', ""),
        ("python_version = 3", ""),
    ],
)
def test_python(tmp_path: Path, requires: str, python: str) -> None:
    assert manifest_of(tmp_path, f"[requires]\n{requires}\n", "Pipfile").python == python


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(["packages", "x", "requires", "source"]), value=st.sampled_from(VALUES), at=st.integers(0, 9)
)
def test_wrong_types(tmp_path: Path, key: str, value: str, at: int) -> None:
    lines = ['packages.b = "*"', 'x.c = "*"']
    lines.insert(at, f"{key} = {value}")
    lines.insert(at, f"{key}.a = {value}")
    try:
        manifest_of(tmp_path, "\n".join(lines[: 2 + at]), "Pipfile")
    except ManifestError as error:
        assert "\n" not in str(error)
