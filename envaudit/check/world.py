"""What installing a set of requirements would put there: each package with the versions it may get."""

from __future__ import annotations

import re
from contextlib import suppress

from envaudit import versions
from envaudit.fix.candidates import TORCH_FAMILY, Releases
from envaudit.fix.ways import version_text
from envaudit.manifest.requirement import CONSTRAINT, REMOVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.requirement import Place, Requirement
    from envaudit.matrix.store import Matrix
    from envaudit.snapshot.model import Snapshot
    from envaudit.versions import Intervals


class Part:
    """One package of a world.

    name     canonical name
    allowed  the versions it may get, as intervals
    known    those of them that release lists know, newest first; [] where the matrix has no list; of what is kept, just
             that version
    kept     the target's version, where the requirements leave it in place; else None.  It moves only where something
             that is installed anew requires it
    stated   the requirements that are in force for it; [] for what only the target has
    """

    __slots__ = ("allowed", "kept", "known", "name", "stated")

    def __init__(
        self, name: str, allowed: Intervals, known: list[str], kept: str | None, stated: list[Requirement]
    ) -> None:
        self.name, self.allowed, self.known, self.kept, self.stated = name, allowed, known, kept, stated

    @property
    def pinned(self) -> bool:
        """Whether a requirement leaves one version only."""
        return any(pinned(requirement.specifier) for requirement in self.stated)

    def places(self) -> list[Place]:
        """Where it is asked for."""
        return [requirement.place for requirement in self.stated]


class World:
    """One installation.

    snapshot   the target, with the newest version that each package may get
    parts      every package that has a version
    conflicts  requirements that no version meets: an installer refuses them
    homeless   (package, its version where it is pinned) of what has releases, but as far as release lists know none for
               this Python
    unknown    package -> the requirements that install it from a URL which does not say the version
    releases   the release lists for this Python
    """

    __slots__ = ("conflicts", "homeless", "parts", "releases", "snapshot", "unknown")

    def __init__(self, snapshot: Snapshot, releases: Releases) -> None:
        self.snapshot, self.releases = snapshot, releases
        self.unknown: dict[str, list[Requirement]] = {}
        self.parts: dict[str, Part] = {}
        self.conflicts: list[list[Requirement]] = []
        self.homeless: list[tuple[str, str]] = []

    @property
    def refused(self) -> int:
        """How many packages an installer finds no version of."""
        return len(self.conflicts) + len(self.homeless)


# where nobody says where it will run
ASSUMED: Snapshot = {"schema": "envaudit.snapshot/1", "platform": {"system": "Linux", "machine": "x86_64"}}
_TORCH_BUILD = re.compile(r"/whl/(?:nightly/|test/)?(cpu|xpu|cu\d{2,3}|rocm[\d.]+)/?$")


def build(
    requirements: list[Requirement],
    target: Snapshot | None,
    python: str | None,
    matrix: Matrix,
    *,
    complete: bool = False,
    indexes: list[str] | None = None,
) -> World:
    """The world after installing `requirements` (those whose markers hold) over `target`, as pip does it: what is there
    and meets them stays, everything else gets one of the versions that they allow.

    `complete`: the requirements are a lock, which installs nothing else.
    `indexes`: the package indexes that it is installed from, where files name them.
    """
    snapshot: Snapshot = {**ASSUMED, **(target or {})}
    if python:
        snapshot["python"] = python
    world = World(snapshot, Releases(matrix, snapshot.get("python")))
    held = dict(snapshot.get("packages") or {})
    unversioned = set(snapshot.get("packages_unversioned") or ())
    stated: dict[str, list[Requirement]] = {}
    for requirement in requirements:
        stated.setdefault(requirement.name, []).append(requirement)
    for name, asked in stated.items():
        if name not in held and all(requirement.kind == CONSTRAINT for requirement in asked):
            continue
        unversioned.discard(name)
        outcome = _installed(asked, held.pop(name, None))
        if outcome is None:
            world.conflicts.append(asked)
        elif outcome.unknown:
            unversioned.add(name)
            world.unknown[name] = outcome.binding
        elif outcome.kept:
            world.parts[name] = Part(name, _meeting(outcome.binding), [outcome.kept], outcome.kept, outcome.binding)
        elif outcome.binding:
            _choose(world, name, outcome)
            if name not in world.parts:
                unversioned.add(name)
    for name, version in held.items():
        if versions.key(version) is not None:
            world.parts[name] = Part(name, versions.ALL, [version], version, [])
    snapshot["packages"] = {**held, **{name: part.known[0] for name, part in world.parts.items() if part.known}}
    unversioned |= {name for name, part in world.parts.items() if not part.known}
    snapshot["packages_unversioned"] = sorted(unversioned)
    # what a requirement requires in its turn comes along, so only a lock says what is absent
    snapshot["packages_complete"] = complete
    if complete:
        # these come with the environment, and most locks leave them out
        unversioned |= {name for name in ("pip", "setuptools", "wheel") if name not in snapshot["packages"]}
        snapshot["packages_unversioned"] = sorted(unversioned)
    _builds(world, indexes or [])
    return world


