"""Package lists that are JSON: what pip and conda print, parsed."""

from __future__ import annotations

from envaudit.recorded import conda
from envaudit.recorded.found import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.recorded.found import Found


def listing(found: Found, value: Any, line: int) -> bool:
    """State the packages of `pip list --format json`, `pip inspect` or `conda list --json`."""
    if not isinstance(value, list):
        return False
    said = False
    for row in value:
        if not isinstance(row, dict):
            return said
        entry = row["metadata"] if isinstance(row.get("metadata"), dict) else row  # pip inspect has it one deeper
        name, version = entry.get("name"), entry.get("version")
        if not isinstance(name, str) or not isinstance(version, str):
            continue
        build, channel = entry.get("build_string", entry.get("build")), entry.get("channel")
        if isinstance(build, str):
            conda.package(found, line, name, version, build, channel if isinstance(channel, str) else "", BLOCK)
        else:
            found.package(line, name, version, BLOCK)
        said = True
    return said
