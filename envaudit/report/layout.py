"""Lines of styled words: the one layout that plain text and colour share.

A line is a list of (text, style); the styles are those of envaudit/report/terminal.py.  Paragraphs are wrapped here,
commands and addresses are never broken: they are there to be copied.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    Line = list[tuple[str, str]]

MAX_WIDTH = 110
_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def clean(text: str) -> str:
    """`text` without control characters: pasted reports must not move the cursor or recolour the terminal."""
    return text.translate(_CONTROL)


def paragraph(parts: list[tuple[str, str]], width: int, indent: int = 0, hanging: int | None = None) -> list[Line]:
    """`parts` as lines of at most `width` columns, the first indented by `indent`, the others by `hanging`."""
    following = indent if hanging is None else hanging
    lines: list[Line] = [[(" " * indent, "")]]
    used = indent
    for text, style in parts:
        for number, word in enumerate(clean(text).split(" ")):
            gap = " " if number else ""
            if number and used + 1 + len(word) > width and used > following:
                lines.append([(" " * following, "")])
                used, gap = following, ""
            before = lines[-1][-1]
            if before[1] == style:
                lines[-1][-1] = before[0] + gap + word, style
            else:
                lines[-1].append((gap + word, style))
            used += len(gap) + len(word)
    return lines


def verbatim(text: str, style: str, indent: int) -> list[Line]:
    """`text` as it is, line by line, never wrapped."""
    return [[(" " * indent, ""), (clean(line), style)] for line in text.splitlines()]


def write(lines: list[Line], out: TextIO, plain: bool = False) -> None:
    """Write to a terminal in colour (by rich), anywhere else, or where `plain` is asked for, as plain text."""
    if not plain and wants_colour(out):
        from envaudit.report.terminal import draw

        draw(lines, out)
        return
    text = "".join("".join(part for part, _ in line).rstrip() + "\n" for line in lines)
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "replace").decode(encoding))


def wants_colour(out: TextIO) -> bool:
    """Whether `out` is a terminal (or the user insists) and nobody asked for no colour."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (out.isatty() and os.environ.get("TERM") != "dumb")


def width_of(out: TextIO) -> int:
    """Columns to write for: those of the terminal, at most MAX_WIDTH; 100 where there is no terminal."""
    try:
        return max(40, min(MAX_WIDTH, os.get_terminal_size(out.fileno()).columns))
    except (OSError, ValueError, AttributeError):
        columns = os.environ.get("COLUMNS", "")
        return max(40, min(MAX_WIDTH, int(columns))) if columns.isdecimal() else 100
