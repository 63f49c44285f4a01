"""A possible cause of a death, with what speaks for it and against it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HIGH, MEDIUM = 30, 18  # points from which a cause is sure, or likely
LEAST = 8  # points below which nothing is claimed


class Cause:
    """One possible cause.

    points    how much speaks for it; see HIGH, MEDIUM and LEAST
    evidence  facts that speak for it, the strongest first; `against` those that do not fit
    culprits  as in findings; `next` what to do, most useful first
    rules     ids of the matrix's rules that foretold it
    """

    __slots__ = ("against", "cause", "culprits", "evidence", "family", "next", "points", "rules", "title")

    def __init__(self, family: str, cause: str, points: int, evidence: list[str]) -> None:
        self.family, self.cause, self.points = family, cause, points
        self.evidence = evidence
        self.title = ""
        self.against: list[str] = []
        self.culprits: list[str] = []
        self.next: list[str] = []
        self.rules: list[str] = []

    def confidence(self) -> str:
        """high, medium or low."""
        return "high" if self.points >= HIGH else "medium" if self.points >= MEDIUM else "low"

    def to_json(self) -> dict[str, Any]:
        """The cause as the why report has it."""
        return {
            "family": self.family,
            "cause": self.cause,
            "title": self.title,
            "confidence": self.confidence(),
            "evidence": self.evidence,
            "against": self.against,
            "culprits": self.culprits,
            "rules": self.rules,
            "next": self.next,
        }


def add(causes: list[Cause], new: Cause) -> None:
    """Put `new` into `causes`, joined with the same cause where it is there already."""
    for held in causes:
        if (held.family, held.cause) == (new.family, new.cause):
            stronger = new.points > held.points
            held.points = max(held.points, new.points) + 2
            both = (new, held) if stronger else (held, new)
            for name in ("evidence", "against", "culprits", "next", "rules"):
                setattr(held, name, list(dict.fromkeys(item for part in both for item in getattr(part, name))))
            return
    causes.append(new)
