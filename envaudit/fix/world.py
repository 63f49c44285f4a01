"""What a resolver is asked of one environment: which packages it may move, and what binds them.

Where the installed distributions' own requirements are known (a live environment), only the packages that are to move
are put to the resolver, and what every other distribution requires of them is a constraint: nothing else moves, and
what no index has (editable, vendored, conda's) need not be found.  When that cannot be met, the distributions that
require the moved ones may move too.  A pasted report knows no requirements: all that it names is put to the resolver.
"""

from __future__ import annotations

from envaudit import declared, versions
from envaudit.fix.candidates import TORCH_FAMILY, is_index_build, with_builds
from envaudit.fix.commands import sound
from envaudit.fix.resolve.interface import Machine, Question
from envaudit.fix.variants import extra
from envaudit.fix.ways import GONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from envaudit.facts import Facts
    from envaudit.fix.candidates import Releases
    from envaudit.fix.search import Moves

ANYWHERE = 3
MOST_SOURCES = 40  # releases of one package that is there as source distributions only
MOST = 500  # packages put to a resolver at once
# packages of a build for CUDA that only the wheels' own metadata can choose
_OF_THE_BUILD = ("nvidia-", "triton", "pytorch-triton")


def machine(facts: Facts, live: bool) -> Machine | None:
    """The Python and platform of `facts`; None where the Python is not known.

    `live` says that the snapshot was taken here and now, so that its interpreter can be asked.  An unknown platform is
    taken to be Linux on x86_64, an unknown Mac to be an arm64.
    """
    python = facts.text("python")
    if not python or len(versions.key_release(python)) < 2:
        return None
    interpreter: Any = facts.snapshot.get("interpreter") or {}
    path = interpreter.get("path") if live else None
    glibc = facts.text("glibc")
    glibc = glibc if glibc and len(versions.key_release(glibc)) == 2 else None
    system = facts.text("os") or "linux"
    processor = facts.text("machine") or ("arm64" if system == "darwin" else "x86_64")
    return Machine(".".join(versions.key_release(python)[:3]), path, system, processor, glibc)


