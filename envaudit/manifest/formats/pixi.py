"""pixi.toml, and [tool.pixi] of pyproject.toml: packages of conda and of PyPI, by feature and platform."""

from __future__ import annotations

from envaudit.manifest import conda, poetry, sources
from envaudit.manifest.conda_names import distribution
from envaudit.manifest.formats.pipfile import specifier
from envaudit.manifest.requirement import CONSTRAINT, INSTALL, Place, Requirement
from envaudit.manifest.toml_reading import TomlReading
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source
    from envaudit.manifest.toml_reading import Keys

_SYSTEMS = {
    "linux": 'sys_platform == "linux"',
    "osx": 'sys_platform == "darwin"',
    "win": 'sys_platform == "win32"',
    "unix": 'sys_platform != "win32"',
}
_MACHINES = {
    "linux-64": "x86_64",
    "linux-aarch64": "aarch64",
    "linux-ppc64le": "ppc64le",
    "linux-s390x": "s390x",
    "linux-armv7l": "armv7l",
    "osx-64": "x86_64",
    "osx-arm64": "arm64",
    "win-64": "AMD64",
    "win-arm64": "ARM64",
}
_CONDA = (("dependencies", INSTALL), ("host-dependencies", INSTALL), ("constraints", CONSTRAINT))


def read(source: Source) -> Manifest:
    """What the workspace asks for; a feature is a group.  Raises ManifestError where the file is no TOML."""
    reading = TomlReading(source, "pixi")
    tables(reading, ())
    return reading.manifest


def tables(reading: TomlReading, root: tuple[str, ...]) -> None:
    """Add what the tables of pixi under `root` ask for to what was read; the Python that they ask for goes first."""
    pythons: dict[str, list[str]] = {}
    _feature(reading, root, root, "", pythons)
    for name in reading.table(*root, "feature"):
        _feature(reading, root, (*root, "feature", name), name, pythons)
    # features may each have a Python of their own; what is common to all of them says more
    asked = pythons.get("") or [one for group in pythons.values() for one in group]
    if asked:
        reading.manifest.python = "" if "" in asked else "||".join(dict.fromkeys(asked))


def _feature(reading: TomlReading, root: Keys, path: Keys, group: str, pythons: dict[str, list[str]]) -> None:
    _platform(reading, root, path, group, "", pythons)
    for platform in reading.table(*path, "target"):
        marker = platform_marker(platform)
        if marker:
            _platform(reading, root, (*path, "target", platform), group, marker, pythons)
        else:
            text = f"no marker says '{platform}'; what is asked for there was left out"
            reading.note((*path, "target", platform), text)


def platform_marker(platform: str) -> str:
    """The marker of a platform as conda calls it: "linux-64"; "" where no marker says it."""
    if platform in _MACHINES:
        return f'{_SYSTEMS[platform.partition("-")[0]]} and platform_machine == "{_MACHINES[platform]}"'
    return _SYSTEMS.get(platform, "")


def _platform(
    reading: TomlReading, root: Keys, path: Keys, group: str, marker: str, pythons: dict[str, list[str]]
) -> None:
    for table, kind in _CONDA:
        for name in reading.table(*path, table):
            _by_conda(reading, root, (*path, table, name), group, marker, kind, pythons)
    for name in reading.table(*path, "pypi-dependencies"):
        where = (*path, "pypi-dependencies", name)
        reading.guarded(where, name, _by_pip, reading, name, where, group, marker)


def _by_conda(
    reading: TomlReading, root: Keys, path: Keys, group: str, marker: str, kind: str, pythons: dict[str, list[str]]
) -> None:
    package = str(path[-1])
    try:
        name = distribution(package)
        text, place = _version(reading, root, path)
        stated = conda.version_spec(text) if name else ""
    except ValueError as error:
        reading.note(path, f"'{package}' was left out: {error}")
        return
    if name == "python" and kind == INSTALL:
        pythons.setdefault(group, []).append(stated)
    elif name:
        reading.add(Requirement(name, stated, place, marker=marker, group=group, kind=kind, conda=True))


def _version(reading: TomlReading, root: Keys, path: Keys) -> tuple[str, Place]:
    """The version that the value at `path` asks for, and where it stands."""
    value = reading.get(*path)
    if isinstance(value, dict) and value.get("workspace") is True:
        path = (*root, "workspace", "dependencies", path[-1])
        value = reading.get(*path)
    if isinstance(value, str):
        return value, reading.place(*path)
    if not isinstance(value, dict):
        raise ValueError("its version is neither a string nor a table")
    text = value.get("version", "*")
    if not isinstance(text, str):
        raise ValueError("its 'version' is not a string")
    if "version" in value:
        return text, reading.place(*path, "version")
    return text, Place(reading.source.path, reading.place(*path).line)


def _by_pip(reading: TomlReading, name: str, path: Keys, group: str, marker: str) -> Requirement:
    known = canonical(name)
    if not known:
        raise ValueError("it is no name of a package")
    text, place = _version(reading, (), path)
    value = reading.get(*path)
    table = value if isinstance(value, dict) else {}
    address = sources.url(table)
    extras: Any = table.get("extras")
    own = table.get("env-markers")
    return Requirement(
        known,
        sources.specifier(address) if address else specifier(text),
        Place(place.path, place.line) if address else place,
        marker=poetry.both(marker, poetry.marker(own) if isinstance(own, str) and own else ""),
        extras=tuple(sorted({canonical(one) for one in extras if isinstance(one, str)} - {""}))
        if isinstance(extras, list)
        else (),
        url=address,
        group=group,
    )
