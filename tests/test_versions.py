"""Keys sort as packaging sorts; specifier sets hold the versions that packaging says they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from envaudit import versions

numbers = st.integers(0, 30).map(str)
releases = st.lists(numbers, min_size=1, max_size=4).map(".".join)
suffixes = st.sampled_from(["", "", "", "a1", "b2", "rc1", ".post1", ".dev3", "rc1.dev2", ".post2.dev1"])
epochs = st.sampled_from(["", "", "", "1!"])
any_version = st.builds("{}{}{}".format, epochs, releases, suffixes)
final = releases
operators = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


@given(any_version, any_version)
def test_keys_sort_as_packaging_sorts(one: str, other: str) -> None:
    assert (versions.key(one) < versions.key(other)) == (Version(one) < Version(other))
    assert (versions.key(one) == versions.key(other)) == (Version(one) == Version(other))


odd_spellings = st.lists(
    st.sampled_from(
        ["1", "0", "2", ".", ".", "a", "b", "rc", "c", "alpha", "post", "dev", "-", "_", "!", "v", "+x", "01"]
    ),
    max_size=8,
).map("".join)


@given(odd_spellings, any_version)
def test_odd_spellings_sort_as_packaging_sorts(odd: str, other: str) -> None:
    try:
        expected = Version(odd)
    except ValueError:
        assert versions.key(odd) is None
        return
    # packaging lets a local tag count, keys leave it to the builds
    assert (versions.key(odd) < versions.key(other)) == (Version(expected.public) < Version(other))


@given(st.text(max_size=30))
def test_a_key_exists_exactly_for_versions(text: str) -> None:
    try:
        Version(text)
    except ValueError:
        assert versions.key(text) is None
    else:
        assert versions.key(text) is not None


@given(st.lists(st.builds("{}{}".format, operators, final), min_size=1, max_size=3).map(",".join), any_version)
def test_specifier_sets_hold_what_packaging_says(text: str, version: str) -> None:
    expected = SpecifierSet(text).contains(version, prereleases=True)
    assert versions.contains(versions.specifier(text), versions.key(version)) == expected


@given(
    st.lists(numbers, min_size=2, max_size=4).map(".".join), any_version, st.sampled_from(["~={}", "=={}.*", "!={}.*"])
)
def test_series_hold_what_packaging_says(base: str, version: str, form: str) -> None:
    text = form.format(base)
    expected = SpecifierSet(text).contains(version, prereleases=True)
    assert versions.contains(versions.specifier(text), versions.key(version)) == expected


sets = (
    st.lists(st.builds("{}{}".format, operators, final), min_size=0, max_size=3).map(",".join).map(versions.specifier)
)


@given(sets, sets, any_version)
def test_set_algebra_is_pointwise(one: versions.Intervals, other: versions.Intervals, version: str) -> None:
    point = versions.key(version)
    in_one, in_other = versions.contains(one, point), versions.contains(other, point)
    assert versions.contains(versions.union(one, other), point) == (in_one or in_other)
    assert versions.contains(versions.intersection(one, other), point) == (in_one and in_other)
    assert versions.contains(versions.complement(one), point) == (not in_one)
    if versions.is_subset(one, other):
        assert in_other or not in_one
    if versions.is_disjoint(one, other):
        assert not (in_one and in_other)


@pytest.mark.parametrize("text", ["=>1", "==", ">=1.*", "<abc", "~=1", "1.2 3"])
def test_what_is_no_specifier_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        versions.specifier(text)


def test_local_tags_take_no_part() -> None:
    assert versions.contains(versions.specifier("==2.4.0"), versions.key("2.4.0+cu121"))
    assert versions.local("2.4.0+CU121") == "cu121"
    assert versions.public("2.4.0+cu121") == "2.4.0"
