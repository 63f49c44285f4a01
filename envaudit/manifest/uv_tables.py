"""[tool.uv]: what uv adds to the dependencies of a project, and what it changes in them."""

from __future__ import annotations

from envaudit.manifest import pep508, sources
from envaudit.manifest import poetry as markers
from envaudit.manifest.requirement import CONSTRAINT, INSTALL, Requirement
from envaudit.manifest.toml_reading import shortened
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.toml_reading import TomlReading

_TABLE = ("tool", "uv")


def requirements(reading: TomlReading) -> None:
    """Add the development dependencies and the constraints."""
    reading.all_pep508(*_TABLE, "dev-dependencies", group="dev")
    reading.all_pep508(*_TABLE, "constraint-dependencies", kind=CONSTRAINT)


def sources_of(reading: TomlReading) -> None:
    """Give the requirements that come from an address instead of an index that address."""
    by_name: dict[str, list[Requirement]] = {}
    for requirement in reading.manifest.requirements:
        if requirement.kind != CONSTRAINT and not requirement.url:
            by_name.setdefault(requirement.name, []).append(requirement)
    for key in reading.table(*_TABLE, "sources"):
        name = canonical(key)
        value = reading.get(*_TABLE, "sources", key)
        for entry in value if isinstance(value, list) else [value]:
            if not isinstance(entry, dict):
                reading.note((*_TABLE, "sources", key), f"the source of '{key}' is not a table; it was left out")
                continue
            address = sources.url(entry)
            if address:
                _come_from(reading, by_name.get(name, []), address, entry)


def _come_from(reading: TomlReading, named: list[Requirement], address: str, entry: dict[str, object]) -> None:
    extra, group, marker = entry.get("extra"), entry.get("group"), entry.get("marker")
    try:
        marker = markers.marker(marker) if isinstance(marker, str) and marker else ""
    except ValueError as error:
        reading.note((*_TABLE, "sources"), f"the source '{address}' was left out: {error}")
        return
    wanted = {canonical(one) for one in (extra, group) if isinstance(one, str)}
    for requirement in named:
        if wanted and (canonical(requirement.group) or requirement.group) not in wanted:
            continue
        if marker:
            # elsewhere than where the marker holds it comes from the index, as it is written
            requirement = Requirement(  # noqa: PLW2901
                requirement.name, "", requirement.place, marker=markers.both(requirement.marker, marker),
                extras=requirement.extras, group=requirement.group,
            )  # fmt: skip
            reading.add(requirement)
        sources.give(requirement, address)


def overrides(reading: TomlReading) -> None:
    """Put the overrides in the place of what others say of the same packages, as uv does: version, extras and marker.

    An override of what the project does not name itself binds it all the same: it becomes a constraint.
    """
    given: dict[str, list[Requirement]] = {}
    said = {requirement.name for requirement in reading.manifest.requirements}
    for index, text in reading.strings(*_TABLE, "override-dependencies"):
        path = (*_TABLE, "override-dependencies", index)
        place = reading.place(*path)
        column = place.column if place.written == text else None
        try:
            override = pep508.parse(text, place.path, place.line, column, kind=CONSTRAINT)
        except ValueError as error:
            reading.note(path, f"'{shortened(text)}' was left out: {error}")
            continue
        given.setdefault(override.name, []).append(override)
        if override.name in said:
            reading.note(path, f"uv takes '{shortened(text)}' whatever else is said of {override.name}")
    if not given:
        return
    stated, reading.manifest.requirements = reading.manifest.requirements, []
    for requirement in stated:
        if requirement.name not in given:
            reading.add(requirement)
        elif requirement.kind != CONSTRAINT:
            for override in () if reading.full else given[requirement.name]:
                reading.add(regrouped(override, requirement.group, INSTALL))
    named = {requirement.name for requirement in reading.manifest.requirements}
    for name, several in given.items():
        for override in several if name not in named else ():
            reading.add(override)


def regrouped(one: Requirement, group: str, kind: str, marker: str = "") -> Requirement:
    """The same requirement, asked for by another group, where `marker` holds as well."""
    return Requirement(
        one.name,
        one.specifier,
        one.place,
        marker=markers.both(marker, one.marker),
        extras=one.extras,
        url=one.url,
        group=group,
        kind=kind,
    )
