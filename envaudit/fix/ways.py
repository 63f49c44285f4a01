"""The ways out of a clause, as regions that packages must move to."""

from __future__ import annotations

from envaudit import versions
from envaudit.facts import MACHINE_VERSIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.facts import Facts
    from envaudit.matrix.store import Matrix
    from envaudit.versions import Intervals, Key

    Way = dict[str, str]  # package -> specifier, or "absent"

GONE = "<0"  # a specifier that no release meets: the package must not be there


def ways(clause: dict[str, Any], facts: Facts, matrix: Matrix) -> list[Way]:
    """What the rule names, best first, then whatever else makes the clause false: each of its packages in a version
    that it does not speak of."""
    found: list[Way] = []
    for option in clause.get("f") or matrix.card(clause["r"])["fix"]:
        found += _alternatives(option)
    for condition in clause["c"]:
        if condition[0] == "version" and condition[1] not in MACHINE_VERSIONS and condition[1] in facts.packages:
            found += [{condition[1]: text} for text in pieces(versions.complement(condition[2]))]
    return [way for place, way in enumerate(found) if way not in found[:place]]


def exhaustive(clause: dict[str, Any]) -> bool:
    """Whether `ways` holds everything that package versions can do about the clause."""
    return all(condition[0] != "any" for condition in clause["c"])


def joined(bounds: dict[str, str], way: Way) -> dict[str, str] | None:
    """`bounds` and `way` together; None when no version of some package is in both."""
    result = dict(bounds)
    for name, wanted in way.items():
        spec = GONE if wanted == "absent" else wanted
        both = ",".join(part for part in (bounds.get(name, ""), spec) if part)
        if both and not versions.specifier(both):
            return None
        result[name] = ",".join(dict.fromkeys(both.split(",")))
    return result


def _alternatives(option: Way) -> list[Way]:
    """`option` without "||": requirements files know no alternatives."""
    results: list[Way] = [{}]
    for name, wanted in option.items():
        texts = [text.strip() for text in wanted.split("||")]
        results = [{**way, name: _bare(text)} for way in results for text in texts]
    return results


def _bare(text: str) -> str:
    """A rule's bare version means exactly that one."""
    return f"=={text}" if text[:1].isdigit() else text


def pieces(intervals: Intervals) -> list[str]:
    """Each interval of a set as a specifier, the newest first."""
    return [as_specifier(low, high) for low, high in reversed(intervals) if low or high]


def as_specifier(low: Key | None, high: Key | None) -> str:
    """An interval of the matrix as a PEP 440 specifier."""
    if low is not None and high is not None and high[:5] == low[:5] and high[5] == low[5] + 1:
        return f"=={version_text(low)}"
    return ",".join(filter(None, (_low(low), _high(high))))


def _low(key: Key | None) -> str:
    if key is None:
        return ""
    return f"{'>' if _is_after(key) else '>='}{version_text(key)}"


def _high(key: Key | None) -> str:
    if key is None:
        return ""
    return f"{'<=' if _is_after(key) else '<'}{version_text(key)}"


def _is_after(key: Key) -> bool:
    """Whether a bound lies behind its version: what "<=" and ">" make (envaudit/versions.py)."""
    return bool(key[5] > versions.NO_DEV or key[4] == versions.NO_DEV)


def version_text(key: Key) -> str:
    """The version that a sort key stands for, in its shortest spelling."""
    release = ".".join(map(str, key[1])) or "0"
    text = f"{key[0]}!{release}" if key[0] else release
    if key[2] in (0, 1, 2):
        text += f"{('a', 'b', 'rc')[key[2]]}{key[3]}"
    if 0 <= key[4] < versions.NO_DEV:
        text += f".post{key[4]}"
    return text
