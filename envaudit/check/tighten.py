"""The tighter requirement that leaves no version with which a rule fires."""

from __future__ import annotations

from envaudit import versions
from envaudit.fix.ways import as_specifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from envaudit.check.world import Part
    from envaudit.versions import Key


def tighten(
    names: list[str],
    parts: dict[str, Part],
    bad: dict[str, set[str]],
    clauses: list[Any],
    newest: dict[str, str],
    today: bool,
) -> dict[str, str]:
    """{package: specifier} that leaves no choice of versions which fires; {} where none is known.

    Of `names`, the first that can keep its newest version is tightened; where none can, and what an installer takes
    today (`newest`) is bad too, the first of which some versions are good.  Where today's choice is good, and only
    older versions of several packages do not go together, these get today's versions.  `bad`: the versions with which
    some choice fires; `clauses`: where their bounds come from.
    """
    best: tuple[bool, str, str] | None = None
    movable = [name for name in names if (part := parts.get(name)) and part.stated and not part.pinned]
    for name in movable:
        part = parts[name]
        ordered = sorted(part.known, key=_key)
        good = [version for version in ordered if version not in bad.get(name, ())]
        if not good or len(good) == len(ordered):
            continue
        loses = good[-1] != ordered[-1]
        if best is None or loses < best[0]:
            best = loses, name, _specifier(part, ordered, good, clauses)
    if best and (today or not best[0]):
        return {best[1]: best[2]}
    if not today and all(name in newest for name in movable):
        return {name: f"=={newest[name]}" for name in movable}
    return {}


def _specifier(part: Part, ordered: list[str], good: list[str], clauses: list[Any]) -> str:
    """What is written now, and the bounds of the newest run of good versions."""
    end = ordered.index(good[-1])
    start = end
    while start and ordered[start - 1] in good:
        start -= 1
    bounds = sorted(_bounds(part.name, clauses))
    low = _low(bounds, ordered[start - 1], ordered[start : end + 1]) if start else None
    high = _high(bounds, ordered[end], ordered[end + 1]) if end + 1 < len(ordered) else None
    return narrowed([requirement.specifier for requirement in part.stated], as_specifier(low, high))


def narrowed(stated: list[str], region: str) -> str:
    """The specifiers of one package and `region` as one specifier set, without what the region makes superfluous."""
    clauses = dict.fromkeys(
        clause.strip() for text in [*stated, region] for clause in text.split(",") if clause.strip()
    )
    whole = versions.specifier(",".join(clauses))
    kept = list(clauses)
    for clause in list(clauses):
        rest = [other for other in kept if other != clause]
        if clause not in region.split(",") and versions.specifier(",".join(rest)) == whole:
            kept = rest
    return ",".join(sorted(kept, key=lambda clause: not clause.startswith((">", "~", "="))))


def _low(bounds: list[Key], bad: str, good: list[str]) -> Key:
    """Where the good versions begin: the first bound of a rule above the last bad one.

    Releases between the two are good only because what they declare keeps an installer from taking them.
    """
    above = next((bound for bound in bounds if bound > _key(bad)), None)
    return next((key for key in map(_key, good) if above is not None and key >= above), _key(good[0]))


def _high(bounds: list[Key], good: str, bad: str) -> Key:
    """Where they end: a bound of a rule between the last good and the first bad version, else the bad one."""
    return next((bound for bound in bounds if _key(good) < bound <= _key(bad)), _key(bad))


def _bounds(name: str, conditions: list[Any]) -> Iterator[Key]:
    for condition in conditions:
        if isinstance(condition, dict):
            yield from _bounds(name, condition["c"])
        elif condition[0] in ("any", "all"):
            yield from _bounds(name, condition[1])
        elif condition[0] == "not":
            yield from _bounds(name, [condition[1]])
        elif condition[0] == "version" and condition[1] == name:
            yield from (bound for pair in condition[2] for bound in pair if bound is not None)


def _key(version: str) -> Key:
    key = versions.key(version)
    assert key is not None
    return key
