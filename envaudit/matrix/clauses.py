"""Rules and table rows become clauses: flat lists of conditions that the engine evaluates.

`$column` in a rule stands for the row's cell (`$package` for the entry of `each`); a row without that cell gives no
clause.  `$torch|minor` is the series of a version: 2.4.1 gives 2.4.*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envaudit import versions
from envaudit.facts import AMOUNTS, MACHINE_VERSIONS, WORDS
from envaudit.matrix.rule import Rule
from envaudit.matrix.source import Block, Fault
from envaudit.matrix.table import Table

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class _NoCell(Exception):
    """The row has no such cell: the rule says nothing about it."""


class Clause:
    """One way for a rule to fire: all `conditions` hold.  `cells` are the row's texts, `fix` the ways out."""

    __slots__ = ("cells", "conditions", "fix", "packages", "rule")

    def __init__(self, rule: str, conditions: list[Any], cells: dict[str, str], fix: list[dict[str, str]]) -> None:
        self.rule = rule
        self.conditions = conditions
        self.cells = cells
        self.fix = fix
        # packages that must be installed: the clause is looked at only where they are
        self.packages = sorted(
            {c[1] for c in conditions if (c[0] in ("version", "build", "installer")) and c[1] not in MACHINE_VERSIONS}
        )


def clauses(rule: Rule, tables: dict[str, Table]) -> Iterator[Clause]:
    """Every clause of `rule`.  Raises Fault where the rule cannot be understood."""
    rows: list[Block] = [Block(rule.line)]
    if rule.over:
        if rule.over not in tables:
            raise Fault(rule.path, rule.line, f"rule '{rule.id}' is over table '{rule.over}', which does not exist")
        rows = tables[rule.over].rows
        known = set(tables[rule.over].columns) | {"package"}
    else:
        known = {"package"}
    written = _Written(rule, known)
    for row in rows:
        for package in rule.each or [""]:
            cells: dict[str, Any] = dict(row)
            if package:
                cells["package"] = package
            for alternative in rule.when:
                try:
                    conditions = written.conditions(alternative, cells)
                    fix = [written.way(option, cells) for option in rule.fix]
                except _NoCell:
                    continue
                used = {name: plain(value) for name, value in cells.items() if value is not None}
                yield Clause(rule.id, conditions, used, fix)


def plain(cell: Any) -> str:
    """A cell of a table as text."""
    return ", ".join(map(str, cell)) if isinstance(cell, list) else str(cell)


