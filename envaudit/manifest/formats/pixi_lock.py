"""pixi.lock, versions 1 to 7."""

from __future__ import annotations

from envaudit.manifest import conda
from envaudit.manifest.conda_locks import CondaLock, direct
from envaudit.manifest.formats import conda_lock
from envaudit.manifest.locks import LINE, short, tables, yaml
from envaudit.manifest.requirement import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source

_AS_CONDA_LOCK = ("1", "2", "3")
_KNOWN = ("4", "5", "6", "7")
_PROJECT = (".", "./")


def read(source: Source) -> Manifest:
    """What a pixi.lock pins: the environment "default" is what is always installed, others are groups.

    Packages that pixi builds from folders are the project's own, and left out.
    """
    data: Any = yaml(source)
    version = data.get("version") if isinstance(data, dict) else None
    if version in _AS_CONDA_LOCK:
        return conda_lock.read_as(source, data, "pixi.lock")
    if version not in _KNOWN:
        raise ManifestError(source.path, f"has version {short(version)} of the format; known are 1 to 7")
    environments = data.get("environments")
    if not isinstance(environments, dict):
        raise ManifestError(source.path, "has no 'environments'")
    found = CondaLock(source.path, "pixi.lock")
    packages = _packages(data.get("packages"))
    # version 7 lets a project name platforms: "linux-64-cuda" is a linux-64
    own = {item["name"]: item.get("subdir") for item in tables(data.get("platforms")) if _is_text(item.get("name"))}
    for environment, what in environments.items():
        if environment == LINE:
            continue
        group = "" if environment == "default" else environment
        platforms = what.get("packages") if isinstance(what, dict) else None
        for name, entries in platforms.items() if isinstance(platforms, dict) else ():
            if name == LINE:
                continue
            subdir = own.get(name)
            platform = subdir if isinstance(subdir, str) else name
            found.platform(group, platform)
            for entry in tables(entries):
                _add(found, group, platform, entry, packages)
    found.finish()
    return found.lock.manifest


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _packages(value: object) -> dict[tuple[str, str], dict[Any, Any]]:
    """(kind, URL or path) -> what the file says of the package."""
    packages: dict[tuple[str, str], dict[Any, Any]] = {}
    for package in tables(value):
        for kind in ("conda", "pypi"):
            address = package.get(kind)
            if package.get("kind") == kind:  # versions 4 and 5
                address = package.get("url") or package.get("path")
            if isinstance(address, str):
                packages.setdefault((kind, address), package)
    return packages


def _add(
    found: CondaLock, group: str, platform: str, entry: dict[Any, Any], packages: dict[tuple[str, str], dict[Any, Any]]
) -> None:
    kind = "conda" if "conda" in entry else "pypi"
    address = entry.get(kind)
    if not isinstance(address, str) or (kind == "conda" and "://" not in address):
        return  # a folder that pixi builds
    package = packages.get((kind, address), entry)
    name, version, build = package.get("name"), package.get("version"), package.get("build")
    line = package[LINE]
    if kind == "pypi":
        if address not in _PROJECT:
            found.pip(group, platform, line, name, version, direct(address))
        return
    if not (isinstance(name, str) and isinstance(version, str) and isinstance(build, str)):
        try:
            name, written, build = conda.parts(address.partition("#")[0])
        except ValueError as error:
            found.lock.manifest.note(line, f"{error}; it was left out")
            return
        version = written.lstrip("=")
    found.conda(group, platform, line, name, version, build)
