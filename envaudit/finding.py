"""What the engine found: findings, and what could not be checked."""

from __future__ import annotations

from envaudit.matrix.levels import LEVELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Finding:
    """One rule that fires in one environment.

    rule       stable id
    level      crash, error, degraded or notice
    certainty  definite, or possible (some of the possible versions, or an assumption)
    title      one line: what does not go together
    culprits   package names, or driver, gpu, cuda-toolkit, cudnn, python, libc, cpu, memory, shm, env:NAME
    symptom    the exact error text the user would see
    why        the cause in plain words
    sources    where it is written
    proof      reproduced, documented or reported
    note       what helps where no package change does
    options    ways out, best first: mappings from package to the versions it may move to ("absent" takes it away)
    pins       the planner's choice for this finding alone, or None
    """

    __slots__ = (
        "certainty", "culprits", "level", "note", "options", "pins", "proof", "rule", "sources", "supersedes",
        "symptom", "title", "why",
    )  # fmt: skip

    def __init__(
        self, card: dict[str, Any], certainty: str, culprits: list[str], options: list[dict[str, str]]
    ) -> None:
        self.rule: str = card["id"]
        self.level: str = card["level"]
        self.certainty = certainty
        self.culprits = culprits
        self.title: str = card["title"]
        self.symptom: str = card["symptom"]
        self.why: str = card["why"]
        self.note: str | None = card["note"]
        self.sources: list[str] = card["sources"]
        self.proof: str = card["proof"]
        self.supersedes: list[str] = card["supersedes"]
        self.options = options
        self.pins: dict[str, str] | None = None

    def rank(self) -> tuple[int, bool, str]:
        """Sort key: worst first, definite before possible."""
        return -LEVELS.index(self.level), self.certainty != "definite", self.rule

    def to_json(self) -> dict[str, Any]:
        """The finding as the report document has it."""
        fix = {"pins": self.pins, "note": self.note} if self.pins or self.note else None
        return {
            "rule": self.rule,
            "level": self.level,
            "certainty": self.certainty,
            "title": self.title,
            "culprits": self.culprits,
            "symptom": self.symptom,
            "why": self.why,
            "sources": self.sources,
            "proof": self.proof,
            "fix": fix,
        }


class Audit:
    """Everything that one evaluation says of one environment.

    findings   worst first
    unchecked  what could not be checked and why: {"what", "because"}
    coverage   packages newer than the tables know: {"package", "version", "known", "newest_known"}
    """

    __slots__ = ("coverage", "findings", "unchecked")

    def __init__(
        self, findings: list[Finding], unchecked: list[dict[str, str]], coverage: list[dict[str, Any]]
    ) -> None:
        self.findings = findings
        self.unchecked = unchecked
        self.coverage = coverage
