"""What releases declare of each other: entries of our own table, and what is said of a file at fault."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from envaudit import versions
from envaudit.matrix.compiler import compile_matrix, read
from envaudit.matrix.requires import Declares
from envaudit.matrix.store import Matrix
from tests.matrices import real

PYTHON_311 = {"python_version": "3.11", "python_full_version": "3.11.9", "sys_platform": "linux"}


def of(package: str, version: str, environment: dict[str, str] = PYTHON_311) -> dict[str, str] | None:
    key = versions.key(version)
    assert key is not None
    return Declares(real(), environment).of(package, key)


@pytest.mark.parametrize(
    ("package", "version", "other", "inside", "outside"),
    [
        ("tensorflow", "2.12.0", "numpy", "1.23.5", "1.24.0"),
        ("tensorflow", "2.15.0", "keras", "2.15.0", "3.0.0"),
        ("torchvision", "0.19.0", "torch", "2.4.0", "2.4.1"),
        ("transformers", "4.40.0", "tokenizers", "0.19.1", "0.20.0"),
        ("scipy", "1.11.4", "numpy", "1.26.4", "2.0.0"),
        ("numba", "0.59.1", "numpy", "1.26.4", "2.0.0"),
        ("jax", "0.4.30", "jaxlib", "0.4.30", "0.4.31"),
    ],
)
def test_what_a_release_declares(package: str, version: str, other: str, inside: str, outside: str) -> None:
    declared = of(package, version)
    assert declared is not None
    allowed = versions.specifier(declared[other])
    assert [versions.contains(allowed, versions.key(text) or []) for text in (inside, outside)] == [True, False]


def test_a_marker_counts_where_it_holds() -> None:
    python_312 = {"python_version": "3.12", "python_full_version": "3.12.4", "sys_platform": "linux"}
    on_311, on_312 = of("tensorflow", "2.16.1"), of("tensorflow", "2.16.1", python_312)
    assert on_311 is not None and on_312 is not None
    oldest = versions.key("1.24.0") or []
    assert versions.contains(versions.specifier(on_311["numpy"]), oldest)
    assert not versions.contains(versions.specifier(on_312["numpy"]), oldest)


@pytest.mark.parametrize(("package", "version"), [("no-such-package", "1.0"), ("scipy", "99.0")])
def test_what_is_not_known_is_none(package: str, version: str) -> None:
    assert of(package, version) is None


FILE = """\
requires: a
source: files of a
known: ">=1,<3"
rows:
- {versions: ">=1,<2", other: b, asks: "<2"}
- {versions: 1.5, other: b, asks: ">=1", marker: 'python_version < "3.12"'}
- {versions: 1.5, other: c, asks: "*"}
"""


def test_rows_about_one_package_are_joined(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(FILE)
    source, faults = read([str(tmp_path)])
    data, more = compile_matrix(source)
    assert faults + more == []
    declares = Declares(Matrix(BytesIO(data)), PYTHON_311)
    found = [declares.of("a", versions.key(text) or []) for text in ("1.0", "1.5", "2.0", "3.0")]
    assert found == [{"b": "<2"}, {"b": "<2,>=1", "c": ""}, {}, None]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("source: files of a\n", "", 1, "a file of requirements needs 'source'"),
        ('asks: "<2"', "asks: lots", 5, "requirements of a: 'lots' is not a version"),
        ("asks: ", "wants: ", 1, "each row has 'versions', 'other', 'asks'"),
        ('known: ">=1,<3"', "known: ~=1", 1, "'~=' needs at least two numbers"),
    ],
)
def test_a_fault_is_said_with_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    (tmp_path / "a.yaml").write_text(FILE.replace(old, new))
    source, faults = read([str(tmp_path)])
    _, more = compile_matrix(source)
    assert [reason in str(fault) and fault.line == line for fault in faults + more] == [True]
