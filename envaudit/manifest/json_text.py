"""JSON strings with the place of each character in their file."""

from __future__ import annotations

import re

from envaudit.manifest.traced import Traced

_PIECE = re.compile(r"[^\\\"]+|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)
_TOKEN = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}\[\]]', re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def decode(text: str, start: int) -> Traced:
    """The JSON string whose opening quote stands at `start` of a file's text."""
    string, at = Traced(), start + 1
    high, first = 0, 0  # first half of a pair of surrogates, and where it stands
    while found := _PIECE.match(text, at):
        piece = found[0]
        if piece[0] != "\\":
            string.append(piece, at)
        elif piece[1] != "u":
            string.append(_SIMPLE.get(piece[1], piece[1]), at)
        else:
            code = int(piece[2:], 16)
            if 0xD800 <= code < 0xDC00 and text.startswith("\\u", found.end()):
                high, first = code, at
            elif high and 0xDC00 <= code < 0xE000:
                string.append(chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00), first)
            else:
                string.append(chr(code), at)
        if not piece.startswith("\\u") or not 0xD800 <= int(piece[2:], 16) < 0xDC00:
            high = 0
        at = found.end()
    return string


def strings_under(text: str, path: tuple[str, ...], key: str) -> list[list[int]]:
    """Where the strings of `key` start (a string, or those of a list) in each object of the list at `path`.

    `path` is made of keys, lists between them being walked through: ("cells",) and ("worksheets", "cells") are the
    cells of a notebook.  `text` must be valid JSON; of a key that stands twice, the last counts.
    """
    found: list[list[int]] = []
    ways: list[tuple[str, ...] | None] = [()]  # the keys that lead to each open bracket; None once they leave the path
    names: list[str | None] = [None]  # the last key of each open object, None in a list
    full = (*path, key)
    cell = 0  # how deep the open object of the list is; 0 for none
    for token in _TOKEN.finditer(text):
        mark, depth = token[0][0], len(ways)
        name = names[-1]
        way = ways[-1]
        if way is not None and name is not None:
            way = (*way, name)
            way = way if full[: len(way)] == way else None
        if mark in "{[":
            if mark == "{" and way == path and name is None and depth > 1 and not cell:
                cell = depth + 1
                found.append([])
            ways.append(way)
            names.append("" if mark == "{" else None)
        elif mark in "}]":
            if depth == cell:
                cell = 0
            ways.pop()
            names.pop()
        elif token[2] is not None:
            names[-1] = token[1][1:-1]
            if depth == cell and names[-1] == key:
                found[-1].clear()
        elif cell and way == full and depth <= cell + 1:
            found[-1].append(token.start())
    return found


def end(text: str, start: int) -> int:
    """Behind the closing quote of the JSON string that starts at `start`."""
    found = _TOKEN.match(text, start)
    return found.end(1) if found else len(text)
