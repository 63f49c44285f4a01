"""Pipfile: what `pipenv install` installs."""

from __future__ import annotations

import re

from envaudit.manifest import poetry, sources
from envaudit.manifest.requirement import Place, Requirement
from envaudit.manifest.toml_reading import TomlReading, shortened
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source
    from envaudit.manifest.toml_reading import Keys

_SETTINGS = ("source", "requires", "scripts", "pipenv")
_NAME = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")
# keys that say what a marker of that name must be: sys_platform = "== 'win32'"
_MARKERS = (
    "os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release",
    "platform_system", "platform_version", "python_version", "python_full_version", "implementation_name",
    "implementation_version",
)  # fmt: skip


def read(source: Source) -> Manifest:
    """What the Pipfile asks for; every table but [packages] is a group.  Raises ManifestError where it is no TOML."""
    reading = TomlReading(source, "pipfile")
    for category in reading.data:
        if category in _SETTINGS:
            continue
        group = {"packages": "", "dev-packages": "dev"}.get(category, category)
        for name, value in reading.table(category).items():
            path = (category, name)
            reading.guarded(path, name, _requirement, reading, name, value, path, group)
    reading.manifest.python = _python(reading)
    return reading.manifest


def _python(reading: TomlReading) -> str:
    for key, ending in (("python_full_version", ""), ("python_version", ".*")):
        text = reading.text("requires", key)
        if not text:
            continue
        try:
            return specifier(text + ending if text.replace(".", "").isdigit() else text)
        except ValueError as error:
            reading.note(("requires", key), f"{key} was left out: {error}")
    return ""


def specifier(text: str) -> str:
    """The PEP 440 specifier set of a version in a Pipfile: "*" is any, a bare version is that one.

    Raises ValueError with the reason when it is none.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = text.strip()
    if text in ("*", ""):
        return ""
    try:
        return str(SpecifierSet(f"=={text}" if text[0].isdigit() else text))
    except InvalidSpecifier:
        raise ValueError(f"'{shortened(text)}' is not a version specifier") from None


def _requirement(reading: TomlReading, name: str, value: Any, path: Keys, group: str) -> Requirement:
    found = _NAME.fullmatch(name)
    known = canonical(found[1].strip()) if found else ""
    if not found or not known:
        raise ValueError("it is no name of a package")
    extras = (found[2] or "").split(",")
    if isinstance(value, str):
        value, place, text = {}, reading.place(*path), value
    elif isinstance(value, dict):
        place, text = reading.place(*path, "version"), value.get("version", "*")
        if "version" not in value:
            place = Place(place.path, reading.place(*path).line)
    else:
        raise ValueError("its version is neither a string nor a table")
    if not isinstance(text, str):
        raise ValueError("its 'version' is not a string")
    address = sources.url(value)
    more = value.get("extras")
    extras += [extra for extra in more if isinstance(extra, str)] if isinstance(more, list) else []
    return Requirement(
        known,
        sources.specifier(address) if address else specifier(text),
        Place(place.path, place.line) if address else place,
        marker=_marker(value),
        extras=tuple(sorted({canonical(extra.strip()) for extra in extras} - {""})),
        url=address,
        group=group,
    )


def _marker(value: dict[str, Any]) -> str:
    parts = []
    if isinstance(value.get("markers"), str) and value["markers"].strip():
        parts.append(poetry.marker(value["markers"]))
    for key in _MARKERS:
        if isinstance(value.get(key), str):
            parts.append(poetry.marker(f"{key} {value[key]}"))
    return poetry.both(*parts)
