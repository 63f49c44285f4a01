"""The changes to requirement files after which nothing fires any more."""

from __future__ import annotations

from envaudit import versions
from envaudit.check.ranges import asked_for
from envaudit.check.tighten import narrowed
from envaudit.check.world import pinned
from envaudit.fix.candidates import TORCH_INDEX, is_index_build
from envaudit.fix.ways import pieces
from envaudit.manifest.requirement import Requirement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Optional

    from envaudit.check.audit import Checked, Checks
    from envaudit.check.world import World
    from envaudit.finding import Finding
    from envaudit.fix.plan import Plan
    from envaudit.fix.resolve.interface import Resolver
    from envaudit.fix.wishes import Wishes
    from envaudit.manifest.requirement import Manifest, Place
    from envaudit.matrix.store import Matrix
    from envaudit.snapshot.model import Snapshot

    Planner = Callable[[Snapshot, list[Finding], Wishes], Optional[Plan]]

ROUNDS = 6  # of changes: what one brings in the next may mend


class Change:
    """One requirement that gets another specifier.

    name       the package
    place      where it stands
    was        its specifier before
    specifier  its specifier afterwards
    """

    __slots__ = ("name", "place", "specifier", "was")

    def __init__(self, name: str, place: Place, was: str, specifier: str) -> None:
        self.name, self.place, self.was, self.specifier = name, place, was, specifier


class Mended:
    """What mends the files.

    changes   requirement by requirement
    files     the manifests with the changes
    notes     what the user has to do, or to know
    left      findings that no change of a requirement mends
    verified  "matrix", "resolver" where a resolver found versions for the changed files too, or None for no changes
    """

    __slots__ = ("changes", "files", "left", "notes", "verified")

    def __init__(self, changes: list[Change], files: list[Manifest], notes: list[str], left: list[Checked]) -> None:
        self.changes, self.files, self.notes, self.left = changes, files, notes, left
        self.verified: str | None = "matrix" if changes else None

    def pins(self) -> dict[str, str]:
        """The packages that are pinned afterwards, and to which version."""
        return {one.name: pin for one in self.changes if (pin := pinned(one.specifier))}

    def commands(self) -> list[str]:
        """What to type to make the changes."""
        from envaudit.fix.commands import quote

        paths = dict.fromkeys(one.place.path for one in self.changes)
        return [f"envaudit check --fix {' '.join(map(quote, paths))}"] if paths else []


def mend(
    manifests: list[Manifest],
    first: Checks,
    wanted: Callable[[Checks], list[Checked]],
    again: Callable[[list[Manifest]], Checks],
    plan: Planner,
) -> Mended:
    """The changes to `manifests` after which `wanted` finds nothing; `again` audits the changed ones, and `plan` finds
    versions for a world where no tighter requirement does it."""
    changed: dict[tuple[str, int, str], Change] = {}
    notes: dict[str, None] = {}
    now, checks = manifests, first
    left = wanted(checks)
    tried: set[tuple[str, frozenset[str], str]] = set()
    for _ in range(ROUNDS):
        made = _round(left, plan, notes, tried)
        if not made:
            break
        for one in made:
            _keep(changed, one)
        now = [_with(manifest, made) for manifest in now]
        checks = again(now)
        left = wanted(checks)
        if not left:
            break
    return Mended([one for one in changed.values() if one.specifier != one.was], now, list(notes), left)


def _keep(changed: dict[tuple[str, int, str], Change], one: Change) -> None:
    which = one.place.path, one.place.line, one.name
    if which in changed:
        changed[which].specifier = one.specifier
    else:
        changed[which] = one


def _with(manifest: Manifest, made: list[Change]) -> Manifest:
    """`manifest` with the changed specifiers."""
    from copy import copy

    new = {(one.place.path, one.place.line, one.name): one.specifier for one in made}
    result = copy(manifest)
    result.requirements = []
    for requirement in manifest.requirements:
        specifier = new.get((requirement.place.path, requirement.place.line, requirement.name))
        if specifier is not None:
            requirement = copy(requirement)  # noqa: PLW2901
            requirement.specifier = specifier
        result.requirements.append(requirement)
    return result


def _round(
    left: list[Checked], plan: Planner, notes: dict[str, None], tried: set[tuple[str, frozenset[str], str]]
) -> list[Change]:
    """Changes for the findings that are left: tighter requirements where they do, else other versions."""
    made: list[Change] = []
    touched: set[str] = set()
    for checked in left:
        for name, specifier in checked.tighten.items():
            if name not in touched and (*checked.which(), specifier) not in tried:
                tried.add((*checked.which(), specifier))
                stated = asked_for(checked.world, name)
                region = ",".join(_added([one.specifier for one in stated], specifier))
                made += _bounded(name, stated, region, notes)
                touched.add(name)
    if made:
        return made
    for world, findings in _by_world(left).items():
        which = (*findings[0].which(), "")
        if which not in tried:
            tried.add(which)
            made += _moved(world, findings, plan, notes)
    return made


