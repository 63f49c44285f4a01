"""Sets of the environments in which the markers of a lock file are true.

A package is installed where one of the ways to it is open, and every way has markers of its own.  The environments that
any marker of the file tells apart are few, so a set of them is an int with a bit for each, and "and" and "or" of
markers are those of the ints.
"""

from __future__ import annotations

import re

from envaudit.manifest.lock_markers import atoms, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from envaudit.manifest.lock_markers import Tree

MAX_WORLDS = 1 << 14
MAX_TEXT = 600  # characters of a marker that is put together
_TERMS = 12
_LEARNED = 500  # phrases; a file has some dozens, unless it is made to take long
_NUMBERS = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")
# variables that say the same thing in other words, and what they say together
_PLATFORM = ("sys_platform", "platform_system", "os_name")
_IMPLEMENTATION = ("implementation_name", "platform_python_implementation")
_PYTHON = ("python_full_version", "python_version", "implementation_version")
_TOGETHER = (
    (_PLATFORM, [("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt")]),
    (_IMPLEMENTATION, [("cpython", "CPython"), ("pypy", "PyPy")]),
)


class Worlds:
    """The environments that some markers tell apart.

    full  all of them, as an int with a bit for each
    """

    __slots__ = ("_masks", "_phrases", "_texts", "full")

    def __init__(self, trees: Iterable[Tree], python: str) -> None:
        """For environments whose Python is in the specifier set `python`; extras are left to `decide`.

        Raises ValueError where they are too many.
        """
        self._masks: dict[tuple[str, str, str], int] = {}
        self._phrases: dict[int, str] = {}
        self._texts: dict[int, str | None] = {}
        found = sorted(atom for atom in set().union(*map(atoms, trees)) if "extra" not in atom)
        axes: dict[str, list[tuple[str, str, str]]] = {}
        for atom in found:
            axes.setdefault(_axis(atom), []).append(atom)
        classes = [(used, _classes(axis, used, python)) for axis, used in axes.items()]
        size = 1
        for used, rows in classes:
            if size * len(rows) > MAX_WORLDS:
                raise ValueError("markers on too many different things")
            for index, atom in enumerate(used):
                column = sum(((1 << size) - 1) << (size * number) for number, row in enumerate(rows) if row[index])
                self._masks[atom] = column
            size *= len(rows)
        period = 1
        for used, rows in classes:
            period *= len(rows)
            times = ((1 << size) - 1) // ((1 << period) - 1)  # a one at the start of each period
            for atom in used:
                self._masks[atom] *= times
        self.full = (1 << size) - 1

    def mask(self, tree: Tree) -> int:
        """The environments in which `tree`, one of those that this was made from, is true."""
        if isinstance(tree, bool):
            return self.full if tree else 0
        if tree[0] == "atom":
            return self._masks[tree[1:]] & self.full
        masks = [self.mask(part) for part in tree[1]]
        result = masks[0]
        for mask in masks[1:]:
            result = result & mask if tree[0] == "and" else result | mask
        return result

    def learn(self, tree: Tree) -> None:
        """Remember `tree` as a way to say a set of environments."""
        mask, phrase = self.mask(tree), text(tree)
        if 0 < mask < self.full and len(phrase) <= MAX_TEXT:
            known = self._phrases.get(mask)
            if known is None or len(phrase) < len(known):
                self._phrases[mask] = phrase
        if isinstance(tree, tuple) and tree[0] != "atom":
            for part in tree[1]:
                self.learn(part)

    def learn_both(self, one: int, other: int) -> None:
        """Remember how to say the environments that are in both, from how each is said."""
        both = one & other
        if len(self._phrases) >= _LEARNED:
            return
        left, right = self._phrases.get(one), self._phrases.get(other)
        if both and left and right and both not in self._phrases and len(left) + len(right) < MAX_TEXT:
            self._phrases[both] = f"{_bracketed(left, 'or')} and {_bracketed(right, 'or')}"

    def phrase(self, mask: int) -> str | None:
        """A marker that is true in just these environments, from markers that were learned; "" for all of them.

        None where none was found that is short.
        """
        if mask == self.full:
            return ""
        if mask not in self._texts:
            if len(self._texts) >= _LEARNED:
                return self._phrases.get(mask)
            phrases = self._phrases
            inside = {known: phrase for known, phrase in phrases.items() if not known & ~mask}
            around = {self.full & ~known: phrase for known, phrase in phrases.items() if not mask & ~known}
            self._texts[mask] = (
                phrases.get(mask)
                or _cover(mask, inside, "or")
                or _cover(self.full & ~mask, around, "and")  # all that is outside is left out by one of them
            )
        return self._texts[mask]


