"""Where a dependency comes from, in the tables of Poetry, uv, Pipenv and pixi: git, url, path, file."""

from __future__ import annotations

from envaudit.manifest.pep508 import wheel_version
from envaudit.manifest.requirement import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from envaudit.manifest.requirement import Requirement

_FORGES = (("git", "git+"), ("hg", "hg+"), ("svn", "svn+"), ("bzr", "bzr+"))
_PLAIN = ("url", "path", "file")
_REVISIONS = ("rev", "ref", "tag", "branch")


def url(table: Mapping[str, Any]) -> str:
    """The address that a table says its package comes from, as pip writes it; "" where it comes from an index."""
    for key, prefix in _FORGES:
        address = table.get(key)
        if isinstance(address, str) and address:
            address = address if address.startswith(prefix) else prefix + address
            revision = next((table[name] for name in _REVISIONS if isinstance(table.get(name), str)), "")
            return f"{address}@{revision}" if revision else address
    return next((table[key] for key in _PLAIN if isinstance(table.get(key), str)), "")


def specifier(address: str) -> str:
    """The version that the file at an address says, as a specifier; "" where it says none."""
    version = wheel_version(address) if address else None
    return f"=={version}" if version else ""


def give(requirement: Requirement, address: str) -> None:
    """Let `requirement` come from `address`: its version is then what is there, whatever it asked for."""
    requirement.url, requirement.specifier = address, specifier(address)
    requirement.place = Place(requirement.place.path, requirement.place.line)
