"""TOML with the places of its values: `tomllib` says what a file means, not where it says so."""

from __future__ import annotations

import contextlib
import re
import sys
from bisect import bisect_right
from importlib import import_module

from envaudit.manifest.requirement import ManifestError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from envaudit.manifest.source import Source

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PART = re.compile(r"\s*[\w'\"-]+\s*")
_SCALAR = re.compile(r"[^,\]}#\n]+")
# by the quotes that open it; the strings over several lines may end in two more quotes than close them
_STRINGS = (
    ('"""', re.compile(r'"""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*"{3,5}', re.DOTALL)),
    ("'''", re.compile(r"'''[^']*(?:'{1,2}(?!')[^']*)*'{3,5}")),
    ('"', re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"')),
    ("'", re.compile(r"'[^'\n]*'")),
)

MAX_KEYS = 300  # in one dotted key


def parse(source: Source) -> dict[str, Any]:
    """The tables of a TOML file.  Raises ManifestError, with the line, where it is none."""
    for number, line in enumerate(source.text.split("\n"), 1):
        if line.count(".") > MAX_KEYS and _dotted(line):
            raise ManifestError(source.path, f"has a key of more than {MAX_KEYS} parts", number)
    try:
        return _loads(source.text)
    except ValueError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        reason = re.sub(r" ?\(at .*\)$", "", str(error).splitlines()[0])
        raise ManifestError(source.path, f"is not valid TOML: {reason}", int(found[1]) if found else None) from None


def _dotted(line: str) -> bool:
    """Whether there is something with more dots than a key may have: `tomllib` takes the square of their number."""
    parts = 0
    for part in line.split("."):
        parts = parts + 1 if _PART.fullmatch(part) else 0
        if parts > MAX_KEYS:
            return True
    return False


def _loads(text: str) -> dict[str, Any]:
    # tomli is a dependency only where Python has no tomllib
    loads: Callable[[str], dict[str, Any]] = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli").loads
    return loads(text)


class _UnsureError(Exception):
    """What stands here is not what a file that parses has: what was found before it holds, the rest is not known."""


class TomlLines:
    """Where the values of a TOML text stand that `parse` could read.

    A value is named by the keys that lead to it, with numbers in arrays: ("project", "dependencies", 0), and
    ("package", 2, "version") in the third `[[package]]`.  Takes time linear in the size of the text.
    """

    __slots__ = ("_at", "_counts", "_ends", "_spots", "_text")

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._spots: dict[tuple[str | int, ...], tuple[int, int | None]] = {}
        self._counts: dict[tuple[str | int, ...], int] = {}  # arrays of tables -> how many there are so far
        with contextlib.suppress(_UnsureError):
            self._read()
        self._text = ""

    def find(self, *path: str | int) -> tuple[int, int | None] | None:
        """(line from 1, column) of the value at `path`, or of the header of a table; None where it is not known.

        The column is where the text of a string starts, behind its quote; None for anything but a string on one line
        that stands there without escapes.
        """
        return self._spots.get(path)

    def place(self, file: str, *path: str | int) -> Place:
        """As `find`, of something that cannot be rewritten; line 1 where it is not known."""
        spot = self._spots.get(path)
        return Place(file, spot[0] if spot else 1)

    def _read(self) -> None:
        table: tuple[str | int, ...] = ()
        text = self._text
        while True:
            self._skip(_BLANK)
            if self._at >= len(text):
                return
            if text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> tuple[str | int, ...]:
        start = self._at
        double = self._text.startswith("[[", start)
        self._at += 2 if double else 1
        keys = self._key()
        self._expect("]]" if double else "]")
        table: tuple[str | int, ...] = ()
        for key in keys[:-1]:
            table = self._inside((*table, key))
        table = (*table, keys[-1])
        if double:
            if table not in self._counts:
                self._record(table, start)
            self._counts[table] = self._counts.get(table, 0) + 1
        table = self._inside(table)
        self._record(table, start)
        return table

    def _inside(self, table: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """A table, or the last one of an array of tables."""
        count = self._counts.get(table)
        return (*table, count - 1) if count else table

    def _pair(self, table: tuple[str | int, ...]) -> None:
        keys = self._key()
        self._expect("=")
        self._skip(_SPACE)
        self._value((*table, *keys))

    def _key(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            if self._text[self._at : self._at + 1] in ('"', "'"):
                start = self._at
                keys.append(self._decode(start, self._string()))
            else:
                found = _BARE.match(self._text, self._at)
                if not found:
                    raise _UnsureError
                keys.append(found[0])
                self._at = found.end()
            self._skip(_SPACE)
            if self._text[self._at : self._at + 1] != ".":
                return keys
            self._at += 1

    def _decode(self, start: int, quotes: int) -> str:
        inner = self._text[start + quotes : self._at - quotes]
        if "\\" not in inner:
            return inner
        try:
            return str(_loads(f"key = {self._text[start : self._at]}")["key"])
        except ValueError:
            raise _UnsureError from None

    def _value(self, path: tuple[str | int, ...]) -> None:
        text, start = self._text, self._at
        first = text[start : start + 1]
        if first in ('"', "'"):
            quotes = self._string()
            plain = quotes == 1 and (first == "'" or "\\" not in text[start : self._at])
            self._record(path, start, start + 1 if plain else None)
        elif first == "[":
            self._record(path, start)
            self._array(path)
        elif first == "{":
            self._record(path, start)
            self._inline(path)
        else:
            self._record(path, start)
            self._skip(_SCALAR)
            if self._at == start:
                raise _UnsureError

    def _array(self, path: tuple[str | int, ...]) -> None:
        self._at += 1
        count = 0
        while True:
            self._skip(_BLANK)
            if self._text[self._at : self._at + 1] == "]":
                self._at += 1
                return
            self._value((*path, count))
            count += 1
            self._skip(_BLANK)
            if self._text[self._at : self._at + 1] == ",":
                self._at += 1
            elif self._text[self._at : self._at + 1] != "]":
                raise _UnsureError

    def _inline(self, path: tuple[str | int, ...]) -> None:
        self._at += 1
        while True:
            self._skip(_BLANK)  # TOML 1.1 lets them run over several lines
            if self._text[self._at : self._at + 1] == "}":
                self._at += 1
                return
            self._pair(path)
            self._skip(_BLANK)
            if self._text[self._at : self._at + 1] == ",":
                self._at += 1
            elif self._text[self._at : self._at + 1] != "}":
                raise _UnsureError

    def _string(self) -> int:
        """Step over the string that starts here; how many quotes it stands in."""
        for quotes, pattern in _STRINGS:
            if self._text.startswith(quotes, self._at):
                found = pattern.match(self._text, self._at)
                if not found:
                    raise _UnsureError
                self._at = found.end()
                return len(quotes)
        raise _UnsureError

    def _expect(self, mark: str) -> None:
        if not self._text.startswith(mark, self._at):
            raise _UnsureError
        self._at += len(mark)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()

    def _record(self, path: tuple[str | int, ...], start: int, content: int | None = None) -> None:
        number = bisect_right(self._ends, start - 1)  # ends before it
        before = self._ends[number - 1] + 1 if number else 0
        self._spots[path] = (number + 1, None if content is None else content - before)
