"""YAML files of the matrix, read with care: bounded, no aliases, no duplicate keys, scalars stay text.

Scalars stay text because the files are full of versions: YAML would turn 2.10 into 2.1.
"""

from __future__ import annotations

import os
from typing import Any

import yaml

MAX_FILE = 4 << 20  # bytes
MAX_FILES = 5000
MAX_NODES = 400_000  # in one file
MAX_DEPTH = 20
SIGNATURES = "signatures"  # the folder of log signatures, which envaudit/postmortem reads: no part of the matrix


class Fault(Exception):
    """Something is wrong in a rule file; `str()` is one line: file, line, reason."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class Block(dict[str, Any]):
    """A YAML mapping that remembers where it began (`line`, counted from 1) and where each key stands."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


def yaml_files(folder: str) -> list[str]:
    """Every .yaml and .yml file of a matrix under `folder`, sorted; links that lead out of it are not followed."""
    root = os.path.realpath(folder)
    found = []
    for base, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != SIGNATURES)
        for name in sorted(names):
            path = os.path.join(base, name)
            if name.endswith((".yaml", ".yml")) and os.path.realpath(path).startswith(root + os.sep):
                found.append(os.path.join(folder, os.path.relpath(path, root)))
                if len(found) > MAX_FILES:
                    raise Fault(folder, 1, f"more than {MAX_FILES} YAML files")
    return found


def load(path: str) -> Any:
    """The content of one YAML file: Block, list and str, `None` for null.  Raises Fault."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise Fault(path, 1, f"cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_FILE:
        raise Fault(path, 1, f"is larger than {MAX_FILE >> 20} MiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Fault(path, data.count(b"\n", 0, error.start) + 1, "is not UTF-8 text") from error
    try:
        return _Builder(path).build(text)
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise Fault(path, mark.line + 1 if mark else 1, f"is not valid YAML: {problem}") from error


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Builder:
    """Events to values.  Working on events keeps hostile input cheap: an alias is refused before it is followed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.nodes = 0

    def build(self, text: str) -> Any:
        events = yaml.parse(text, Loader=_Loader)
        for event in events:
            if isinstance(event, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
                continue
            if isinstance(event, yaml.StreamEndEvent):
                return None
            value = self._value(event, events, 0)
            for rest in events:
                if not isinstance(rest, (yaml.DocumentEndEvent, yaml.StreamEndEvent)):
                    raise self._fault(rest, "holds more than one YAML document")
            return value
        return None

    def _value(self, event: Any, events: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise self._fault(event, "is too large or too deeply nested")
        if isinstance(event, yaml.AliasEvent):
            raise self._fault(event, "YAML aliases are not allowed")
        if isinstance(event, yaml.ScalarEvent):
            # only plain scalars can be null; "null" and "~" in quotes are text
            return None if event.implicit[0] and event.value in ("", "~", "null") else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            for inner in events:
                if isinstance(inner, yaml.SequenceEndEvent):
                    return items
                items.append(self._value(inner, events, depth + 1))
        return self._mapping(event, events, depth)

    def _mapping(self, event: Any, events: Any, depth: int) -> Block:
        block = Block(_line(event))
        inner: Any
        for inner in events:
            if isinstance(inner, yaml.MappingEndEvent):
                break
            if not isinstance(inner, yaml.ScalarEvent):
                raise self._fault(inner, "a key must be plain text")
            if inner.value in block:
                raise self._fault(inner, f"key '{inner.value}' stands twice")
            block.lines[inner.value] = _line(inner)
            block[inner.value] = self._value(next(events), events, depth + 1)
        return block

    def _fault(self, event: Any, reason: str) -> Fault:
        return Fault(self.path, _line(event), reason)


def _line(event: Any) -> int:
    """The line where a YAML event begins, counted from 1."""
    line: int = event.start_mark.line
    return line + 1
