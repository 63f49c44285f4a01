"""What the readers of lock files share: adding a locked package, and finding the lines of packages."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from envaudit import versions
from envaudit.manifest.requirement import Manifest, ManifestError, Place, Requirement
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from envaudit.manifest.source import Source

    Value = Union[str, list["Value"], dict["str | int", "Value"]]

MAX_REQUIREMENTS = 20_000
MAX_DEPTH = 100
_LISTED = 5  # names in a message
LINE = 0  # the key under which a mapping of `yaml` has its line: no key of its own is a number
_KEY = re.compile(r"""[ \t]*(name|version)[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)')""")


class Lock:
    """A lock file as it is read.

    manifest  what was found so far
    """

    __slots__ = ("_full", "_markers", "manifest")

    def __init__(self, path: str, format: str) -> None:
        self.manifest = Manifest(path, format)
        self.manifest.complete = True
        self._full = False
        self._markers: dict[str, str | None] = {}

    def add(
        self,
        line: int,
        name: object,
        version: object,
        *,
        marker: object = None,
        url: str = "",
        group: str = "",
        conda: bool = False,
        hashed: bool = False,
    ) -> None:
        """A locked package; what is wrong with it becomes a note."""
        if self._full:
            return
        if len(self.manifest.requirements) + len(self.manifest.notes) >= MAX_REQUIREMENTS:
            self._full = True
            self.manifest.note(line, f"more than {MAX_REQUIREMENTS:,} packages are locked; the rest was left out")
            return
        known = canonical(name) if isinstance(name, str) else ""
        if not known:
            self.manifest.note(line, f"{short(name)} is no name of a package; it was left out")
            return
        specifier = ""
        if isinstance(version, str) and version:
            if versions.key(version) is None:
                self.manifest.note(line, f"{known}: {short(version)} is not a version as Python packages have them")
            else:
                specifier = f"=={version}"
        elif version is not None and version != "":
            self.manifest.note(line, f"{known}: the version is not a text")
        self.manifest.requirements.append(
            Requirement(
                known,
                specifier,
                Place(self.manifest.path, line),
                marker=self._marker(line, known, marker),
                url=url,
                group=group,
                conda=conda,
                hashed=hashed,
            )
        )

    def _marker(self, line: int, name: str, marker: object) -> str:
        if marker is None or marker == "":
            return ""
        if isinstance(marker, str):
            if marker not in self._markers:
                self._markers[marker] = _checked(marker)
            checked = self._markers[marker]
            if checked is not None:
                return checked
        self.manifest.note(line, f"{name}: {short(marker)} is no marker; it counts as installed everywhere")
        return ""

    def note_forks(self) -> None:
        """Say which packages are locked in several versions without a marker that tells which one is meant."""
        seen: dict[tuple[str, str], Requirement] = {}
        said = set()
        for requirement in self.manifest.requirements:
            key = (requirement.name, requirement.group)
            other = seen.setdefault(key, requirement)
            told_apart = other.marker and requirement.marker and other.marker != requirement.marker
            if other.specifier != requirement.specifier and key not in said and not told_apart:
                said.add(key)
                text = f"{requirement.name} is locked in several versions; the file does not say where each applies"
                self.manifest.note(requirement.place.line, text)


def _checked(marker: str) -> str | None:
    from packaging.markers import Marker

    if len(marker) > 10_000:
        return None
    try:
        return str(Marker(marker))
    except (ValueError, RecursionError):
        return None


def short(value: object) -> str:
    """`value` as a message shows it."""
    text = value if isinstance(value, str) else type(value).__name__
    text = " ".join(text.split())
    return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}...'"


