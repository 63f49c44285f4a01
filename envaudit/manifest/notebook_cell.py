"""The install commands of one code cell: `!pip`, `%pip`, `%%bash`, and those that Python code runs."""

from __future__ import annotations

import re

from envaudit.manifest import python_calls
from envaudit.manifest.traced import Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.installs import Installs

_CELL_MAGIC = re.compile(r"%%(!|[A-Za-z_]\w*)[ \t]*([^\n]*)(?:\n|$)")
_SHELL_CELLS = frozenset(("bash", "sh", "!", "system", "sx", "shell"))
_CODE_CELLS = frozenset(("capture", "time", "timeit", "prun", "memit", "mprun"))
_SKIPPED = re.compile(r"[ \t]*(?:#@[^\n]*)?\r?\n")  # Colab's form lines may stand above a cell magic
# what hands the rest of the line to a shell, where the line is no Python
_LINE = re.compile(
    r"[ \t]*(?:[A-Za-z_][\w.,\[\] \t]*=[ \t]*)?(?:%time[ \t]+)?"
    r"(?:!!?|%(?=(?:pip[0-9]?|conda|mamba|micromamba|uv)\b)|%(?:sx|system|sh)\b)[ \t]*"
)
_CD = re.compile(r"[ \t]*%cd[ \t]+(?:-q[ \t]+)?([^\n]+?)[ \t\r]*$")
_AUTOMAGIC = re.compile(r"\s*(?:pip[0-9]?|conda|mamba|micromamba|uv)[ \t]+(?:pip[ \t]+)?(?:un)?install[ \t]")
_QUOTES = re.compile(r"\\.|#[^\n]*|\"\"\"|'''|\"|'|\n", re.DOTALL)
_CLOSE = {
    mark: re.compile(rf"(?:\\.|(?!{mark}).)*{mark}", re.DOTALL) for mark in ('"""', "'''")
}  # the end of a string of several lines


def read(code: Traced, installs: Installs) -> None:
    """Take the commands of a code cell in their order."""
    text, start = code.text, 0
    while True:
        while skipped := _SKIPPED.match(text, start):
            if not text.startswith("%%", skipped.end()) and skipped[0].strip():
                break
            start = skipped.end()
        magic = _CELL_MAGIC.match(text, start)
        if not magic:
            break
        start = magic.end()
        if magic[1] in _SHELL_CELLS or (magic[1] == "script" and re.match(r"(?:\S*/)?(?:ba|z|da)?sh\b", magic[2])):
            installs.shell(code.part(start, len(text)))
            return
        if magic[1] not in _CODE_CELLS:
            return
        if magic[2].lstrip().startswith(("!", "%")):
            start = magic.start(2)
            break
    body = code.part(start, len(text)) if start else code
    if "\n" not in body.text.strip() and _AUTOMAGIC.match(body.text):
        installs.shell(body)  # a cell of one line needs no "%"
        return
    _code(body, installs)


def _code(code: Traced, installs: Installs) -> None:
    text = code.text
    at, python, found = 0, [], []  # found: (where, shell text or `%cd`'s folder, which)
    while at < len(text):
        end = text.find("\n", at)
        end = end if end >= 0 else len(text)
        line = _LINE.match(text, at, end)
        folder = _CD.match(text[at:end])
        if line or folder:
            start = at
            while text[at:end].rstrip("\r").endswith("\\") and end < len(text):
                at = end + 1
                end = text.find("\n", at)
                end = end if end >= 0 else len(text)
            found.append((start, code.part(line.end() if line else start, end), folder))
            indent = len(text[start:end]) - len(text[start:end].lstrip(" \t"))
            # so that the rest stays Python, each character at its place
            blank = re.sub(r"[^\n]", " ", text[start:end])
            python.append(blank[:indent] + "0" + blank[indent + 1 :] if end > start + indent else blank)
            python.append(text[end : end + 1])
            at = end + 1
            continue
        after = _after_strings(text, at, end)
        python.append(text[at:after])
        at = after
    calls = python_calls.find("".join(python), code)
    commands = [(where, script, folder, None) for where, script, folder in found]
    commands += [(where, None, None, call) for where, call in calls]
    for _, script, folder, call in sorted(commands, key=lambda one: one[0]):
        if call is not None:
            call(installs)
        elif folder is not None:
            python_calls.change_folder(folder[1], installs)
        else:
            installs.shell(script)


def _after_strings(text: str, at: int, end: int) -> int:
    """Where the line after the one at `at` starts, a string of several lines being passed."""
    while True:
        mark = _QUOTES.search(text, at)
        if not mark or mark[0] == "\n":
            return mark.end() if mark else len(text)
