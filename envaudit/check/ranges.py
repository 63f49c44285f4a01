"""Rules over sets of versions: which choices of versions fire, all or some, and what would leave none that do.

The clauses of one rule about the same packages are judged together, over every combination of the versions that these
packages may get.  Versions that no condition tells apart stand for each other, so that a rule over a table of sixty
releases needs some hundreds of looks, not thousands.
"""

from __future__ import annotations

from envaudit import versions
from envaudit.check.choices import Choices
from envaudit.conditions import holds, packages_in
from envaudit.engine import culprits_of, written
from envaudit.facts import MACHINE_VERSIONS, Facts
from envaudit.matrix.store import ALWAYS
from envaudit.truth import FALSE, SOME, TRUE, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from envaudit.check.choices import Clause
    from envaudit.check.world import World
    from envaudit.finding import Finding
    from envaudit.manifest.requirement import Requirement
    from envaudit.matrix.requires import Declares
    from envaudit.matrix.store import Matrix
    from envaudit.versions import Key

    Memo = dict[tuple[Any, ...], Optional["Outcome"]]


MOST_LOOKS = 20_000  # for the clauses of one rule about the same packages


class Outcome:
    """What one rule says of one set of packages in one world.

    finding   in words, for the choice that an installer makes today if that fires, else for the newest that does
    clauses   those of the rule that are about these packages
    names     the packages that may have more than one version, and those that requirements name
    newest    what an installer takes today (the newest that goes together), package to version
    today     TRUE or SOME where that fires; SOME also where the rule itself is only possible
    bad       package -> the versions with which some choice fires
    cut       True when there were too many choices to look at them all
    """

    __slots__ = ("bad", "clauses", "cut", "finding", "names", "newest", "today")

    def __init__(
        self,
        finding: Finding,
        clauses: list[Clause],
        names: list[str],
        newest: dict[str, str],
        today: int,
        bad: dict[str, set[str]],
        cut: bool,
    ) -> None:
        self.finding, self.clauses, self.names = finding, clauses, names
        self.newest, self.today, self.bad, self.cut = newest, today, bad, cut


def judge(world: World, matrix: Matrix, declares: Declares | None, memo: Memo | None = None) -> list[Outcome]:
    """What the rules say of a world, without those that a more particular one makes superfluous.

    `memo` keeps what was found, for worlds of the same target and Python that differ in other packages.
    """
    found = outcomes(world, matrix, declares, {} if memo is None else memo)
    certain = [one.finding for one in found if one.finding.certainty == "definite"]
    silent = {rule for finding in certain for rule in finding.supersedes}
    silent |= {
        rule
        for one in found
        for rule in one.finding.supersedes
        if all(other.finding.certainty != "definite" for other in found if other.finding.rule == rule)
    }
    return [one for one in found if one.finding.rule not in silent]


def outcomes(world: World, matrix: Matrix, declares: Declares | None, memo: Memo) -> list[Outcome]:
    """Every rule that some choice of versions fires, of those that speak of a package that a requirement names."""
    facts = Facts(world.snapshot, matrix.table)
    found = []
    for clauses in _groups(world, matrix, facts):
        which = _which(clauses, world, facts)
        if which not in memo:
            memo[which] = _Group(clauses, world, facts, declares).outcome(matrix)
        outcome = memo[which]
        if outcome is not None:
            found.append(outcome)
    return found


def _which(clauses: list[Clause], world: World, facts: Facts) -> tuple[Any, ...]:
    """All of a world that bears on what these clauses say of it, for one target and Python."""
    names = sorted(set().union(*(packages_in(clause["c"]) for clause in clauses)))
    parts = tuple(_state(name, world, facts) for name in names)
    snapshot = world.snapshot
    builds = repr(snapshot.get("builds")), repr(snapshot.get("installers"))
    return tuple(map(id, clauses)), parts, facts.complete, snapshot.get("packages_tagged"), builds


def _state(name: str, world: World, facts: Facts) -> tuple[Any, ...]:
    part = world.parts.get(name)
    if part is None:
        return name, facts.installed(name), facts.packages.get(name), name in world.unknown
    return name, tuple(part.known), part.kept, bool(part.stated), repr(part.allowed)


def _groups(world: World, matrix: Matrix, facts: Facts) -> list[list[Clause]]:
    """The clauses that could hold, those of one rule about the same parts together."""
    stated = [*world.unknown, *(name for name, part in world.parts.items() if part.stated)]
    places = dict.fromkeys(place for name in stated for place in matrix.places(name))
    there = [place for place in places if place == ALWAYS or facts.installed(place) != FALSE]
    every = matrix.clauses(there, lambda name: None, facts.lacking())
    groups: dict[tuple[str, frozenset[str]], list[Clause]] = {}
    for clause in every:
        if not all(_possible(condition, world, facts) for condition in clause["c"]):
            continue
        if _concerns(clause, world):
            groups.setdefault((clause["r"], frozenset(culprits_of(clause["c"]))), []).append(clause)
    return list(groups.values())


def _concerns(clause: Clause, world: World) -> bool:
    """Whether a clause is about something that the requirements bring, and not about what the target had anyway."""
    names = packages_in(clause["c"])
    asked = [name for name in names if asked_for(world, name)]
    if not asked:
        return False
    moved = any(name in world.unknown or world.parts[name].kept is None for name in asked)
    return moved or not names.issuperset(culprits_of(clause["c"]))


