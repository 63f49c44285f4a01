"""`pip show` and `poetry show NAME`: blocks of "Name:" and "Version:" lines."""

from __future__ import annotations

import re

from envaudit.recorded.found import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_NAME = re.compile(r"\s{0,8}[Nn]ame\s*:\s+([A-Za-z0-9][\w.-]{0,199})\s*")
_VERSION = re.compile(r"\s{0,8}[Vv]ersion\s*:\s+(\d[\w.!+-]{0,199})\s*")


def read(page: Page, found: Found) -> None:
    for line, text in enumerate(page.lines[:-1]):
        name = _NAME.fullmatch(text) if "ame" in text else None
        version = _VERSION.fullmatch(page.lines[line + 1]) if name else None
        if name and version and not found.claimed(line):
            found.package(line, name[1], version[1], BLOCK)
            found.claim(line, line + 2)
