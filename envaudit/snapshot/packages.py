"""Collector: every distribution on the interpreter's path, and what conda adds to them.

It reads what `importlib.metadata` would, without it: for 700 distributions that module takes thirty times as long as
Python's own start.  Nothing is imported, and only the headers of each distribution are read.
"""

from __future__ import annotations

import os

from envaudit import versions
from envaudit.snapshot import builds, metadata
from envaudit.snapshot.markers import evaluator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from envaudit.snapshot.model import Problem, Unknown
    from envaudit.snapshot.target import Target

_LARGEST_REQUIRES: Final = 256 * 1024  # bytes of a requires.txt


def collect(target: Target) -> dict[str, Any]:
    """`packages`, `requires`, `builds`, `installers` and what is wrong with the metadata."""
    scan = Scan(evaluator(target.markers))
    for path in target.paths:
        scan.path_entry(path)
    installers: dict[str, str] = {}
    conda_builds: dict[str, str] = {}
    for prefix in sorted({target.prefix, target.base_prefix}):
        # the conda below a virtual environment only counts when its packages are seen from there
        if os.path.isdir(os.path.join(prefix, "conda-meta")) and (prefix == target.prefix or scan.sees(prefix)):
            from envaudit.snapshot import conda

            conda.add(prefix, scan, installers, conda_builds)
    known_builds = {}
    for name in (*builds.PACKAGES, *conda_builds):
        version = scan.packages.get(name)
        if version is not None and "+" not in version and name not in known_builds:
            build = builds.read(name, scan.places[name][0]) if name in scan.places else None
            build = build or conda_builds.get(name)
            if build:
                known_builds[name] = build
    fragment: dict[str, Any] = {
        "packages": scan.packages,
        "packages_complete": scan.complete,
        "requires": scan.requires,
        "unknown": scan.unknown,
        "problems": scan.problems,
    }
    if scan.unversioned:
        fragment["packages_unversioned"] = sorted(scan.unversioned)
    if known_builds:
        fragment["builds"] = known_builds
    if installers:
        fragment["installers"] = installers
    return fragment


