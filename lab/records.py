"""What the lab has seen: a journal of every run, and the matrix's table of reproductions."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

COLUMNS = {
    "rule": "the rule that was run",
    "date": "day of the run",
    "platform": "system, processor and C library",
    "python": "Python it ran on",
    "pins": "the versions that clash, as installed",
    "host": "what its machine lacked (MiB, files, qemu's model of its CPU) or its GPU and driver; nothing: as it was",
    "probe": "code that was run",
    "outcome": "how the bad side ended: exit status or signal",
    "error": "last line that it wrote",
    "fixed": "what was moved",
    "fixed-by": "resolver (a plan that one confirmed), plan of the matrix, the rule's good example, machine, hand",
    "fixed-outcome": "how the same probe ended afterwards",
    "isolation": "what kept the probe from doing harm",
}


MEASURED = {
    "other": "the package that was imported",
    "release": "its release",
    "package": "the package whose versions were tried with it",
    "python": "Python series it ran on",
    "works": "versions of package that other passed its probe with",
    "fails": "versions of package that it failed with",
    "errors": "how those ended, each said once",
    "date": "day of the last of these runs",
}


class Journal:
    """All results of all runs, one JSON line each; the last line of a case counts.  Safe to use from two threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self.held: dict[str, dict[str, Any]] = {}
        if path.is_file():
            for line in path.read_text("utf-8").splitlines():
                entry = json.loads(line)
                self.held[entry["key"]] = entry

    def known(self, key: str, digest: str) -> dict[str, Any] | None:
        """The result of a case, when it was run on the same text of the rule."""
        entry = self.held.get(key)
        return entry if entry and entry["digest"] == digest else None

    def add(self, entry: dict[str, Any]) -> None:
        """Keep a result."""
        with self._lock:
            self.held[entry["key"]] = entry
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")


def write_table(path: Path, entries: list[dict[str, Any]], rules: Callable[[], set[str]]) -> int:
    """Write the table of reproductions: what it holds of rules that still exist, with `entries` added or renewed.

    Returns the number of its rows.  Several processes may write at once: each adds what it has seen, and asks `rules`
    which there are now, not when it began.
    """
    with _alone(path.parent):
        return _merge(path, entries, rules())


def write_measured(path: Path, rows: list[dict[str, Any]]) -> int:
    """Write the table of boundaries: what it holds, with `rows` added or put in the place of those of the same pair,
    release and Python.  Returns the number of its rows."""
    with _alone(path.parent):
        held = {_pair(row): row for row in _rows(path)}
        held.update({_pair(row): row for row in rows})
        kept = [held[name] for name in sorted(held)]
        if kept:
            about = "which versions of two packages the lab has run together, and how that ended"
            _write(path, "bisect", "measured", about, MEASURED, kept)
        return len(kept)


def _pair(row: dict[str, Any]) -> tuple[str, ...]:
    return row["package"], row["other"], row["python"], row["release"]


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process of the lab writes a table meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text("utf-8"))["rows"]) if path.is_file() else []


def _write(
    path: Path, command: str, name: str, about: str, columns: dict[str, str], rows: list[dict[str, Any]]
) -> None:
    table = {
        "table": name,
        "about": about,
        "columns": columns,
        "sources": [f"python -m lab {command}"],
        "rows": rows,
    }
    text = f"# Written by `python -m lab {command}`; not by hand.\n" + yaml.safe_dump(
        table, sort_keys=False, width=118, allow_unicode=True
    )
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, "utf-8")
    part.replace(path)


def _merge(path: Path, entries: list[dict[str, Any]], rules: set[str]) -> int:
    rows: dict[tuple[str, str], dict[str, Any]] = {(row["rule"], row["pins"]): row for row in _rows(path)}
    for entry in entries:
        if entry["verdict"] == "agrees":
            row = {name: str(entry[name]) for name in COLUMNS if entry.get(name)}
            rows[row["rule"], row["pins"]] = row
        else:
            rows.pop((entry["rule"], entry.get("pins", "")), None)
    kept = [rows[name] for name in sorted(rows) if name[0] in rules]
    if not kept:
        return 0
    about = "environments that the lab built with real wheels and ran, before and after the fix"
    _write(path, "reproduce", "reproductions", about, COLUMNS, kept)
    return len(kept)
