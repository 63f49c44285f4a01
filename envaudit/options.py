"""What a run of envaudit is asked to do; the defaults are those of `envaudit` without arguments."""

from __future__ import annotations

LEVELS = ("crash", "error", "degraded", "notice")
FORMATS = ("text", "json")


class Options:
    """Command-line options by their names."""

    def __init__(self) -> None:
        self.command: str | None = None
        self.python: str | None = None
        self.snapshot: str | None = None
        self.gpu: str | None = None
        self.fix = False
        self.installer = "pip"
        self.format = "text"
        self.fail_on = "error"
        self.rules: list[str] = []
        self.rule = ""
        self.folder = ""
