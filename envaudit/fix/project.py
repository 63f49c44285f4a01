"""Advice for environments that a project manager keeps: what is only installed there is gone at the next sync."""

from __future__ import annotations

import os

from envaudit.fix.commands import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Snapshot

_LOCKS = {"uv.lock": "uv add", "poetry.lock": "poetry add", "pdm.lock": "pdm add", "Pipfile.lock": "pipenv install"}


def advice(snapshot: Snapshot, pins: dict[str, str]) -> list[str]:
    """Lines that say how `pins` stay, where the environment lies in a project's folder; [] where it does not."""
    interpreter: Any = snapshot.get("interpreter") or {}
    if not interpreter.get("venv") or not interpreter.get("prefix") or not pins:
        return []
    folder = os.path.dirname(str(interpreter["prefix"]))
    words = " ".join(quote(f"{name}=={version}") for name, version in pins.items())
    for lock, command in _LOCKS.items():
        if os.path.isfile(os.path.join(folder, lock)):
            return [f"{folder} is a project with a {lock}; for it to stay so:", f"  {command} {words}"]
    if os.path.isfile(os.path.join(folder, "pyproject.toml")):
        said = ", ".join(f'"{name}=={version}"' for name, version in pins.items())
        return [
            f"for it to stay so, in [project] dependencies of {os.path.join(folder, 'pyproject.toml')}:",
            f"  {said}",
        ]
    return []
