"""Versions as sort keys, and sets of versions as intervals of keys.

The matrix is compiled to keys when the wheel is built, so that an audit compares numbers: importing
`packaging.version` alone costs more than a whole audit should.  A version in its usual spelling ("1.26.4", "2.0rc1",
"1.10.post3") is turned into its key right here; everything else goes through `packaging`, which stays the judge of what
a version is.  Keys sort exactly
as `packaging.version.Version` sorts public versions (the property tests hold the two against each other).

Local version tags (`+cu121`) never take part in a comparison, as in PEP 440; the matrix asks for them as *builds*.
"""

from __future__ import annotations

from _operator import eq, ge, gt, le, lt, ne  # what `operator` hands on, without its start-up time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # [epoch, release without trailing zeros, pre-release phase, its number, post, dev]
    Key = list[Any]
    # sorted, disjoint, half-open [low, high); None is no bound
    Intervals = list[list["Key | None"]]

_FINAL, _NO_POST, NO_DEV = 3, -1, 1 << 40
_PLAIN = [_FINAL, 0, _NO_POST, NO_DEV]  # what follows the release in the key of a final release
# how a plain release compares with a plain bound (exclusive comparisons leave out pre- and post-releases: it is none)
_COMPARE = {"<": lt, "<=": le, "==": eq, "!=": ne, ">=": ge, ">": gt}
_keys: dict[str, Key | None] = {}  # keys already made: nobody changes them, and a planner asks for the same ones again
_releases: dict[str, list[int] | None] = {}  # bounds already read: requirements repeat the same few
_PHASE = {"a": 0, "b": 1, "rc": 2}
_BEFORE_ALL = [-1, -1, -1, -1]  # sorts before every pre-release of a release
_OPERATORS = ("===", "~=", "==", "!=", "<=", ">=", "<", ">")

ALL: Intervals = [[None, None]]


def public(version: str) -> str:
    """`version` without its local tag: "2.4.0+cu121" gives "2.4.0"."""
    return version.partition("+")[0]


def local(version: str) -> str | None:
    """The local tag of `version` in lower case, or None: "2.4.0+cu121" gives "cu121"."""
    return version.partition("+")[2].lower() or None


def key(version: str) -> Key | None:
    """The sort key of the public part of `version`; None when PEP 440 does not know such a version."""
    if version not in _keys:
        _keys[version] = _key(version)
    return _keys[version]


def _key(version: str) -> Key | None:
    parts = version.partition("+")[0].split(".")
    release = []
    for part in parts:
        if not _is_number(part):
            break
        release.append(int(part))
    suffix = [_FINAL, 0, _NO_POST, NO_DEV]
    if len(release) < len(parts):
        found = _suffix(parts[len(release) :], release)
        if found is None:
            return _key_by_packaging(version)
        suffix = found
    while len(release) > 1 and not release[-1]:
        release.pop()
    return [0, release, *suffix]


def _suffix(parts: list[str], release: list[int]) -> list[int] | None:
    """[phase, number, post, dev] of what follows the plain numbers of a version in its usual spelling, as ["0rc1"],
    ["post3"] or ["dev20240101"]; the number before a pre-release joins `release`.  None for any other spelling."""
    phase, number, post, dev = _FINAL, 0, _NO_POST, NO_DEV
    first = parts[0]
    digits = first[: len(first) - len(first.lstrip("0123456789"))]
    if digits:
        name = first[len(digits) :].rstrip("0123456789")
        count = first[len(digits) + len(name) :]
        if name not in _PHASE or not count or len(first) > 18:
            return None
        release.append(int(digits))
        phase, number = _PHASE[name], int(count)
        parts = parts[1:]
    if parts and parts[0].startswith("post") and _is_number(parts[0][4:]) and release:
        post = int(parts[0][4:])
        parts = parts[1:]
    if parts and parts[0].startswith("dev") and _is_number(parts[0][3:]) and release:
        dev = int(parts[0][3:])
        parts = parts[1:]
        if phase == _FINAL and post == _NO_POST:
            phase = -1
    return None if parts else [phase, number, post, dev]


def _is_number(text: str) -> bool:
    # isdecimal() also accepts other scripts' digits, which int() reads and PEP 440 does not
    return text.isdecimal() and text.isascii() and len(text) <= 18


def _key_by_packaging(version: str) -> Key | None:
    if len(version) > 200:
        return None
    from packaging.version import InvalidVersion, Version

    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    release = list(parsed.release)
    while len(release) > 1 and not release[-1]:
        release.pop()
    if parsed.pre is not None:
        phase, number = _PHASE[parsed.pre[0]], parsed.pre[1]
    elif parsed.dev is not None and parsed.post is None:
        phase, number = -1, 0
    else:
        phase, number = _FINAL, 0
    post = _NO_POST if parsed.post is None else parsed.post
    return [parsed.epoch, release, phase, number, post, NO_DEV if parsed.dev is None else parsed.dev]


def specifier(text: str) -> Intervals:
    """The versions that a PEP 440 specifier set allows, pre-releases included: ">=1.22,<2" or "" (all).

    A bare version means exactly that one; "||" stands between alternatives.  Raises ValueError with the reason when
    `text` is no specifier set.
    """
    if "||" in text:
        return union(*(specifier(alternative) for alternative in text.split("||")))
    allowed = ALL
    for clause in map(str.strip, text.split(",")):
        if clause and clause != "*":
            allowed = intersection(allowed, _clause(clause))
    return allowed


