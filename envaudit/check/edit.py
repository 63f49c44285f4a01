"""Files with other specifiers: only what must change is changed, and the result reads as it was meant to."""

from __future__ import annotations

import os
import re
import tempfile

from envaudit import versions
from envaudit.manifest.formats import reader
from envaudit.manifest.requirement import ManifestError
from envaudit.manifest.source import Encoded, open_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.check.mend import Change
    from envaudit.manifest.requirement import Manifest

# what follows a word of a shell command, or of a list in Python
_WORD_ENDS = " \t\"'`;|&)]"
_SHELL = ("notebook", "dockerfile")


class EditError(Exception):
    """A file that cannot be rewritten; `str()` is one line that names it."""


class Edited:
    """A file before and after.

    path      of the file
    old, new  its text
    """

    __slots__ = ("_encoded", "new", "old", "path")

    def __init__(self, encoded: Encoded, new: str) -> None:
        self.path, self.old, self.new, self._encoded = encoded.path, encoded.text, new, encoded

    def write(self) -> None:
        """Write the new text, whole or not at all, in the encoding of the old one.  Raises EditError."""
        try:
            write_bytes(self.path, self._encoded.encode(self.new))
        except (OSError, UnicodeEncodeError) as error:
            raise EditError(f"{self.path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None

    def restore(self) -> None:
        """Write the old text again.  Raises EditError."""
        self.new, self.old = self.old, self.new
        self.write()

    def diff(self) -> str:
        """The change as a unified diff."""
        from difflib import unified_diff

        lines = unified_diff(self.old.split("\n"), self.new.split("\n"), self.path, self.path, lineterm="", n=1)
        return "".join(f"{line.rstrip(chr(13))}\n" for line in lines)


def edit(path: str, format: str, changes: list[Change]) -> Edited:
    """The file at `path` with the changes that are about it.  Raises EditError, also where the new text would not read
    as the old one with the new specifiers."""
    try:
        encoded = Encoded(path)
    except ManifestError as error:
        raise EditError(str(error)) from None
    lines = encoded.text.split("\n")
    for change in sorted(changes, key=lambda one: (one.place.line, -(one.place.column or 0))):
        place = change.place
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        column = place.column
        if column is None or line[column : column + len(place.written)] != place.written:
            raise EditError(
                f"{path}:{place.line}: {change.name} is not written there as it was read; nothing was changed"
            )
        lines[place.line - 1] = _changed(line, column, place.written, change.specifier, format)
    new = "\n".join(lines)
    _same_but(path, encoded.text, new, changes)
    return Edited(encoded, new)


def _changed(line: str, column: int, written: str, specifier: str, format: str) -> str:
    spaced = re.match(r"\(?[<>=!~]=?=?\s", written)
    text = re.sub(r"([<>=!~]=?=?)", r"\1 ", specifier).replace(",", ", ") if spaced else specifier
    if written.startswith("(") and written.endswith(")"):
        text = f"({text})"
    before, after = line[:column], line[column + len(written) :]
    if format in _SHELL:
        start = max(before.rfind(end) for end in _WORD_ENDS) + 1
        quoted = start and before[start - 1] in "\"'"
        if not quoted and re.search(r"[<>|*~! ]", text):
            return f"{before[:start]}'{before[start:]}{text}'{after}"
    return before + text + after


def _same_but(path: str, old: str, new: str, changes: list[Change]) -> None:
    """Read both texts and compare.  Raises EditError."""
    try:
        read = reader(path)
        before, after = read(open_source(path, old)), read(open_source(path, new))
    except ManifestError as error:
        raise EditError(f"{error} after the change; nothing was written") from None
    wanted = {(one.place.path, one.place.line, one.name): one.specifier for one in changes}
    expected = [
        (one.name, _set(wanted.get((one.place.path, one.place.line, one.name), one.specifier)), one.marker, one.group)
        for one in before.requirements
    ]
    if expected != [(one.name, _set(one.specifier), one.marker, one.group) for one in after.requirements]:
        raise EditError(f"{path}: cannot be rewritten without changing more than the versions; change it by hand")


def _set(specifier: str) -> object:
    try:
        return versions.specifier(specifier), versions.local(specifier)
    except ValueError:
        return specifier


def write(path: str, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all.  Raises OSError."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str, data: bytes) -> None:
    """Write a file whole or not at all; a symbolic link stays, and so do the permissions.  Raises OSError."""
    path = os.path.realpath(path)
    handle, scratch = tempfile.mkstemp(prefix=".envaudit-", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(scratch, os.stat(path).st_mode & 0o7777)
        else:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(scratch, 0o666 & ~mask)
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise


def by_file(manifests: list[Manifest], changes: list[Change]) -> dict[str, tuple[str, list[Change]]]:
    """file -> its format, and the changes that are about it; a file that another one includes has the format of its
    name."""
    formats = {manifest.path: manifest.format for manifest in manifests}
    found: dict[str, tuple[str, list[Change]]] = {}
    for change in changes:
        path = change.place.path
        found.setdefault(path, (formats.get(path, "requirements"), []))[1].append(change)
    return found