def _builds(world: World, indexes: list[str]) -> None:
    """What is known of the builds: whose index they are from, and what conda installs."""
    snapshot = world.snapshot
    stated = [one for part in world.parts.values() for one in part.stated]
    conda = {one.name: "conda" for one in stated if one.conda}
    if conda:
        snapshot["installers"] = {**(snapshot.get("installers") or {}), **conda}
    tags = {found[1] for address in indexes if (found := _TORCH_BUILD.search(address))}
    fresh = {one.name for one in stated if world.parts[one.name].kept is None}
    if len(tags) == 1:
        built = {name: tag for name in TORCH_FAMILY for tag in tags if name in fresh}
        snapshot["builds"] = {**(snapshot.get("builds") or {}), **built}
    snapshot["packages_tagged"] = not indexes


class _Outcome:
    """What the commands that name one package leave of it, in order."""

    __slots__ = ("allowed", "binding", "kept", "unknown")

    def __init__(self, kept: str | None) -> None:
        self.kept = kept
        self.allowed: Intervals | None = None
        self.binding: list[Requirement] = []
        self.unknown = False


def _installed(asked: list[Requirement], there: str | None) -> _Outcome | None:
    """None when the requirements of one command exclude each other."""
    result = _Outcome(there)
    for step in sorted({requirement.step for requirement in asked}):
        now = [requirement for requirement in asked if requirement.step == step]
        if now[-1].kind == REMOVE:
            result = _Outcome(None)
            continue
        if any(requirement.url and not requirement.specifier for requirement in now):
            result = _Outcome(None)
            result.unknown, result.binding = True, now
            continue
        wanted = _meeting(now)
        if not wanted:
            return None
        upgrade = any(requirement.upgrade for requirement in now)
        if result.kept is not None and not upgrade and _stays(result.kept, wanted, now):
            result.binding = [*result.binding, *now]
            continue
        before = result.allowed
        both = versions.intersection(before, wanted) if before is not None and not upgrade else []
        result.binding = [*result.binding, *now] if both else now
        result.allowed, result.kept, result.unknown = both or wanted, None, False
    return result


def _meeting(requirements: list[Requirement]) -> Intervals:
    """The versions that meet all of them."""
    allowed = versions.ALL
    for requirement in requirements:
        with suppress(ValueError):  # a specifier of the time before PEP 440 binds nothing that can be told
            allowed = versions.intersection(allowed, versions.specifier(requirement.specifier))
    return allowed


def _stays(version: str, wanted: Intervals, now: list[Requirement]) -> bool:
    """Whether what is there meets the requirements; a local tag counts where a pin names one."""
    key = versions.key(version)
    tags = {versions.local(pin) for requirement in now if (pin := pinned(requirement.specifier))} - {None}
    fits = not tags or versions.local(version) in tags
    return key is not None and fits and versions.contains(wanted, key)


def _choose(world: World, name: str, outcome: _Outcome) -> None:
    allowed, releases = outcome.allowed, world.releases
    assert allowed is not None
    exact = next((pin for requirement in outcome.binding if (pin := pinned(requirement.specifier))), None)
    if exact:
        if releases.elsewhere(name, versions.specifier(f"=={exact}")):
            world.homeless.append((name, versions.public(exact)))
        world.parts[name] = Part(name, allowed, [exact], None, outcome.binding)
        return
    every = releases.of(name)
    # pre-releases are in no list: an installer leaves them out too
    known = [version for key, version in reversed(every) if versions.contains(allowed, key)]
    if not known and releases.elsewhere(name, allowed):
        world.homeless.append((name, ""))
        world.unknown[name] = outcome.binding
        return
    if every and not known and allowed[-1][0] is not None:
        known = [version_text(allowed[-1][0])]  # newer than every release that is known
    world.parts[name] = Part(name, allowed, known, None, outcome.binding)


def pinned(specifier: str) -> str | None:
    """The one version that a specifier set names with == (local tag kept), or None."""
    for clause in specifier.split(","):
        text = clause.strip()
        if text.startswith("==") and not text.endswith(".*"):
            return text.lstrip("=").strip()
    return None
