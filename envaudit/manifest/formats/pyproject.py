"""pyproject.toml: what a project depends on, by the standards and by the tables of the tools."""

from __future__ import annotations

from importlib import import_module

from envaudit.manifest import groups, uv_tables
from envaudit.manifest.poetry import both
from envaudit.manifest.poetry_tables import Poetry
from envaudit.manifest.requirement import ManifestError, Requirement
from envaudit.manifest.toml_reading import TomlReading
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source
    from envaudit.manifest.toml_reading import Keys


def read(source: Source) -> Manifest:
    """What a project asks for: always, in its extras and in its groups.  Raises ManifestError where it is no TOML."""
    reading = TomlReading(source, "pyproject")
    manifest = reading.manifest
    poetry = Poetry(reading)
    _project(reading)
    _dynamic(reading)
    if poetry.main_counts:
        poetry.main()
    groups.read(reading, poetry)
    for name in reading.table("tool", "pdm", "dev-dependencies"):
        _pdm(reading, name)
    for name in reading.table("tool", "hatch", "envs"):
        for key in ("dependencies", "extra-dependencies"):
            reading.all_pep508("tool", "hatch", "envs", name, key, group=f"hatch:{name}")
    uv_tables.requirements(reading)
    _own_extras(reading)
    poetry.enrich()
    uv_tables.sources_of(reading)
    uv_tables.overrides(reading)
    manifest.python = _python(reading, poetry)
    for table in (("tool", "uv", "index"), ("tool", "poetry", "source")):
        manifest.indexes += [
            url for place in range(len(reading.items(*table))) if (url := reading.text(*table, place, "url"))
        ]
    if "pixi" in reading.table("tool"):
        import_module("envaudit.manifest.formats.pixi").tables(reading, ("tool", "pixi"))
    return manifest


def _project(reading: TomlReading) -> None:
    """PEP 621."""
    reading.all_pep508("project", "dependencies")
    for extra in reading.table("project", "optional-dependencies"):
        reading.all_pep508("project", "optional-dependencies", extra, group=canonical(extra) or extra)


def _python(reading: TomlReading, poetry: Poetry) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    stated = reading.text("project", "requires-python")
    try:
        stated = str(SpecifierSet(stated))
    except InvalidSpecifier:
        reading.note(("project", "requires-python"), "requires-python is no version specifier; it was left out")
        stated = ""
    return stated or poetry.python()


def _dynamic(reading: TomlReading) -> None:
    """What `dynamic` leaves to the build, where setuptools or Hatch take it from files."""
    dynamic = [name for _, name in reading.strings("project", "dynamic")]
    table = ("tool", "setuptools", "dynamic")
    hook = ("tool", "hatch", "metadata", "hooks", "requirements_txt")
    if "dependencies" in dynamic:
        path = (*table, "dependencies")
        if not (_files(reading, (*path, "file")) or _files(reading, (*hook, "files")) or Poetry(reading).has_main):
            reading.note(
                ("project", "dynamic"), "the dependencies are made when the project is built; they are not known"
            )
    if "optional-dependencies" in dynamic:
        found = False
        for extra in reading.table(*table, "optional-dependencies"):
            found |= _files(reading, (*table, "optional-dependencies", extra, "file"), canonical(extra) or extra)
        for extra in reading.table(*hook, "optional-dependencies"):
            found |= _files(reading, (*hook, "optional-dependencies", extra), canonical(extra) or extra)
        if not (found or Poetry(reading).has_main):
            text = "the optional dependencies are made when the project is built; they are not known"
            reading.note(("project", "dynamic"), text)


def _files(reading: TomlReading, path: Keys, group: str = "") -> bool:
    """Add what the requirement files that are named at `path` ask for; whether any is named."""
    value = reading.get(*path)
    if isinstance(value, str):
        named: list[tuple[Keys, str]] = [(path, value)]
    else:
        named = [((*path, index), name) for index, name in reading.strings(*path)]
    for where, name in named:
        try:
            source = reading.source.include(name)
            included: Manifest = import_module("envaudit.manifest.formats.requirements").read(source)
        except (ManifestError, ValueError) as error:
            reading.note(where, str(error))
            continue
        for line, text in included.notes:
            reading.note(where, f"{source.path}:{line or 1}: {text}")
        for requirement in included.requirements:
            requirement.group = group
            reading.add(requirement)
    return bool(named)


def _pdm(reading: TomlReading, name: str) -> None:
    path = ("tool", "pdm", "dev-dependencies", name)
    for index, text in reading.strings(*path):
        if text.startswith("-e "):
            reading.note((*path, index), f"'{text}' is a folder of sources; what it asks for is not known")
        else:
            reading.pep508(text, (*path, index), name)


def _own_extras(reading: TomlReading) -> None:
    """Replace the project's own name among its requirements ("mine[a,b]") by what those extras ask for."""
    own = canonical(reading.text("project", "name"))
    requirements = reading.manifest.requirements
    if not own or not any(requirement.name == own for requirement in requirements):
        return
    reading.manifest.requirements = []
    extras: dict[str, list[Requirement]] = {}
    known = {canonical(extra) or extra for extra in reading.table("project", "optional-dependencies")}
    for requirement in requirements:
        if requirement.group in known:
            extras.setdefault(requirement.group, []).append(requirement)
    for requirement in requirements:
        if requirement.name != own or reading.full:
            reading.add(requirement)
            continue
        todo, seen = [(extra, requirement.marker) for extra in requirement.extras], {requirement.group}
        while todo:
            extra, marker = todo.pop(0)
            if extra in seen:
                continue
            seen.add(extra)
            for one in extras.get(extra, []):
                if one.name == own:
                    todo += [(other, both(marker, one.marker)) for other in one.extras]
                else:
                    reading.add(uv_tables.regrouped(one, requirement.group, one.kind, marker))
