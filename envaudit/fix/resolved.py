"""The plan that a real resolver has confirmed, with the other ways out."""

from __future__ import annotations

import time

from envaudit import versions
from envaudit.fix.commands import commands
from envaudit.fix.confirm import Confirmer, Outcome
from envaudit.fix.plan import Choice, draft, to_mend, written
from envaudit.fix.resolve.interface import Broken, Late, Unreachable
from envaudit.fix.search import Search
from envaudit.fix.world import machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from envaudit.finding import Finding
    from envaudit.fix.plan import Plan
    from envaudit.fix.resolve.interface import Resolver
    from envaudit.fix.search import Moves
    from envaudit.fix.wishes import Wishes
    from envaudit.matrix.store import Matrix
    from envaudit.snapshot.model import Snapshot

MOST_CHOICES = 3
FOR_A_CHOICE = 6  # questions to the resolver about one other way out
ROUNDS = 8  # parts that cannot be mended are set aside one by one


def make_resolved_plan(
    snapshot: Snapshot,
    findings: list[Finding],
    matrix: Matrix,
    *,
    installer: str,
    wishes: Wishes,
    resolver: Callable[[], Resolver],
    live: bool,
    seconds: float,
    tell: Callable[[str], None],
) -> Plan | None:
    """As make_plan, but every version was found by a resolver, within `seconds`; where none can be asked, the plan of
    the matrix with a note that says so.  `live`: the snapshot is of an interpreter on this machine."""
    wanted = to_mend(findings)
    if not wanted:
        return None
    search = Search(snapshot, matrix, wishes)
    moves = draft(search, findings)
    if not moves:
        return written(search, wanted, moves, moves, {}, installer)
    where = machine(search.now, live)
    if where is None:
        plan = written(search, wanted, moves, moves, {}, installer)
        plan.notes.append("which Python it is is not known: the plan is checked against the matrix only")
        return plan
    deadline = time.monotonic() + seconds
    try:
        confirmer = Confirmer(search, resolver(), where, deadline, tell)
        return _Resolved(search, findings, wanted, confirmer, installer).plan(moves)
    except Unreachable as error:
        note = f"the package index cannot be asked ({error})"
    except Late:
        note = f"the resolver did not answer in {seconds:g} s (--timeout)"
    except Broken as error:
        note = f"nothing was resolved: {error}"
    search.hopeless.clear()
    moves = draft(search, findings)
    plan = written(search, wanted, moves, moves, {}, installer)
    plan.notes.append(f"{note}: the plan is checked against the matrix only")
    return plan


class _Resolved:
    def __init__(
        self, search: Search, findings: list[Finding], wanted: list[Finding], confirmer: Confirmer, installer: str
    ) -> None:
        self._search, self._findings, self._wanted = search, findings, wanted
        self._confirmer, self._installer = confirmer, installer
        self._notes: list[str] = []
        self._impossible: list[str] = []
        self._ways_without: list[Choice] = []

    def plan(self, moves: Moves) -> Plan:
        for _ in range(ROUNDS):
            if not moves:
                break
            outcome = self._confirmer.confirm(moves, self._culprits())
            if outcome.kind == "resolved":
                return self._confirmed(outcome)
            self._set_aside(outcome)
            moves = draft(self._search, self._findings)
        plan = written(self._search, self._wanted, {}, {}, {}, self._installer)
        plan.notes, plan.choices, plan.impossible = self._notes, self._ways_without, self._impossible
        return plan

    def _culprits(self) -> set[str]:
        """The packages of what is to be mended."""
        clauses = [
            clause for clause in self._search.fired_now if self._search.which(clause) not in self._search.hopeless
        ]
        return {name for clause in clauses for name in self._search.which(clause)[1]}

    def _confirmed(self, outcome: Outcome) -> Plan:
        ways = [("", outcome), *self._other_ways(outcome)]
        ways.sort(key=lambda way: self._search.cost(way[1].told))
        best = ways[0][1]
        plan = written(self._search, self._wanted, best.moves, best.told, best.via, self._installer)
        plan.notes, plan.impossible = self._notes, self._impossible
        there, said = self._confirmer.builds(best.told)
        plan.verified = "resolver" if there else "matrix"
        if said:
            plan.notes.append(said)
        if best.held:
            plan.notes.append(f"no index has a wheel of {', '.join(best.held)}: not checked further")
        if best.narrowed:
            plan.notes.append("many packages of the report are on no index: only those that clash were resolved")
        others = [self._choice(way, what) for what, way in ways[1:]]
        plan.choices = [*self._ways_without, *others][:MOST_CHOICES]
        return plan

    def _other_ways(self, taken: Outcome) -> list[tuple[str, Outcome]]:
        """What else mends as much when a package that `taken` moves stays."""
        search = self._search
        found: list[tuple[str, Outcome]] = []
        seen = [taken.told]
        left = {search.which(clause) for clause in search.still(taken.moves)}
        for name in sorted(taken.told, key=lambda name: (not search.wishes.holds_back(name), name)):
            if name not in search.now.packages or len(found) == MOST_CHOICES:
                continue
            other = Search(search.snapshot, search.matrix, search.wishes.keeping(name))
            other.hopeless |= search.hopeless
            moves = draft(other, self._findings)
            if not {other.which(clause) for clause in search.still(moves)} <= left:
                continue
            try:
                outcome = self._confirmer.of(other).confirm(moves, self._culprits(), FOR_A_CHOICE)
            except (Late, Unreachable, Broken):
                break
            if outcome.kind == "resolved" and outcome.told not in seen:
                seen.append(outcome.told)
                found.append((f"keeping {name} {search.now.packages[name]}", outcome))
        return found

    def _set_aside(self, outcome: Outcome) -> None:
        """Say that a part of the findings cannot be mended, and what could be given up instead."""
        search = self._search
        worst = search.worst(search.fired_now)
        if worst is None:
            return
        rule, packages = search.which(worst)
        names = ", ".join(sorted(packages))
        if outcome.kind == "impossible":
            self._impossible.append(rule)
            self._notes.append(f"no releases of {names} go together here [{rule}]: {outcome.reason}")
        else:
            self._notes.append(f"no releases of {names} that go together were found [{rule}]: {outcome.reason}")
        search.hopeless.add((rule, packages))
        for name in sorted(
            packages & set(search.now.packages), key=lambda name: (search.wishes.holds_back(name), name)
        ):
            moves = search.without(name)
            if moves is None or name in search.wishes.keep:
                continue
            try:
                found = self._confirmer.confirm(moves, set(), FOR_A_CHOICE)
            except (Late, Unreachable, Broken):
                return
            if found.kind == "resolved":
                self._ways_without.append(self._choice(found, f"without {name}"))

    def _choice(self, outcome: Outcome, what: str) -> Choice:
        pins = {name: version for name, version in sorted(outcome.told.items()) if version is not None}
        remove = sorted(name for name, version in outcome.told.items() if version is None)
        lines = commands(pins, remove, self._search.snapshot, self._installer)
        return Choice(pins, remove, lines, majors(pins, self._search.now.packages), what)


def majors(pins: dict[str, str], now: dict[str, str]) -> int:
    """How many of `pins` are of another major version than is installed."""
    count = 0
    for name, version in pins.items():
        here, there = versions.key(now.get(name, "")), versions.key(version)
        count += bool(here and there and here[1][0] != there[1][0])
    return count
