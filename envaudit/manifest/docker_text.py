"""The instructions of a Dockerfile: continued lines, comments, here-documents and the escape directive."""

from __future__ import annotations

import re
from bisect import bisect_left

from envaudit.manifest.traced import Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTIVE = re.compile(r"\s*#\s*([A-Za-z]+)\s*=\s*(\S+)\s*$")
_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)(?:\s+|$)")
_HEREDOC = re.compile(r"""(?<!<)<<(-?)(["']?)([A-Za-z_][A-Za-z0-9_]*)\2(?=[\s;|&)>]|$)""")


class Instruction:
    """One instruction.

    name       in upper case
    arguments  what follows it, lines joined
    heredoc    the lines of its here-documents, with those that end them
    offset     where it starts in the file
    """

    __slots__ = ("arguments", "heredoc", "name", "offset")

    def __init__(self, name: str, arguments: Traced, heredoc: Traced | None, offset: int) -> None:
        self.name, self.arguments, self.heredoc, self.offset = name, arguments, heredoc, offset


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions in order."""
    escape, lines = _escape(text), text.split("\n")
    offsets, at = [], 0
    ends: dict[tuple[bool, str], list[int]] = {}  # (without its tabs, a here-document's last line) -> where it stands
    for index, line in enumerate(lines):
        offsets.append(at)
        at += len(line) + 1
        ends.setdefault((False, line.rstrip("\r")), []).append(index)
        ends.setdefault((True, line.strip("\t\r")), []).append(index)
    index = 0
    while index < len(lines):
        joined, first = Traced(), offsets[index]
        goes_on = True
        while goes_on and index < len(lines):
            content = lines[index].rstrip("\r")
            start, index = offsets[index], index + 1
            stripped = content.strip()
            if not stripped or stripped[0] == "#":
                if not len(joined):
                    break
                continue  # comments and empty lines do not end a line that goes on
            bare = content.rstrip(" \t")
            goes_on = bare.endswith(escape) and not bare.endswith(escape * 2)
            joined.append(bare[:-1] if goes_on else content, start)
        found = _INSTRUCTION.match(joined.text)
        if not found:
            continue
        name, arguments = found[1].upper(), joined.part(found.end(), len(joined)).strip()
        heredoc = None
        if name in ("RUN", "COPY", "ADD"):
            body_end = _after_heredocs(arguments.text, index, ends)
            if body_end > index:
                start, stop = offsets[index], offsets[body_end - 1] + len(lines[body_end - 1])
                heredoc, index = Traced(text[start:stop], start), body_end
        yield Instruction(name, arguments, heredoc, first)


def _escape(text: str) -> str:
    """The character that continues lines; directives stand in comments at the very start."""
    for line in text.split("\n", 20)[:20]:
        found = _DIRECTIVE.match(line)
        if not found:
            break
        if found[1].lower() == "escape" and found[2] in ("`", "\\"):
            return found[2]
    return "\\"


def _after_heredocs(arguments: str, index: int, ends: dict[tuple[bool, str], list[int]]) -> int:
    """The number of the line after the here-documents that start in an instruction; they begin at line `index`."""
    for tabs, _, delimiter in _HEREDOC.findall(arguments):
        places = ends.get((bool(tabs), delimiter), [])
        end = bisect_left(places, index)
        if end < len(places):
            index = places[end] + 1
    return index
