"""[tool.poetry]: what a project of Poetry depends on."""

from __future__ import annotations

from envaudit.manifest import poetry, sources
from envaudit.manifest.requirement import Place, Requirement
from envaudit.manifest.toml_reading import shortened
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.toml_reading import Keys, TomlReading

_TABLE = ("tool", "poetry")


class Poetry:
    """The tables of Poetry in a pyproject.toml.

    groups       canonical names of its dependency groups
    has_main     whether it names dependencies of the project itself
    main_counts  whether these are installed: where [project] lists dependencies, they only say more of them (where
                 from), unless [project] calls its own dynamic
    """

    __slots__ = ("_names", "_reading", "groups", "has_main", "main_counts")

    def __init__(self, reading: TomlReading) -> None:
        self._reading = reading
        self._names = {canonical(name) or name: name for name in reading.table(*_TABLE, "group")}
        self.groups = dict.fromkeys(self._names)
        if reading.get(*_TABLE, "dev-dependencies"):
            self.groups["dev"] = None
        self.has_main = bool(reading.get(*_TABLE, "dependencies"))
        project = reading.table("project")
        dynamic = reading.get("project", "dynamic")
        lists = "dependencies" in project or bool(project.get("optional-dependencies"))
        self.main_counts = not lists or (isinstance(dynamic, list) and "dependencies" in dynamic)

    def python(self) -> str:
        """The specifier set of the Pythons that the project is for."""
        path = (*_TABLE, "dependencies", "python")
        value = self._reading.get(*path)
        text = value.get("version") if isinstance(value, dict) else value
        try:
            return poetry.constraint(text) if isinstance(text, str) else ""
        except ValueError as error:
            self._reading.note(path, f"python was left out: {error}")
            return ""

    def main(self) -> None:
        """Add the dependencies of the project, and of its extras."""
        extras: dict[str, list[str]] = {}
        for extra in self._reading.table(*_TABLE, "extras"):
            for _, name in self._reading.strings(*_TABLE, "extras", extra):
                extras.setdefault(canonical(name), []).append(canonical(extra) or extra)
        for name, path, value in self._entries((*_TABLE, "dependencies")):
            groups = [""]
            if isinstance(value, dict) and value.get("optional") is True:
                groups = extras.get(canonical(name), [])
                if not groups:
                    self._reading.note(
                        path, f"'{shortened(name)}' is optional, and no extra asks for it: it was left out"
                    )
            for group in groups:
                self._dependency(name, path, value, group)

    def group(self, name: str, group: str) -> None:
        """Add the dependencies of the group `name` to the group `group`.

        Not to be asked for where [dependency-groups] lists them: what stands here then only says more of them.
        """
        paths: list[Keys] = [(*_TABLE, "group", self._names[name], "dependencies")] if name in self._names else []
        if name == "dev":
            paths.append((*_TABLE, "dev-dependencies"))
        for path in paths:
            for key, where, value in self._entries(path):
                self._dependency(key, where, value, group)

    def includes(self, name: str) -> list[str]:
        """Names of the groups that the group `name` includes."""
        if name not in self._names:
            return []
        included = self._reading.strings(*_TABLE, "group", self._names[name], "include-groups")
        return [canonical(other) or other for _, other in included]

    def enrich(self) -> None:
        """Give the requirements of [project] the addresses that Poetry's table has for them."""
        if self.main_counts:
            return
        addresses = {}
        for name, _, value in self._entries((*_TABLE, "dependencies")):
            address = sources.url(value) if isinstance(value, dict) else ""
            if address:
                addresses[canonical(name)] = address
        for requirement in self._reading.manifest.requirements:
            if requirement.name in addresses:
                sources.give(requirement, addresses[requirement.name])

    def _entries(self, table: Keys) -> list[tuple[str, Keys, Any]]:
        """(name, path, value) of what a table of dependencies lists, with each of several for one name."""
        entries: list[tuple[str, Keys, Any]] = []
        for name, value in self._reading.table(*table).items():
            if name.lower() == "python":
                continue
            if isinstance(value, list):
                entries += [(name, (*table, name, index), one) for index, one in enumerate(value)]
            else:
                entries.append((name, (*table, name), value))
        return entries

    def _dependency(self, name: str, path: Keys, value: Any, group: str) -> None:
        self._reading.guarded(path, name, self._made, name, path, value, group)

    def _made(self, name: str, path: Keys, value: Any, group: str) -> Requirement:
        known = canonical(name)
        if not known:
            raise ValueError("it is no name of a package")
        if isinstance(value, str):
            return Requirement(known, poetry.constraint(value), self._reading.place(*path), group=group)
        if not isinstance(value, dict):
            raise ValueError("its version is neither a string nor a table")
        fields = {key: value.get(key, "") for key in ("version", "python", "platform", "markers")}
        wrong = next((key for key, text in fields.items() if not isinstance(text, str)), None)
        if wrong:
            raise ValueError(f"its '{wrong}' is not a string")
        marker = poetry.both(
            poetry.marker(fields["markers"]) if fields["markers"] else "",
            poetry.python_marker(fields["python"]) if fields["python"] else "",
            poetry.platform_marker(fields["platform"]) if fields["platform"] else "",
        )
        address = sources.url(value)
        place, specifier = self._reading.place(*path, "version"), poetry.constraint(fields["version"] or "*")
        if address or "version" not in value:
            place = Place(place.path, self._reading.place(*path).line)
            specifier = sources.specifier(address)
        extras = value.get("extras")
        named = extras if isinstance(extras, list) else []
        return Requirement(
            known,
            specifier,
            place,
            marker=marker,
            extras=tuple(sorted({canonical(extra) for extra in named if isinstance(extra, str)} - {""})),
            url=address,
            group=group,
        )