class _Written:
    """Turns the `when` of one rule into conditions."""

    def __init__(self, rule: Rule, columns: set[str]) -> None:
        self.rule = rule
        self.columns = columns

    def fault(self, block: Block | None, key: str, reason: str) -> Fault:
        line = block.lines.get(key, block.line) if block else self.rule.line
        return Fault(self.rule.path, line, f"rule '{self.rule.id}': {reason}")

    def conditions(self, when: Block, cells: dict[str, Any]) -> list[Any]:
        flat: list[Any] = []
        for fact, value in when.items():
            condition = self._condition(when, fact, value, cells)
            flat.extend(condition[1] if condition[0] == "all" else [condition])
        return flat

    def way(self, option: dict[str, str], cells: dict[str, Any]) -> dict[str, str]:
        """One way out.  Raises Fault where it names no versions."""
        found = {self.filled(name, cells): self.filled(spec, cells) for name, spec in option.items()}
        for name, spec in found.items():
            try:
                if spec != "absent":
                    versions.specifier(spec)
            except ValueError as error:
                raise self.fault(None, "fix", f"the fix of {name}: {error}") from error
        return found

    def _condition(self, when: Block, fact: str, value: Any, cells: dict[str, Any]) -> list[Any]:
        if fact.startswith("$"):
            fact = self.filled(fact, cells)
        try:
            return self._by_fact(when, fact, value, cells)
        except ValueError as error:
            raise self.fault(when, fact, str(error)) from error

    def _by_fact(self, when: Block, fact: str, value: Any, cells: dict[str, Any]) -> list[Any]:
        if fact == "any":
            if not isinstance(value, list) or not all(isinstance(item, Block) for item in value):
                raise ValueError("'any' holds a list of mappings")
            return ["any", [["all", self.conditions(item, cells)] for item in value]]
        if fact == "not":
            if not isinstance(value, Block):
                raise ValueError("'not' holds a mapping")
            return ["not", ["all", self.conditions(value, cells)]]
        if fact in MACHINE_VERSIONS:
            return ["version", fact, self._set(value, cells)]
        if fact in WORDS:
            return self._words(fact, value, cells)
        if fact in AMOUNTS:
            return ["amount", fact, *_bounds(self._text(value, cells))]
        if fact == "gpu":
            return self._gpu(value, cells)
        if fact == "cpu":
            if not isinstance(value, Block) or set(value) != {"lacks"}:
                raise ValueError("'cpu' holds 'lacks' with a list of flags")
            return ["cpu", self._list(value["lacks"], cells)]
        if fact.startswith("env:"):
            pattern = self._text(value, cells)
            return ["env", fact[4:], None if pattern == "absent" else pattern]
        if fact == "problem":
            return ["problem", self._text(value, cells)]
        return self._package(fact, value, cells)

    def _package(self, package: str, value: Any, cells: dict[str, Any]) -> list[Any]:
        if not package or not set(package) <= _NAME:
            raise ValueError(f"'{package}' is no known fact and no canonical package name")
        if value in ("absent", "unlisted"):
            return [value, package]
        if not isinstance(value, Block):
            return ["version", package, self._set(value, cells)]
        unknown = set(value) - {"version", "not", "build", "not-build", "installer"}
        if unknown:
            raise ValueError(f"'{package}' has unknown key '{unknown.pop()}'")
        parts: list[Any] = []
        allowed = versions.ALL
        if "version" in value:
            allowed = self._set(value["version"], cells)
        if "not" in value:
            allowed = versions.intersection(allowed, versions.complement(self._set(value["not"], cells)))
        parts.append(["version", package, allowed])
        if "build" in value:
            patterns = self._list(value["build"], cells)
            if "any" not in patterns:
                parts.append(["build", package, patterns])
        if "not-build" in value:
            parts.append(["not", ["build", package, self._list(value["not-build"], cells)]])
        if "installer" in value:
            parts.append(["installer", package, self._text(value["installer"], cells)])
        return parts[0] if len(parts) == 1 else ["all", parts]

    def _words(self, fact: str, value: Any, cells: dict[str, Any]) -> list[Any]:
        if isinstance(value, Block):
            if set(value) != {"not"}:
                raise ValueError(f"'{fact}' holds words, or 'not' with words")
            return ["not", ["word", fact, self._list(value["not"], cells)]]
        return ["word", fact, self._list(value, cells)]

    def _gpu(self, value: Any, cells: dict[str, Any]) -> list[Any]:
        if value == "assumed":
            return ["gpu-assumed"]
        if value in ("present", "absent"):
            return ["amount", "gpu-count", 1, None] if value == "present" else ["amount", "gpu-count", None, 1]
        if not isinstance(value, Block):
            return ["gpu", {"capability": self._set(value, cells)}]
        if not value or set(value) - {"capability", "name", "without"}:
            raise ValueError("'gpu' knows the keys capability, name and without")
        wanted: dict[str, Any] = {}
        if "capability" in value:
            wanted["capability"] = self._set(value["capability"], cells)
        if "name" in value:
            wanted["name"] = self._text(value["name"], cells).lower()
        if "without" in value:
            wanted["without"] = self._list(value["without"], cells)
        return ["gpu", wanted]

    def _set(self, value: Any, cells: dict[str, Any]) -> versions.Intervals:
        if isinstance(value, Block):
            if set(value) != {"not"}:
                raise ValueError("a version is a specifier, a list of them, or 'not' with one")
            return versions.complement(self._set(value["not"], cells))
        return versions.union(*(versions.specifier(text) for text in self._list(value, cells)))

    def _text(self, value: Any, cells: dict[str, Any]) -> str:
        if not isinstance(value, str):
            raise ValueError(f"expected text, found {type(value).__name__}")
        return self.filled(value, cells)

    def _list(self, value: Any, cells: dict[str, Any]) -> list[str]:
        items = value if isinstance(value, list) else [value]
        result: list[str] = []
        for item in items:
            if isinstance(item, str) and item.startswith("$"):
                name, _, form = item[1:].partition("|")
                cell = self._cell(name, cells)
                result.extend(_formed(text, form) for text in (cell if isinstance(cell, list) else [cell]))
            else:
                result.append(self._text(item, cells))
        return result

    def filled(self, text: str, cells: dict[str, Any]) -> str:
        """`text` with every `$column` replaced by the row's cell."""
        head, *parts = text.split("$")
        for part in parts:
            length = next((at for at, char in enumerate(part) if not (char.isalnum() or char in "-_|")), len(part))
            name, _, form = part[:length].partition("|")
            cell = self._cell(name, cells)
            if isinstance(cell, list):
                cell = " || ".join(cell)
            head += _formed(cell, form) + part[length:]
        return head

    def _cell(self, name: str, cells: dict[str, Any]) -> Any:
        if name not in self.columns:
            raise self.fault(None, "", f"'${name}' names no column of table '{self.rule.over}'")
        cell = cells.get(name)
        if cell is None:
            raise _NoCell
        return cell


def _formed(cell: str, form: str) -> str:
    if not form:
        return cell
    length = {"major": 1, "minor": 2}.get(form)
    numbers = versions.key_release(cell)
    if length is None or not numbers:
        raise ValueError(f"'|{form}' cannot be taken of '{cell}'")
    return ".".join([*numbers, "0"][:length]) + ".*"


def _bounds(text: str) -> tuple[int | None, int | None]:
    low: int | None = None
    high: int | None = None
    for part in map(str.strip, text.split(",")):
        number = part.lstrip("<>=")
        if not number.isdecimal():
            raise ValueError(f"'{part}' is no bound such as <64 or >=2")
        if part.startswith("<="):
            high = int(number) + 1
        elif part.startswith("<"):
            high = int(number)
        elif part.startswith(">="):
            low = int(number)
        elif part.startswith(">"):
            low = int(number) + 1
        else:
            low, high = int(number), int(number) + 1
    return low, high