def meets(text: str, version: Key) -> bool:
    """`contains(specifier(text), version)` for a specifier set without "||", in a fraction of the time.

    Every requirement of every installed distribution is judged by this at every start, and nearly all of them compare
    plain releases.  Raises ValueError when `text` is no specifier set.
    """
    plain = version[2:] == _PLAIN and not version[0]
    release = version[1]
    for clause in text.split(","):
        operator = clause[:2] if clause[1:2] == "=" else clause[:1]
        bound = _plain_release(clause[len(operator) :]) if plain else None
        if bound is None or operator not in _COMPARE:
            clause = clause.strip()  # noqa: PLW2901
            if clause and not contains(_clause(clause), version):
                return False
        elif not _COMPARE[operator](release, bound):
            return False
    return True


def _plain_release(text: str) -> list[int] | None:
    """The numbers of a plain release without trailing zeros; None for anything else, spaces and wildcards included."""
    if text not in _releases:
        numbers = None
        if text.replace(".", "").isdecimal() and text.isascii() and len(text) < 40:
            found = key(text)
            numbers = found[1] if found and found[2:] == _PLAIN else None
        _releases[text] = numbers
    return _releases[text]


def _clause(clause: str) -> Intervals:
    operator = next((op for op in _OPERATORS if clause.startswith(op)), "")
    version = clause[len(operator) :].strip()
    wildcard = version.endswith(".*")
    if wildcard:
        version = version[:-2]
        if operator not in ("", "==", "!="):
            raise ValueError(f"'.*' only goes with == and !=, in '{clause}'")
    bound = key(version)
    if bound is None:
        raise ValueError(f"'{version}' is not a version, in '{clause}'")
    if wildcard:
        inside: Intervals = [[_start(bound), _start(_next_series(version, len(version.split("."))))]]
        return complement(inside) if operator == "!=" else inside
    if operator in ("", "==", "==="):
        return [[bound, _after(bound)]]
    if operator == "!=":
        return complement([[bound, _after(bound)]])
    if operator == ">=":
        return [[bound, None]]
    if operator == "<=":
        return [[None, _after(bound)]]
    if operator == "<":
        # "<2.3" leaves out the pre-releases of 2.3 unless it names one itself (PEP 440, exclusive comparison)
        return [[None, _start(bound) if bound[2] == _FINAL and bound[4] == _NO_POST else bound]]
    if operator == ">":
        # ">2.3" leaves out 2.3.post1 unless it names a post-release itself
        return [[_after_posts(bound) if bound[2] == _FINAL and bound[4] == _NO_POST else _after(bound), None]]
    if len(version.split(".")) < 2:
        raise ValueError(f"'~=' needs at least two numbers, in '{clause}'")
    return [[bound, _start(_next_series(version, len(key_release(version)) - 1))]]


def key_release(version: str) -> list[str]:
    """The numbers of the release part as written: "2.0rc1" gives ["2", "0"]."""
    numbers = []
    for part in public(version).split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(digits)
        if digits != part:
            break
    return numbers


def _next_series(version: str, length: int) -> Key:
    numbers = [int(number) for number in key_release(version)[:length]]
    numbers[-1] += 1
    bound = key(".".join(map(str, numbers)))
    assert bound is not None
    return bound


def _start(bound: Key) -> Key:
    return [bound[0], bound[1], *_BEFORE_ALL]


def _after(bound: Key) -> Key:
    return [*bound[:5], bound[5] + 1]


def _after_posts(bound: Key) -> Key:
    return [*bound[:4], 1 << 40, 0]


def contains(intervals: Intervals, version: Key) -> bool:
    """Whether the version with sort key `version` is in the set."""
    for low, high in intervals:  # noqa: SIM110  # a loop takes half the time of any(), and every condition comes here
        if (low is None or low <= version) and (high is None or version < high):
            return True
    return False


def complement(intervals: Intervals) -> Intervals:
    """Every version that is not in the set."""
    result: Intervals = []
    low: Key | None = None
    for start, end in intervals:
        if start is not None and (low is None or low < start):
            result.append([low, start])
        if end is None:
            return result
        low = end
    result.append([low, None])
    return result


def union(*sets: Intervals) -> Intervals:
    """The versions in any of the sets."""
    parts = sorted((part for intervals in sets for part in intervals), key=lambda part: (part[0] is not None, part[0]))
    result: Intervals = []
    for low, high in parts:
        held = result[-1][1] if result else None
        if result and (held is None or low is None or low <= held):
            if held is not None and (high is None or high > held):
                result[-1][1] = high
        else:
            result.append([low, high])
    return result


def intersection(one: Intervals, other: Intervals) -> Intervals:
    """The versions in both sets."""
    result: Intervals = []
    for low_1, high_1 in one:
        for low_2, high_2 in other:
            low = low_1 if low_2 is None else low_2 if low_1 is None else max(low_1, low_2)
            high = high_1 if high_2 is None else high_2 if high_1 is None else min(high_1, high_2)
            if low is None or high is None or low < high:
                result.append([low, high])
    return result


def is_disjoint(one: Intervals, other: Intervals) -> bool:
    """Whether no version is in both sets."""
    return not intersection(one, other)


def is_subset(one: Intervals, other: Intervals) -> bool:
    """Whether every version of `one` is in `other`."""
    return not intersection(one, complement(other))
