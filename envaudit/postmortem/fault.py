"""What faulthandler wrote when the process died: the signal, the Python stack, and whose code it was in."""

from __future__ import annotations

import re

MAX_LINES = 4000

_HEAD = re.compile(r"(?:Fatal Python error|Windows fatal exception): (.{1,200})")
_FRAME = re.compile(r'^\s*File "([^"\n]{1,400})", line \d+(?: in (.{1,120}))?')
_PACKAGE = re.compile(r"(?:site|dist)-packages[/\\]([A-Za-z_]\w{0,60})")
_IMPORT = ("_call_with_frames_removed", "create_module", "exec_module", "_load_unlocked")
_SIGNALS = {
    "Segmentation fault": 11, "Aborted": 6, "Illegal instruction": 4, "Bus error": 7, "Floating point exception": 8,
    "access violation": 11, "stack overflow": 11,
}  # fmt: skip
RECURSION = 60  # equal frames among the innermost hundred, which is as many as faulthandler writes
DEEP = 8  # innermost frames that are looked at for an import


class Fault:
    """One dump.

    what        the text after "Fatal Python error:"; `signal` its number, where it names one
    frames      (path, function) of the thread that died, innermost first
    importing   whether it was inside an import
    recursive   whether the stack is one function over and over
    package     the installed package (import name) that was entered last
    """

    __slots__ = ("frames", "importing", "package", "recursive", "signal", "what")

    def __init__(self, what: str, frames: list[tuple[str, str]]) -> None:
        self.what, self.frames = what, frames
        self.signal = next((number for words, number in _SIGNALS.items() if words in what), None)
        self.importing = any(function in _IMPORT for _, function in frames[:DEEP])
        # mutual recursion has two or three functions, so places count and not frames
        self.recursive = len(frames) >= RECURSION and len(set(frames[:RECURSION])) <= 4
        packages = (_PACKAGE.search(path) for path, _ in frames)
        self.package = next((match[1] for match in packages if match), None)


def read(lines: list[str]) -> Fault | None:
    """The last dump in `lines`, or None."""
    start = next((i for i in range(len(lines) - 1, -1, -1) if _HEAD.search(lines[i])), None)
    if start is None:
        return None
    match = _HEAD.search(lines[start])
    frames: list[tuple[str, str]] = []
    inside = False
    for line in lines[start + 1 : start + MAX_LINES]:
        if line.startswith(("Current thread", "Stack (most recent call first)")) or "most recent call first" in line:
            if frames:
                break
            inside = line.startswith(("Current thread", "Stack"))
        elif inside and (frame := _FRAME.match(line)):
            frames.append((frame[1], (frame[2] or "").strip()))
        elif inside and frames and not line.strip():
            break
    return Fault(match[1].strip() if match else "", frames)
