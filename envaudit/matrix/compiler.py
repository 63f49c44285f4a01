"""YAML to one file that an audit reads in a millisecond.

    HEAD: a line with the number of this format
    <length of the index, 12 digits>\\n
    <index: {"packages": {name: place}, "blobs": {name: place}, "known": {...}}>, a place being [offset, length]
    <blobs>

The index and each blob are marshalled: reading them takes a third of the time of JSON, and importing `json` alone costs
a third of what Python takes to start.  The file is as trustworthy as the compiled Python files beside it.

A clause lies with one of the packages it needs, and there with the versions of it that it speaks of, so that an audit
reads the clauses of what is installed and few others.  Texts lie apart ("card:ID"), for the few rules that fire.
"""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Callable
from typing import Any

from envaudit import gpus, versions
from envaudit.conditions import packages_in
from envaudit.facts import OPTIONAL_PARTS
from envaudit.matrix.clauses import Clause, clauses
from envaudit.matrix.levels import LEVELS
from envaudit.matrix.rule import Rule
from envaudit.matrix.source import Block, Fault, load, yaml_files
from envaudit.matrix.store import ALWAYS, HEAD
from envaudit.matrix.table import Releases, Requires, Table

BOUNDED_SHARE = 0.3  # of the clauses about bounded ranges of a package, about how many speak of one version


class Source:
    """All rules, tables, release lists and declared requirements of some folders."""

    def __init__(
        self,
        rules: list[Rule],
        tables: dict[str, Table],
        releases: dict[str, Releases],
        requires: dict[str, Requires],
    ) -> None:
        self.rules, self.tables, self.releases, self.requires = rules, tables, releases, requires


def read(folders: list[str]) -> tuple[Source, list[Fault]]:
    """Everything in the folders' YAML files that is sound, and what is not."""
    rules: dict[str, Rule] = {}
    tables: dict[str, Table] = {}
    releases: dict[str, Releases] = {}
    requires: dict[str, Requires] = {}
    faults: list[Fault] = []
    for folder in folders:
        for path in yaml_files(folder):
            try:
                content = load(path)
                if isinstance(content, Block) and "table" in content:
                    table = Table(content, path)
                    if table.name in tables:
                        tables[table.name].extend(table)
                    else:
                        tables[table.name] = table
                elif isinstance(content, Block) and "releases" in content:
                    listed = Releases(content, path)
                    _keep(releases, listed.package, listed, "release list")
                elif isinstance(content, Block) and "requires" in content:
                    stated = Requires(content, path)
                    _keep(requires, stated.package, stated, "file of requirements of")
                elif isinstance(content, list):
                    for item in content:
                        if not isinstance(item, Block):
                            raise Fault(path, 1, "a rule file is a list of rules")
                        try:
                            rule = Rule(item, path)
                            _keep(rules, rule.id, rule, "rule")
                        except Fault as fault:
                            faults.append(fault)
                elif content is not None:
                    raise Fault(path, 1, "is neither a list of rules nor a table, a release list or requirements")
            except Fault as fault:
                faults.append(fault)
    return Source(list(rules.values()), tables, releases, requires), faults


def _keep(held: dict[str, Any], name: str, item: Any, what: str) -> None:
    if name in held:
        raise Fault(item.path, item.line, f"{what} '{name}' is already in {held[name].path}:{held[name].line}")
    held[name] = item


def compile_matrix(source: Source) -> tuple[bytes, list[Fault]]:
    """The compiled file, and the faults that only show when rules and tables meet."""
    faults: list[Fault] = []
    every: list[Clause] = []
    for rule in source.rules:
        try:
            made = list(clauses(rule, source.tables))
            if not made:
                raise Fault(
                    rule.path, rule.line, f"rule '{rule.id}' can never fire: no row has all the columns it uses"
                )
            every.extend(made)
        except Fault as fault:
            faults.append(fault)
    known: dict[str, str] = {}
    blobs: dict[str, Any] = {
        "rules": [[rule.id, rule.level] for rule in source.rules],
        "gpu-names": _gpu_names(source.tables),
        "torch-variants": _torch_variants(source.tables),
        "torch-family": _torch_family(source.tables),
        "tables": {name: {"about": table.about, "rows": len(table.rows)} for name, table in source.tables.items()},
    }
    try:
        blobs["default-builds"] = _default_builds(source.tables)
        blobs["wheels-only"] = [row["package"] for row in _rows(source.tables, "wheels-only")]
        for package, listed in source.releases.items():
            blobs[f"releases:{package}"], known[package] = _releases(listed)
        for package, stated in source.requires.items():
            blobs[f"requires:{package}"] = _requires(stated)
    except Fault as fault:
        faults.append(fault)
    runs: dict[str, list[dict[str, str]]] = {}
    for row in _rows(source.tables, "reproductions"):
        runs.setdefault(row["rule"], []).append(dict(row))
    tried = _tried(source.tables)
    named: dict[str, set[str]] = {}
    pairs: dict[str, set[frozenset[str]]] = {}  # that clauses of a rule speak of together
    for clause in every:
        named.setdefault(clause.rule, set()).update(clause.packages)
        pairs.setdefault(clause.rule, set()).update(pair for pair in tried if pair <= set(clause.packages))
    for rule in source.rules:
        table = source.tables.get(rule.over or "")
        blobs[f"card:{rule.id}"] = {
            **rule.card(),
            "packages": sorted(named.get(rule.id, ())),
            "table": table.about if table else None,
            "reproductions": runs.get(rule.id, []),
            "measured": [row for pair in tried if pair in pairs.get(rule.id, ()) for row in tried[pair]],
        }
    anchored = _by_anchor(every, source.rules)
    blobs["mentions"] = _mentions(anchored)
    return _written(anchored, blobs, known), faults


