"""A log read for the cause of a death: what its lines mean, and which of them stand where the process died.

The line that tells of the end proves an end and nothing else, so the way goes up from it to the nearest line that is
not noise.  Where no line tells of an end, tracebacks and the whole text are weighed.
"""

from __future__ import annotations

import bisect

from envaudit.postmortem import exceptions, fault, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from envaudit.postmortem.fault import Fault
    from envaudit.postmortem.signatures import Signature, Signatures

BEFORE, AFTER = 2 << 20, 256 << 10  # bytes around the last death that are searched
HITS = 60  # lines of one signature that are looked at, from the end


class Hit:
    """A line that a signature knows."""

    __slots__ = ("line", "match", "signature", "text")

    def __init__(self, line: int, words: str, signature: Signature, match: re.Match[str]) -> None:
        self.line, self.text, self.signature, self.match = line, words, signature, match

    def filled(self, words: str) -> str:
        """`words` with the named groups of the match for {name}."""
        head, *parts = words.split("{")
        for part in parts:
            name, closed, rest = part.partition("}")
            groups = self.match.groupdict()
            value = groups.get(name) or groups.get(name + "2")
            head += (value or "a part") + rest if closed else "{" + part
        return head

    def culprits(self) -> list[str]:
        """Package names and parts of the machine."""
        found = []
        for name in self.signature.culprits:
            filled = self.filled(name) if "{" in name else name
            if filled != "a part":
                found.append(filled.partition(".")[0].replace("_", "-").lower() if "{" in name else name)
        return found


class Log:
    """A log, read.

    lines       as a person would read them
    hits        lines that signatures know, in the order they stand there, noise left out
    ends        indexes of the lines that tell of an end (of the last death alone: a crash loop is one story)
    raised      exceptions
    fault       faulthandler's dump
    restarted   whether the last word is a restart or shutdown that somebody asked for
    """

    __slots__ = ("ends", "fault", "hits", "lines", "noise", "raised", "rest", "restarted")

    def __init__(self, data: bytes, signatures: Signatures, kernel: str | None = None) -> None:
        """`kernel` is the id of the kernel that is asked about, where a server's log tells of several."""
        self.rest = len(data) > text.MAX_INPUT
        self.lines = text.lines_of(text.decode(data[-text.MAX_INPUT :]))
        ends = _search(self.lines, [s for s in signatures.all if s.role in ("end", "user")])
        deaths = [hit for hit in ends if hit.signature.role == "end"]
        deaths = [hit for hit in deaths if kernel and kernel in hit.text] or deaths
        asked = [hit for hit in ends if hit.signature.role == "user"]
        self.restarted = bool(asked) and (not deaths or asked[-1].line > deaths[-1].line)
        first, last = _window(self.lines, deaths[-1].line if deaths else len(self.lines))
        rest = [s for s in signatures.all if s.role not in ("end", "user")]
        found = _search(self.lines[first:last], rest, first)
        # noise explains a line, unless that is an error too ("UserWarning: CUDA driver initialization failed")
        noise = {hit.line for hit in found if hit.signature.level == "benign"}
        sure = {hit.line for hit in found if hit.signature.level == "error"}
        self.noise = noise - sure
        self.hits = [hit for hit in found if hit.line not in self.noise and hit.signature.level != "benign"]
        self.hits += [
            hit for hit in deaths if first <= hit.line < last and hit.signature.cause != "kernel_process_ended"
        ]
        self.hits += asked
        self.hits.sort(key=lambda hit: hit.line)
        self.ends = [hit.line for hit in deaths]
        self.raised = exceptions.find(self.lines[first:last])
        for raised in self.raised:
            raised.line += first
        self.fault: Fault | None = fault.read(self.lines[first:last])


def _window(lines: list[str], end: int) -> tuple[int, int]:
    """(first, last) index of the lines that are searched: those before and a few after line `end`."""
    first, size = end, 0
    while first > 0 and size < BEFORE:
        first -= 1
        size += len(lines[first])
    last, size = end, 0
    while last < len(lines) and size < AFTER:
        size += len(lines[last])
        last += 1
    return first, last


def _search(lines: list[str], signatures: list[Signature], first: int = 0) -> list[Hit]:
    """The hits of `signatures`.  Plain texts find the lines; only there a pattern is tried."""
    encoded = [line.encode("utf-8", "replace") for line in lines]
    starts, at = [], 0
    for line in encoded:
        starts.append(at)
        at += len(line) + 1
    data = b"\n".join(encoded).lower()
    known: dict[bytes, list[int]] = {}
    found = []
    for signature in signatures:
        rows: set[int] = set()
        for needle in signature.needles:
            if needle not in known:
                known[needle] = _rows(data, needle, starts)
            rows.update(known[needle])
        for row in sorted(rows):
            match = signature.match(lines[row])
            if match:
                found.append(Hit(first + row, lines[row].strip(), signature, match))
    found.sort(key=lambda hit: hit.line)
    return found


def _rows(data: bytes, needle: bytes, starts: list[int]) -> list[int]:
    """Indexes of the lines that hold `needle`: the last HITS and the first few."""
    rows: list[int] = []
    at = len(data)
    while len(rows) < HITS and (at := data.rfind(needle, 0, at)) >= 0:
        rows.append(bisect.bisect_right(starts, at) - 1)
        at = starts[rows[-1]] + len(needle) - 1
    at = 0
    while len(rows) < HITS * 3 // 2 and len(rows) >= HITS and (at := data.find(needle, at)) >= 0:
        rows.append(bisect.bisect_right(starts, at) - 1)
        at = starts[rows[-1] + 1] if rows[-1] + 1 < len(starts) else len(data)
    return rows
