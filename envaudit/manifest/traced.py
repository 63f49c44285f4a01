"""Text that was put together from pieces of a file and still knows where each character stands in it.

Continuation lines, shell words and the strings of a notebook's JSON are not in the file as they are read; a requirement
found in them is shown, and rewritten, at its place in the file.
"""

from __future__ import annotations

from bisect import bisect_right

from envaudit.manifest.requirement import Place


class Lines:
    """The text of a file, by lines (split at "\\n") and columns.

    path  as messages call the file
    text  its text
    """

    __slots__ = ("_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def line(self, offset: int) -> int:
        """The line, from 1, of the character at `offset`."""
        return bisect_right(self._starts, offset)

    def column(self, offset: int) -> int:
        """The column, from 0, of the character at `offset`."""
        return offset - self._starts[self.line(offset) - 1]


class Traced:
    """Text whose characters know their offsets in a file; None for those that the file does not have."""

    __slots__ = ("_indexes", "_offsets", "_pieces", "_size")

    def __init__(self, text: str = "", offset: int | None = None) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._indexes: list[int] = []  # where runs of neighbouring characters start
        self._offsets: list[int | None] = []
        self.append(text, offset)

    @property
    def text(self) -> str:
        """The text itself."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def __len__(self) -> int:
        return self._size

    def append(self, text: str, offset: int | None) -> None:
        """Put `text` at the end; it stands at `offset` of the file."""
        if not text:
            return
        last = self._offsets[-1] if self._offsets else None
        if not self._offsets or (
            last + self._size - self._indexes[-1] != offset if last is not None else offset is not None
        ):
            self._indexes.append(self._size)
            self._offsets.append(offset)
        self._pieces.append(text)
        self._size += len(text)

    def extend(self, other: Traced) -> None:
        """Put `other` at the end."""
        text = other.text
        for index, (start, offset) in enumerate(zip(other._indexes, other._offsets)):
            end = other._indexes[index + 1] if index + 1 < len(other._indexes) else len(text)
            self.append(text[start:end], offset)

    def offset(self, index: int) -> int | None:
        """Where the character at `index` stands in the file."""
        run = bisect_right(self._indexes, index) - 1
        if run < 0 or index >= self._size:
            return None
        start = self._offsets[run]
        return None if start is None else start + index - self._indexes[run]

    def part(self, start: int, end: int) -> Traced:
        """The characters from `start` up to `end`."""
        text, part = self.text, Traced()
        run = max(bisect_right(self._indexes, start) - 1, 0)
        while run < len(self._indexes) and self._indexes[run] < end:
            first = max(self._indexes[run], start)
            last = min(self._indexes[run + 1] if run + 1 < len(self._indexes) else len(text), end)
            part.append(text[first:last], self.offset(first))
            run += 1
        return part

    def strip(self) -> Traced:
        """Without the space at both ends."""
        text = self.text
        start = len(text) - len(text.lstrip())
        return self.part(start, max(len(text.rstrip()), start))

    def first_offset(self) -> int | None:
        """Where the first of its characters that the file has stands."""
        return next((offset for offset in self._offsets if offset is not None), None)


def locate(traced: Traced, place: Place, lines: Lines, line: int) -> Place:
    """`place`, whose column is an index of `traced`, as a place of the file's line `line`.

    The column is None where the version part does not stand on that line as it is: it is written with escapes, goes on
    in the next line, or comes from a variable.
    """
    index, written = place.column, place.written
    if index is None:
        return Place(lines.path, line)
    text, at = lines.text, None
    if written:
        at = traced.offset(index)
        if at is not None and not text.startswith(written, at):
            at = None
    elif index:
        before = traced.offset(index - 1)
        if before is not None and text[before] == traced.text[index - 1]:
            at = before + 1
    if at is None or "\n" in written or lines.line(at) != line:
        return Place(lines.path, line)
    return Place(lines.path, line, lines.column(at), written)