def _by_world(left: list[Checked]) -> dict[World, list[Checked]]:
    worlds: dict[World, list[Checked]] = {}
    for checked in left:
        worlds.setdefault(checked.world, []).append(checked)
    return worlds


def _added(stated: list[str], tighter: str) -> list[str]:
    """The clauses of `tighter` that are not stated yet."""
    held = {clause.strip() for text in stated for clause in text.split(",")}
    return [clause for clause in tighter.split(",") if clause not in held]


def _bounded(name: str, stated: list[Requirement], region: str, notes: dict[str, None]) -> list[Change]:
    """The first of the requirements that can be rewritten, with `region` added."""
    for one in stated:
        if _rewritable(one):
            return [Change(name, one.place, one.specifier, narrowed([one.specifier], region))]
    _by_hand(name, region, stated, notes)
    return []


def _rewritable(requirement: Requirement) -> bool:
    return requirement.place.column is not None and not requirement.hashed and not requirement.url


def _by_hand(name: str, specifier: str, stated: list[Requirement], notes: dict[str, None]) -> None:
    if not stated:
        notes[f"add a requirement: {name}{specifier}"] = None
    elif stated[0].hashed:
        notes[f"{name}{specifier}: its hashes would not fit; compile {stated[0].place.path} again with it"] = None
    else:
        place = stated[0].place
        notes[f"{name}{specifier}: change it by hand at {place.path}:{place.line}; a lock is made anew with it"] = None


def matrix_planner(matrix: Matrix) -> Planner:
    """Plans as the matrix alone makes them."""
    from envaudit.fix.plan import make_plan

    return lambda snapshot, findings, wishes: make_plan(snapshot, findings, matrix, "pip", wishes)


def resolved_planner(matrix: Matrix, resolver: Resolver, seconds: float) -> Planner:
    """Plans that a resolver has confirmed."""
    from envaudit.fix.resolved import make_resolved_plan

    def plan(snapshot: Snapshot, findings: list[Finding], wishes: Wishes) -> Plan | None:
        return make_resolved_plan(
            snapshot,
            findings,
            matrix,
            installer="pip",
            wishes=wishes,
            resolver=lambda: resolver,
            live=False,
            seconds=seconds,
            tell=lambda text: None,
        )

    return plan


def _moved(world: World, findings: list[Checked], planner: Planner, notes: dict[str, None]) -> list[Change]:
    """Other versions, as the plan for this world's newest choice of versions has them."""
    from envaudit.fix.wishes import Wishes

    said = [checked.finding for checked in findings]
    unasked = [name for name in world.parts if not asked_for(world, name)]
    plan = planner(world.snapshot, said, Wishes(unasked))
    if unasked and (plan is None or plan.left or not plan.pins):
        plan = planner(world.snapshot, said, Wishes())
    made: list[Change] = []
    clauses = [clause for checked in findings for clause in checked.clauses]
    for name, version in (plan.pins if plan else {}).items():
        stated = asked_for(world, name)
        region = _region(name, version, clauses)
        key = versions.key(version)
        changed = False
        for one in stated:
            if pinned(one.specifier):
                specifier = f"=={version}"
            elif key is not None and versions.contains(versions.specifier(one.specifier), key):
                if not region or changed:
                    continue
                specifier = narrowed([one.specifier], region)
            else:
                specifier = region or f">={versions.public(version)}"
            if not _rewritable(one):
                _by_hand(name, specifier, [one], notes)
                continue
            made.append(Change(name, one.place, one.specifier, specifier))
            changed = True
        if not stated:
            _by_hand(name, f"=={version}", [], notes)
    for tag in {versions.local(version) for version in (plan.pins if plan else {}).values()}:
        if tag and is_index_build(tag):
            notes[f"builds of +{tag} come from {TORCH_INDEX}{tag}: name it as an index"] = None
    for name in plan.remove if plan else ():
        notes[f"leave {name} out"] = None
    return made


def _region(name: str, version: str, clauses: list[Any]) -> str:
    """The bounds around `version` within which none of `clauses` speaks of the package: "<2"."""
    key = versions.key(version)
    bounds: dict[str, None] = {}
    for clause in clauses:
        for condition in clause["c"]:
            if condition[0] != "version" or condition[1] != name or key is None:
                continue
            for piece in pieces(versions.complement(condition[2])):
                if versions.contains(versions.specifier(piece), key):
                    bounds.update(dict.fromkeys(piece.split(",")))
    return narrowed([], ",".join(bounds)) if bounds else ""
