"""The findings that a project had when it began to use envaudit: only new ones count.

    {"schema": "envaudit.baseline/1", "findings": [{"rule": "numpy2-abi", "path": "requirements.txt", "culprits": […]}]}

Lines are not kept: they move.  Two equal entries stand for two findings.
"""

from __future__ import annotations

import json
import os
from collections import Counter

from envaudit.check.edit import write as write_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.check.audit import Checked

    Entry = tuple[str, str, tuple[str, ...]]  # rule, path, culprits

SCHEMA = "envaudit.baseline/1"
MAX_SIZE = 16 << 20  # bytes


class BaselineError(Exception):
    """A baseline that cannot be read or written; `str()` is one line that names the file."""


def read(path: str) -> Counter[Entry]:
    """The entries of a baseline; none where there is no such file yet.  Raises BaselineError."""
    if not os.path.exists(path):
        return Counter()
    try:
        with open(path, "rb") as file:
            document = json.loads(file.read(MAX_SIZE + 1))
        if document["schema"] != SCHEMA:
            raise BaselineError(f"{path}: its schema is not {SCHEMA}")
        return Counter(
            (_text(row["rule"]), _text(row["path"]), _names(row["culprits"])) for row in document["findings"]
        )
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BaselineError(f"{path}: is no baseline; write one with --update-baseline") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(sorted(map(_text, value)))


def write(path: str, findings: list[Checked]) -> None:
    """Write the findings as a baseline, whole or not at all.  Raises BaselineError."""
    rows = [{"rule": rule, "path": place, "culprits": list(names)} for rule, place, names in map(entry, findings)]
    rows.sort(key=lambda row: (row["path"], row["rule"], row["culprits"]))
    text = json.dumps({"schema": SCHEMA, "findings": rows}, indent=1) + "\n"
    try:
        write_whole(path, text)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be written: {error.strerror or error}") from None


def entry(checked: Checked) -> Entry:
    """What a finding is known by."""
    path = checked.where[0].path.replace(os.sep, "/") if checked.where else ""
    return checked.rule, path, tuple(sorted(checked.finding.culprits))
