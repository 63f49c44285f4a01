"""Tracebacks in a log: the exceptions they end with, where they were raised, and what kind of fault each is."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

MAX_FOUND: Final = 200  # exceptions
MAX_FRAMES: Final = 200  # lines above an exception that are looked at for its frames

_EXCEPTION = re.compile(
    r"^(?:E\s{1,8})?(?:[\w-]{1,40}: )?((?:[A-Za-z_]\w{0,60}\.){0,8})"
    r"([A-Z]\w{0,60}(?:Error|Exception|Interrupt|Exit|Failure|NotFound|Expired|Conflict|Broken\w{1,20}))\b(?::\s?(.*)|\s*$)"
)
_INLINE = re.compile(r"\b([A-Z][A-Za-z]{1,40}(?:Error|Exception))\b(?::\s(.+))?")
_FRAME = re.compile(r'^\s*(?:E\s+)?(?:File "([^"\n]{1,300})", line \d+(?:, in (.{1,80}))?|File (\S{1,300}?):\d+\b)')
_IPYTHON_FRAME = re.compile(r"^(/\S{1,300}|[A-Z]:\\\S{1,300}|<ipython-input\S{1,60}>|Cell In) ?.{0,80}\bin\b")
_CHAIN = ("During handling of the above exception", "The above exception was the direct cause")

_ENVIRONMENT = ("ImportError", "ModuleNotFoundError", "VersionConflict", "DistributionNotFound", "PackageNotFoundError")
_SYSTEM = (
    "PermissionError", "ConnectionError", "ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError",
    "TimeoutError", "HTTPError", "URLError", "SSLError", "ProxyError",
)  # fmt: skip
_PROGRAM = (
    "KeyError", "IndexError", "ValueError", "TypeError", "ZeroDivisionError", "AssertionError", "NameError",
    "UnboundLocalError", "FileNotFoundError", "SyntaxError", "IndentationError", "TabError", "NotImplementedError",
    "StopIteration", "UnicodeDecodeError", "UnicodeEncodeError", "JSONDecodeError", "OverflowError", "LookupError",
    "FloatingPointError", "EOFError", "NotFittedError", "InvalidArgumentError", "IsADirectoryError",
    "NotADirectoryError", "FileExistsError", "PicklingError",
)  # fmt: skip
# everybody raises these: they are the program's own only where its own code did
_ANYBODY = ("RuntimeError", "AttributeError", "OSError", "Exception", "UnpicklingError")


class Raised:
    """One exception in a text.

    line    index of its line
    name    class name without modules; `message` what follows it
    frames  paths of the files on the stack, innermost last
    inner   whether another exception was printed after it because of it: then it is nearer to the cause
    formal  whether it stands as a traceback ends (else it is a word in a sentence)
    """

    __slots__ = ("formal", "frames", "inner", "line", "message", "name")

    def __init__(self, line: int, name: str, message: str, frames: list[str], formal: bool) -> None:
        self.line, self.name, self.message, self.frames, self.formal = line, name, message, frames, formal
        self.inner = False

    def guess(self) -> tuple[str, str, str] | None:
        """(family, cause, confidence) by the kind of exception alone; None where it tells nothing."""
        sure = "medium" if self.formal else "low"
        if self.name in _ENVIRONMENT:
            return "packages", "module_missing" if self.name == "ModuleNotFoundError" else "api_removed", sure
        if self.name in _SYSTEM:
            return "system", "permission" if self.name == "PermissionError" else "network", sure
        if self.name in ("KeyboardInterrupt",):
            return "user", "user_interrupt", "medium"
        if self.name == "MemoryError":
            return "memory", "host_alloc_failed", "medium"
        if self.name in ("TypeError", "AttributeError", "NameError") and self._between_libraries():
            return "packages", "api_changed", "medium"
        if self.name == "TypeError" and "unexpected keyword argument" in self.message:
            # nearly always an interface that changed: the caller is written for another release
            return "packages", "api_changed", "medium" if self.frames and _is_library(self.frames[-1]) else "low"
        if self._by_program():
            return "program", "program_error", sure if self.frames or not self.formal else "low"
        return None

    def _by_program(self) -> bool:
        """Whether it is an ordinary error of the user's own program."""
        if self.name in _ANYBODY:
            return bool(self.frames) and _is_users(self.frames[-1])
        if self.name not in _PROGRAM:
            return False
        if self.frames:
            return any(_is_users(path) for path in self.frames)
        # the word alone, in a sentence, does not say whose error it is
        return self.formal or bool(self.message)

    def _between_libraries(self) -> bool:
        """Whether one installed package called another wrongly: the two innermost files are not the user's."""
        if len(self.frames) < 2 or not all(_is_library(path) for path in self.frames[-2:]):
            return False
        drift = ("unexpected keyword", "positional argument", "has no attribute", "not subscriptable", "is not defined")
        return any(words in self.message for words in drift) and len({_package(path) for path in self.frames[-2:]}) > 1


def _is_library(path: str) -> bool:
    return "site-packages" in path or "dist-packages" in path


def _is_users(path: str) -> bool:
    """Whether a file is neither of an installed package nor of Python itself."""
    own = ("/lib/python", "\\lib\\", "<frozen ", "<decorator", "<string>", "<__array_function__")
    return not _is_library(path) and not any(mark in path.lower() for mark in own)


def _package(path: str) -> str:
    parts = re.split(r"(?:site|dist)-packages[/\\]", path)[-1]
    return re.split(r"[/\\]", parts)[0]


def find(lines: list[str], first: int = 0) -> list[Raised]:
    """The exceptions in `lines` from index `first` on, in their order; at most MAX_FOUND, the last ones."""
    found: list[Raised] = []
    for index in range(len(lines) - 1, first - 1, -1):
        if len(found) == MAX_FOUND:
            break
        line = lines[index]
        if "Error" not in line and "Exce" not in line and "Inter" not in line and "Conf" not in line:
            continue
        match = _EXCEPTION.match(line.lstrip()) if len(line) < 2000 else None
        if match and not line.rstrip().endswith("Traceback (most recent call last)"):
            found.append(Raised(index, match[2], match[3] or "", _frames(lines, index), True))
        elif match is None and (inline := _INLINE.search(line)):
            found.append(Raised(index, inline[1], inline[2] or "", [], False))
    found.reverse()
    for number, raised in enumerate(found[:-1]):
        between = lines[raised.line + 1 : min(found[number + 1].line, raised.line + 6)]
        raised.inner = any(words in line for line in between for words in _CHAIN)
    return found


def _frames(lines: list[str], index: int) -> list[str]:
    paths: list[str] = []
    for line in reversed(lines[max(0, index - MAX_FRAMES) : index]):
        if "Traceback (most recent call last)" in line or any(words in line for words in _CHAIN):
            break
        match = _FRAME.match(line) or _IPYTHON_FRAME.match(line)
        if match:
            paths.append(next(group for group in match.groups() if group))
    return paths[::-1]
