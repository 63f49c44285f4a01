"""Markers of lock files: with the extras that are asked for put in, and as sets of the environments they are true in.

Lock files combine markers in ways that requirements do not: a package is installed where one of the ways to it is open,
and every way has markers of its own.  The environments that any marker of the file tells apart are few, so a set of
them is an int with a bit for each, and "and" and "or" of markers are those of the ints.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Union

    # True and False, or ("and" | "or", parts), or ("atom", left, operator, right)
    Tree = Union[bool, tuple]  # type: ignore[type-arg]
    # whether an atom on extras or groups is true; None for any other one
    Decide = Callable[[tuple[str, str, str]], "bool | None"]

MAX_MARKER = 50_000  # characters; uv writes long ones where extras exclude each other
MAX_WORLDS = 1 << 14
MAX_TEXT = 600  # characters of a marker that is put together
_DEPTH = 30
_TERMS = 12
_TOKEN = re.compile(r"\s*(?:([()])|('[^']*'|\"[^\"]*\")|(not\s+in\b|in\b|[<>=!~]+)|([A-Za-z_][A-Za-z_.]*))")
_NUMBERS = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")
# variables that say the same thing in other words, and what they say together
_PLATFORM = ("sys_platform", "platform_system", "os_name")
_IMPLEMENTATION = ("implementation_name", "platform_python_implementation")
_PYTHON = ("python_full_version", "python_version", "implementation_version")
_TOGETHER = (
    (_PLATFORM, [("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt")]),
    (_IMPLEMENTATION, [("cpython", "CPython"), ("pypy", "PyPy")]),
)


def parse(marker: str) -> Tree:
    """The marker as a tree; "" is True.  Raises ValueError with the reason when it is no marker."""
    if not marker.strip():
        return True
    if len(marker) > MAX_MARKER:
        raise ValueError(f"a marker longer than {MAX_MARKER:,} characters")
    tokens, at = [], 0
    end = len(marker.rstrip())
    while at < end:
        found = _TOKEN.match(marker, at)
        if not found:
            raise ValueError(f"'{marker[at : at + 40].strip()}' in a marker")
        tokens.append(" ".join(found[0].split()) if found[3] else found[0].strip())
        at = found.end()
    tree, at = _any(tokens, 0, 0)
    if at < len(tokens):
        raise ValueError(f"'{tokens[at][:40]}' in a marker")
    return tree


def _any(tokens: list[str], at: int, depth: int) -> tuple[Tree, int]:
    parts = []
    while True:
        part, at = _all(tokens, at, depth)
        parts.append(part)
        if tokens[at : at + 1] != ["or"]:
            return _joined("or", parts), at
        at += 1


def _all(tokens: list[str], at: int, depth: int) -> tuple[Tree, int]:
    parts = []
    while True:
        part, at = _one(tokens, at, depth)
        parts.append(part)
        if tokens[at : at + 1] != ["and"]:
            return _joined("and", parts), at
        at += 1


def _one(tokens: list[str], at: int, depth: int) -> tuple[Tree, int]:
    if depth > _DEPTH:
        raise ValueError(f"brackets deeper than {_DEPTH} in a marker")
    if tokens[at : at + 1] == ["("]:
        tree, at = _any(tokens, at + 1, depth + 1)
        if tokens[at : at + 1] != [")"]:
            raise ValueError("an open bracket in a marker")
        return tree, at + 1
    atom = tokens[at : at + 3]
    if len(atom) < 3 or not (_is_value(atom[0]) and _is_operator(atom[1]) and _is_value(atom[2])):
        raise ValueError(f"'{' '.join(atom)[:40]}' in a marker")
    return ("atom", *atom), at + 3


def _is_value(token: str) -> bool:
    return token[0] in "'\"" or (token[0].isalpha() and token not in ("and", "or", "in", "not in"))


def _is_operator(token: str) -> bool:
    return token in ("==", "!=", "<", "<=", ">", ">=", "~=", "===", "in", "not in")


def _joined(word: str, parts: list[Tree]) -> Tree:
    """One tree of them, without what does not matter."""
    absorbing = word == "or"
    kept: list[Tree] = []
    for part in parts:
        for piece in part[1] if isinstance(part, tuple) and part[0] == word else [part]:
            if piece is absorbing:
                return absorbing
            if piece is not (not absorbing) and piece not in kept:
                kept.append(piece)
    if not kept:
        return not absorbing
    return kept[0] if len(kept) == 1 else (word, kept)


def decide(tree: Tree, known: Decide) -> Tree:
    """The tree with what `known` says put in for the atoms that it knows."""
    if isinstance(tree, bool):
        return tree
    if tree[0] == "atom":
        answer = known(tree[1:])
        return tree if answer is None else answer
    return _joined(tree[0], [decide(part, known) for part in tree[1]])


def text(tree: Tree) -> str:
    """The tree as a marker; "" for True.  There is none for False."""
    if isinstance(tree, bool):
        return ""
    if tree[0] == "atom":
        return " ".join(tree[1:])
    parts = [f"({text(part)})" if tree[0] == "and" and part[0] == "or" else text(part) for part in tree[1]]
    return f" {tree[0]} ".join(parts)


def atoms(tree: Tree) -> set[tuple[str, str, str]]:
    """The comparisons in it."""
    if isinstance(tree, bool):
        return set()
    return {tree[1:]} if tree[0] == "atom" else set().union(*map(atoms, tree[1]))


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

    def phrase(self, mask: int) -> str | None:
        """A marker that is true in just these environments, from markers that were learned; "" for all of them.

        None where none was found that is short.
        """
        if mask == self.full:
            return ""
        if mask not in self._texts:
            self._texts[mask] = self._phrases.get(mask) or self._made(mask, "or") or self._made(mask, "and")
        return self._texts[mask]

    def _made(self, mask: int, word: str) -> str | None:
        """Greedily from as few as possible, with one word between them."""
        goal = mask if word == "or" else self.full & ~mask
        pieces = {}
        for known, phrase in self._phrases.items():
            part = known if word == "or" else self.full & ~known
            if part and part & ~goal == 0:
                pieces[part] = phrase
        used: list[str] = []
        while goal and len(used) < _TERMS:
            best = max(pieces, key=lambda part: (_count(part & goal), -len(pieces[part])), default=0)
            if not best & goal:
                return None
            used.append(pieces[best])
            goal &= ~best
        other = " and " if word == "or" else " or "
        result = f" {word} ".join(f"({phrase})" if other in phrase else phrase for phrase in used)
        return None if goal or len(result) > MAX_TEXT else result


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
