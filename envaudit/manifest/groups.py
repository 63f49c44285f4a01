"""Dependency groups of a pyproject.toml: those of PEP 735 and Poetry's, each with the groups that it includes."""

from __future__ import annotations

from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.poetry_tables import Poetry
    from envaudit.manifest.toml_reading import Keys, TomlReading

MAX_GROUPS = 200
_TABLE = "dependency-groups"


def read(reading: TomlReading, poetry: Poetry) -> None:
    """Add what every group asks for, itself and by what it includes."""
    tables: dict[str, str] = {}
    for table in reading.table(_TABLE):
        tables.setdefault(canonical(table) or table, table)
    names = list(dict.fromkeys([*tables, *poetry.groups]))
    if len(names) > MAX_GROUPS:
        reading.note((_TABLE,), f"more than {MAX_GROUPS} groups; the rest was left out")
    entries: dict[str, list[tuple[str, Keys]]] = {}
    includes: dict[str, list[str]] = {}
    for name in names[:MAX_GROUPS]:
        entries[name], includes[name] = _own(reading, tables[name]) if name in tables else ([], [])
        includes[name] = list(dict.fromkeys(includes[name] + poetry.includes(name)))
    for group in entries:
        todo, seen = [group], {group}
        for name in todo:  # grows on the way
            for text, path in entries[name]:
                reading.pep508(text, path, group)
            if name not in tables:
                poetry.group(name, group)
            if group in includes[name]:
                # the standard forbids it, and tools refuse such a file
                reading.note((_TABLE, tables.get(group, group)), f"the group '{group}' includes itself")
            for other in includes[name]:
                if other not in seen and other in entries:
                    todo.append(other)
                    seen.add(other)
    for name in entries:
        for other in includes[name]:
            if other not in names:
                text = f"the group '{name}' includes '{other}', which is not there"
                reading.note((_TABLE, tables.get(name, name)), text)


def _own(reading: TomlReading, table: str) -> tuple[list[tuple[str, Keys]], list[str]]:
    """(requirements that a group lists itself with their places, names of the groups that it includes)."""
    listed: list[tuple[str, Keys]] = []
    included = []
    for index, entry in enumerate(reading.items(_TABLE, table)):
        path = (_TABLE, table, index)
        if isinstance(entry, str):
            listed.append((entry, path))
        elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
            included.append(canonical(entry["include-group"]) or entry["include-group"])
        else:
            text = f"an entry of the group '{table}' is no requirement and no include-group; it was left out"
            reading.note(path, text)
    return listed, included
