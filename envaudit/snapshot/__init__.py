"""What is there: one collector a file, one Snapshot out.

A collector is a module with `collect(target: Target) -> dict`: a fragment of the snapshot.  `unknown` and `problems`
of all fragments are joined, nested dictionaries are merged, every other key is set by one collector only.  To add a
collector, add a file and its name here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Snapshot
    from envaudit.snapshot.target import Target

COLLECTORS = ("python", "packages", "nvidia", "libraries", "host")


def take(target: Target) -> Snapshot:
    """Run every collector on `target`.  A collector that fails leaves its facts unknown and says why."""
    from importlib import import_module

    from envaudit.snapshot.model import SCHEMA

    snapshot: dict[str, Any] = {"schema": SCHEMA, "unknown": [], "problems": []}
    for name in COLLECTORS:
        try:
            fragment = import_module(f"envaudit.snapshot.{name}").collect(target)
        except Exception as error:  # the seam: whatever a collector meets on a strange machine, the audit goes on
            snapshot["unknown"].append({"what": name, "because": f"{type(error).__name__}: {error}"})
            continue
        _merge(snapshot, fragment)
    return snapshot  # type: ignore[return-value]  # a dict of exactly these keys


def _merge(into: dict[str, Any], fragment: dict[str, Any]) -> None:
    for key, value in fragment.items():
        held = into.get(key)
        if isinstance(held, list) and isinstance(value, list):
            held.extend(value)
        elif isinstance(held, dict) and isinstance(value, dict):
            held.update(value)
        else:
            into[key] = value
