"""Manifests and targets to findings, each with the files and lines that it is about."""

from __future__ import annotations

from copy import copy

from envaudit.check import pythons
from envaudit.check.contexts import Context, bundles, contexts
from envaudit.check.ranges import asked_for, judge
from envaudit.check.refused import refused
from envaudit.check.tighten import tighten
from envaudit.check.world import build
from envaudit.engine import coverage
from envaudit.facts import Facts
from envaudit.matrix.requires import Declares
from envaudit.truth import TRUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Optional

    from envaudit.check.choices import Clause
    from envaudit.check.ranges import Memo, Outcome
    from envaudit.check.world import World
    from envaudit.finding import Finding
    from envaudit.manifest.requirement import Manifest, Place, Requirement
    from envaudit.matrix.store import Matrix
    from envaudit.targets import Target

    Memos = dict[tuple[Optional[str], str], tuple[Declares, Memo]]
    Which = tuple[str, frozenset[str]]  # rule and culprits


class Checked:
    """One finding about files.

    finding     in words, for the newest choice of versions that fires
    stated      the requirements that it is about, in the order of files and lines
    today       whether the newest versions that go together fire: what an installer takes today, as far as is known
    sure        the same, where nothing but the versions must be so for it to fail
    world       what would be installed, for the newest Python of those with which it fires
    clauses     those that say it
    tighten     {package: specifier} that leaves nothing which fires; {} where no single requirement does it
    targets     names of the targets on which it fires; [] where none is given
    """

    __slots__ = ("clauses", "finding", "stated", "sure", "targets", "tighten", "today", "world")

    def __init__(self, finding: Finding, stated: list[Requirement], world: World, clauses: list[Clause]) -> None:
        self.finding, self.stated, self.world, self.clauses = finding, stated, world, clauses
        self.today = self.sure = False
        self.tighten: dict[str, str] = {}
        self.targets: list[str] = []

    @property
    def where(self) -> list[Place]:
        """Where they stand."""
        return [requirement.place for requirement in self.stated]

    @property
    def rule(self) -> str:
        """Id of its rule."""
        return self.finding.rule

    @property
    def definite(self) -> bool:
        """Whether every choice of versions fires."""
        return self.finding.certainty == "definite"

    def which(self) -> Which:
        """What makes two of them one."""
        return self.finding.rule, frozenset(self.finding.culprits)


class Checks:
    """Everything that is said of the files.

    findings  worst first, definite before possible, what an installer takes today before what it only might
    notes     (path, line or None, sentence): what could not be read, or cannot be installed
    coverage  pinned packages that are newer than the matrix knows
    installs  the ways of installing the files: what is installed together, on which target, and what that puts there
              for each Python
    """

    __slots__ = ("coverage", "findings", "installs", "notes")

    def __init__(self) -> None:
        self.findings: list[Checked] = []
        self.notes: list[tuple[str, int | None, str]] = []
        self.coverage: list[dict[str, Any]] = []
        self.installs: list[tuple[Context, Target | None, list[World]]] = []


def check(
    manifests: list[Manifest], hosts: Callable[[Context], list[Target]], matrix: Matrix, together: bool = False
) -> Checks:
    """What the matrix says of `manifests`, on each of the targets that `hosts` has for them."""
    result = Checks()
    for manifest in manifests:
        result.notes += [(manifest.path, line, text) for line, text in manifest.notes]
    found: dict[tuple[Which, frozenset[str]], Checked] = {}
    memos: Memos = {}
    for bundle in bundles(manifests, together):
        for part in [bundle] if together else _compatible(bundle, matrix):
            for context in contexts(part):
                on: list[Target | None] = [*hosts(context)]
                for target in on or [None]:
                    for checked in _on(context, target, matrix, result, memos):
                        _add(found, checked, target.name if target else None)
    result.findings = sorted(found.values(), key=lambda one: (*one.finding.rank()[:1], not one.definite, not one.today))
    result.notes = list(dict.fromkeys(result.notes))
    return result


def _add(found: dict[tuple[Which, frozenset[str]], Checked], new: Checked, target: str | None) -> None:
    """Keep `new`, or what it says more than the same finding of another context or target."""
    which = new.which(), frozenset(place.path for place in new.where)
    held = found.get(which)
    if held is None or (new.definite, new.today) > (held.definite, held.today):
        new.targets = held.targets if held else []
        found[which] = new
    if target and target not in found[which].targets:
        found[which].targets.append(target)


def _compatible(bundle: list[Manifest], matrix: Matrix) -> list[list[Manifest]]:
    """Files of one folder that exclude each other are alternatives: each is judged by itself."""
    if len(bundle) > 1:
        base = next(contexts(bundle))
        if all(world.conflicts for world, _ in _worlds(base, None, matrix)):
            return [[manifest] for manifest in bundle]
    return [bundle]


