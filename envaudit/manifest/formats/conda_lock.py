"""conda-lock.yml, version 1, and the unreleased one that lists a package's platform first."""

from __future__ import annotations

from envaudit.manifest import conda
from envaudit.manifest.conda_locks import CondaLock
from envaudit.manifest.locks import LINE, short, strings, yaml
from envaudit.manifest.requirement import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source

_INDEXES = ("https://files.pythonhosted.org/", "https://pypi.org/")


def read(source: Source) -> Manifest:
    """What a conda-lock.yml pins; categories other than "main" are groups."""
    data = yaml(source)
    packages = data.get("package") if isinstance(data, dict) else None
    if not isinstance(packages, list):
        raise ManifestError(source.path, "is not a conda-lock file: it has no list 'package'")
    found = CondaLock(source.path, "conda-lock")
    metadata: Any = data.get("metadata") if isinstance(data, dict) else None
    for platform in strings(metadata.get("platforms")) if isinstance(metadata, dict) else []:
        found.platform("", platform)
    for package in packages:
        if isinstance(package, dict):
            _package(found, package)
        else:
            found.lock.manifest.note(None, f"{short(package)} is no package; it was left out")
    found.finish()
    return found.lock.manifest


def _package(found: CondaLock, package: dict[Any, Any]) -> None:
    line = package[LINE]
    name, version, platform, url = (package.get(key) for key in ("name", "version", "platform", "url"))
    if not isinstance(name, str) or not isinstance(version, str) or not isinstance(platform, str):
        found.lock.manifest.note(line, "a package without name, version and platform; it was left out")
        return
    groups = strings(package.get("categories")) or strings(package.get("category")) or ["main"]
    group = "" if "main" in groups else min(groups)
    url = url if isinstance(url, str) else ""
    if package.get("manager") == "pip":
        found.pip(group, platform, line, name, version, "" if url.startswith(_INDEXES) else url)
        return
    build = package.get("build")
    if not isinstance(build, str):
        try:
            build = conda.parts(url.partition("#")[0])[2] if url else ""
        except ValueError:
            build = ""
    found.conda(group, platform, line, name, version, build)
