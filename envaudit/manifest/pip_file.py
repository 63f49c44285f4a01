"""Requirements files, line by line as pip reads them, with what they include."""

from __future__ import annotations

import re
import shlex
from optparse import OptionParser, Values

from envaudit.manifest import pip_argument
from envaudit.manifest.requirement import CONSTRAINT, INSTALL, ManifestError
from envaudit.manifest.traced import Lines, Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source

MAX_REQUIREMENTS = 20_000
MAX_NOTES = 1_000
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")  # the only spelling that pip replaces
_REMOTE = re.compile(r"(?:https?|file):", re.IGNORECASE)
_FLAGS = ("--no-index", "--prefer-binary", "--require-hashes", "--pre")
_IGNORED: tuple[tuple[str, ...], ...] = (
    ("-i", "--index-url", "--pypi-url"), ("--extra-index-url",), ("-f", "--find-links"), ("--no-binary",),
    ("--only-binary",), ("--trusted-host",), ("--use-feature",), ("--global-option",), ("--config-settings",
    "--config-setting", "-C"), ("--install-option",),
)  # fmt: skip
_LISTS: tuple[tuple[str, ...], ...] = (
    ("-r", "--requirement"),
    ("-c", "--constraint"),
    ("-e", "--editable"),
    ("--hash",),
)


class PipFile:
    """Reads requirements files into a manifest.

    every_hashed  all that is to be installed so far has hashes
    needs_hashes  a file says --require-hashes
    left_out      something could not be read
    """

    __slots__ = ("_manifest", "every_hashed", "left_out", "needs_hashes")

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self.every_hashed, self.needs_hashes, self.left_out = True, False, False

    def read(
        self, source: Source, kind: str = INSTALL, *, step: int = 0, upgrade: bool = False, nested: str = INSTALL
    ) -> None:
        """Take what the file asks for, as requirements of `kind`; what a `-r` in it names is of the kind `nested`."""
        lines = Lines(source.path, source.text)
        for line, text in logical_lines(lines):
            if len(self._manifest.requirements) >= MAX_REQUIREMENTS:
                self._leave_out(source, line, f"more than {MAX_REQUIREMENTS:,} requirements; the rest was not read")
                return
            if len(self._manifest.notes) >= MAX_NOTES:
                self.left_out = True
                return
            argument, options = _split(text)
            try:
                values = _parse(options)
            except ValueError as error:
                self._leave_out(source, line, f"pip does not take '{short(options)}': {error}")
                continue
            self._manifest.indexes += [*(values.index_url or ()), *(values.extra_index_url or ())]
            if argument.text:
                self._take(argument, lines, line, kind, step, upgrade, hashed=bool(values.hash))
            elif values.editable:
                name = Traced(values.editable[0])
                self._take(name, lines, line, kind, step, upgrade, editable=True)
            elif values.requirement or values.constraint:
                name, included = (
                    (values.requirement[0], nested) if values.requirement else (values.constraint[0], CONSTRAINT)
                )
                self._include(source, line, name, included, step, upgrade, nested)
            elif values.require_hashes:
                self.needs_hashes = True

    def _take(
        self,
        argument: Traced,
        lines: Lines,
        line: int,
        kind: str,
        step: int,
        upgrade: bool,
        *,
        hashed: bool = False,
        editable: bool = False,
    ) -> None:
        unknown = bool(_VARIABLE.search(argument.text))
        try:
            requirement = pip_argument.parse(
                argument, lines, line, editable=editable, unknown=unknown, kind=kind, step=step
            )
        except ValueError as error:
            self._leave_out(lines, line, f"'{short(argument.text)}' was left out: {error}")
            return
        if unknown and not requirement.url:
            self._note(lines, line, f"'{short(argument.text)}' has a variable, so any {requirement.name} is assumed")
        requirement.upgrade = upgrade
        requirement.hashed = requirement.hashed or hashed
        if kind == INSTALL and not requirement.hashed:
            self.every_hashed = False
        self._manifest.requirements.append(requirement)

    def _include(self, source: Source, line: int, name: str, kind: str, step: int, upgrade: bool, nested: str) -> None:
        if _REMOTE.match(name):
            self._leave_out(source, line, f"'{short(name)}' is a URL; it was not read")
        elif _VARIABLE.search(name):
            self._leave_out(source, line, f"'{short(name)}' was not read: a variable says which file it is")
        else:
            try:
                included = include(source, name)
            except ManifestError as error:
                self._leave_out(source, line, str(error))
            else:
                self.read(included, kind, step=step, upgrade=upgrade, nested=nested)

    def _leave_out(self, file: Source | Lines, line: int, text: str) -> None:
        self.left_out = True
        self._note(file, line, text)

    def _note(self, file: Source | Lines, line: int, text: str) -> None:
        if len(self._manifest.notes) == MAX_NOTES - 1:
            text = f"more than {MAX_NOTES:,} lines are not as they should be; the rest was not read"
        if file.path == self._manifest.path:
            self._manifest.note(line, text)
        else:
            self._manifest.note(None, f"{file.path}:{line}: {text}")


