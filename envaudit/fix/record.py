"""What was installed before a plan was carried out, so that it can be put back.

Records are files in the cache folder, private to the user; the last five of each environment are kept.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os

from envaudit.snapshot import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from envaudit.fix.plan import Plan
    from envaudit.snapshot.model import Snapshot

SCHEMA = "envaudit.undo/1"
KEPT = 5
_LARGEST = 4 << 20  # bytes of a record that is read
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_VERSION = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+!-_")


class RecordError(Exception):
    """There is no record, or it cannot be written or read; `str()` is one line for the user."""


class Record:
    """What an environment held.

    path      the file it was read from
    date      when it was written, ISO 8601
    packages  package -> version of every distribution
    own       packages of them that came from no index: undo must not take a namesake for them
    """

    __slots__ = ("date", "own", "packages", "path")

    def __init__(self, path: str, date: str, packages: dict[str, str], own: frozenset[str]) -> None:
        self.path, self.date, self.packages, self.own = path, date, packages, own


def write(snapshot: Snapshot, plan: Plan, own: Iterable[str]) -> str:
    """Record the environment of `snapshot` before `plan`, and which packages came from no index; gives the file's path.
    Raises RecordError."""
    interpreter: Any = snapshot.get("interpreter") or {}
    prefix = os.path.realpath(str(interpreter.get("prefix")))
    now = datetime.datetime.now(datetime.timezone.utc)
    document = {
        "schema": SCHEMA,
        "date": now.isoformat(timespec="seconds"),
        "prefix": prefix,
        "interpreter": interpreter.get("path"),
        "packages": snapshot.get("packages") or {},
        "own": sorted(own),
        "pins": plan.pins,
        "remove": plan.remove,
    }
    folder = _folder()
    path = os.path.join(folder, f"{_digest(prefix)}-{now.strftime('%Y%m%dT%H%M%S%f')}.json")
    new = path + ".new"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file)
        os.replace(new, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise RecordError(f"{path}: what is installed cannot be recorded: {error.strerror or error}") from error
    for old in _of(prefix)[:-KEPT]:
        with contextlib.suppress(OSError):
            os.unlink(old)
    return path


def newest(prefix: str) -> Record:
    """The last record of the environment in `prefix`.  Raises RecordError."""
    prefix = os.path.realpath(prefix)
    paths = _of(prefix)
    if not paths:
        raise RecordError(f"{prefix}: nothing to undo: envaudit --fix --apply has not changed this environment")
    path = paths[-1]
    try:
        with open(path, "rb") as file:
            document = json.loads(file.read(_LARGEST))
        held = document["packages"]
        if document["schema"] != SCHEMA or document["prefix"] != prefix or not isinstance(held, dict):
            raise ValueError
        packages = {str(name): str(version) for name, version in held.items()}
        if not all(_sound(name, version) for name, version in packages.items()):
            raise ValueError
        own = frozenset(map(str, document["own"]))
        return Record(path, str(document["date"])[:40], packages, own)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"{path}: is no record of this environment; delete it") from error


def _sound(name: str, version: str) -> bool:
    """Whether name and version can stand on a command line; what no index can have is compared, never installed."""
    return bool(name) and set(name) <= _NAME and not name.startswith("-") and set(version) <= _VERSION


def _of(prefix: str) -> list[str]:
    """The records of an environment, oldest first."""
    folder = _folder()
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    mine = [name for name in names if name.startswith(_digest(prefix) + "-") and name.endswith(".json")]
    return [os.path.join(folder, name) for name in sorted(mine)]


def _folder() -> str:
    home = cache.folder()
    if home is None:
        raise RecordError("there is no cache folder to record what is installed in; set ENVAUDIT_CACHE_DIR")
    return os.path.join(home, "undo")


def _digest(prefix: str) -> str:
    return hashlib.sha256(prefix.encode("utf-8", "surrogateescape")).hexdigest()[:16]
