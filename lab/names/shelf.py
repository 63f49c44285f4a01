"""Releases of many packages over the years, and their sources."""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.version import Version

from envaudit.matrix.compiler import Source
from lab.bisect import releases
from lab.names.trees import Tree, fetch
from lab.wheels import Refused, Uv, Wheel

DOWNLOADS = 4  # at a time
_WORD = re.compile(r"[A-Za-z0-9][^\s,]*")


class Shelf:
    """The releases that are looked at: of each package the newest of every half year."""

    def __init__(self, uv: Uv, folder: Path, pythons: dict[str, str]) -> None:
        self.uv, self.folder, self.pythons = uv, folder, pythons
        folder.mkdir(parents=True, exist_ok=True)
        self._wheels: dict[str, dict[str, Wheel]] = {}
        self._more: dict[tuple[str, str], Wheel] = {}
        self._every: dict[str, list[str]] = {}
        self.edges: dict[str, tuple[str, str]] = {}  # what was found out, for all who ask

    def fill(self, names: list[str], since: int) -> None:
        """Find the releases of `names` and download them.  A wheel for any of the Pythons will do: nothing is run."""
        held = self.folder / f"releases-{datetime.date.today()}-{since}.json"
        if held.is_file():
            for name, wheels in json.loads(held.read_text("utf-8")).items():
                self._wheels[name] = {version: Wheel(*cells) for version, cells in wheels.items()}
        new = [name for name in names if name not in self._wheels]
        for python in self.pythons.values():
            left = list(new)
            for day in _days(since) if left else []:
                for wheel in self._of_day(left, python, day):
                    self._wheels.setdefault(wheel.name, {})[wheel.version] = wheel
        held.write_text(json.dumps(self._wheels), "utf-8")
        every = [(name, version) for name in names for version in self.versions(name)]
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            for _ in pool.map(lambda pair: self.tree(*pair) is None, every):  # kept on disk, not in memory
                pass

    def versions(self, name: str) -> list[str]:
        """The releases of a package, oldest first."""
        return sorted(self._wheels.get(name, {}), key=Version)

    def tree(self, name: str, version: str) -> Tree | None:
        """The sources of a release, None where they cannot be had."""
        kept = self.folder / f"{name}-{version}.zip"
        try:
            return fetch(self._wheels[name][version].url, kept)
        except (OSError, zipfile.BadZipFile) as error:
            print(f"{name} {version}: {error}", file=sys.stderr)
            return None

    def every(self, name: str) -> list[str]:
        """All final releases of a package that pip sees for one of the Pythons, oldest first."""
        if name not in self._every:
            found: set[str] = set()
            for series, python in self.pythons.items():
                found.update(releases(Source([], {}, {}, {}), name, series, python))
            self._every[name] = sorted(found, key=Version)
        return self._every[name]

    def more(self, name: str, version: str) -> Tree | None:
        """The sources of a release that is not one of those of the half years."""
        known = version in self._wheels.get(name, {}) or (name, version) in self._more
        for python in [] if known else self.pythons.values():
            with tempfile.TemporaryDirectory() as scratch, contextlib.suppress(Refused):
                (wheel,) = self.uv.newest([f"{name}=={version}"], python, Path(scratch), None)
                self._more[name, version] = wheel
                break
        found = self._more.get((name, version)) or self._wheels.get(name, {}).get(version)
        try:
            return fetch(found.url, self.folder / f"{name}-{version}.zip") if found else None
        except (OSError, zipfile.BadZipFile):
            return None

    def _of_day(self, left: list[str], python: str, day: str | None) -> list[Wheel]:
        """The newest wheels of that day.  What had none leaves `left`: it had none before that day either."""
        with tempfile.TemporaryDirectory() as scratch:
            while left:
                try:
                    return self.uv.newest(left, python, Path(scratch), day)
                except Refused as refused:
                    told = {re.split("[<>=!]", word)[0].rstrip(".,") for word in _WORD.findall(str(refused))}
                    gone = [name for name in left if name in told]
                    if not gone:
                        raise
                    left.remove(gone[0])
        return []


def _days(since: int) -> list[str | None]:
    """Today, and the first day of every half year before it."""
    today = datetime.date.today()
    days = [datetime.date(year, month, 1) for year in range(since, today.year + 1) for month in (1, 7)]
    return [None, *(day.isoformat() for day in reversed(days) if day <= today)]
