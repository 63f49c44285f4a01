"""Tables of the matrix: rows of facts, each with its source."""

from __future__ import annotations

from typing import Any

from envaudit.matrix.source import Block, Fault

KEYS = {"table", "about", "columns", "sources", "rows"}
ALWAYS = ("source", "note", "measured")  # columns that every table may have
REQUIRES_ROW = {"versions", "other", "asks", "marker"}


class Table:
    """One table file, checked: every row uses the columns that the table explains and has a source."""

    __slots__ = ("about", "columns", "line", "name", "path", "rows", "sources")

    def __init__(self, block: Block, path: str) -> None:
        self.path, self.line = path, block.line
        for key in block:
            if key not in KEYS:
                raise Fault(
                    path, block.lines[key], f"unknown key '{key}' in a table (known: {', '.join(sorted(KEYS))})"
                )
        for key in ("table", "about", "columns", "rows"):
            if not block.get(key):
                raise Fault(path, block.line, f"table '{block.get('table', '?')}' has no '{key}'")
        self.name: str = block["table"]
        self.about: str = block["about"]
        columns = block["columns"]
        if not isinstance(columns, Block) or not all(isinstance(text, str) for text in columns.values()):
            raise Fault(path, block.lines["columns"], "'columns' maps each column to what it holds")
        self.columns = dict(columns)
        sources = block.get("sources") or []
        self.sources: list[str] = sources if isinstance(sources, list) else [sources]
        if not isinstance(block["rows"], list):
            raise Fault(path, block.lines["rows"], "'rows' must be a list")
        self.rows: list[Block] = [self._row(row) for row in block["rows"]]

    def extend(self, other: Table) -> None:
        """Add the rows of another file of the same table (one file a package keeps large tables readable)."""
        if other.columns.keys() != self.columns.keys():
            raise Fault(other.path, other.line, f"table '{self.name}' has other columns in {self.path}")
        self.rows += other.rows

    def _row(self, row: Any) -> Block:
        if not isinstance(row, Block):
            raise Fault(self.path, self.line, f"a row of table '{self.name}' is not a mapping")
        for column in row:
            if column not in self.columns and column not in ALWAYS:
                raise Fault(self.path, row.lines[column], f"column '{column}' is not explained under 'columns'")
        if not self.sources and not row.get("source"):
            raise Fault(self.path, row.line, "the row has no source and the table has no 'sources'")
        return row


class Releases:
    """The releases of one package that can be installed, oldest first: [(version, first Python, last Python)]."""

    __slots__ = ("line", "package", "path", "rows", "source")

    def __init__(self, block: Block, path: str) -> None:
        self.path, self.line = path, block.line
        for key in ("releases", "source", "versions"):
            if not block.get(key):
                raise Fault(path, block.line, f"a release list needs '{key}'")
        self.package: str = block["releases"]
        self.source: str = block["source"]
        versions = block["versions"]
        if not isinstance(versions, Block):
            raise Fault(path, block.lines["versions"], "'versions' maps each version to its Pythons, as 3.9-3.12")
        self.rows: list[tuple[str, str, str]] = []
        for version, pythons in versions.items():
            first, dash, last = (pythons or "").partition("-")
            if not first:
                raise Fault(path, versions.lines[version], "each version needs its Pythons, as 3.9-3.12 or 3.9-")
            self.rows.append((version, first, last if dash else first))


class Requires:
    """What the releases of one package declare of others: [(versions, other, specifier, marker, line)].

    `known` says for which releases that is known at all; `unsaid` names the packages (with * for anything)
    about which they declare more than the rows say.
    """

    __slots__ = ("known", "line", "package", "path", "rows", "source", "unsaid")

    def __init__(self, block: Block, path: str) -> None:
        self.path, self.line = path, block.line
        for key in ("requires", "source", "known"):
            if not block.get(key):
                raise Fault(path, block.line, f"a file of requirements needs '{key}'")
        self.package: str = block["requires"]
        self.source: str = block["source"]
        self.known: str = block["known"]
        self.unsaid: list[str] = (block.get("unsaid") or "").split()
        if not isinstance(block.get("rows"), list):
            raise Fault(path, block.line, "'rows' must be a list, empty where nothing is declared")
        self.rows: list[tuple[str, str, str, str, int]] = []
        for row in block["rows"]:
            if not isinstance(row, Block) or not {"versions", "other", "asks"} <= row.keys() <= REQUIRES_ROW:
                raise Fault(path, block.line, "each row has 'versions', 'other', 'asks' and perhaps 'marker'")
            self.rows.append((row["versions"], row["other"], row["asks"], row.get("marker") or "", row.line))
