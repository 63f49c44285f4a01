"""The versions that the packages of one group of clauses may get, and which combinations an installer could choose."""

from __future__ import annotations

from envaudit import versions
from envaudit.conditions import fits
from envaudit.fix.ways import version_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from envaudit.check.world import World
    from envaudit.facts import Facts
    from envaudit.matrix.requires import Declares
    from envaudit.versions import Intervals, Key

    Clause = dict[str, Any]

LAST = 1 << 30
MOST_DRAWN = 60  # versions made up for a package whose releases nobody has listed


class Choices:
    """For each of `names`, one version of every kind that the clauses, or what releases declare, tell apart."""

    def __init__(
        self, names: list[str], clauses: list[Clause], world: World, facts: Facts, declares: Declares | None
    ) -> None:
        self._world, self._facts, self._declares = world, facts, declares
        self._names = names
        self._forced = False
        self._atoms = {name: list(_atoms(name, clauses)) for name in names}
        self._declared: dict[tuple[str, str], dict[str, str] | None] = {}
        self._versions: dict[str, list[str]] = {}
        self._beyond: dict[str, list[str]] = {}
        # those without a release list last: versions are made up for them where others want them
        for name in sorted(names, key=lambda name: not (world.parts[name].known and world.releases.of(name))):
            self._versions[name] = self._every(name)
        self._kinds: dict[str, dict[str, list[str]]] = {}

    def of(self, name: str) -> list[str]:
        """One version of each kind, in the order an installer prefers them: what is there, then the newest."""
        if name not in self._kinds:
            kinds: dict[Any, list[str]] = {}
            wanted = self._wanted(name)
            for version in self._versions[name]:
                kinds.setdefault(self._signature(name, version, wanted), []).append(version)
            self._kinds[name] = {members[0]: members for members in kinds.values()}
        part = self._world.parts[name]
        if self._forced and part.kept is not None:
            return [part.kept]
        return list(self._kinds[name])

    def like(self, name: str, version: str) -> list[str]:
        """The versions for which `version` stands."""
        return self._kinds[name][version]

    def force(self) -> None:
        """From now on every combination counts, whatever the releases declare."""
        self._forced = True

    def possible(self, chosen: dict[str, str]) -> bool:
        """Whether an installer could choose these versions together."""
        if self._forced or not self._agree(chosen):
            return self._forced
        for name, version in chosen.items():
            part = self._world.parts[name]
            # what is there moves only when it must
            if part.kept not in (None, version) and self._agree({**chosen, name: part.known[0]}):
                return False
        return True

    def beyond(self, chosen: dict[str, str]) -> bool:
        """Whether one of them is newer than its release list."""
        return any(version in self._beyond.get(name, ()) for name, version in chosen.items())

    def likely(self, chosen: dict[str, str]) -> bool:
        """Whether they would still go together if releases that are too new to be known asked for what the one before
        them asks for."""
        return self._forced or self._agree(chosen, guess=True)

    def unsure(self, chosen: dict[str, str]) -> bool:
        """Whether something that is installed anew may bring another version of what is there."""
        kept = [name for name in chosen if self._world.parts[name].kept is not None]
        moved = [name for name in chosen if self._world.parts[name].kept is None]
        if self._forced and kept:
            return True  # what is there cannot move as it must: an installer may refuse, or build another version
        return any(not self._told(name, chosen[name], other) for name in moved for other in kept)

    def _told(self, name: str, version: str, other: str) -> bool:
        key = versions.key(version)
        return self._declares is not None and key is not None and self._declares.tells(name, key, other)

    def _agree(self, chosen: dict[str, str], guess: bool = False) -> bool:
        for name, version in chosen.items():
            said = self._declares_of(name, version)
            if guess and said is None:
                said = self._guessed(name, version)
            for other, wanted in (said or {}).items():
                if other not in chosen or other == name or self._when(name, version) < self._when(other, None):
                    continue
                if self._world.parts[name].pinned and self._world.parts[other].pinned:
                    continue  # both are written down: a lock may have overridden what is declared
                key = versions.key(chosen[other])
                if key is not None and not _meets(wanted, key):
                    return False
        return True

    def _declares_of(self, name: str, version: str) -> dict[str, str] | None:
        which = name, version
        if which not in self._declared:
            key = versions.key(version)
            said = self._declares.of(name, key) if self._declares is not None and key is not None else None
            kept = None if said is None else {other: said[other] for other in self._names if other in said}
            self._declared[which] = kept
        return self._declared[which]

    def _when(self, name: str, version: str | None) -> int:
        """The last command that decides about a package: an installer asks nobody whom it was not told of and who stays
        as he is, and a later command does not ask those of the earlier ones."""
        part = self._world.parts[name]
        if not part.stated:
            return -1 if version in (None, part.kept) else LAST
        return max(requirement.step for requirement in part.stated)

    def _guessed(self, name: str, version: str) -> dict[str, str] | None:
        key = versions.key(version)
        return self._declares.guess(name, key) if self._declares is not None and key is not None else None

    def _every(self, name: str) -> list[str]:
        """Every version that `name` may get; of what is there, also those that it may be moved to."""
        part = self._world.parts[name]
        if part.kept is None:
            self._beyond[name] = self._newer(name)
            return [*self._beyond[name], *part.known] or list(_drawn(part.allowed, self._thresholds(name)))
        if part.pinned or all(self._world.parts[other].kept is not None for other in self._names):
            return part.known
        every = [version for key, version in self._world.releases.of(name) if versions.contains(part.allowed, key)]
        others = every[::-1] or _drawn(part.allowed, self._thresholds(name))
        return [*part.known, *(version for version in others if version != part.kept)]

    def _newer(self, name: str) -> list[str]:
        """Releases that the rules speak of, but that came after the release list was written."""
        part = self._world.parts[name]
        listed = self._world.releases.of(name)
        if part.pinned or not listed or part.known[:1] != [listed[-1][1]]:
            return []  # what the requirements allow ends before the list does
        newest = listed[-1][0]
        beyond = versions.intersection(part.allowed, versions.specifier(f">{listed[-1][1]}"))
        named = [bound for atom in self._atoms[name] if atom[0] == "version" for pair in atom[2] for bound in pair]
        bounds = sorted(bound for bound in named if bound is not None and bound[1] > newest[1])
        return list(_drawn(beyond, bounds)) if bounds else []

    def _thresholds(self, name: str) -> list[Key]:
        bounds = [bound for atom in self._atoms[name] if atom[0] == "version" for pair in atom[2] for bound in pair]
        declared = self._declares.bounds(name) if self._declares is not None else []
        for wanted in self._wanted(name):
            bounds += [bound for pair in _specified(wanted) for bound in pair]
        return sorted([*(bound for bound in bounds if bound is not None), *declared])

    def _signature(self, name: str, version: str, wanted: list[str]) -> tuple[Any, ...]:
        key = versions.key(version)
        assert key is not None
        self._facts.packages[name] = version
        told: list[Any] = []
        for atom in self._atoms[name]:
            if atom[0] == "version":
                told.append(versions.contains(atom[2], key))
            elif atom[0] == "build":
                build, assumed = self._facts.build(name)
                told.append((assumed, build is not None and [fits(pattern, build) for pattern in atom[2]]))
        said = self._declares_of(name, version)
        told.append(
            (
                said is None,
                version in self._beyond.get(name, ()),
                sorted((said or self._guessed(name, version) or {}).items()),
            )
        )
        told += [_meets(specifier, key) for specifier in wanted]
        return tuple(map(str, told))

    def _wanted(self, name: str) -> list[str]:
        """What releases of the others declare of `name`."""
        found = set()
        for other in self._names:
            for version in self._versions.get(other, ()):
                said = self._declares_of(other, version) or self._guessed(other, version) or {}
                if other != name and name in said:
                    found.add(said[name])
        return sorted(found)


