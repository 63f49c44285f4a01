"""The install commands of one code cell: `!pip`, `%pip`, `%%bash`, and those that Python code runs."""

from __future__ import annotations

import re

from envaudit.manifest import python_calls
from envaudit.manifest.shell import Word
from envaudit.manifest.traced import Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.installs import Installs
    from envaudit.manifest.python_calls import Event

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
_PYTHON = re.compile(r"\\.|#[^\n]*|\"\"\"|'''|[\"'\n]", re.DOTALL)
_STRING_END = {
    mark: re.compile(r"\\.|" + (mark if len(mark) == 3 else rf"{mark}|\n"), re.DOTALL)
    for mark in ('"', "'", '"""', "'''")
}


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
    text, at = code.text, 0
    python: list[str] = []
    events: list[tuple[int, Event]] = []
    while at < len(text):
        end = _line_end(text, at)
        line, folder = _LINE.match(text, at, end), _CD.match(text[at:end])
        if not line and not folder:
            after = _next_line(text, at)
            python.append(text[at:after])
            at = after
            continue
        start = at
        while text[start:end].rstrip("\r").endswith("\\") and end < len(text):
            end = _line_end(text, end + 1)
        events.append((start, folder[1] if folder else code.part(line.end() if line else start, end)))
        # a "0" in its place, so that the rest stays Python
        indent = len(text[start:end]) - len(text[start:end].lstrip(" \t"))
        python += (text[start : start + indent], "0", re.sub(r"[^\n]", " ", text[start + indent + 1 : end]), "\n")
        at = end + 1
    for where, event in sorted([*events, *python_calls.find("".join(python), code)], key=_where):
        if isinstance(event, str):
            installs.change_folder(Word(Traced(event), unknown="$" in event or "{" in event))
        elif isinstance(event, list):
            installs.words(event, code.offset(where) or 0)
        else:
            installs.shell(event)


def _where(event: tuple[int, Event]) -> int:
    return event[0]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


def _next_line(text: str, at: int) -> int:
    """Where the next line of code starts; a string of several lines belongs to one line."""
    while found := _PYTHON.search(text, at):
        at, mark = found.end(), found[0]
        if mark == "\n":
            return at
        if mark in _STRING_END:
            closing = _STRING_END[mark].search(text, at)
            while closing and closing[0].startswith("\\"):
                closing = _STRING_END[mark].search(text, closing.end())
            if closing is None:
                return len(text)
            at = closing.start() if closing[0] == "\n" else closing.end()
    return len(text)
