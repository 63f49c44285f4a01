"""Markers of lock files: as trees, with what is known of extras and groups put in."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Union

    # True and False, or ("and" | "or", parts), or ("atom", left, operator, right)
    Tree = Union[bool, tuple]  # type: ignore[type-arg]
    # whether an atom on extras or groups is true; None for any other one
    Decide = Callable[[tuple[str, str, str]], "bool | None"]

MAX_MARKER = 50_000  # characters; uv writes long ones where extras exclude each other
_DEPTH = 30
_TOKEN = re.compile(r"\s*(?:([()])|('[^']*'|\"[^\"]*\")|(not\s+in\b|in\b|[<>=!~]+)|([A-Za-z_][A-Za-z_.]*))")


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
