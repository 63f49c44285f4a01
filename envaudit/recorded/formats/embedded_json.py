"""JSON inside other text: `pip list --format json`, `conda list --json`, `pip inspect`, envaudit's own snapshot."""

from __future__ import annotations

import json
import re

from envaudit.recorded.listing import listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_START = re.compile(r"\[\s{0,40}\{\s{0,40}\"(?:name|base_url|build_number|channel)\"\s?:")
_MOST = 3  # places where a listing may start; each may cost a scan of the rest


def read(page: Page, found: Found) -> None:
    if '"name"' not in page.text:
        return
    decoder = json.JSONDecoder()
    for number, match in enumerate(_START.finditer(page.text)):
        if number == _MOST:
            return
        try:
            value, end = decoder.raw_decode(page.text, match.start())
        except (ValueError, RecursionError):
            continue
        line = page.text.count("\n", 0, match.start())
        if listing(found, value, line):
            found.claim(line, page.text.count("\n", 0, end) + 1)
            return
