"""Lines in colour, by rich.  Imported only when there is a terminal to draw on: rich costs more than an audit."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from envaudit.report.layout import Line

STYLES = {
    "": "",
    "crash": "bold white on red",
    "error": "bold red",
    "degraded": "bold yellow",
    "notice": "bold cyan",
    "ok": "bold green",
    "title": "bold",
    "quiet": "dim",
    "code": "cyan",
    "symptom": "italic",
}


def draw(lines: list[Line], out: TextIO) -> None:
    """Write `lines` to the terminal behind `out`; rich decides what its colours can be."""
    console = Console(file=out, force_terminal=True, highlight=False, soft_wrap=True)
    page = Text()
    for line in lines:
        for text, style in line:
            page.append(text, STYLES[style] or None)
        page.append("\n")
    console.print(page, end="", soft_wrap=True)