def _tried(tables: dict[str, Table]) -> dict[frozenset[str], list[dict[str, Any]]]:
    """Two packages -> what the lab has run of them together, the newest release first."""
    found: dict[frozenset[str], list[dict[str, Any]]] = {}
    for row in _rows(tables, "measured"):
        found.setdefault(frozenset((row["package"], row["other"])), []).append(dict(row))
    for rows in found.values():
        rows.sort(key=lambda row: (row["python"], versions.key(row["release"]) or ()), reverse=True)
    return found


def _mentions(anchored: dict[str, list[Any]]) -> dict[str, list[str]]:
    """package -> other packages with which clauses lie that speak of it, for a planner that moves it."""
    found: dict[str, set[str]] = {}
    for anchor, records in anchored.items():
        for record in records:
            for name in packages_in(record["c"]) - {anchor}:
                found.setdefault(name, set()).add(anchor)
    return {name: sorted(anchors) for name, anchors in found.items()}


def _by_anchor(every: list[Clause], rules: list[Rule]) -> dict[str, list[Any]]:
    levels = {rule.id: LEVELS.index(rule.level) for rule in rules}
    with_refs = {
        rule.id for rule in rules if any("$" in text for option in rule.fix for pair in option.items() for text in pair)
    }
    texts = {rule.id: " ".join([rule.title, rule.why, rule.symptom, rule.note or ""]) for rule in rules}
    common = Counter(package for clause in every for package in clause.packages)
    anchored: dict[str, list[Any]] = {}
    for clause in every:
        anchor = _anchor(clause, common)
        record: dict[str, Any] = {"r": clause.rule, "l": levels[clause.rule], "c": clause.conditions}
        text = texts[clause.rule]
        cells = {
            name: cell
            for name, cell in clause.cells.items()
            if f"{{row.{name}}}" in text or (name == "package" and "{package" in text)
        }
        if cells:
            record["v"] = cells
        if clause.rule in with_refs:
            record["f"] = clause.fix
        anchored.setdefault(anchor, []).append(record)
    return anchored


def _gpu_names(tables: dict[str, Table]) -> dict[str, str]:
    rows = tables["gpus"].rows if "gpus" in tables else []
    return {gpus.bare_name(row["name"]): row["capability"] for row in rows}


def _torch_variants(tables: dict[str, Table]) -> dict[str, list[str]]:
    """torch release -> its builds on the PyTorch index, newest CUDA first, "cpu" last."""
    found: dict[str, set[str]] = {}
    for row in tables["torch-archs"].rows if "torch-archs" in tables else []:
        builds = row["build"] if isinstance(row["build"], list) else [row["build"]]
        releases = row["torch"] if isinstance(row["torch"], list) else [row["torch"]]
        for release in releases:
            found.setdefault(release.lstrip("="), set()).update(build for build in builds if build.startswith("cu"))
    return {
        release: [*sorted(builds, key=lambda build: (len(build), build), reverse=True), "cpu"]
        for release, builds in found.items()
    }


def _torch_family(tables: dict[str, Table]) -> dict[str, dict[str, list[str]]]:
    """torch release -> companion -> its releases that pin exactly that torch."""
    rows = tables["torch-family"].rows if "torch-family" in tables else []
    return {
        row["torch"]: {
            name: cell if isinstance(cell, list) else [cell]
            for name, cell in row.items()
            if name.startswith("torch") and name != "torch"
        }
        for row in rows
        if isinstance(row["torch"], str)
    }