class Scan:
    """The distributions found so far; the first on the path wins, as it does for `import`.

    packages      canonical name -> version
    places        canonical name -> (folder on the path, name of the metadata folder in it)
    requires      canonical name -> requirements that hold here
    unversioned   installed, but nothing says which version
    complete      False when a folder could not be read
    """

    def __init__(self, holds: Callable[[str], bool]) -> None:
        self.packages: dict[str, str] = {}
        self.places: dict[str, tuple[str, str]] = {}
        self.requires: dict[str, list[str]] = {}
        self.unversioned: set[str] = set()
        self.complete = True
        self.problems: list[Problem] = []
        self.unknown: list[Unknown] = []
        self._holds = holds
        self._seen: set[tuple[int, int]] = set()
        self._broken: set[tuple[str, str]] = set()

    def path_entry(self, folder: str) -> None:
        """Look through one entry of `sys.path`."""
        try:
            state = os.stat(folder)
            identity = (state.st_dev, state.st_ino)
            # lib64 is often a link to lib
            if identity in self._seen:
                return
            self._seen.add(identity)
            entries = os.listdir(folder)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            entries = []  # python311.zip, which is rarely there; a zip file; a NUL in the path
        except OSError as error:
            self.complete = False
            because = f"the folder cannot be read: {error.strerror}"
            self.unknown.append({"what": f"packages in {_shown(folder)}", "because": because})
            return
        if folder.endswith(".egg"):
            self._egg(folder)
        # a legacy .egg-link needs no look: the folder that it names stands on sys.path too
        metadata_folders = [entry for entry in entries if entry.endswith("-info") or entry[0] == "~"]
        metadata_folders.sort()
        leftovers = []
        for entry in metadata_folders:
            if entry[0] == "~":
                leftovers.append(entry)
            elif entry.endswith(".dist-info"):
                self._distribution(folder, entry, f"{folder}{os.sep}{entry}{os.sep}METADATA")
            elif entry.endswith(".egg-info"):
                path = f"{folder}{os.sep}{entry}"
                inside = f"{path}{os.sep}PKG-INFO"
                self._distribution(folder, entry, path if os.path.isfile(path) else inside)
        if leftovers:
            self._leftovers(folder, leftovers)

    def sees(self, prefix: str) -> bool:
        """Whether distributions under `prefix` are on the path."""
        inside = os.path.join(prefix, "")
        return any(folder.startswith(inside) for folder, _ in self.places.values())

    def _egg(self, path: str) -> None:
        """An egg that stands on the path itself: a folder with EGG-INFO, or a zip file with a telling name."""
        parent, name = os.path.split(path)
        inside = os.path.join(path, "EGG-INFO", "PKG-INFO")
        if os.path.isfile(inside):
            self._distribution(path, "EGG-INFO", inside, name)
        elif os.path.isfile(path):
            called, version = metadata.from_folder_name(name)
            if called:
                self._add(called, version, parent, name)

    def _distribution(self, folder: str, entry: str, path: str, called: str = "") -> None:
        """Read the distribution whose metadata file is `path`; `called` is the folder name with name and version."""
        try:
            name, version, lines = metadata.read(path)
            fault = ""
        except OSError as error:
            name, version, lines = "", "", []
            fault = f"cannot be read ({error.strerror})"
        if not name or not version:
            known = metadata.from_folder_name(called or entry)
            fault = fault or f"has no {'valid name' if not name else 'valid version'}"
            name = name or known[0]
            version = version or known[1]
            self._broken.add((folder, entry))
            self._problem("broken-metadata", f"{path} {fault}", [name] if name else [])
            if not name:
                return
        if self._add(name, version, folder, entry):
            if not lines and not entry.endswith(".dist-info"):
                lines = _egg_requirements(os.path.dirname(path))
            if lines:
                self._require(name, lines)

    def _problem(self, kind: str, detail: str, culprits: list[str]) -> None:
        self.problems.append({"kind": kind, "detail": _shown(detail), "culprits": culprits})

    def _add(self, name: str, version: str, folder: str, entry: str) -> bool:
        """Keep a distribution; False when another of the same name stays in its place."""
        place = self.places.get(name)
        if place is not None:
            wins = place[0] == folder and self._wins((folder, entry), place)
            self._twice(name, version, (folder, entry), wins)
            if not wins:
                return False
            self.requires.pop(name, None)
            self.packages.pop(name, None)
            self.unversioned.discard(name)
        self.places[name] = (folder, entry)
        if version:
            self.packages[name] = version
        else:
            self.unversioned.add(name)
        return True

    def _wins(self, new: tuple[str, str], old: tuple[str, str]) -> bool:
        """Whether `new` is to be believed, of two distributions of one name in one folder: the one installed last."""
        if (new in self._broken) != (old in self._broken):
            return old in self._broken
        times = []
        for place in (new, old):
            try:
                times.append(os.stat(os.path.join(*place)).st_mtime_ns)
            except OSError:
                times.append(0)
        return times[0] >= times[1]

    def _twice(self, name: str, version: str, new: tuple[str, str], wins: bool) -> None:
        old = self.places[name]
        held = self.packages.get(name, "")
        if version == held or (versions.key(version) or version) == (versions.key(held) or held):
            return
        if new[0] == old[0]:
            believed = new[1] if wins else old[1]
            detail = f"{new[0]} holds both {old[1]} and {new[1]}; envaudit goes by {believed}"
            self._problem("duplicate-distribution", detail, [name])
        else:
            detail = f"{name} {held or 'of unknown version'} in {old[0]} hides {version or 'another'} in {new[0]}"
            self._problem("shadowed-distribution", detail, [name])

    def _require(self, name: str, lines: list[str]) -> None:
        holds = self._holds
        kept = []
        for line in lines:
            if ";" not in line:
                kept.append(line.strip())
                continue
            # most lines are of this shape, which cannot hold: no extra is asked for
            if "extra ==" in line and " or" not in line:
                continue
            # a URL may hold a semicolon; the one before a marker stands behind a space then
            requirement, separator, marker = line.partition(" ;" if "@" in line else ";")
            if not separator or holds(marker.strip()):
                kept.append(requirement.strip())
        if kept:
            self.requires[name] = kept

    def _leftovers(self, folder: str, entries: list[str]) -> None:
        """What pip renames before removing it ("~orch", "~orch-2.0.0.dist-info") and leaves when it is interrupted."""
        culprits = set()
        for entry in entries:
            try:
                culprits.add(metadata.read(os.path.join(folder, entry, "METADATA"))[0])
            except OSError:
                continue
        shown = ", ".join(entries[:5]) + (f" and {len(entries) - 5} more" if len(entries) > 5 else "")
        detail = f"{folder} holds what an interrupted pip left behind: {shown}"
        self._problem("leftover-distribution", detail, sorted(culprits - {""}))


def _shown(text: str) -> str:
    """`text` with escapes for what a terminal would obey or could not print: a file may have any name."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _egg_requirements(folder: str) -> list[str]:
    """The lines of a requires.txt as `Requires-Dist` would have them, those of extras left out."""
    try:
        with open(os.path.join(folder, "requires.txt"), "rb") as file:
            text = file.read(_LARGEST_REQUIRES).decode("utf-8", "replace")
    except OSError:
        return []
    lines = []
    marker: str | None = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            # "[extra]", "[extra:marker]", "[:marker]"
            extra, _, marker = line.strip("[]").partition(":")
            if extra:
                marker = None
        elif line and marker is not None:
            lines.append(f"{line} ; {marker}" if marker else line)
    return lines