def logical_lines(lines: Lines) -> Iterator[tuple[int, Traced]]:
    """(first line, text) of each line that is not empty, without its comment; what ends in a backslash goes on."""
    offset, first, joined, goes_on = 0, 0, Traced(), False
    for raw in lines.text.splitlines(keepends=True):
        start, offset = offset, offset + len(raw)
        content = raw.splitlines()[0]
        comment = content.lstrip().startswith("#")
        first = first if goes_on else start
        goes_on = content.endswith("\\") and not comment
        if goes_on:
            joined.append(content.strip("\\"), start + len(content) - len(content.lstrip("\\")))
            continue
        if comment:
            joined.append(" ", None)  # so that it stays a comment behind what came before
        joined.append(content, start)
        yield from _without_comment(lines.line(first), joined)
        joined = Traced()
    yield from _without_comment(lines.line(first), joined)


def _without_comment(line: int, joined: Traced) -> Iterator[tuple[int, Traced]]:
    text = joined.text
    at = text.find("#")
    while at > 0 and not text[at - 1].isspace():
        at = text.find("#", at + 1)
    stripped = (joined if at < 0 else joined.part(0, at)).strip()
    if len(stripped):
        yield line, stripped


def _split(line: Traced) -> tuple[Traced, str]:
    """A line's requirement and its options; pip looks for the first word with a dash, words being split by a space."""
    text = line.text
    at = 0 if text.startswith("-") else text.find(" -") + 1
    if not at and not text.startswith("-"):
        return line, ""
    return line.part(0, at).strip(), text[at:]


class _Parser(OptionParser):
    def error(self, msg: str) -> NoReturn:
        raise ValueError(msg)


_parser = _Parser(add_help_option=False)
for _names in (*_LISTS, *_IGNORED):
    _parser.add_option(*_names, action="append")
for _flag in _FLAGS:
    _parser.add_option(_flag, action="store_true")


def _parse(options: str) -> Values:
    """Raises ValueError for what pip does not take."""
    try:
        words = shlex.split(options)
    except ValueError as error:
        raise ValueError(f"{error}".lower()) from None
    values, rest = _parser.parse_args(words)
    if values.editable and rest[:1] == ["@"]:  # uv takes "-e name @ URL" without quotes
        values.editable[0] += " " + " ".join(rest)
    return values


def include(source: Source, name: str) -> Source:
    """As `source.include`, also for names that no file can have.  Raises ManifestError."""
    try:
        return source.include(name)
    except ValueError:  # NUL, half a pair of surrogates
        raise ManifestError(short(name), "is no name of a file") from None


def short(text: str) -> str:
    """`text` for a message: one line, not too long, nothing that cannot be printed."""
    text = "".join(char if char.isprintable() else " " for char in text[:101])
    return text if len(text) <= 100 else f"{text[:99]}…"
