"""Package tables with aligned columns: `pip list` (also the old "name (1.0)" form), `uv pip list`, `poetry show`."""

from __future__ import annotations

import re

from envaudit.recorded.found import BLOCK
from envaudit.recorded.page import columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_HEAD = re.compile(r"\s{0,8}Package\s+Version\b")
_RULE = re.compile(r"\s{0,8}-{3,}[\s-]*")
# the version starts with a digit; what may follow is a folder (editable installs), an installer or a description
_ROW = re.compile(r"\s{0,8}([A-Za-z0-9][\w.-]{0,199})\s+(\(!\)\s+)?(\d[\w.!+*-]{0,199})(\s+\S.*)?")
_LEGACY = re.compile(r"\s{0,8}([A-Za-z0-9][\w.-]{0,199}) \((\d[\w.!+-]{0,199})(?:, [^()]{1,300})?\)")
_FEWEST = 5  # rows that make a table where there is no head line


def read(page: Page, found: Found) -> None:
    """Read the first complete table, headed ones first; others may be of another environment."""
    lines = [columns(text) for text in page.lines]
    heads = [n for n, text in enumerate(lines) if "Package" in text and _HEAD.match(text) and not found.claimed(n)]
    read_one = False
    for head in heads:
        first = head + 1 + (head + 1 < len(lines) and _RULE.fullmatch(lines[head + 1]) is not None)
        rows = _run(lines, first, _ROW)
        if rows:
            _table(found, lines, first, rows, _ROW, say=not read_one)
            found.claim(head, first)
            read_one = True
    for pattern in (_ROW, _LEGACY):
        line = 0
        while line < len(lines):
            rows = 0 if found.claimed(line) or not lines[line] else _run(lines, line, pattern)
            if rows >= _FEWEST and (pattern is _LEGACY or _aligned(lines[line : line + rows])):
                _table(found, lines, line, rows, pattern, say=not read_one)
                read_one = True
            line += max(rows, 1)


def _run(lines: list[str], start: int, pattern: re.Pattern[str]) -> int:
    """How many lines from `start` on are rows."""
    line = start
    while line < len(lines) and pattern.fullmatch(lines[line]):
        line += 1
    return line - start


def _aligned(lines: list[str]) -> bool:
    """Whether the versions stand below each other, with at least two spaces before most of them."""
    columns = set()
    wide = 0
    for text in lines:
        match = _ROW.fullmatch(text)
        if match:
            columns.add(match.start(3))
            wide += text[match.end(1) : match.start(3)].count(" ") > 1
    return len(columns) == 1 and wide * 2 > len(lines)


def _table(found: Found, lines: list[str], start: int, rows: int, pattern: re.Pattern[str], *, say: bool) -> None:
    for line in range(start, start + rows):
        match = pattern.fullmatch(lines[line])
        if match is None or not say:
            continue
        if pattern is _LEGACY:
            found.package(line, match[1], match[2], BLOCK)
        elif not match[2]:  # "(!)" marks what poetry knows and has not installed
            found.package(line, match[1], match[3], BLOCK)
    found.claim(start, start + rows)
