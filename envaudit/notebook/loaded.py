"""What this kernel has loaded that is not what is installed now: only then a restart is needed.

Only distributions that were installed since the process started can have changed under it, so only those are read.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_METADATA = 512 * 1024  # bytes of a RECORD that are read


class Stale:
    """One thing that is loaded and no longer installed like this: `name`, `loaded` and `installed` (None: unknown)."""

    __slots__ = ("installed", "loaded", "name")

    def __init__(self, name: str, loaded: str | None, installed: str | None) -> None:
        self.name, self.loaded, self.installed = name, loaded, installed

    def words(self) -> str:
        """ "numpy 1.26.4 is loaded, 2.1.0 is installed" """
        loaded = f"{self.name} {self.loaded}" if self.loaded else self.name
        if self.installed is None:
            return f"{loaded} is loaded, and its files are gone or replaced"
        if self.loaded == self.installed:
            return f"{loaded} is loaded, and was installed anew since"
        return f"{loaded} is loaded, {self.installed} is installed"


def stale(modules: dict[str, Any], paths: list[str], started: float, maps: str = "/proc/self/maps") -> list[Stale]:
    """What is loaded and differs, by name.  `started`: when the process did, seconds since the epoch."""
    from envaudit.snapshot import metadata

    found: dict[str, Stale] = {}
    owners: dict[str, str] = {}
    versions: dict[str, str] = {}
    for folder in paths:
        for entry in _changed(folder, started):
            base = os.path.join(folder, entry)
            try:
                name, version, _ = metadata.read(os.path.join(base, "METADATA"))
            except OSError:
                continue
            if not name or not version or name in versions:
                continue
            versions[name] = version
            for top in _top_level(base):
                owners[top] = name
                held = _version_of(modules.get(top))
                if held and _differ(held, version):
                    found[name] = Stale(name, held, version)
    for top in _replaced_libraries(maps, paths):
        name = owners.get(top, top)
        if name not in found:
            found[name] = Stale(name, _version_of(modules.get(top)), versions.get(name))
    for name, module in list(modules.items()):
        path = getattr(module, "__file__", None)
        if "." in name or not isinstance(path, str) or owners.get(name, name) in found:
            continue
        if any(path.startswith(os.path.join(folder, "")) for folder in paths) and not os.path.exists(path):
            found[name] = Stale(name, _version_of(module), None)
    return [found[name] for name in sorted(found)]


def here() -> list[Stale]:
    """As `stale`, of this process."""
    return stale(dict(sys.modules), [path for path in sys.path if _holds_packages(path)], _started())


def _holds_packages(path: object) -> bool:
    return isinstance(path, str) and os.path.basename(path) in ("site-packages", "dist-packages")


def _started() -> float:
    """When this process started; the time of import where the system does not tell."""
    from envaudit.recorder.store import start_ticks

    ticks = start_ticks()
    if ticks is None:
        return _IMPORTED
    with open("/proc/stat", "rb") as file:
        boot = next((line for line in file if line.startswith(b"btime ")), b"btime 0")
    return int(boot.split()[1]) + int(ticks) / os.sysconf("SC_CLK_TCK")


def _now() -> float:
    from time import time

    return time()


_IMPORTED = _now()


def _changed(folder: str, started: float) -> list[str]:
    """Names of the metadata folders that were made since then."""
    try:
        with os.scandir(folder) as entries:
            return [
                entry.name
                for entry in entries
                if entry.name.endswith(".dist-info") and entry.stat().st_ctime >= started
            ]
    except OSError:
        return []


def _top_level(base: str) -> set[str]:
    """Import names that a distribution installs, by its RECORD."""
    try:
        with open(os.path.join(base, "RECORD"), "rb") as file:
            lines = file.read(_MAX_METADATA).decode("utf-8", "replace").splitlines()
    except OSError:
        return set()
    names = set()
    for line in lines:
        first = line.partition(",")[0].split("/")
        if len(first) > 1 and not first[0].endswith((".dist-info", ".libs")) and first[0] != "..":
            names.add(first[0])
        elif len(first) == 1 and first[0].endswith((".py", ".so")):
            names.add(first[0].partition(".")[0])
    return names


def _version_of(module: object) -> str | None:
    from envaudit.snapshot.metadata import sane_version

    version = getattr(module, "__version__", None)
    return (sane_version(version) or None) if isinstance(version, str) else None


def _differ(loaded: str, installed: str) -> bool:
    """Whether two versions are not one; a local tag that only one of them has tells nothing."""
    from envaudit import versions

    loaded, _, tag = loaded.partition("+")
    installed, _, other = installed.partition("+")
    if tag and other and tag != other:
        return True
    return (versions.key(loaded) or loaded) != (versions.key(installed) or installed)


def _replaced_libraries(maps: str, paths: list[str]) -> set[str]:
    """Import names of native libraries that are mapped, and whose file is another one by now."""
    found: set[str] = set()
    try:
        with open(maps, encoding="utf-8", errors="replace") as file:
            lines = [line.rstrip("\n") for line in file if " (deleted)" in line and ".so" in line]
    except OSError:
        return set()
    for line in lines:
        path = line[line.find("/") :].removesuffix(" (deleted)")
        for folder in paths:
            inside = os.path.join(folder, "")
            if path.startswith(inside):
                # "numpy.libs" belongs to "numpy"; "~umpy" is where pip moves numpy before it removes it
                top = path[len(inside) :].partition("/")[0].partition(".")[0]
                if not top.startswith("~"):
                    found.add(top)
    return found
