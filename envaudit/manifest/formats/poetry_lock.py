"""poetry.lock, of Poetry 1 and 2."""

from __future__ import annotations

from functools import partial

from envaudit.manifest import lock_markers, poetry, toml_lines
from envaudit.manifest.locks import Lock, listed, strings, table, toml_packages
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source

_OPTIONAL = "optional"  # the group of what no extra leads to


def read(source: Source) -> Manifest:
    """What a poetry.lock pins.  Poetry 1.5 to 1.8 do not write which packages are for a group alone."""
    data = toml_lines.parse(source)
    lock = Lock(source.path, "poetry.lock")
    metadata = table(data.get("metadata"))
    lock.manifest.python = _python(lock.manifest, metadata.get("python-versions"))
    packages = toml_packages(source, data, "package")
    extras = _extras(table(data.get("extras")), [package for _, package in packages])
    unknown = []
    for line, package in packages:
        group, marker = _where(package)
        if not group:
            extra, marker = _extra(marker, sorted(table(data.get("extras"))))
            if not extra and package.get("optional") is True and package.get("category", "main") == "main":
                # of an extra; of an optional group, whose name Poetry 1 does not write; or what nobody can ask for
                extra = extras.get(canonical(str(package.get("name"))), _OPTIONAL)
                if extra == _OPTIONAL:
                    unknown.append(str(package.get("name")))
            group = extra
        url = _url(table(package.get("source")))
        lock.add(line, package.get("name"), package.get("version"), marker=marker, url=url, group=group, hashed=not url)
    if unknown:
        lock.manifest.note(None, f"{listed(unknown)}: optional, without the name of an extra or group")
    lock.note_forks()
    return lock.manifest


def _python(manifest: Manifest, value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return poetry.constraint(value)
    except ValueError as error:
        manifest.note(None, f"python-versions: {error}")
        return ""


def _where(package: dict[str, Any]) -> tuple[str, object]:
    """(group or "", marker) of a package."""
    marker = package.get("markers", package.get("marker"))
    groups = strings(package.get("groups"))
    if not groups:
        category = package.get("category", "main")
        return (category if isinstance(category, str) and category != "main" else ""), marker
    group = "main" if "main" in groups else min(groups)
    if isinstance(marker, dict):
        marker = marker.get(group)
    return ("" if group == "main" else group), marker


def _extra(marker: object, extras: list[str]) -> tuple[str, object]:
    """(first extra for which a marker can be true, the rest of the marker); "" where it needs none."""
    if not isinstance(marker, str) or "extra" not in marker:
        return "", marker
    try:
        tree = lock_markers.parse(marker)
    except ValueError:
        return "", marker  # the note is `Lock`'s
    named = sorted({atom[2][1:-1] for atom in lock_markers.atoms(tree) if atom[0] == "extra"})
    for extra in ("", *(extras or named), *named):
        left = lock_markers.decide(tree, partial(_decides, extra=extra))
        if left is not False:
            return extra, lock_markers.text(left)
    return "", marker


def _decides(atom: tuple[str, str, str], extra: str) -> bool | None:
    left, operator, right = atom
    return (right[1:-1] == extra) == (operator == "==") if left == "extra" else None


def _extras(extras: dict[str, Any], packages: list[dict[str, Any]]) -> dict[str, str]:
    """Package -> first extra that leads to it; the names are canonical."""
    edges: dict[str, set[str]] = {}
    for package in packages:
        name = canonical(str(package.get("name")))
        edges.setdefault(name, set()).update(map(canonical, table(package.get("dependencies"))))
    found: dict[str, str] = {}
    for extra in sorted(extras):
        # "pandas", and "pandas (>=1.0)" in files of old
        todo = [canonical(name.partition(" ")[0].partition("[")[0]) for name in strings(extras[extra])]
        while todo:
            name = todo.pop()
            if name not in found:
                found[name] = extra
                todo += edges.get(name, ())
    return found


def _url(place: dict[str, Any]) -> str:
    kind, url = place.get("type"), place.get("url")
    if not isinstance(url, str) or not isinstance(kind, str):
        return ""
    if kind in ("git", "hg", "svn", "bzr"):
        commit = place.get("resolved_reference") or place.get("reference")
        return f"{kind}+{url}" + (f"@{commit}" if isinstance(commit, str) else "")
    return url if kind in ("directory", "file", "url") else ""  # else an index
