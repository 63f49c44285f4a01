"""Rows to propose for the tables of names, with their bounds found release by release."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from packaging.version import Version

from lab.names.reach import main_roots, reach
from lab.names.shelf import Shelf
from lab.names.uses import Use, uses


class Gap(NamedTuple):
    """A name that a user's releases need, and the provider's releases that have it and that lack it (oldest first)."""

    user: str
    using: list[str]
    works: str | None
    provider: str
    has: list[str]
    lacks: list[str]
    use: Use
    name: str

    @property
    def gone(self) -> bool:
        """Whether the newest lacks it (else the oldest)."""
        return bool(Version(self.lacks[-1]) > Version(self.has[-1]))


def strictest(gaps: list[Gap]) -> list[Gap]:
    """Of the names that the same releases of a user miss, the one that most releases of the provider lack."""
    found: dict[tuple[str, str, bool], Gap] = {}
    for gap in gaps:
        key = gap.user, gap.using[-1], gap.gone
        held = found.get(key)
        if held is None or len(gap.lacks) > len(held.lacks):
            found[key] = gap
    return list(found.values())


def line(gap: Gap) -> str:
    """One gap as a line: user, its releases, what is missing, which releases of the provider have and lack it."""
    kind = "gone" if gap.gone else "later"
    works = f" works: {gap.works}" if gap.works else ""
    return (
        f"{kind:5} {gap.user} {gap.using[0]}..{gap.using[-1]}{works} | {gap.provider} {gap.name}"
        f" | has {gap.has[0]}..{gap.has[-1]} lacks {gap.lacks[0]}..{gap.lacks[-1]}"
        f" | {gap.use.where}: {gap.use.module} {gap.use.name}"
    )


def row(gap: Gap, shelf: Shelf, exact: bool) -> str:
    """A row for the table `removed-names`, or `later-names`.

    The provider's bound is found release by release, the user's where it is to be `exact`; else the releases of the
    half years must do, and those between two of them are left out.
    """
    first, last, works = _range(gap, shelf, exact)
    asking = [*([f">={first}"] if first else []), *([f"<={last}"] if last else [])]
    cells = {"package": gap.user, "versions": ",".join(asking) or "*", "other": gap.provider}
    if gap.gone:
        having = gap.has[-1]
        lacking = next(version for version in gap.lacks if Version(version) > Version(having))
        kept, gone = _edge(gap, shelf, having, lacking)
        cells |= {"gone": f">={gone}", "kept": f"<={kept}"}
    else:
        lacking = gap.lacks[-1]
        having = next(version for version in gap.has if Version(version) > Version(lacking))
        before, since = _edge(gap, shelf, lacking, having)
        cells |= {"gone": f"<={before}", "kept": f">={since}"}
    cells |= {"name": gap.name} | ({"works": works} if works else {}) | {"symptom": symptom(gap)}
    source = f"{gap.use.where.replace('.', '/')} in the wheels of {gap.user}"
    return (
        "- {" + ", ".join(f"{key}: {_quoted(cell)}" for key, cell in cells.items()) + f", source: {_quoted(source)}}}"
    )


def symptom(gap: Gap) -> str:
    """What Python says where the name is missing."""
    module, _, name = gap.name.rpartition(".")
    if gap.use.attribute:
        return f"AttributeError: module '{module}' has no attribute '{name}'"
    if gap.use.module == gap.name or gap.use.module.startswith(f"{gap.name}."):
        return f"ModuleNotFoundError: No module named '{gap.name}'"
    return f"ImportError: cannot import name '{name}' from '{module}'"


def _range(gap: Gap, shelf: Shelf, exact: bool) -> tuple[str | None, str | None, str | None]:
    """The first and the last release of the user that asks (None: no end is known), and the first after them."""
    known = shelf.versions(gap.user)
    before = [version for version in known if Version(version) < Version(gap.using[0])]
    first = gap.using[0] if before else None
    if not exact:
        return first, gap.using[-1] if gap.works else None, gap.works
    if before:
        first = _step(gap.user, shelf, before[-1], gap.using[0], lambda version: _asks(gap, shelf, version))[1]
    if gap.works is None:
        return first, None, None
    last, works = _step(gap.user, shelf, gap.using[-1], gap.works, lambda version: not _asks(gap, shelf, version))
    return first, last, works


def _edge(gap: Gap, shelf: Shelf, before: str, after: str) -> tuple[str, str]:
    """The two neighbouring releases of the provider between which the name comes or goes."""
    key = f"{gap.provider} {gap.use.module} {gap.use.name}"
    if key not in shelf.edges:
        shelf.edges[key] = _found_edge(gap, shelf, before, after)
    return shelf.edges[key]


def _found_edge(gap: Gap, shelf: Shelf, before: str, after: str) -> tuple[str, str]:
    def as_after(version: str) -> bool:
        tree = shelf.more(gap.provider, version)
        there = reach(tree, gap.use.module, gap.use.name)[0] if tree else None
        return there is not None and there is not gap.gone

    return _step(gap.provider, shelf, before, after, as_after)


def _asks(gap: Gap, shelf: Shelf, version: str) -> bool:
    tree = shelf.more(gap.user, version)
    if tree is None:
        return False
    names = {(use.module, use.name) for root in main_roots(gap.user, tree) for use in uses(tree, root)}
    return (gap.use.module, gap.use.name) in names


def _step(name: str, shelf: Shelf, low: str, high: str, changed: Callable[[str], bool]) -> tuple[str, str]:
    """The neighbours between `low` (not changed) and `high` (changed)."""
    between = [version for version in shelf.every(name) if Version(low) < Version(version) < Version(high)]
    around = [low, *between, high]
    left, right = 0, len(around) - 1
    while right - left > 1:
        middle = (left + right) // 2
        if changed(around[middle]):
            right = middle
        else:
            left = middle
    return around[left], around[right]


def _quoted(cell: str) -> str:
    return f'"{cell}"' if any(mark in cell for mark in "<>=*'{}[],:&#!|%@`\"") else cell
