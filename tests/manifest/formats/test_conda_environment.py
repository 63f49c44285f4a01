from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envaudit.manifest import ManifestError
from tests.manifest.formats.test_pyproject import manifest_of

WHOLE = """\
name: mine
channels: [pytorch, conda-forge]
dependencies:
  - python=3.10  # numpy=1
  - numpy=1.24
  - "pandas>=1.5,<2"
  - conda-forge::scipy 1.9.*
  - pytorch=2.1.0=py3.10_cuda12.1_cudnn8.9.2_0
  - pytorch-cuda=12.1
  - foo[version='>=1']
  - bad[
  - {x: y}
  - pip
  - pip:
    - torch==2.0.1+cu118  # newer than conda's
    - 'requests[socks] >= 2 ; python_version > "3"'
    - -r more.txt
    - --extra-index-url https://x.org/simple
    - git+https://x.org/b.git#egg=b
    - "tab\\tbed"
    - [x]
prefix: /opt/mine
"""


def test_what_conda_and_pip_install(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("six==1.16\n")
    manifest = manifest_of(tmp_path, WHOLE, "environment.yml")
    assert (manifest.format, manifest.python, manifest.complete) == ("conda_environment", "==3.10.*", False)
    found = [
        (one.name, one.specifier, one.conda, one.step, Path(one.place.path).name, one.place.line, one.place.written)
        for one in manifest.requirements
    ]
    here = "environment.yml"
    assert found == [
        ("numpy", "==1.24.*", True, 0, here, 5, "=1.24"),
        ("pandas", ">=1.5,<2", True, 0, here, 6, ">=1.5,<2"),
        ("scipy", "==1.9.*", True, 0, here, 7, "1.9.*"),
        ("torch", "==2.1.0", True, 0, here, 8, "=2.1.0=py3.10_cuda12.1_cudnn8.9.2_0"),
        ("foo", ">=1", True, 0, here, 10, ""),
        ("pip", "", True, 0, here, 13, ""),
        ("torch", "==2.0.1+cu118", False, 1, here, 15, "==2.0.1+cu118"),
        ("requests", ">=2", False, 1, here, 16, ">= 2"),
        ("six", "==1.16", False, 1, "more.txt", 1, "==1.16"),
        ("b", "", False, 1, here, 19, ""),
    ]
    columns = [one.place.column for one in manifest.requirements]
    assert columns == [9, 11, 23, 11, None, 7, 11, 23, 3, None]
    assert [line for line, _ in manifest.notes] == [11, 12, 21, 20]


def test_a_flow_list_and_an_alias(tmp_path: Path) -> None:
    text = "x: &n numpy=1.24\ndependencies: [*n, 'scipy', {pip: [six, tqdm]}, foo=1]\n"
    manifest = manifest_of(tmp_path, text, "environment.yaml")
    # a comma in a new version would end what has no quotes; an anchor stands before its value
    assert [(one.name, one.place.line, one.place.column) for one in manifest.requirements] == [
        ("numpy", 1, None),
        ("scipy", 2, 25),
        ("foo", 2, None),
        ("six", 2, None),
    ]
    assert manifest.notes == [(2, "there is more than one entry for pip in this line; only the first was read")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("services:\n  web: {}\n", ": no conda environment: it has no list of `dependencies` at its top level"),
        ("dependencies: {a: 1}\n", ": no conda environment: "),
        ("- a\n", ": no conda environment: "),
        ("", ": no conda environment: "),
        ("a: b\nc: d: e\n", ":2: is not valid YAML: "),
        ("a: *nowhere\n", ":1: '\\*nowhere' is not defined"),
        ("a: \x01\n", "is not valid YAML: "),
        ("a: " + "[" * 200 + "]" * 200, ":1: has too many values, or nests them too deeply"),
        ("a: " + "[" * 100_000, "nesting depth|nests them too deeply"),
    ],
)
def test_what_is_no_environment(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        manifest_of(tmp_path, text, "environment.yml")


def test_aliases_are_not_unfolded(tmp_path: Path) -> None:
    bomb = "\n".join(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 60))
    start = time.perf_counter()
    manifest = manifest_of(tmp_path, f"a0: &a0 [x]\n{bomb}\ndependencies: *a59\n", "environment.yml")
    assert (manifest.requirements, len(manifest.notes)) == ([], 9)
    assert time.perf_counter() - start < 5


def test_a_list_that_holds_itself(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, "dependencies: &d [numpy, *d, {pip: *d}]\n", "environment.yml")
    assert [one.name for one in manifest.requirements] == ["numpy", "numpy"]


def test_line_ends_of_windows(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, WHOLE.replace("\n", "\r\n"), "environment.yml")
    assert manifest.requirements[0].place.line == 5
    assert manifest.requirements[-2].place.line == 16


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutations_give_a_manifest_or_an_error(tmp_path: Path, data: st.DataObject) -> None:
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        added = data.draw(st.text(max_size=6) | st.text(" \n-[]{}:*&'\"#|>\r\x85", max_size=6))
        text = text[:at] + added + text[at + data.draw(st.integers(0, 9)) :]
    try:
        manifest_of(tmp_path, text, "environment.yml")
    except ManifestError as error:
        assert "\n" not in str(error)
    except UnicodeEncodeError:
        pass  # half a character is nothing that a file can hold
