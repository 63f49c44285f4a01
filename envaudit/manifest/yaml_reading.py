"""YAML with the places of its values, read without recursion and without unfolding aliases."""

from __future__ import annotations

import re
from bisect import bisect_right

from envaudit.manifest.requirement import ManifestError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.source import Source

MAX_NODES = 1_000_000
MAX_DEPTH = 100


class Node:
    """A value of a YAML file.

    value  the text of a scalar, a list of nodes, or a list of (node, node) pairs of a mapping
    start  where it starts in the text, in characters
    plain  a scalar without quotes
    flow   in a list or mapping with brackets around it, where a comma ends what has no quotes
    """

    __slots__ = ("flow", "plain", "start", "value")

    def __init__(self, value: Any, start: int, plain: bool = False, flow: bool = False) -> None:
        self.value, self.start, self.plain, self.flow = value, start, plain, flow

    def pairs(self) -> list[tuple[Node, Node]]:
        """The (key, value) pairs of a mapping; none where it is something else."""
        return list(self.value) if isinstance(self.value, tuple) else []

    def get(self, key: str) -> Node | None:
        """What stands for `key` in a mapping; None where it is none, or has no such key."""
        return next((value for name, value in self.pairs() if name.value == key), None)


class YamlReading:
    """The first document of a YAML file: its `root`, and the places in it.

    Raises ManifestError, with the line, where it is no YAML.
    """

    __slots__ = ("_starts", "root", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self._starts = [0, *(found.end() for found in re.finditer("\n", source.text))]
        self.root = self._compose()

    def line(self, node: Node) -> int:
        """The line, from 1, that a node starts at."""
        return bisect_right(self._starts, node.start)

    def place(self, node: Node) -> Place:
        """Where a scalar stands, to be rewritten as a whole; only as a line where its text is not just what it is."""
        line = self.line(node)
        start = node.start if node.plain else node.start + 1
        if (
            not isinstance(node.value, str)
            or (node.plain and node.flow)
            or not self.source.text.startswith(node.value, start)
        ):
            return Place(self.source.path, line)
        return Place(self.source.path, line, start - self._starts[line - 1], node.value)

    def _compose(self) -> Node:
        import yaml

        root: Any = None
        open_nodes: list[Node] = []
        anchors: dict[str, Node] = {}
        count = 0
        try:
            for event in yaml.parse(self.source.text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                if isinstance(event, yaml.DocumentEndEvent):
                    break
                if isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                    done = open_nodes.pop()
                    if isinstance(event, yaml.MappingEndEvent):
                        done.value = tuple(zip(done.value[::2], done.value[1::2]))
                    continue
                if not isinstance(event, yaml.NodeEvent):
                    continue
                count += 1
                start = event.start_mark.index if event.start_mark else 0
                in_flow = bool(open_nodes and open_nodes[-1].flow) or bool(getattr(event, "flow_style", False))
                if isinstance(event, yaml.AliasEvent):
                    if event.anchor not in anchors:
                        raise self._error(f"'*{event.anchor}' is not defined", start)
                    node = anchors[event.anchor]
                else:
                    value: Any = event.value if isinstance(event, yaml.ScalarEvent) else []
                    node = Node(value, start, not getattr(event, "style", None), in_flow)
                    if event.anchor:
                        anchors[event.anchor] = node
                if open_nodes:
                    open_nodes[-1].value.append(node)
                else:
                    root = node
                if isinstance(event, yaml.CollectionStartEvent):
                    open_nodes.append(node)
                if count > MAX_NODES or len(open_nodes) > MAX_DEPTH:
                    raise self._error("has too many values, or nests them too deeply", start)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
            raise self._error(f"is not valid YAML: {reason}", mark.index if mark else None) from None
        return root or Node("", 0)

    def _error(self, reason: str, at: int | None) -> ManifestError:
        return ManifestError(self.source.path, reason, None if at is None else bisect_right(self._starts, at))
