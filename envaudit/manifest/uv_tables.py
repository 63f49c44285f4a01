"""[tool.uv]: what uv adds to the dependencies of a project, and what it changes in them."""

from __future__ import annotations

from envaudit.manifest import pep508, sources
from envaudit.manifest import poetry as markers
from envaudit.manifest.requirement import CONSTRAINT, Requirement
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
    for key in reading.table(*_TABLE, "sources"):
        name = canonical(key)
        value = reading.get(*_TABLE, "sources", key)
        for entry in value if isinstance(value, list) else [value]:
            if not isinstance(entry, dict):
                reading.note((*_TABLE, "sources", key), f"the source of '{key}' is not a table; it was left out")
                continue
            address = sources.url(entry)
            if address:
                _come_from(reading, name, address, entry)


def _come_from(reading: TomlReading, name: str, address: str, entry: dict[str, object]) -> None:
    extra, group, marker = entry.get("extra"), entry.get("group"), entry.get("marker")
    try:
        marker = markers.marker(marker) if isinstance(marker, str) and marker else ""
    except ValueError as error:
        reading.note((*_TABLE, "sources", name), f"the source of '{name}' was left out: {error}")
        return
    wanted = {canonical(one) for one in (extra, group) if isinstance(one, str)}
    for requirement in list(reading.manifest.requirements):
        if requirement.name != name or requirement.kind == CONSTRAINT or requirement.url:
            continue
        if wanted and (canonical(requirement.group) or requirement.group) not in wanted:
            continue
        if marker:
            # elsewhere than where the marker holds it comes from the index, as it is written
            requirement = Requirement(  # noqa: PLW2901
                name, "", requirement.place, marker=markers.both(requirement.marker, marker), extras=requirement.extras,
                group=requirement.group,
            )  # fmt: skip
            reading.add(requirement)
        sources.give(requirement, address)


def overrides(reading: TomlReading) -> None:
    """Put the overrides in the place of what others say of the same packages.

    An override of what the project does not name itself binds it all the same: it becomes a constraint.
    """
    for index, text in reading.strings(*_TABLE, "override-dependencies"):
        path = (*_TABLE, "override-dependencies", index)
        place = reading.place(*path)
        column = place.column if place.written == text else None
        try:
            override = pep508.parse(text, place.path, place.line, column, kind=CONSTRAINT)
        except ValueError as error:
            reading.note(path, f"'{text}' was left out: {error}")
            continue
        named = [one for one in reading.manifest.requirements if one.name == override.name]
        if not named:
            reading.add(override)
            continue
        reading.note(path, f"uv takes '{text}' whatever else is said of {override.name}")
        for requirement in named:
            requirement.specifier, requirement.url = override.specifier, override.url
            requirement.place = override.place
            requirement.marker = override.marker or requirement.marker
