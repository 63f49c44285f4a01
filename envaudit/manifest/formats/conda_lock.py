"""conda-lock.yml, version 1."""

from __future__ import annotations

from envaudit.manifest import conda
from envaudit.manifest.conda_locks import CondaLock, direct
from envaudit.manifest.formats import conda_environment
from envaudit.manifest.locks import LINE, short, strings, yaml
from envaudit.manifest.requirement import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.locks import Value
    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source


def read(source: Source) -> Manifest:
    """What a conda-lock.yml pins; categories other than "main" are groups.

    Some name so what is a plain environment.
    """
    data = yaml(source)
    if isinstance(data, dict) and "package" not in data and "dependencies" in data:
        return conda_environment.read(source)
    return read_as(source, data, "conda-lock")


def read_as(source: Source, data: Value, format: str) -> Manifest:
    """As `read`, of a file of another name that is made in the same way."""
    packages = data.get("package") if isinstance(data, dict) else None
    if not isinstance(packages, list):
        raise ManifestError(source.path, "is no lock file of conda-lock: there is no list 'package'")
    found = CondaLock(source.path, format)
    metadata: Any = data.get("metadata") if isinstance(data, dict) else None
    platforms = strings(metadata.get("platforms")) if isinstance(metadata, dict) else []
    for package in packages:
        if isinstance(package, dict):
            _package(found, package, platforms)
        else:
            found.lock.manifest.note(None, f"{short(package)} is no package; it was left out")
    found.finish()
    return found.lock.manifest


def _package(found: CondaLock, package: dict[Any, Any], platforms: list[str]) -> None:
    line = package[LINE]
    name, version, platform, url = (package.get(key) for key in ("name", "version", "platform", "url"))
    if not isinstance(name, str) or not isinstance(version, str) or not isinstance(platform, str):
        found.lock.manifest.note(line, "a package without name, version and platform; it was left out")
        return
    groups = strings(package.get("categories")) or strings(package.get("category")) or ["main"]
    group = "" if "main" in groups else min(groups)
    for each in platforms:
        found.platform(group, each)
    url = url if isinstance(url, str) else ""
    if package.get("manager") == "pip":
        found.pip(group, platform, line, name, version, direct(url))
        return
    build = package.get("build")
    if not isinstance(build, str):
        try:
            build = conda.parts(url.partition("#")[0])[2] if url else ""
        except ValueError:
            build = ""
    found.conda(group, platform, line, name, version, build)