def _rows(tables: dict[str, Table], name: str) -> list[Any]:
    return tables[name].rows if name in tables else []


def _default_builds(tables: dict[str, Table]) -> dict[str, list[Any]]:
    result: dict[str, list[Any]] = {}
    table = tables.get("default-builds")
    for row in table.rows if table else []:
        try:
            allowed = versions.specifier(row["versions"])
        except (ValueError, KeyError) as error:
            raise Fault(table.path if table else "", row.line, f"default build: {error}") from error
        result.setdefault(row["package"], []).append([allowed, row.get("os"), row.get("machine"), row["build"]])
    return result


def _releases(listed: Releases) -> tuple[list[Any], str]:
    keyed = []
    for version, first, last in listed.rows:
        key = versions.key(version)
        if key is None:
            raise Fault(listed.path, listed.line, f"'{version}' of {listed.package} is not a version")
        keyed.append((key, [version, first, last]))
    keyed.sort(key=lambda pair: pair[0])
    return [row for _, row in keyed], keyed[-1][1][0]


def _requires(stated: Requires) -> dict[str, Any]:
    """{"known": versions, "unsaid": [pattern of a name], "rows": [[versions, other, specifier, marker]]}."""
    rows = [
        [_span(stated, versions_, line), other, _asked(stated, asks, line), marker]
        for versions_, other, asks, marker, line in stated.rows
    ]
    return {"known": _span(stated, stated.known, stated.line), "unsaid": stated.unsaid, "rows": rows}


def _asked(stated: Requires, asks: str, line: int) -> str:
    _span(stated, asks, line)
    return "" if asks == "*" else asks


def _span(stated: Requires, text: str, line: int) -> versions.Intervals:
    try:
        return versions.specifier(text)
    except ValueError as error:
        raise Fault(stated.path, line, f"requirements of {stated.package}: {error}") from error


def _anchor(clause: Clause, common: Counter[str]) -> str:
    """The package that a clause lies with: the one with which it is read most seldom.

    That is a rare package, which few environments have, or one of which the clause names a bounded range: then it is
    read where a version in that range is installed.
    """
    bounded = {
        condition[1]
        for condition in clause.conditions
        if condition[0] == "version" and all(None not in interval for interval in condition[2])
    }
    return min(
        clause.packages,
        key=lambda name: (common[name] * (BOUNDED_SHARE if name in bounded else 1), name),
        default=ALWAYS,
    )


def _series(anchor: str, records: list[Any], place: Callable[[Any], list[int]]) -> list[Any]:
    """[versions of the anchor, machine parts, place] of its clauses: those about other versions of the anchor, or about
    a GPU where there is none, need not be read."""
    found: dict[bytes, tuple[Any, list[str], list[Any]]] = {}
    for record in records:
        allowed = next((c[2] for c in record["c"] if c[0] == "version" and c[1] == anchor), versions.ALL)
        parts = sorted({part for part in map(_machine_part, record["c"]) if part})
        found.setdefault(_marshalled([allowed, parts]), (allowed, parts, []))[2].append(record)
    return [[allowed, parts, place(held)] for allowed, parts, held in found.values()]


def _machine_part(condition: list[Any]) -> str | None:
    """The part of the machine without which a condition cannot hold."""
    if condition[0] in ("gpu", "gpu-assumed") or (
        condition[0] == "amount" and condition[1] == "gpu-count" and condition[2]
    ):
        return "gpu"
    return condition[1] if condition[0] == "version" and condition[1] in OPTIONAL_PARTS else None


def _marshalled(value: Any) -> bytes:
    """`value` in the form of marshal that every Python since 3.4 reads."""
    return marshal.dumps(_plain(value), 4)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def _written(anchored: dict[str, list[Any]], blobs: dict[str, Any], known: dict[str, str]) -> bytes:
    body = bytearray()

    def place(value: Any) -> list[int]:
        data = _marshalled(value)
        body.extend(data)
        return [len(body) - len(data), len(data)]

    packages = {name: place(_series(name, records, place)) for name, records in sorted(anchored.items())}
    cards = {name: place(value) for name, value in blobs.items() if name.startswith("card:")}
    others = {name: place(value) for name, value in blobs.items() if not name.startswith("card:")}
    # the index of the cards grows with the number of rules, so it is a blob too, read when a rule has fired
    others["cards"] = place(cards)
    index = {"packages": packages, "blobs": others, "known": known}
    head = _marshalled(index)
    return HEAD + b"%012d\n" % len(head) + head + bytes(body)
