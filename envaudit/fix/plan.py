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
    from envaudit.fix.search import Moves
    from envaudit.fix.wishes import Wishes
    from envaudit.matrix.store import Matrix
    from envaudit.snapshot.model import Snapshot


class Choice:
    """Another way out.

    pins, remove  as in a Plan
    commands      as in a Plan
    majors        how many packages cross a major version
    what          what sets it apart: "without vllm"; "" for just other moves
    """

    __slots__ = ("commands", "majors", "pins", "remove", "what")

    def __init__(self, pins: dict[str, str], remove: list[str], lines: list[str], majors: int, what: str) -> None:
        self.pins, self.remove, self.commands, self.majors, self.what = pins, remove, lines, majors, what

    def to_json(self) -> dict[str, Any]:
        """The choice as the report document has it."""
        return {
            "what": self.what,
            "pins": self.pins,
            "remove": self.remove,
            "commands": self.commands,
            "cost": {"moves": len(self.pins) + len(self.remove), "majors": self.majors},
        }


class Plan:
    """What mends the findings.

    pins      package -> exact version to install
    remove    packages to uninstall
    commands  shell commands (or notebook lines), one copy-paste
    left      findings at degraded or worse that no package change mends
    restart   True when a notebook kernel must be restarted afterwards
    reasons   package -> why it moves, in a few words
    choices   other ways out, best first
    verified  "matrix": the rules are silent after it; "resolver": and a resolver found it installable
    notes     what the user has to know of how the plan came about, a line each
    impossible  rules that no set of releases mends, as a resolver has proven
    """

    __slots__ = (
        "choices", "commands", "impossible", "left", "notes", "pins", "reasons", "remove", "restart", "verified",
    )  # fmt: skip

    def __init__(
        self, pins: dict[str, str], remove: list[str], lines: list[str], left: list[Finding], restart: bool
    ) -> None:
        self.pins, self.remove, self.commands, self.left, self.restart = pins, remove, lines, left, restart
        self.reasons: dict[str, str] = {}
        self.choices: list[Choice] = []
        self.notes: list[str] = []
        self.impossible: list[str] = []
        self.verified = "matrix"

    def to_json(self) -> dict[str, Any] | None:
        """The plan as the report document has it; None when there is nothing that a package change mends."""
        if not self.pins and not self.remove and not self.choices and not self.notes:
            return None
        return {
            "pins": self.pins,
            "remove": self.remove,
            "commands": self.commands,
            "verified": self.verified if self.pins or self.remove else None,
            "restart_kernel": self.restart,
            "reasons": self.reasons,
            "choices": [choice.to_json() for choice in self.choices],
            "notes": self.notes,
            "impossible": self.impossible,
        }


def make_plan(
    snapshot: Snapshot, findings: list[Finding], matrix: Matrix, installer: str, wishes: Wishes | None = None
) -> Plan | None:
    """The cheapest plan for `findings` that the matrix knows, or None when none is at degraded or worse.

    Every finding that the plan mends gets its share of the pins.
    """
    wanted = to_mend(findings)
    if not wanted:
        return None
    search = Search(snapshot, matrix, wishes)
    moves = draft(search, findings)
    return written(search, wanted, moves, moves, {}, installer)


def to_mend(findings: list[Finding]) -> list[Finding]:
    """The findings that are worth a move."""
    return [finding for finding in findings if LEVELS.index(finding.level) >= LEVELS.index("degraded")]


def draft(search: Search, findings: list[Finding]) -> Moves:
    """The cheapest moves after which the matrix is silent, as far as it can be."""
    best, _ = search.best()
    moves = aligned(best, search.now)
    if moves != best and not _said(clashes(search.facts(moves), search.matrix)[0]) <= _said(findings):
        return best  # the companions of the other build do not fit: they stay as they are
    return moves


def written(
    search: Search, wanted: list[Finding], moves: Moves, told: Moves, via: dict[str, list[str]], installer: str
) -> Plan:
    """The plan that makes `moves`, of which `told` have to be asked for.  `via`: who requires a package afterwards."""
    still = _said(clashes(search.facts(moves), search.matrix)[0])
    left = []
    reasons: dict[str, str] = {}
    for finding in wanted:
        if (finding.rule, frozenset(finding.culprits)) in still:
            left.append(finding)
            finding.pins = None
            continue
        named = {name for option in finding.options for name in option} | set(finding.culprits)
        share = {name: told[name] for name in named if name in told}
        finding.pins = {name: version for name, version in sorted(share.items()) if version} or None
        for name in share:
            reasons.setdefault(name, finding.rule)
    for name in told:
        askers = [asker for asker in via.get(name, []) if asker in told] or via.get(name, [])
        if name not in reasons:
            reasons[name] = f"{', '.join(askers[:3])} requires it" if askers else "goes with the others"
    pins = {name: version for name, version in sorted(told.items()) if version is not None}
    remove = sorted(name for name, version in told.items() if version is None)
    lines = commands(pins, remove, search.snapshot, installer)
    plan = Plan(pins, remove, lines, left, bool(told) and bool(search.snapshot.get("kernel")))
    plan.reasons = dict(sorted(reasons.items()))
    return plan


def _said(findings: list[Finding]) -> set[tuple[str, frozenset[str]]]:
    return {(finding.rule, frozenset(finding.culprits)) for finding in findings}
