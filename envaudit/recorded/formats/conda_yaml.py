"""`conda env export`: YAML of a fixed shape, read line by line."""

from __future__ import annotations

import re

from envaudit.recorded import conda
from envaudit.recorded.found import BLOCK, LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_PACKAGE = re.compile(r"\s*- (?:[\w.-]+::)?([A-Za-z0-9_][\w.-]{0,199})=(\d[\w.!+-]{0,199})(?:=([^\s=]{1,200}))?\s*")
_PIP = re.compile(r"\s*- ([A-Za-z0-9](?:[\w.-]{0,198}[A-Za-z0-9])?)(?:\[[\w, .-]*\])?===?(\S{1,200})\s*")
_ENTRY = re.compile(r"\s*- ?\S.*")


def read(page: Page, found: Found) -> None:
    said = False
    for line, text in enumerate(page.lines):
        if text.strip() == "dependencies:" and not found.claimed(line):
            end = _end(page.lines, line + 1)
            if end > line + 1 and not said:
                said = _dependencies(page, found, line + 1, end)
            if end > line + 1:
                found.claim(line, end)


def _end(lines: list[str], start: int) -> int:
    line = start
    while line < len(lines) and (_ENTRY.fullmatch(lines[line]) or lines[line].lstrip().startswith("#")):
        line += 1
    return line


def _dependencies(page: Page, found: Found, start: int, end: int) -> bool:
    """State the packages of an export.

    A file written by hand looks the same and asks for a series with "python=3.8"; so without build strings, and
    without the `prefix:` that an export ends with, only versions of three numbers count, and weigh less.
    """
    after = next((text for text in page.lines[end : end + 3] if text.strip()), "")
    exact = after.startswith("prefix:")
    said = False
    for line in range(start, end):
        text = page.lines[line]
        pip = _PIP.fullmatch(text)
        match = None if pip else _PACKAGE.fullmatch(text)
        sure = exact or bool(match and match[3])
        if pip:
            name = found.package(line, pip[1], pip[2], BLOCK if exact else LINE)
            if name:
                found.say(line, "installers", "pip", BLOCK if exact else LINE, name)
        elif match and (sure or match[2].count(".") >= 2):
            strength = BLOCK if sure else LINE
            conda.package(found, line, match[1], match[2], match[3] or "", None, strength)
        else:
            continue
        said = True
    return said