class World:
    """The packages of an environment as a resolver sees them.

    roots    packages that the resolver chooses versions of
    held     releases that no index has a wheel of, with what they require
    narrowed whether packages of a report were left out, because too many of them are on no index
    """

    def __init__(self, facts: Facts, releases: Releases, moves: Moves, culprits: Iterable[str]) -> None:
        self._facts, self._releases = facts, releases
        self._requires: Any = facts.snapshot.get("requires") or {}
        self.known = bool(self._requires) and facts.complete
        self.held: dict[tuple[str, str], list[str]] = {}
        self.moves = moves
        self.narrowed = False
        conda: Any = facts.snapshot.get("installers") or {}
        meant = {name for name in (*moves, *culprits) if sound(name, moves.get(name) or facts.packages.get(name))}
        self._meant = meant
        if self.known:
            self.roots = set(meant)
        else:
            stated = [
                name for name, version in facts.packages.items() if sound(name, version) and conda.get(name) != "conda"
            ]
            self.roots = meant | set(stated[:MOST])
        self._gone = {name for name, version in moves.items() if version is None}
        self.roots -= self._gone
        if self.known:
            self._free_the_opposed()

    def want(self, name: str) -> str | None:
        """The version that the matrix plan, else the environment, has of `name`, without local tag."""
        version = self.moves.get(name) or self._facts.packages.get(name)
        return versions.public(version) if version else None

    def widen(self) -> bool:
        """Let everything that requires a root move too.  False when there was nothing to add."""
        if not self.known:
            return False
        before = len(self.roots)
        size = -1
        while size != len(self.roots) and len(self.roots) < MOST:
            size = len(self.roots)
            for package, lines in self._requires.items():
                if package in self.roots or package in self._gone:
                    continue
                if any(declared.split(line)[0] in self.roots for line in lines) and self._servable(package):
                    self.roots.add(package)
        return len(self.roots) > before

    def narrow(self) -> bool:
        """Of a report, put only what is to move, and what it clashes with, to the resolver.  False when that is so
        already."""
        if self.known:
            return False
        narrower = (self._meant - self._gone) & self.roots
        smaller = len(narrower) < len(self.roots)
        self.roots = narrower
        self.narrowed = self.narrowed or smaller
        return smaller

    def hold(self, missing: dict[str, str | None]) -> bool:
        """Reckon with releases that are there, or will be, though no index has a wheel of them: what is installed, and
        what comes as a source distribution.  What those require is known of installed distributions only.  False when
        nothing of `missing` (package -> version, where one is meant) is new."""
        new: dict[tuple[str, str], list[str]] = {}
        for name, version in missing.items():
            here = self._facts.packages.get(name)
            if here and name not in self.moves:
                if self._servable(name):
                    lines = self._requires.get(name, ())
                    new[name, versions.public(here)] = [line for line in lines if _plain(*declared.split(line))]
            elif name not in self.roots:
                listed = [release for _, release in self._releases.of(name)]
                for release in [version] if version else listed[-MOST_SOURCES:]:
                    if sound(name, release):
                        new[name, release] = []
        new = {release: lines for release, lines in new.items() if release not in self.held}
        self.held.update(new)
        return bool(new)

    def question(self, machine: Machine, bounds: dict[str, str], pinned: Iterable[str], near: int) -> Question:
        """`pinned` roots stay at `want`; the others go where `bounds` (package -> specifier) allows, else no farther
        than `near`: 1 within the minor series, 2 within the major, 3 anywhere."""
        exact = set(pinned)
        requirements, preferred = [], {}
        new = set(bounds) - set(self._facts.packages)
        for name in sorted((self.roots | new) - _taken_away(bounds)):
            version = self.want(name)
            if version and name in exact and _within(version, bounds.get(name, "")):
                requirements.append(f"{name}{extra(name, version, self._facts.packages)}=={version}")
            elif version and near < ANYWHERE and name not in bounds:
                series = [*versions.key_release(version), "0"][: ANYWHERE - near]
                requirements.append(f"{name}=={'.'.join(series)}.*")
            else:
                requirements.append(name + extra(name, version or "0", self._facts.packages))
        for name, version in self._facts.packages.items():
            wanted = self.want(name)
            if wanted and sound(name, version):
                preferred[name] = wanted
        preferred.update({name: self.want(name) or "" for name in self.roots if self.want(name)})
        constraints = [f"{name}{spec}" for name, spec in bounds.items() if spec]
        constraints += [f"{name}{GONE}" for name in sorted(self._gone)]
        constraints += self._constraints()
        return Question(requirements, constraints, preferred, machine, self.held)

    def moved(self, found: dict[str, str], bounds: dict[str, str]) -> Moves:
        """What an answer within `bounds` changes in the environment, new packages included.  Local tags are kept with
        their release."""
        result: Moves = dict.fromkeys((*self._gone, *_taken_away(bounds)))
        torch = self._tagged("torch", found.get("torch"), "torch" in bounds)
        tag = versions.local(torch or "")
        own_build = bool(tag) and tag != self._default_tag(found.get("torch"))
        for name, version in found.items():
            here = self._facts.packages.get(name)
            if own_build and name.startswith(_OF_THE_BUILD) and name not in self.moves:
                continue  # the metadata of another build chose it
            if here is None and not self.known and name not in self.moves and name not in bounds:
                continue  # the report does not say which is there: it may stay what it is
            planned = self.moves.get(name)
            if name == "torch":
                result[name] = torch
            elif planned and _same(planned, version):
                result[name] = planned
            elif here and _same(here, version):
                continue
            elif name in TORCH_FAMILY and name != "torchtext" and tag and is_index_build(tag):
                result[name] = f"{version}+{tag}"
            else:
                result[name] = version
        return {name: version for name, version in result.items() if version != self._facts.packages.get(name)}

    def _tagged(self, name: str, version: str | None, bound: bool) -> str | None:
        """A release of torch in the build that the plan or the environment has, else in the nearest there is."""
        now = self._facts.packages.get(name)
        for held in (self.moves.get(name), None if bound else now):
            if version and held and _same(held, version):
                return held
        return with_builds(name, version, now, self._facts, self._releases)[0] if version else None

    def _default_tag(self, torch: str | None) -> str | None:
        return None if torch is None else self._facts.default_build("torch", torch)[0]

    def _servable(self, name: str) -> bool:
        conda: Any = self._facts.snapshot.get("installers") or {}
        return conda.get(name) != "conda" and sound(name, self._facts.packages.get(name))

    def _free_the_opposed(self) -> None:
        """Let packages move whose requirements the planned versions break."""
        for package, lines in self._requires.items():
            if package in self.roots or package in self._gone or not self._servable(package):
                continue
            for line in lines:
                name, wanted = declared.split(line)
                version = self.moves.get(name)
                if version and not _within(version, wanted) and _within(self._facts.packages.get(name), wanted):
                    self.roots.add(package)
                    break

    def _constraints(self) -> list[str]:
        """What the packages that stay require of others: only what is met now, or nothing could be resolved."""
        lines: dict[str, None] = {}
        for package, requirements in self._requires.items():
            if package in self.roots or package in self._gone or not self.known:
                continue
            for line in requirements:
                name, wanted = declared.split(line)
                here = self._facts.packages.get(name)
                if wanted and name not in self._gone and _within(here, wanted) and _plain(name, wanted):
                    lines[f"{name}{wanted}"] = None
        return list(lines)


def _same(one: str, other: str) -> bool:
    """Whether two versions are of one release: "2.0+cu121" and "2.0.0" are."""
    return versions.key(one) == versions.key(other)


def _taken_away(bounds: dict[str, str]) -> set[str]:
    return {name for name, spec in bounds.items() if GONE in spec.split(",")}


def _plain(name: str, wanted: str) -> bool:
    if not sound(name, "0") or "\n" in wanted or "@" in wanted or "===" in wanted:
        return False
    try:
        versions.specifier(wanted)
    except ValueError:
        return False
    return "||" not in wanted


def _within(version: str | None, wanted: str) -> bool:
    key = versions.key(version) if version else None
    if key is None:
        return False
    try:
        return not wanted or versions.contains(versions.specifier(wanted), key)
    except ValueError:
        return True