def listed(names: list[str]) -> str:
    """Some names, as a message shows them."""
    shown = ", ".join(names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"


def tables(value: object) -> list[dict[str, Any]]:
    """The tables in an array of them; none where it is something else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def table(value: object) -> dict[str, Any]:
    """`value` where it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def strings(value: object) -> list[str]:
    """The texts in an array; a text alone is one."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def python_set(value: object) -> str:
    """The specifier set that the file states, without spaces; "" where it states none."""
    return "".join(value.split()) if isinstance(value, str) else ""


def git_address(address: str) -> str:
    """As pip writes it: "https://x/y.git?rev=main#0a1b" gives "git+https://x/y.git@0a1b"."""
    address, _, commit = address.partition("#")
    address, _, query = address.partition("?")
    commit = commit or parse_qs(query).get("rev", [""])[0]
    folder = parse_qs(query).get("subdirectory", [""])[0]
    before = "" if address.startswith("git+") else "git+"
    return f"{before}{address}" + (f"@{commit}" if commit else "") + (f"#subdirectory={folder}" if folder else "")


def toml_packages(source: Source, data: dict[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
    """(line, table) of every `[[key]]`: of its version, else of its name, else of its header; 1 where it is not known.

    A place for every value, as `TomlLines` finds them, takes seconds for files of this size.  Raises ManifestError
    where `key` is no array of tables.
    """
    value = data.get(key, [])
    if not isinstance(value, list):
        raise ManifestError(source.path, f"'{key}' is not a list of packages")
    found = tables(value)
    lines = _headers(source.text, key)
    if len(lines) != len(value) or len(found) != len(value):
        return [(1, item) for item in found]
    return [(line if name in (item.get("name"), None) else 1, item) for (line, name), item in zip(lines, found)]


def _headers(text: str, key: str) -> list[tuple[int, str | None]]:
    """(line, name) for each header in order."""
    header = re.compile(rf"\[\[[ \t]*{key}[ \t]*\]\]")
    found: list[dict[str, tuple[int, str | None]]] = []
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("["):
            inside = header.match(line) is not None
            if inside:
                found.append({"header": (number, None)})
        elif inside and line.lstrip(" \t").startswith(("name", "version")):
            pair = _KEY.match(line)
            if pair:
                found[-1].setdefault(pair[1], (number, pair[2] or pair[3]))
    return [
        (keys.get("version", keys.get("name", keys["header"]))[0], keys.get("name", keys["header"])[1])
        for keys in found
    ]


def yaml(source: Source) -> Value:
    """The value of a YAML file: every scalar a text, every mapping with its line under LINE.

    The line is that of the mapping's "version", else where it starts.  Built from events, as PyYAML's own constructors
    take seconds for files of this size.  Raises ManifestError where it is no YAML, nested too deeply, or has aliases:
    a lock file has none, and they can make a small file huge.
    """
    import yaml as library

    loader: Any = getattr(library, "CBaseLoader", library.BaseLoader)
    try:
        return _built(source, loader(source.text), library)
    except library.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "a character that YAML does not allow"
        raise ManifestError(source.path, f"is not valid YAML: {reason}", mark.line + 1 if mark else None) from None


def _built(source: Source, parser: Any, library: Any) -> Value:
    scalar, alias = library.ScalarEvent, library.AliasEvent
    starts = (library.MappingStartEvent, library.SequenceStartEvent)
    ends = (library.MappingEndEvent, library.SequenceEndEvent, library.DocumentEndEvent)
    root: list[Value] = []
    stack: list[tuple[Any, str | None]] = []  # (open collection, key that waits for its value)
    here: Any = root
    key: str | None = None
    while parser.check_event():
        event = parser.get_event()
        kind = type(event)
        value: Any
        if kind is scalar:
            value = event.value
            if type(here) is dict and key is None:
                key = value
                if value == "version":
                    here[LINE] = event.start_mark.line + 1
                continue
        elif kind in starts:
            value = {LINE: event.start_mark.line + 1} if kind is starts[0] else []
            if len(stack) >= MAX_DEPTH:
                raise ManifestError(source.path, "is nested too deeply", event.start_mark.line + 1)
            if type(here) is dict and key is None:
                raise ManifestError(source.path, "a key that is no text", event.start_mark.line + 1)
            stack.append((here, key))
            _put(here, key, value)
            here, key = value, None
            continue
        elif kind is alias:
            raise ManifestError(source.path, "has YAML aliases, which no lock file has", event.start_mark.line + 1)
        else:
            if kind in ends and stack:
                here, key = stack.pop()
                key = None
            continue
        _put(here, key, value)
        key = None
    return root[0] if root else ""


def _put(here: Any, key: str | None, value: Any) -> None:
    if type(here) is dict:
        here[key] = value
    else:
        here.append(value)
