from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from envaudit import versions
from envaudit.manifest.poetry import both, constraint, marker, platform_marker, python_marker


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", ""),
        ("x.X", ""),
        ("^1.2.3", ">=1.2.3,<2"),
        ("^1.2", ">=1.2,<2"),
        ("^1", ">=1,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("^0.0.0.5", ">=0.0.0.5,<0.0.1"),
        ("^2.0.0rc1", ">=2.0.0rc1,<3"),
        ("^1!1.2", ">=1!1.2,<1!2"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~ 1", ">=1,<2"),
        ("~=1.2.3", "~=1.2.3"),
        ("~=1", ">=1,<2"),
        ("1.2.*", "==1.2.*"),
        ("==1.*.*", "==1.*"),
        ("!=1.2.*", "!=1.2.*"),
        (">=1.2.*", ">=1.2"),
        ("1.2.3", "==1.2.3"),
        ("=1.2.3", "==1.2.3"),
        ("v1.2", "==1.2"),
        ("==2.1.0+cu121", "==2.1.0+cu121"),
        (">=1.2, <2 ,", ">=1.2,<2"),
        (">= 1.2 < 2", ">=1.2,<2"),
        ("^1.2 || ~3.0", ">=1.2,<2||>=3.0,<3.1"),
        ("1.2|1.3", "==1.2||==1.3"),
        ("^1 || *", ""),
    ],
)
def test_constraints(text: str, expected: str) -> None:
    assert constraint(text) == expected
    versions.specifier(expected)


@pytest.mark.parametrize("text", ["", "a", "^", "1.2 - 1.4", ">=", "^1.x", "1.2 ||", "=>1", "1" * 3_000])
def test_what_is_no_constraint(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a version constraint|longer than"):
        constraint(text)


@pytest.mark.parametrize(
    ("text", "pythons"),
    [
        ("^3.8", "3.8.0 3.9.0 3.9.1 3.10.0 3.11.4"),
        ("<3.9", "3.7.9 3.8.0"),
        (">3.9", "3.9.1 3.10.0 3.11.4"),
        ("<=3.8", "3.7.9 3.8.0"),
        (">=3.8.1", "3.9.0 3.9.1 3.10.0 3.11.4"),
        ("3.9.*", "3.9.0 3.9.1"),
        ("~3.9 || 3.11.*", "3.9.0 3.9.1 3.11.4"),
        ("3.9", "3.9.0 3.9.1"),
        ("3.9.0", "3.9.0"),
        ("!=3.9", "3.7.9 3.8.0 3.9.1 3.10.0 3.11.4"),
        ("!=3.9.*", "3.7.9 3.8.0 3.10.0 3.11.4"),
        ("*", "3.7.9 3.8.0 3.9.0 3.9.1 3.10.0 3.11.4"),
    ],
)
def test_python_markers_hold_for_the_pythons_that_the_constraint_allows(text: str, pythons: str) -> None:
    every = ["3.7.9", "3.8.0", "3.9.0", "3.9.1", "3.10.0", "3.11.4"]
    made = python_marker(text)
    held = [
        python
        for python in every
        if not made
        or Marker(made).evaluate({"python_version": python.rpartition(".")[0], "python_full_version": python})
    ]
    assert held == pythons.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux", 'sys_platform == "linux"'),
        ("!=win32", 'sys_platform != "win32"'),
        ("linux || darwin", 'sys_platform == "linux" or sys_platform == "darwin"'),
        ("!=win32,!=darwin", 'sys_platform != "win32" and sys_platform != "darwin"'),
    ],
)
def test_platforms(text: str, expected: str) -> None:
    assert platform_marker(text) == expected
    assert marker(expected) == expected


def test_both_keeps_what_binds_less_in_brackets() -> None:
    assert both("", 'os_name == "a" or os_name == "b"', 'os_name == "c"') == (
        '(os_name == "a" or os_name == "b") and os_name == "c"'
    )
    assert both("", "") == ""


@given(st.text(max_size=50) | st.text("^~=<>!|,.*x 1203rcpostdev+", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for function in (constraint, python_marker, platform_marker, marker):
        try:
            made = function(text)
        except ValueError:
            continue
        if function is constraint:
            versions.specifier(made)
        elif made:
            Marker(made)