def _atoms(name: str, clauses: list[Clause]) -> Iterator[list[Any]]:
    """The conditions about `name`, nested ones included."""
    for clause in clauses:
        yield from _within(name, clause["c"])


def _within(name: str, conditions: list[list[Any]]) -> Iterator[list[Any]]:
    for condition in conditions:
        if condition[0] in ("any", "all"):
            yield from _within(name, condition[1])
        elif condition[0] == "not":
            yield from _within(name, [condition[1]])
        elif len(condition) > 1 and condition[1] == name:
            yield condition


def _meets(wanted: str, key: Key) -> bool:
    try:
        return versions.meets(wanted, key)
    except ValueError:
        return True


def _specified(wanted: str) -> Intervals:
    try:
        return versions.specifier(wanted)
    except ValueError:
        return []


def _drawn(allowed: Intervals, thresholds: list[Key]) -> Iterator[str]:
    """A final release of each piece of `allowed` between thresholds, newest first."""
    made = 0
    for low, high in reversed(allowed):
        cuts = [bound for bound in thresholds if (low is None or low < bound) and (high is None or bound < high)]
        for start in [*reversed(cuts[-MOST_DRAWN:]), low]:
            text = _final(start)
            key = versions.key(text)
            made += 1
            if key is not None and versions.contains(allowed, key) and made <= MOST_DRAWN:
                yield text


def _final(start: Key | None) -> str:
    """The first final release that is not before `start`."""
    if start is None:
        return "0"
    text = version_text(start)
    key = versions.key(text)
    final = versions.key(versions.public(text).partition(".post")[0])
    if key is not None and key >= start:
        return text if key[2] == 3 else ".".join(map(str, key[1]))
    return f"{'.'.join(map(str, (final or start)[1]))}.0.1"
