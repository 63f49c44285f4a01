"""Commands that the Python code of a notebook runs: `subprocess.check_call([…])`, `os.system("…")` and the like."""

from __future__ import annotations

import ast
import re
import warnings

from envaudit.manifest.shell import Word
from envaudit.manifest.traced import Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    # shell text, the words of one command, or a folder to go to
    Event = Union[Traced, "list[Word]", str]

_HINTS = ("subprocess", "check_call", "check_output", "system(", "popen(", "get_ipython", "pip", "chdir")
_SUBPROCESS = frozenset(("run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"))
_PIP_MAIN = frozenset(("pip.main", "pip._internal.main", "pip._internal.cli.main.main", "pipmain", "pip_main"))
_LITERAL = re.compile(r"(?:\s|\\\n|#[^\n]*\n)*[rRuU]?(\"\"\"|'''|\"|')")


def find(python: str, code: Traced) -> list[tuple[int, Event]]:
    """(where in the cell, what is run) of each call; `python` is the cell's `code` with the magics blanked out."""
    if not any(hint in python for hint in _HINTS):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(python.replace("\r", " "))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []  # a cell that Python does not take runs nothing
    reader = _Reader(python, code)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            try:
                event = reader.event(node)
            except RecursionError:
                continue  # no list of words is nested that deep
            if event is not None:
                found.append((reader.offset(node), event))
    return found


class _Reader:
    def __init__(self, python: str, code: Traced) -> None:
        self._lines, self._code = python.split("\n"), code
        self._starts, at = [], 0
        for line in self._lines:
            self._starts.append(at)
            at += len(line) + 1

    def offset(self, node: ast.expr) -> int:
        """Where the expression starts in the cell; Python counts columns in bytes."""
        line = self._lines[node.lineno - 1]
        return self._starts[node.lineno - 1] + len(
            line.encode("utf-8", "replace")[: node.col_offset].decode("utf-8", "ignore")
        )

    def event(self, call: ast.Call) -> Event | None:
        """What the call runs; None for another call."""
        name = _dotted(call.func)
        if not name or not call.args:
            return None
        first, last = call.args[0], name.rpartition(".")[2]
        if name in ("os.chdir", "chdir"):
            folder = self._string(first)
            return folder.text.text if folder and not folder.unknown else "$"
        if name in _PIP_MAIN:
            words = self._words(first)
            return [Word(Traced("pip")), *words] if words else None
        if name.startswith("get_ipython()"):
            return self._magic(last, call.args)
        if name in ("os.system", "os.popen", "system") or (
            last in _SUBPROCESS and name.rpartition(".")[0] in ("", "subprocess", "sp")
        ):
            return self._words(first) or self._script(first)
        return None

    def _magic(self, method: str, arguments: list[ast.expr]) -> Event | None:
        if method in ("system", "getoutput", "magic"):
            script = self._script(arguments[0])
            return script if script is None or method != "magic" else script.part(_percent(script), len(script))
        if method not in ("run_line_magic", "run_cell_magic") or len(arguments) < 2:
            return None
        kind, rest = self._string(arguments[0]), self._script(arguments[-1])
        if kind is None or rest is None:
            return None
        magic = kind.text.text
        if method == "run_cell_magic":
            return rest if magic in ("bash", "sh") else None
        if magic == "cd":
            return rest.text.strip()
        if magic in ("sx", "system"):
            return rest
        script = Traced(f"{magic} ")
        script.extend(rest)
        return script

    def _words(self, node: ast.expr) -> list[Word]:
        """The words of a literal list, or of one and something added to it."""
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self._word(element) for element in node.elts]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left = self._words(node.left)
            return [*left, *(self._words(node.right) or [self._word(node.right)])] if left else []
        return []

    def _word(self, node: ast.expr) -> Word:
        return self._string(node) or Word(Traced("{" + (_dotted(node) or "…") + "}"), _dotted(node) != "sys.executable")

    def _script(self, node: ast.expr) -> Traced | None:
        """The text of a string, also of `"…".split()` and `shlex.split("…")`."""
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            if name == "shlex.split" and node.args:
                return self._script(node.args[0])
            if isinstance(node.func, ast.Attribute) and node.func.attr == "split":
                return self._script(node.func.value)
            return None
        word = self._string(node)
        return word.text if word else None

    def _string(self, node: ast.expr) -> Word | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            start = self.offset(node)
            written = _literals(self._code, start, node.value)
            return Word(written or _made_up(node.value, self._code.part(start, start + 1)))
        if isinstance(node, ast.JoinedStr):
            text = "".join(_format_piece(value) for value in node.values)
            unknown = any(_expression(value) not in ("", "sys.executable") for value in node.values)
            return Word(_made_up(text, self._code.part(self.offset(node), self.offset(node) + 1)), unknown)
        return None


def _literals(code: Traced, at: int, value: str) -> Traced | None:
    """`value` as the literals that start at `at` have it, side by side; None where they use escapes."""
    found = Traced()
    while literal := _LITERAL.match(code.text, at):
        end = code.text.find(literal[1], literal.end())
        if end < 0 or not value.startswith(code.text[literal.end() : end], len(found)):
            break
        found.extend(code.part(literal.end(), end))
        if len(found) == len(value):
            return found
        at = end + len(literal[1])
    return None


def _made_up(text: str, first: Traced) -> Traced:
    """`text`, which the file has in other words; its first character still knows the place, and so its line."""
    made_up = Traced(text[:1], first.first_offset())
    made_up.append(text[1:], None)
    return made_up


def _percent(script: Traced) -> int:
    return 1 if script.text.startswith("%") else 0


def _expression(node: ast.expr) -> str:
    return (_dotted(node.value) or "…") if isinstance(node, ast.FormattedValue) else ""


def _format_piece(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "{" + _expression(node) + "}"


def _dotted(node: ast.expr) -> str:
    """ "a.b" of `a.b`, "get_ipython().system" of `get_ipython().system`; "" of anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args:
        names.append(f"{node.func.id}()")
    elif isinstance(node, ast.Name):
        names.append(node.id)
    else:
        return ""
    return ".".join(reversed(names))
