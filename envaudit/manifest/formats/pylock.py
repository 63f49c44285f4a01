"""pylock.toml (PEP 751), version 1."""

from __future__ import annotations

from envaudit.manifest import lock_markers, toml_lines
from envaudit.manifest.locks import Lock, python_set, short, strings, table, toml_packages
from envaudit.manifest.requirement import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.lock_markers import Decide, Tree
    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source

_SETS = ("extras", "dependency_groups")  # variables of markers that only lock files have


def read(source: Source) -> Manifest:
    """What a pylock.toml pins, with its default groups as what is always installed."""
    data = toml_lines.parse(source)
    version = data.get("lock-version")
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise ManifestError(source.path, f"has lock-version {short(version)}; known is 1.0")
    lock = Lock(source.path, "pylock")
    lock.manifest.python = python_set(data.get("requires-python"))
    asked = _Asked(data)
    for line, package in toml_packages(source, data, "packages"):
        if table(package.get("directory")).get("path") == ".":
            continue  # the project itself
        group, marker = asked.group(package.get("marker"))
        lock.add(
            line,
            package.get("name"),
            package.get("version"),
            marker=marker,
            url=_url(package),
            group=group,
            hashed="wheels" in package or "sdist" in package or "archive" in package,
        )
    lock.note_forks()
    return lock.manifest


class _Asked:
    """The extras and groups that the file knows, and which of them a marker is for."""

    __slots__ = ("_choices", "_default")

    def __init__(self, data: dict[str, Any]) -> None:
        self._default = frozenset(("dependency_groups", name) for name in strings(data.get("default-groups")))
        choices = {("extras", name) for name in strings(data.get("extras"))}
        choices |= {("dependency_groups", name) for name in strings(data.get("dependency-groups"))}
        self._choices = sorted(choices - self._default, key=lambda choice: choice[::-1])

    def group(self, marker: object) -> tuple[str, object]:
        """(group, marker without what it says of extras and groups)."""
        if not isinstance(marker, str):
            return "", marker
        try:
            tree = lock_markers.parse(marker)
        except ValueError:
            return "", marker  # the note is `Lock`'s
        if not any(atom[2] in _SETS or atom[0] == "extra" for atom in lock_markers.atoms(tree)):
            return "", marker
        left = lock_markers.decide(tree, _decides(self._default))
        if left is not False:
            return "", lock_markers.text(left)
        for choice in self._choices or _named(tree):
            left = lock_markers.decide(tree, _decides(self._default | {choice}))
            if left is not False:
                return choice[1], lock_markers.text(left)
        every = self._default.union(self._choices)
        left = lock_markers.decide(tree, _decides(every))
        return (self._choices[0][1] if self._choices else ""), lock_markers.text(left)


def _named(tree: Tree) -> list[tuple[str, str]]:
    """The extras and groups that a marker names, for files that do not list them."""
    return sorted((right, left[1:-1]) for left, _, right in lock_markers.atoms(tree) if right in _SETS)


def _decides(active: frozenset[tuple[str, str]]) -> Decide:
    def decides(atom: tuple[str, str, str]) -> bool | None:
        left, operator, right = atom
        if right in _SETS:
            return ((right, left[1:-1]) in active) == (operator == "in")
        if left == "extra":
            return (("extras", right[1:-1]) in active) == (operator == "==")
        return None

    return decides


def _url(package: dict[str, Any]) -> str:
    vcs, directory, archive = (table(package.get(kind)) for kind in ("vcs", "directory", "archive"))
    place = vcs or directory or archive
    address = place.get("url") or place.get("path")
    if not isinstance(address, str):
        return ""
    if vcs and isinstance(vcs.get("type"), str):
        commit = vcs.get("commit-id")
        return f"{vcs['type']}+{address}" + (f"@{commit}" if isinstance(commit, str) else "")
    return address
