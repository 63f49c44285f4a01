"""What the readers of TOML manifests share: tables and strings with their places, notes for what is something else."""

from __future__ import annotations

from functools import partial

from envaudit.manifest import pep508
from envaudit.manifest.requirement import INSTALL, Manifest, Place, Requirement
from envaudit.manifest.toml_lines import TomlLines, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Union

    from envaudit.manifest.source import Source

    Keys = tuple[Union[str, int], ...]  # that lead to a value, with numbers in arrays

MAX_REQUIREMENTS = 20_000  # of one file
MAX_NOTES = 200


class TomlReading:
    """One TOML file on its way to a Manifest.  Making one raises ManifestError where the file is no TOML.

    source, data   the file, and the tables that it parses to
    manifest       what was found so far
    full           whether there were more requirements than one file may have
    """

    __slots__ = ("_lines", "_tried", "data", "full", "manifest", "source")

    def __init__(self, source: Source, format: str) -> None:
        self.source, self.data, self.manifest = source, parse(source), Manifest(source.path, format)
        self._lines = TomlLines(source.text)
        self.full, self._tried = False, 0

    def note(self, path: Keys, text: str) -> None:
        """A note at the line of what stands at `path`."""
        spot = self._lines.find(*path)
        note = (spot[0] if spot else None, text)
        if len(self.manifest.notes) < MAX_NOTES and note not in self.manifest.notes:
            self.manifest.note(*note)

    def get(self, *path: str | int) -> Any:
        """What stands at `path`, None where nothing does."""
        value: Any = self.data
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def table(self, *path: str | int) -> dict[str, Any]:
        """The table at `path`; an empty one where there is none, with a note where something else stands."""
        value = self.get(*path)
        if value is None or isinstance(value, dict):
            return value or {}
        self.note(path, f"{named(path)} is not a table; it was left out")
        return {}

    def items(self, *path: str | int) -> list[Any]:
        """As `table`, the array at `path`."""
        value = self.get(*path)
        if value is None or isinstance(value, list):
            return value or []
        self.note(path, f"{named(path)} is not an array; it was left out")
        return []

    def strings(self, *path: str | int) -> Iterator[tuple[int, str]]:
        """(index, string) of the strings in the array at `path`, with a note for anything else in it."""
        for index, value in enumerate(self.items(*path)):
            if isinstance(value, str):
                yield index, value
            else:
                self.note((*path, index), f"an entry of {named(path)} is not a string; it was left out")

    def text(self, *path: str | int) -> str:
        """The string at `path`, "" where there is none, with a note where something else stands."""
        value = self.get(*path)
        if value is None or isinstance(value, str):
            return value or ""
        self.note(path, f"{named(path)} is not a string; it was left out")
        return ""

    def place(self, *path: str | int) -> Place:
        """Where the string at `path` stands, to be rewritten as a whole where that can be done."""
        spot = self._lines.find(*path)
        if spot is None:
            return Place(self.source.path, 1)
        value = self.get(*path)
        if spot[1] is None or not isinstance(value, str):
            return Place(self.source.path, spot[0])
        return Place(self.source.path, spot[0], spot[1], value)

    def add(self, requirement: Requirement) -> None:
        """Take a requirement, unless there are too many."""
        if len(self.manifest.requirements) < MAX_REQUIREMENTS:
            self.manifest.requirements.append(requirement)
        else:
            self._stop()

    def _stop(self) -> None:
        if not self.full:
            self.full = True
            self.note((), f"more than {MAX_REQUIREMENTS:,} requirements; the rest was left out")

    def guarded(self, path: Keys, what: str, make: Callable[..., Requirement], *args: Any) -> None:
        """Add what `make` gives for `args`; where it raises ValueError, that is a note on `what` at `path`."""
        self._tried += 1
        if self._tried > 2 * MAX_REQUIREMENTS:  # those that cannot be read take their time too
            self._stop()
            return
        try:
            self.add(make(*args))
        except ValueError as error:
            self.note(path, f"'{shortened(what)}' was left out: {error}")

    def pep508(self, text: str, path: Keys, group: str = "", kind: str = INSTALL) -> None:
        """Add the requirement `text` that stands as a string at `path`."""
        place = self.place(*path)
        column = place.column if place.written == text else None
        self.guarded(path, text, partial(pep508.parse, group=group, kind=kind), text, place.path, place.line, column)

    def all_pep508(self, *path: str | int, group: str = "", kind: str = INSTALL) -> None:
        """Add the requirements that the array at `path` lists."""
        for index, text in self.strings(*path):
            self.pep508(text, (*path, index), group, kind)


def named(path: Keys) -> str:
    """How a message calls what stands at `path`: "project.optional-dependencies"."""
    return ".".join(shortened(str(key)) for key in path if isinstance(key, str))


def shortened(text: str) -> str:
    """`text` on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:77]}..."
