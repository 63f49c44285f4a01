"""What a run of envaudit is asked to do; the defaults are those of `envaudit` without arguments."""

from __future__ import annotations

LEVELS = ("crash", "error", "degraded", "notice")
FORMATS = ("text", "json", "sarif", "github")


class Options:
    """Command-line options by their names."""

    def __init__(self) -> None:
        self.command: str | None = None
        self.python: str | None = None
        self.snapshot: str | None = None
        self.gpu: str | None = None
        self.fix = False
        self.installer = "pip"
        self.resolver: str | None = None
        self.timeout = 60.0  # seconds for the resolver
        self.keep: list[str] = []
        self.allow: list[str] = []
        self.direction: str | None = None
        self.output: str | None = None
        self.apply = False
        self.yes = False
        self.break_system_packages = False
        self.format = "text"
        self.fail_on: str | None = None  # "error" where nobody says it
        self.rules: list[str] = []
        self.rule = ""
        self.folder = ""
        # check
        self.files: list[str] = []
        self.targets: list[str] = []
        self.strict = False
        self.together = False
        self.diff = False
        self.baseline: str | None = None
        self.update_baseline = False
        # why
        self.log: str | None = None
        # recorder
        self.action = ""