def _worlds(context: Context, target: Target | None, matrix: Matrix) -> list[tuple[World, str]]:
    snapshot = target.snapshot if target else None
    made = []
    for python in pythons.fitting(context.pythons, snapshot):
        holds = pythons.markers(python, snapshot)
        applying = [one for one in context.requirements if not one.marker or holds(one.marker)]
        made.append(
            (build(applying, snapshot, python, matrix, complete=context.complete, indexes=context.indexes), python)
        )
    return made


def _on(context: Context, target: Target | None, matrix: Matrix, result: Checks, memos: Memos) -> list[Checked]:
    """The findings of one way of installing on one target."""
    worlds = _worlds(context, target, matrix)
    if not worlds:
        for manifest in context.manifests:
            if manifest.python:
                said = f"no Python from {pythons.SERIES[0]} to {pythons.SERIES[-1]} is {manifest.python}"
                result.notes.append((manifest.path, None, said))
        return []
    least = min(world.refused for world, _ in worlds)
    worlds = [pair for pair in worlds if pair[0].refused == least]
    stated = bool(context.pythons or (target and target.snapshot.get("python")))
    none = refused(*worlds[-1], matrix, context.indexes) if least and stated else {}
    if least:
        _refused(worlds[-1], result, set(none))
    result.installs.append((context, target, [world for world, _ in worlds]))
    newest = worlds[-1][0]
    newer = [row for row in coverage(Facts(newest.snapshot, matrix.table), matrix) if asked_for(newest, row["package"])]
    result.coverage += [row for row in newer if row not in result.coverage]
    by_which: dict[Which, list[tuple[Outcome, World]]] = {}
    for world, python in worlds:
        which = target.name if target else None, python
        if which not in memos:
            memos[which] = Declares(matrix, pythons.environment(python, target.snapshot if target else None)), {}
        for outcome in judge(world, matrix, *memos[which]):
            fired = outcome.finding.rule, frozenset(outcome.finding.culprits)
            by_which.setdefault(fired, []).append((outcome, world))
    merged = [_merged(said, len(worlds), worlds[-1][1]) for said in by_which.values()]
    # what would clash with a package that is not installed at all can wait
    merged = [one for one in merged if not any(stated.name in none for stated in one.stated)]
    return [_of(newest, name, *found) for name, found in none.items()] + merged


def _of(world: World, name: str, finding: Finding, clause: Clause) -> Checked:
    checked = Checked(finding, asked_for(world, name), world, [clause])
    checked.today = checked.sure = True
    return checked


def _merged(said: list[tuple[Outcome, World]], count: int, python: str) -> Checked:
    """What is said of several of `count` Pythons, the newest of them `python`, as one."""
    latest, world = said[-1]
    outcome = next((other for other, _ in reversed(said) if other.today), latest)
    finding = copy(outcome.finding)
    if len(said) < count or any(other.finding.certainty != "definite" for other, _ in said):
        finding.certainty = "possible"
    names = list(dict.fromkeys(name for other, _ in said for name in other.names))
    stated: list[Requirement] = [one for name in names for one in asked_for(world, name)]
    stated += [one for name in finding.culprits if name in world.unknown for one in world.unknown[name]]
    places = {(one.place.path, one.place.line, one.name): one for one in stated}
    clauses = [clause for other, _ in said for clause in other.clauses]
    checked = Checked(finding, [places[which] for which in sorted(places)], world, clauses)
    # an installer of today has the newest Python that the files are for
    newest = latest if world.snapshot.get("python") == python else None
    checked.today, checked.sure = bool(newest and newest.today), bool(newest and newest.today == TRUE)
    if finding.certainty == "possible" and not any(other.cut for other, _ in said):
        bad: dict[str, set[str]] = {}
        for other, _ in said:
            for name, which in other.bad.items():
                bad.setdefault(name, set()).update(which)
        preferred = [name for option in finding.options for name in option if name in names]
        ordered = list(dict.fromkeys([*preferred, *names]))
        checked.tighten = tighten(ordered, world.parts, bad, clauses, latest.newest, checked.today)
    return checked


def _refused(made: tuple[World, str], result: Checks, told: set[str]) -> None:
    """Say what an installer will refuse; `told` are packages of which a finding says it."""
    world, python = made
    for asked in world.conflicts:
        first = asked[0]
        said = " and ".join(dict.fromkeys(f"{one.specifier or 'any'} ({_at(one.place)})" for one in asked))
        result.notes.append((first.place.path, first.place.line, f"no version of {first.name} is {said}"))
    for name, version in world.homeless:
        if name in told:
            continue
        for place in _places(asked_for(world, name)):
            release = " ".join(filter(None, (name, version)))
            said = f"{release} has no release for Python {python}, as far as the release lists know"
            result.notes.append((place.path, place.line, said))


def _places(asked: Iterable[Requirement]) -> list[Place]:
    return [one.place for one in asked]


def _at(place: Place) -> str:
    return f"{place.path}:{place.line}"
