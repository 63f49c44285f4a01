"""Releases of many packages over the years, and their sources."""

from __future__ import annotations

import datetime
import re
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.version import Version

from lab.names.trees import Tree, fetch
from lab.wheels import Refused, Uv, Wheel

TRIES = 40  # packages that one day may lack
DOWNLOADS = 4  # at a time
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Shelf:
    """The releases that are looked at: of each package the newest of every half year."""

    def __init__(self, uv: Uv, folder: Path, pythons: list[str]) -> None:
        self.uv, self.folder, self.pythons = uv, folder, pythons
        folder.mkdir(parents=True, exist_ok=True)
        self._wheels: dict[str, dict[str, Wheel]] = {}

    def fill(self, names: list[str], since: int) -> None:
        """Find the releases of `names` and download them.  A wheel for any of the Pythons will do: nothing is run."""
        for day in _days(since):
            for python in self.pythons:
                for wheel in self._of_day(names, python, day):
                    self._wheels.setdefault(wheel.name, {})[wheel.version] = wheel
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

    def _of_day(self, names: list[str], python: str, day: str | None) -> list[Wheel]:
        """The newest wheels of that day, without the packages that had none."""
        left = list(names)
        with tempfile.TemporaryDirectory() as scratch:
            for _ in range(TRIES):
                try:
                    return self.uv.newest(left, python, Path(scratch), day)
                except Refused as refused:
                    told = {word.rstrip(".") for word in _WORD.findall(str(refused))}
                    named = [name for name in left if any(re.split("[<>=!]", word)[0] == name for word in told)]
                    if not named:
                        raise
                    left.remove(named[0])
        return []


def _days(since: int) -> list[str | None]:
    today = datetime.date.today()
    days = [datetime.date(year, month, 1) for year in range(since, today.year + 1) for month in (1, 7)]
    return [*(day.isoformat() for day in days if day <= today), None]
