"""The report: `envaudit.report/1`, and how one comes about from a snapshot and the matrix."""

from __future__ import annotations

from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.matrix.levels import LEVELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

    from envaudit.finding import Audit, Finding
    from envaudit.fix.plan import Plan
    from envaudit.fix.wishes import Wishes
    from envaudit.matrix.store import Matrix
    from envaudit.options import Options
    from envaudit.snapshot.model import Snapshot

SCHEMA = "envaudit.report/1"


class Report:
    """An audited snapshot with its findings and the plan that mends them (None where there is nothing to mend)."""

    __slots__ = ("audit", "plan", "snapshot")

    def __init__(self, snapshot: Snapshot, audit: Audit, plan: Plan | None) -> None:
        self.snapshot, self.audit, self.plan = snapshot, audit, plan

    def verdict(self) -> str:
        """The worst level found, "ok", or "unknown" when nothing could be checked."""
        if self.audit.findings:
            return self.audit.findings[0].level
        known = self.snapshot.get("packages") or self.snapshot.get("gpus") or self.snapshot.get("driver")
        return "ok" if known else "unknown"

    def fails(self, level: str) -> bool:
        """Whether a finding is at `level` or worse."""
        return any(LEVELS.index(finding.level) >= LEVELS.index(level) for finding in self.audit.findings)

    def to_json(self) -> dict[str, Any]:
        """The report document."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict(),
            "snapshot": self.snapshot,
            "findings": [finding.to_json() for finding in self.audit.findings],
            "fix": self.plan.to_json() if self.plan else None,
            "unchecked": self.audit.unchecked,
            "coverage": self.audit.coverage,
        }


def audit(snapshot: Snapshot, matrix: Matrix, options: Options) -> Report:
    """Evaluate `snapshot` and plan the mending; with `--fix` a resolver confirms the plan."""
    found = evaluate(Facts(snapshot, matrix.table), matrix)
    plan = None
    if found.findings:
        from envaudit.fix.wishes import Wishes

        wishes = Wishes(options.keep, options.allow, options.direction)
        if options.fix and options.resolver != "none":
            plan = _resolved(snapshot, found.findings, matrix, options, wishes)
        else:
            from envaudit.fix.plan import make_plan

            plan = make_plan(snapshot, found.findings, matrix, options.installer, wishes)
    return Report(snapshot, found, plan)


def _resolved(
    snapshot: Snapshot, findings: list[Finding], matrix: Matrix, options: Options, wishes: Wishes
) -> Plan | None:
    from envaudit.fix.resolve.find import find
    from envaudit.fix.resolved import make_resolved_plan
    from envaudit.report.progress import status

    live = options.snapshot is None
    interpreter: Any = snapshot.get("interpreter") or {}
    with status("looking for versions that go together") as tell:
        return make_resolved_plan(
            snapshot,
            findings,
            matrix,
            installer=options.installer,
            wishes=wishes,
            resolver=lambda: find(options.resolver, interpreter.get("path") if live else None),
            live=live,
            seconds=options.timeout,
            tell=tell,
        )


def dump(document: dict[str, Any], out: TextIO) -> None:
    """Write a JSON document, readable by people and in any terminal's encoding."""
    import json

    json.dump(document, out, indent=1)
    out.write("\n")
