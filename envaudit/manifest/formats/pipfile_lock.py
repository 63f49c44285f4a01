"""Pipfile.lock."""

from __future__ import annotations

import json
import re

from envaudit import versions
from envaudit.manifest import sources
from envaudit.manifest.locks import Lock, short, strings, table
from envaudit.manifest.requirement import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source

_GROUPS = {"default": "", "develop": "dev"}
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[{}\[\]\n]')


def read(source: Source) -> Manifest:
    """What a Pipfile.lock pins: "develop" is the group "dev", categories are groups of their own name."""
    try:
        data = json.loads(source.text)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        reason = getattr(error, "msg", None) or "a number that is too long"
        raise ManifestError(source.path, f"is not valid JSON: {reason}", line) from None
    if not isinstance(data, dict):
        raise ManifestError(source.path, "is not a JSON object")
    lock = Lock(source.path, "Pipfile.lock")
    requires = table(table(data.get("_meta")).get("requires"))
    lock.manifest.python = _python(requires)
    lines = _lines(source.text)
    for section, packages in data.items():
        if section == "_meta":
            continue
        if not isinstance(packages, dict):
            lock.manifest.note(lines.get((section,)), f"{short(section)} is no table of packages; it was left out")
            continue
        for name, package in packages.items():
            line = lines.get((section, name, "version")) or lines.get((section, name)) or 1
            if not isinstance(package, dict):
                lock.manifest.note(line, f"{short(name)} is no table; it was left out")
            elif package.get("path") not in (".", "./"):  # else the project itself
                lock.add(
                    line,
                    name,
                    _version(package),
                    marker=package.get("markers"),
                    url=sources.url(package),
                    group=_GROUPS.get(str(section), str(section)),
                    hashed=bool(strings(package.get("hashes"))),
                )
    return lock.manifest


def _python(requires: dict[str, Any]) -> str:
    for key, after in (("python_full_version", ""), ("python_version", ".*")):
        version = requires.get(key)
        if isinstance(version, str) and versions.key(version) is not None:
            return f"=={version}{after}"
    return ""


def _version(package: dict[str, Any]) -> object:
    version = package.get("version")
    return version.lstrip("= ") if isinstance(version, str) else version


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Keys -> line of the last of them, down to three keys."""
    lines: dict[tuple[str, ...], int] = {}
    path: list[str] = []  # the key that waits in each open object; "" in an array
    number = 1
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == "\n":
            number += 1
        elif mark in "{[":
            path.append("")
        elif mark in "}]":
            del path[-1:]
        elif path and text[token.end() : token.end() + 20].lstrip().startswith(":"):
            path[-1] = token[1]
            if len(path) <= 3:
                lines[tuple(path)] = number
    return lines
