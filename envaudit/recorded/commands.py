"""What commands ask for: `pip install torch==2.1.0 numpy==2.0.2`, `mamba create -n x python=3.9 traitlets=4.3.3`.

A command says what was wanted and not what is there, so it counts only in a text that states nothing else.
"""

from __future__ import annotations

import re

from envaudit.recorded import machine, names
from envaudit.recorded.found import SENTENCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_PIN = re.compile(r"(?<![\w./-])([A-Za-z][\w.-]{0,60}?)(?:\[[\w, .-]{0,60}\])?==?(\d[\w.+!-]{0,60})")
_INSTALLS = re.compile(
    r"(?:^|[\s!%$`])(?:pip3?|uv|conda|mamba|micromamba|poetry)\s(?:.{0,80}\s)?(?:install|create|add)\s"
)
_LONGEST = 4000  # characters of a line


def read(page: Page, found: Found) -> None:
    """Every pin of every line that installs something."""
    for line, raw in enumerate(page.lines):
        command = _INSTALLS.search(raw) if "=" in raw and len(raw) <= _LONGEST else None
        if command is None:
            continue
        for match in _PIN.finditer(raw, command.end()):
            name, version = match[1].lower(), match[2].rstrip(".,")
            if name == "python":
                found.say(line, "python", machine.python(version), SENTENCE)
            elif "==" in match[0] or names.from_label(name):
                found.package(line, name, version, SENTENCE)
