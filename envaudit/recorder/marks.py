"""What the kernel itself writes: which cell runs, and that it leaves in order.

A store into a shared mapping stays when the process dies, however it dies, and takes no system call.  Both hooks run
for each cell: see benchmarks/recorder.py for what they take.
"""

from __future__ import annotations

import mmap
import os
import re
from hashlib import sha256
from struct import Struct
from time import time

from envaudit.recorder import layout

_CELL, _SOURCE, _END = Struct(layout.CELL_FORMAT), Struct(layout.SOURCE_FORMAT), Struct("<d")
_SECRET_WORDS = re.compile(r"(?i)key|token|secret|passw|pwd|credential|auth|bearer|login|://[^/\s]*@")
_LONG_WORD = re.compile(r"[A-Za-z0-9_\-+/=]{20,}")
_VALUE = re.compile(r"[=(:'\"]|--\w+ ")


def first_line(source: str) -> str:
    """The first line that is not empty, cut to 120 characters, without what looks like a secret."""
    line = source.lstrip()[: layout.MAX_FIRST_LINE * 4].partition("\n")[0].rstrip()
    if _SECRET_WORDS.search(line):
        value = _VALUE.search(line)
        line = (line[: value.end()] if value else line.partition(" ")[0]) + "..."
    else:
        line = _LONG_WORD.sub(_shortened, line)
    return line[: layout.MAX_FIRST_LINE]


def _shortened(match: re.Match[str]) -> str:
    """A long word is a secret when digits and letters are mixed in it, as no name has them."""
    word = match[0]
    digits = sum(character.isdigit() for character in word)
    return "..." if 3 <= digits < len(word) and "/" not in word else word


class Marks:
    """The mapping of one kernel.

    inputs   IPython's list of the sources of all cells, the first one at 1; the cell that begins is not in it yet.
             IPython's own counter moves before a cell in some releases and after it in others.
    """

    __slots__ = ("_at", "_count", "_inputs", "_keeps_source", "_map", "_pid", "number")

    def __init__(self, descriptor: int, head: bytes, inputs: list[str], keeps_source: bool) -> None:
        self._map = mmap.mmap(descriptor, layout.SIZE)
        self._count, self._at, self._pid = 0, -1, os.getpid()
        self._inputs, self._keeps_source = inputs, keeps_source
        self.number = 0  # of the cell that runs or ran last
        self._map[: len(layout.MAGIC)] = layout.MAGIC
        start = len(layout.MAGIC)
        self._map[start : start + len(head)] = head

    def begin(self, source: str, number: int | None = None) -> None:
        """A cell starts now; `number` where it is not the next one."""
        if os.getpid() != self._pid:  # a fork of the kernel that goes on running cells
            return
        line = first_line(source).encode("utf-8", "replace")[: layout.CELL - layout.FIRST_LINE]
        data = source.encode("utf-8", "surrogatepass")
        self.number = number = len(self._inputs) if number is None else number
        self._at = at = layout.CELLS + self._count % layout.CELL_COUNT * layout.CELL
        self._count += 1
        self._map[at + layout.FIRST_LINE : at + layout.FIRST_LINE + len(line)] = line
        digest = sha256(data).hexdigest()[:16].encode()
        _CELL.pack_into(self._map, at, number, layout.RUNNING, len(line), time(), 0.0, digest)
        if self._keeps_source:
            data = data[: layout.MAX_SOURCE]
            _SOURCE.pack_into(self._map, layout.SOURCE, number, len(data))
            self._map[layout.SOURCE + 8 : layout.SOURCE + 8 + len(data)] = data

    def end(self, failed: bool) -> None:
        """The cell that began last is over."""
        at = self._at
        if at >= 0 and self._pid == os.getpid():
            self._map[at + 16 : at + 24] = _END.pack(time())
            self._map[at + 4] = layout.FAILED if failed else layout.DONE
            self._at = -1

    def notebook(self, path: str) -> None:
        """The kernel belongs to the notebook at `path`."""
        data = path.encode("utf-8", "replace")[: layout.NOTEBOOK_END - layout.NOTEBOOK - 1]
        self._map[layout.NOTEBOOK : layout.NOTEBOOK + len(data) + 1] = data + b"\0"

    def leaving(self) -> None:
        """exit() was called or the server asks the kernel to end."""
        self._set(layout.LEAVING)

    def clean(self) -> None:
        """Python leaves in order."""
        self._set(layout.CLEAN)

    def _set(self, place: int) -> None:
        if os.getpid() == self._pid:
            self._map[place] = 1
