"""`conda info`: the virtual packages tell the machine; its Python is conda's own, not that of the environment."""

from __future__ import annotations

import re

from envaudit.recorded import machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_VIRTUAL = re.compile(r"\b__(cuda|glibc)=(\d{1,2}\.\d{1,2})\b")
_BEFORE, _AFTER = 8, 25  # lines of the output around "conda version"


def read(page: Page, found: Found) -> None:
    for line, text in enumerate(page.lines):
        if "conda version : " not in text:
            continue
        for near in range(max(0, line - _BEFORE), min(len(page.lines), line + _AFTER)):
            virtual = _VIRTUAL.search(page.lines[near])
            if virtual:
                if virtual[1] == "cuda":
                    found.say(near, "driver_cuda", virtual[2])
                else:
                    found.say(near, "platform", machine.libc(f"glibc {virtual[2]}"), part="libc")
            if virtual or " : " in page.lines[near]:
                found.claim(near, near + 1)
        found.host("conda")
        return
