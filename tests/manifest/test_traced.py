from __future__ import annotations

import pytest

from envaudit.manifest.requirement import Place
from envaudit.manifest.traced import Lines, Traced, locate


def test_lines_and_columns():
    lines = Lines("x", "ab\n\ncd")
    assert [(lines.line(offset), lines.column(offset)) for offset in (0, 2, 3, 4, 5)] == [
        (1, 0), (1, 2), (2, 0), (3, 0), (3, 1),
    ]  # fmt: skip


def pieces():
    traced = Traced("ab", 10)
    traced.append("cd", 12)
    traced.append("--", None)
    traced.append("ef", 20)
    return traced


def test_offsets():
    traced = pieces()
    assert traced.text == "abcd--ef"
    assert [traced.offset(index) for index in range(9)] == [10, 11, 12, 13, None, None, 20, 21, None]


@pytest.mark.parametrize("start", range(9))
@pytest.mark.parametrize("end", range(9))
def test_parts_keep_their_offsets(start, end):
    traced = pieces()
    part = traced.part(start, end)
    assert part.text == traced.text[start:end]
    assert [part.offset(index) for index in range(len(part))] == [traced.offset(index) for index in range(start, end)]


def test_strip_and_extend():
    traced = Traced("  a ", 5)
    assert (traced.strip().text, traced.strip().offset(0)) == ("a", 7)
    assert Traced(" \t").strip().text == ""
    both = Traced("x", 1)
    both.extend(pieces())
    assert (both.text, both.offset(1), both.offset(8)) == ("xabcd--ef", 10, 21)


@pytest.mark.parametrize(
    ("traced", "column", "written", "expected"),
    [
        (Traced("a>=1", 3), 1, ">=1", (4, ">=1")),
        (Traced("a", 3), 1, "", (4, "")),
        (Traced("a>=1"), 1, ">=1", (None, "")),  # from a variable
        (Traced("a>1", 3), 1, ">1", (None, "")),  # written in another way
        (Traced("a>=1", 3), None, "", (None, "")),
    ],
)
def test_locate(traced, column, written, expected):
    place = locate(traced, Place("r", 1, column, written), Lines("r", "## a>=1\n"), 1)
    assert (place.line, place.column, place.written) == (1, *expected)


def test_what_stands_on_another_line_is_not_rewritten():
    assert locate(Traced("a>=1", 1), Place("r", 1, 1, ">=1"), Lines("r", "\na>=1"), 1).column is None
