"""`conda list`: its table (also single rows of it), `--export` and `--explicit`."""

from __future__ import annotations

import re

from envaudit.recorded import conda
from envaudit.recorded.found import BLOCK, LINE
from envaudit.recorded.page import columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_HEAD = re.compile(r"\s*#?\s*(?:packages in environment at .*:|Name\s+Version\s+Build(?:\s+Channel)?)\s*")
_ROW = re.compile(r"\s{0,8}([A-Za-z0-9_][\w.-]{0,199})\s+(\d[\w.!+-]{0,199})(?:\s+(\S{1,200}))?(?:\s+(\S{1,200}))?\s*")
# what a build string looks like: ends in a build number, or holds a hash, or is a mark for pip's packages
_BUILD = re.compile(r"\S*_\d{1,6}|\S*h[0-9a-f]{7}\S*|py\d{2,3}\S*|<pip>|\d{1,3}|conda_forge|main|mkl|openblas|gnu")
_SURE_BUILD = re.compile(
    r"pypi_\d|<pip>|(?:\S*_)?(?:py|np|cuda|cpu|h[0-9a-f]{7})\S*_\d{1,6}|py\d\.?\d{0,2}_\d{1,6}|h[0-9a-f]{7,}_\d{1,6}|hd?[0-9a-f]{7}"
)
_RULE = re.compile(r"\s*[─-]{3,}[\s─-]*")
_EXPORT = re.compile(r"\s{0,8}([A-Za-z0-9_][\w.-]{0,199})=(\d[\w.!+-]{0,199})=([^\s=]{1,200})")
_URL = re.compile(
    r"https?://\S*/(?:noarch|linux-\w+|win-\w+|osx-\w+)/([\w.-]+?)-(\d[\w.!+]*)-([\w.]+)\.(?:tar\.bz2|conda)(?:#\w*)?"
)


def read(page: Page, found: Found) -> None:
    lines = [columns(text) for text in page.lines]
    heads = [
        n for n, text in enumerate(lines) if ("Build" in text or "environment at" in text) and _HEAD.fullmatch(text)
    ]
    said = False
    for head in heads:
        if found.claimed(head):
            continue
        line = head + 1
        while line < len(lines) and (lines[line].startswith("#") or _RULE.fullmatch(lines[line])):
            line += 1
        start = line
        while line < len(lines) and (match := _ROW.fullmatch(lines[line])):
            if not said:
                _row(found, line, match, BLOCK)
            line += 1
        said = said or line > start
        found.claim(head, line)
    exported = _exports(page, found, said)
    for line, text in enumerate(lines):
        if "  " in text and not found.claimed(line):
            match = _ROW.fullmatch(text)
            if match and match[3] and _SURE_BUILD.fullmatch(match[3]):
                if not (said or exported):
                    _row(found, line, match, LINE)
                found.claim(line, line + 1)


def row(found: Found, line: int, text: str, strength: int) -> None:
    """State what one row of the table says."""
    match = _ROW.fullmatch(text)
    if match:
        _row(found, line, match, strength)


def _exports(page: Page, found: Found, said: bool) -> bool:
    """`conda list --export` and `--explicit`: the lines of their own kind that follow each other."""
    any_said = False
    last = -10
    for line, text in enumerate(page.lines):
        match = None
        if len(text) < 600 and ("=" in text or "://" in text):
            match = _EXPORT.fullmatch(text) or _URL.fullmatch(text.strip())
        if not match or found.claimed(line) or page.is_command(line):
            continue
        if not said and (not any_said or line - last <= 3):
            conda.package(found, line, match[1], match[2], match[3], None, BLOCK)
            any_said = True
            last = line
        found.claim(line, line + 1)
    return any_said


def _row(found: Found, line: int, match: re.Match[str], strength: int) -> None:
    build, channel = match[3] or "", match[4] or ""
    if build and not channel and not _BUILD.fullmatch(build):
        build, channel = "", build  # mamba and newer condas leave the build out
    conda.package(found, line, match[1], match[2], build, channel, strength)
