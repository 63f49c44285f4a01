"""The plan: one set of moves for all findings, audited again before anyone sees it."""

from __future__ import annotations

from envaudit.engine import clashes
from envaudit.fix.candidates import aligned
from envaudit.fix.commands import commands
from envaudit.fix.search import Search
from envaudit.matrix.levels import LEVELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.finding import Finding
    from envaudit.matrix.store import Matrix
    from envaudit.snapshot.model import Snapshot


class Plan:
    """What mends the findings.

    pins      package -> exact version to install
    remove    packages to uninstall
    commands  shell commands (or notebook lines), one copy-paste
    left      findings at degraded or worse that no package change mends
    restart   True when a notebook kernel must be restarted afterwards
    """

    __slots__ = ("commands", "left", "pins", "remove", "restart")

    def __init__(
        self, pins: dict[str, str], remove: list[str], lines: list[str], left: list[Finding], restart: bool
    ) -> None:
        self.pins, self.remove, self.commands, self.left, self.restart = pins, remove, lines, left, restart

    def to_json(self) -> dict[str, Any] | None:
        """The plan as the report document has it; None when there is nothing that a package change mends."""
        if not self.pins and not self.remove:
            return None
        return {
            "pins": self.pins,
            "remove": self.remove,
            "commands": self.commands,
            "verified": "matrix",
            "restart_kernel": self.restart,
        }


def make_plan(snapshot: Snapshot, findings: list[Finding], matrix: Matrix, installer: str) -> Plan | None:
    """The cheapest plan for `findings`, or None when none is at degraded or worse.

    Every finding that the plan mends gets its share of the pins.
    """
    wanted = [finding for finding in findings if LEVELS.index(finding.level) >= LEVELS.index("degraded")]
    if not wanted:
        return None
    search = Search(snapshot, matrix)
    best, _ = search.best()
    moves = aligned(best, search.now)
    still = _said(clashes(search.facts(moves), matrix)[0])
    if moves != best and not still <= _said(findings):
        # the companions of the other build do not fit: they stay as they are
        moves = best
        still = _said(clashes(search.facts(moves), matrix)[0])
    left = []
    for finding in wanted:
        if (finding.rule, frozenset(finding.culprits)) in still:
            left.append(finding)
            continue
        share = {name: moves[name] for option in finding.options for name in option if moves.get(name)}
        finding.pins = {name: version for name, version in share.items() if version} or None
    pins = {name: version for name, version in sorted(moves.items()) if version is not None}
    remove = sorted(name for name, version in moves.items() if version is None)
    lines = commands(pins, remove, snapshot, installer)
    return Plan(pins, remove, lines, left, bool(pins or remove) and bool(snapshot.get("kernel")))


def _said(findings: list[Finding]) -> set[tuple[str, frozenset[str]]]:
    return {(finding.rule, frozenset(finding.culprits)) for finding in findings}
