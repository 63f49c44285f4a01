"""Lines in colour, by rich.  Imported only when there is a terminal to draw on: rich costs more than an audit."""

from __future__ import annotations

import sys

from rich.color import ColorSystem
from rich.style import Style

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
    """Write `lines` to the terminal behind `out`, in the sixteen colours that every terminal has.

    `rich.style` alone makes the escape codes in half the time that `rich.console` takes to import; only the old console
    of Windows, which knows no escape codes, needs the latter.
    """
    if sys.platform == "win32":
        _draw_by_console(lines, out)
        return
    styles = {name: Style.parse(words) for name, words in STYLES.items()}
    for line in lines:
        out.write("".join(styles[style].render(text, color_system=ColorSystem.STANDARD) for text, style in line) + "\n")


def _draw_by_console(lines: list[Line], out: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, force_terminal=True, highlight=False, soft_wrap=True)
    page = Text()
    for line in lines:
        for text, style in line:
            page.append(text, STYLES[style] or None)
        page.append("\n")
    console.print(page, end="", soft_wrap=True)