def _cover(goal: int, pieces: Mapping[int, str], word: str) -> str | None:
    """Phrases of pieces that together make up `goal`, greedily the largest first, with `word` between them."""
    used: list[str] = []
    while goal:
        best = max(pieces, key=lambda part: (_count(part & goal), -len(pieces[part])), default=0)
        if not best & goal or len(used) == _TERMS:
            return None
        used.append(pieces[best])
        goal &= ~best
    result = f" {word} ".join(_bracketed(phrase, "and" if word == "or" else "or") for phrase in used)
    return result if len(result) <= MAX_TEXT else None


def _bracketed(phrase: str, word: str) -> str:
    return f"({phrase})" if f" {word} " in phrase else phrase


def _count(mask: int) -> int:
    return bin(mask).count("1")  # int.bit_count is of Python 3.10


def _axis(atom: tuple[str, str, str]) -> str:
    """What an atom asks about; "" where it is nothing of an environment."""
    left, _, right = atom
    name = right if left[0] in "'\"" else left
    for names in (_PLATFORM, _IMPLEMENTATION, _PYTHON):
        if name in names:
            return names[0]
    return "" if name[0] in "'\"" else name


def _classes(axis: str, used: list[tuple[str, str, str]], python: str) -> list[tuple[bool, ...]]:
    """What the atoms on one thing can be together: a row for each way, an answer for each atom."""
    from packaging.markers import Marker

    markers = []
    for atom in used:
        try:
            markers.append(Marker(" ".join(atom)))
        except ValueError:
            markers.append(None)  # no marker of PEP 508: never true
    rows: dict[tuple[bool, ...], None] = {}
    for environment in _environments(axis, used, python):
        rows[tuple(_is_true(marker, environment) for marker in markers)] = None
    return list(rows) or [tuple(False for _ in markers)]


def _is_true(marker: object, environment: Mapping[str, str]) -> bool:
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName

    try:
        return marker is not None and bool(marker.evaluate(dict(environment)))  # type: ignore[attr-defined]
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError):
        return False


def _environments(axis: str, used: list[tuple[str, str, str]], python: str) -> list[dict[str, str]]:
    values = sorted({part[1:-1] for atom in used for part in atom if part[0] in "'\""})
    if axis == _PYTHON[0]:
        return [
            {
                "python_full_version": full,
                "python_version": ".".join(full.split(".")[:2]),
                "implementation_version": full,
            }
            for full in _pythons([*values, python], python)
        ]
    words = sorted({word for value in values for word in (value, *re.split(r"[\s,|]+", value))})
    for names, combined in _TOGETHER:
        if axis == names[0]:
            rows = [dict(zip(names, row)) for row in combined]
            other = dict.fromkeys(names, "other")
            new = [word for word in words if not any(word in row for row in combined)]
            return [*rows, other, *({**other, name: word} for word in new for name in names)]
    return [{axis: word} for word in (*words, "other", "0", "9999")] if axis else [{}]


def _pythons(texts: list[str], python: str) -> list[str]:
    """Versions of Python on both sides of every bound, in the specifier set `python`."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    points = {(3, minor, 5) for minor in range(6, 16)}
    for value in texts:
        for found in _NUMBERS.finditer(value):
            major, minor, micro = (int(number or 0) for number in found.groups())
            if max(major, minor, micro) < 1000:
                points.update(((major, minor, micro), (major, minor, micro + 1), (major, minor + 1, 0)))
                if minor:
                    points.add((major, minor - 1, 99))
    full = [".".join(map(str, point)) for point in sorted(points)]
    try:
        allowed = SpecifierSet(python)
    except InvalidSpecifier:
        return full
    return [version for version in full if allowed.contains(version, prereleases=True)] or full