def asked_for(world: World, name: str) -> list[Requirement]:
    """The requirements that name a package; [] for what only the target has."""
    part = world.parts.get(name)
    return part.stated if part is not None else world.unknown.get(name, [])


def _possible(condition: list[Any], world: World, facts: Facts) -> bool:
    """False where a condition on one version holds for no choice, or is about a package that nothing names."""
    if condition[0] != "version":
        return True
    name, allowed = condition[1], condition[2]
    if name in MACHINE_VERSIONS:
        return facts.version(name, allowed) > UNKNOWN
    part = world.parts.get(name)
    if part is None:
        return facts.version(name, allowed) > UNKNOWN
    return not versions.is_disjoint(part.allowed, allowed)


class _Group:
    """The clauses of one rule about one set of packages."""

    def __init__(self, clauses: list[Clause], world: World, facts: Facts, declares: Declares | None) -> None:
        self.clauses, self.world, self.facts = clauses, world, facts
        spoken: set[str] = set().union(*(packages_in(clause["c"]) for clause in clauses))
        # what an installer decides first comes first: what the last command asks for, in the order of the files, then
        # what earlier ones did, then what is there
        self.names = [name for name in world.parts if name in spoken]
        self.names.sort(key=lambda name: -max((one.step for one in world.parts[name].stated), default=-1))
        self.choices = Choices(self.names, clauses, world, facts, declares)
        self.any = FALSE
        self.all = TRUE
        self.newest: dict[str, str] | None = None
        self.today = FALSE
        self.likely = False
        self.shown: tuple[int, dict[str, str], Clause] | None = None
        self.bad: dict[str, set[str]] = {name: set() for name in self.names}
        self.looks = 0

    def outcome(self, matrix: Matrix) -> Outcome | None:
        """None where no choice fires."""
        held = dict(self.facts.packages)
        unversioned = set(self.facts.unversioned)
        self.facts.unversioned -= set(self.names)
        try:
            self._walk(0, {}, self.clauses)
            if self.newest is None:
                # the releases exclude each other by what they declare: an installer would refuse, and who forces them
                # is told what the rules say
                self.choices.force()
                self._walk(0, {}, self.clauses)
            return self._written(matrix)
        finally:
            self.facts.packages.clear()
            self.facts.packages.update(held)
            self.facts.unversioned = unversioned

    def _walk(self, at: int, chosen: dict[str, str], clauses: list[Clause]) -> None:
        self.looks += 1
        if self.looks > MOST_LOOKS or (not clauses and self.all == FALSE and self.likely):
            return
        if at == len(self.names):
            if self.choices.possible(chosen):
                self._look(chosen, clauses)
            return
        name = self.names[at]
        for version in self.choices.of(name):
            key = versions.key(version)
            assert key is not None
            self.facts.packages[name] = version
            left = [clause for clause in clauses if _speaks(clause, name, key)]
            self._walk(at + 1, {**chosen, name: version}, left)

    def _look(self, chosen: dict[str, str], clauses: list[Clause]) -> None:
        value, best = FALSE, None
        for clause in clauses:
            held = min(holds(condition, self.facts, set()) for condition in clause["c"])
            if held > value:
                value, best = held, clause
        if value == TRUE and self.choices.unsure(chosen):
            value = SOME
        if value <= UNKNOWN:
            value = FALSE
        if self.choices.beyond(chosen):
            # what is not listed yet is no known release, but it may be what an installer takes today
            if value == FALSE and not self.likely and self.choices.likely(chosen):
                self.newest, self.today, self.likely = dict(chosen), FALSE, True
            return
        if self.newest is None or (not self.likely and self.choices.likely(chosen)):
            self.newest, self.today = dict(chosen), value
            self.likely = self.choices.likely(chosen)
            if value != FALSE:
                self.shown = None  # what an installer takes today is the example
        self.all, self.any = min(self.all, value), max(self.any, value)
        if value == FALSE:
            return
        for name, version in chosen.items():
            self.bad[name].add(version)
        if self.shown is None or (value > self.shown[0] and not self.today):
            assert best is not None
            self.shown = value, dict(chosen), best

    def _written(self, matrix: Matrix) -> Outcome | None:
        if self.shown is None:
            return None
        value, chosen, clause = self.shown
        cut = self.looks > MOST_LOOKS
        self.facts.packages.update(chosen)
        certain = TRUE if self.all == TRUE and not cut else SOME
        finding = next(written(matrix.card(clause["r"]), clause, min(value, certain), self.facts), None)
        if finding is None:
            return None
        bad = {name: {v for rep in reps for v in self.choices.like(name, rep)} for name, reps in self.bad.items()}
        today = self.today if matrix.card(clause["r"])["certainty"] == "definite" else min(self.today, SOME)
        return Outcome(finding, self.clauses, self.names, self.newest or {}, today, bad, cut)


def _speaks(clause: Clause, name: str, key: Key) -> bool:
    return all(
        condition[0] != "version" or condition[1] != name or versions.contains(condition[2], key)
        for condition in clause["c"]
    )
