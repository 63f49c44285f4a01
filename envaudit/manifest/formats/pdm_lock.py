"""pdm.lock, of PDM 1 and 2."""

from __future__ import annotations

from envaudit.manifest import sources, toml_lines
from envaudit.manifest.locks import Lock, python_set, strings, table, tables, toml_packages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source


def read(source: Source) -> Manifest:
    """What a pdm.lock pins."""
    data = toml_lines.parse(source)
    lock = Lock(source.path, "pdm.lock")
    metadata = table(data.get("metadata"))
    pythons = {python_set(target.get("requires_python")) for target in tables(metadata.get("targets"))}
    pythons = pythons or {python_set(metadata.get("requires_python"))}
    lock.manifest.python = "" if "" in pythons or "*" in pythons else "||".join(sorted(pythons))
    packages = toml_packages(source, data, "package")
    plain = {_key(package) for _, package in packages if not package.get("extras")}
    said: set[tuple[str, str]] = set()
    for line, package in packages:
        # a package is listed once more for the extras that are asked of it
        if package.get("extras") and (_key(package) in plain or _key(package) in said):
            continue
        said.add(_key(package))
        if package.get("path") in (".", "./"):
            continue  # the project itself
        groups = strings(package.get("groups")) or ["default"]
        url = sources.url({**package, "rev": package.get("revision")})
        lock.add(
            line,
            package.get("name"),
            package.get("version"),
            marker=package.get("marker"),
            url=url,
            group="" if "default" in groups else min(groups),
            hashed=not url,
        )
    lock.note_forks()
    return lock.manifest


def _key(package: dict[str, Any]) -> tuple[str, str]:
    return str(package.get("name")), str(package.get("version"))
