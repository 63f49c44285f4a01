"""What the lab has seen: a journal of every run, and the matrix's table of reproductions."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path
from typing import Any

import yaml

COLUMNS = {
    "rule": "the rule that was run",
    "date": "day of the run",
    "platform": "system, processor and C library",
    "python": "Python it ran on",
    "pins": "the versions that clash, as installed",
    "probe": "code that was run",
    "outcome": "how the bad side ended: exit status or signal",
    "error": "last line that it wrote",
    "fixed": "what was moved",
    "fixed-by": "plan (envaudit's own) or example (the rule's good one)",
    "fixed-outcome": "how the same probe ended afterwards",
    "isolation": "what kept the probe from doing harm",
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


def write_table(path: Path, entries: list[dict[str, Any]], rules: set[str]) -> int:
    """Write the table of reproductions: what it holds of rules that still exist, with `entries` added or renewed.

    Returns the number of its rows.  Several processes may write at once: each adds what it has seen.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        return _merge(path, entries, rules)
    finally:
        os.close(folder)


def _merge(path: Path, entries: list[dict[str, Any]], rules: set[str]) -> int:
    rows: dict[tuple[str, str], dict[str, str]] = {}
    if path.is_file():
        for row in yaml.safe_load(path.read_text("utf-8"))["rows"]:
            rows[row["rule"], row["pins"]] = row
    for entry in entries:
        if entry["verdict"] == "agrees":
            row = {name: str(entry[name]) for name in COLUMNS if entry.get(name)}
            rows[row["rule"], row["pins"]] = row
        else:
            rows.pop((entry["rule"], entry.get("pins", "")), None)
    kept = [rows[name] for name in sorted(rows) if name[0] in rules]
    if not kept:
        return 0
    table = {
        "table": "reproductions",
        "about": "environments that the lab built with real wheels and ran, before and after the fix",
        "columns": COLUMNS,
        "sources": ["python -m lab reproduce"],
        "rows": kept,
    }
    text = "# Written by `python -m lab reproduce`; not by hand.\n" + yaml.safe_dump(
        table, sort_keys=False, width=118, allow_unicode=True
    )
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, "utf-8")
    part.replace(path)
    return len(kept)
