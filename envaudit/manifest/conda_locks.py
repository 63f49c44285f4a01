"""What the lock files of conda's world share: packages by platform."""

from __future__ import annotations

from envaudit.manifest import conda_names
from envaudit.manifest.locks import Lock, git_address, listed
from envaudit.recorded.names import conda_build

# conda's platform -> (sys_platform, platform_machine)
_PLATFORMS = {
    "linux-32": ("linux", "i686"),
    "linux-64": ("linux", "x86_64"),
    "linux-aarch64": ("linux", "aarch64"),
    "linux-armv7l": ("linux", "armv7l"),
    "linux-ppc64le": ("linux", "ppc64le"),
    "linux-riscv64": ("linux", "riscv64"),
    "linux-s390x": ("linux", "s390x"),
    "osx-64": ("darwin", "x86_64"),
    "osx-arm64": ("darwin", "arm64"),
    "win-32": ("win32", "x86"),
    "win-64": ("win32", "AMD64"),
    "win-arm64": ("win32", "ARM64"),
    "emscripten-wasm32": ("emscripten", "wasm32"),
}
_FIRST = "linux-64"  # whose lines are told


class CondaLock:
    """Packages as they come, platform by platform, and what they make of a `Lock`."""

    __slots__ = ("_found", "_platforms", "_pythons", "_unknown", "lock")

    def __init__(self, path: str, format: str) -> None:
        self.lock = Lock(path, format)
        # (group, name, version with build, url, conda) -> platform -> line
        self._found: dict[tuple[str, object, object, str, bool], dict[str, int]] = {}
        self._platforms: dict[str, dict[str, None]] = {}  # group -> its platforms
        self._pythons: dict[str, dict[str, str]] = {}  # group -> platform -> version of Python
        self._unknown: dict[str, None] = {}

    def platform(self, group: str, platform: str) -> None:
        """`group` is locked for `platform`, be there packages or none."""
        self._platforms.setdefault(group, {})[platform] = None

    def conda(self, group: str, platform: str, line: int, name: str, version: str, build: str) -> None:
        """A package that conda installs; those that are no Python distributions are left out."""
        distribution = conda_names.distribution(name)
        if distribution == "python":
            self._pythons.setdefault(group, {})[platform] = version
        elif distribution:
            tag = conda_build(build) if build and "+" not in version else None
            self._add(group, platform, line, (distribution, f"{version}+{tag}" if tag else version, "", True))

    def pip(self, group: str, platform: str, line: int, name: object, version: object, url: str) -> None:
        """A package that pip installs; `url` where it does not come from an index."""
        if (isinstance(name, str) or name is None) and (isinstance(version, str) or version is None):
            self._add(group, platform, line, (name, version, url, False))
        else:
            self.lock.add(line, name, version)  # it says what is wrong

    def _add(self, group: str, platform: str, line: int, package: tuple[object, object, str, bool]) -> None:
        if platform not in _PLATFORMS:
            self._unknown[platform] = None
        self.platform(group, platform)
        self._found.setdefault((group, *package), {}).setdefault(platform, line)

    def finish(self) -> None:
        """Add everything to the lock."""
        manifest = self.lock.manifest
        if self._unknown:
            manifest.note(None, f"{listed(list(self._unknown))}: no known platform of conda; counted as any")
        manifest.python = self._python()
        default = {key[1:]: set(places) for key, places in self._found.items() if not key[0]}
        for (group, name, version, url, conda), places in self._found.items():
            if group and set(places) <= default.get((name, version, url, conda), set()):
                continue  # what is always installed is there for the group too
            line = places.get(_FIRST, min(places.values()))
            marker = _marker(set(places), set(self._platforms[group]))
            self.lock.add(line, name, version, marker=marker, url=url, group=group, conda=conda, hashed=not url)
        self.lock.note_forks()

    def _python(self) -> str:
        """As the first platform has it where nothing else is asked for, else where all groups have the same."""
        versions = [
            places.get(_FIRST, next(iter(places.values())))
            for group, places in self._pythons.items()
            if not group or "" not in self._pythons
        ]
        return f"=={versions[0]}" if len(set(versions)) == 1 else ""


def direct(address: str) -> str:
    """`address` where it is a path or of a version control system; "" for files, which are of an index mostly."""
    if address.startswith("git+"):
        return git_address(address)
    return "" if address.startswith(("http://", "https://")) else address


def _marker(platforms: set[str], every: set[str]) -> str:
    """The marker that is true on `platforms` and false on the rest of `every`."""
    if platforms == every or not platforms <= _PLATFORMS.keys():
        return ""
    systems: dict[str, list[str]] = {}
    for platform in sorted(platforms):
        system, machine = _PLATFORMS[platform]
        systems.setdefault(system, []).append(machine)
    others = {_PLATFORMS[platform] for platform in every - platforms if platform in _PLATFORMS}
    parts = []
    for system, machines in systems.items():
        if any(other[0] == system for other in others):
            parts += [f"sys_platform == '{system}' and platform_machine == '{machine}'" for machine in machines]
        else:
            parts.append(f"sys_platform == '{system}'")
    return " or ".join(parts)
