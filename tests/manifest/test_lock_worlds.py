from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from envaudit.manifest import lock_markers
from envaudit.manifest.lock_worlds import Worlds

_ATOMS = (
    "sys_platform == 'linux'",
    "sys_platform != 'darwin'",
    "os_name == 'nt'",
    "platform_system == 'Windows'",
    "python_full_version >= '3.11'",
    "python_version < '3.10'",
    "python_full_version == '3.12.*'",
    "platform_machine == 'x86_64'",
    "'linux' in sys_platform",
    "implementation_name == 'cpython'",
    "platform_python_implementation != 'PyPy'",
)
_MARKERS = st.recursive(
    st.sampled_from(_ATOMS),
    lambda inner: st.tuples(inner, st.sampled_from((" and ", " or ")), inner).map(lambda it: f"({''.join(it)})"),
    max_leaves=5,
)
_ENVIRONMENTS = [
    {
        "sys_platform": platform,
        "platform_system": system,
        "os_name": name,
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.4",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    for platform, system, name in (
        ("linux", "Linux", "posix"),
        ("darwin", "Darwin", "posix"),
        ("win32", "Windows", "nt"),
    )
    for machine in ("x86_64", "arm64")
    for python in ("3.9", "3.10", "3.11", "3.12", "3.13")
]


@given(_MARKERS)
@settings(max_examples=200, deadline=None)
def test_a_tree_says_what_the_marker_says(marker: str) -> None:
    again = lock_markers.text(lock_markers.parse(marker))
    for environment in _ENVIRONMENTS:
        assert Marker(again).evaluate(environment) == Marker(marker).evaluate(environment)


@given(st.lists(_MARKERS, min_size=1, max_size=4), st.lists(st.sampled_from("&|"), min_size=3, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_phrase_is_true_where_the_set_is(markers: list[str], words: list[str]) -> None:
    trees = [lock_markers.parse(marker) for marker in markers]
    worlds = Worlds(trees, ">=3.9")
    mask = worlds.mask(trees[0])
    expected = [Marker(markers[0]).evaluate(environment) for environment in _ENVIRONMENTS]
    for tree in trees:
        worlds.learn(tree)
    for marker, tree, word in zip(markers[1:], trees[1:], words):
        there = [Marker(marker).evaluate(environment) for environment in _ENVIRONMENTS]
        if word == "&":
            mask, expected = mask & worlds.mask(tree), [a and b for a, b in zip(expected, there)]
        else:
            mask, expected = mask | worlds.mask(tree), [a or b for a, b in zip(expected, there)]
    phrase = worlds.phrase(mask) if mask else None
    if phrase is not None:
        found = [not phrase or Marker(phrase).evaluate(environment) for environment in _ENVIRONMENTS]
        assert found == expected


@pytest.mark.parametrize(
    ("marker", "python", "expected"),
    [
        ("python_full_version >= '3.9'", ">=3.9", ""),
        ("python_full_version >= '3.9' or sys_platform == 'linux'", ">=3.9", ""),
        ("sys_platform == 'win32' or os_name == 'nt'", "", "os_name == 'nt'"),
        ("python_version > '3.11'", ">=3.12", ""),
        ("python_version > '3.11'", ">=3.11.4", "python_version > '3.11'"),
    ],
)
def test_phrases_leave_out_what_always_holds(marker: str, python: str, expected: str) -> None:
    tree = lock_markers.parse(marker)
    worlds = Worlds([tree], python)
    worlds.learn(tree)
    assert worlds.phrase(worlds.mask(tree)) == expected


def test_extras_are_put_in() -> None:
    tree = lock_markers.parse("(extra == 'a' and sys_platform == 'linux') or extra != 'a'")
    decided = [
        lock_markers.decide(tree, lambda atom, on=on: on == (atom[1] == "==") if atom[0] == "extra" else None)
        for on in (True, False)
    ]
    assert list(map(lock_markers.text, decided)) == ["sys_platform == 'linux'", ""]


@pytest.mark.parametrize(
    "marker",
    ["python_version", "a == 'b' and", "(a == 'b'", "a == 'b')", "a = 'b' c", "a & 'b'", "(" * 50 + "a == 'b'"],
)
def test_what_is_no_marker(marker: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        lock_markers.parse(marker)


def test_markers_on_too_many_things_are_refused() -> None:
    text = " or ".join(
        f"{name} == '{value}'" for name in ("platform_machine", "platform_release") for value in range(200)
    )
    with pytest.raises(ValueError, match="too many"):
        Worlds([lock_markers.parse(text)], "")
