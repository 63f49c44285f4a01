"""`envaudit lint DIR`: are the rules of a folder sound, and do they do on their examples what they say?"""

from __future__ import annotations

import os
from io import BytesIO

from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.matrix.compiler import Source, compile_matrix, read
from envaudit.matrix.examples import snapshot
from envaudit.matrix.rule import Rule
from envaudit.matrix.source import Fault
from envaudit.matrix.store import Matrix, own_rules


def lint(folder: str) -> tuple[list[str], str]:
    """(faults, one line that sums up).  Each fault is one line: file, line, reason.

    The rules may use envaudit's own tables.  Raises Fault when the folder cannot be read at all.
    """
    if not os.path.isdir(folder):
        raise Fault(folder, 1, "there is no such folder")
    own = own_rules()
    source, faults = read([folder])
    if os.path.realpath(folder) != os.path.realpath(own) and not _is_whole(source, own):
        source, faults = read([own, folder])
    mine = [rule for rule in source.rules if rule.path.startswith(folder)]
    data, more = compile_matrix(source)
    said = [str(fault) for fault in faults + more]
    if not said:
        said = [str(fault) for fault in example_faults(mine, Matrix(BytesIO(data)))]
    rows = sum(len(table.rows) for table in source.tables.values() if table.path.startswith(folder))
    count = f"{len(mine)} rules, {rows} table rows"
    return said, f"{folder}: {count}, {len(said)} faults" if said else f"{folder}: {count}, all sound"


def _is_whole(source: Source, own: str) -> bool:
    """Whether the folder is another copy of envaudit's own rules, as in a checkout beside an installed envaudit."""
    if len(source.tables) < 2:
        return False
    tables = read([own])[0].tables
    return len(tables.keys() & source.tables.keys()) > len(tables) / 2


def example_faults(rules: list[Rule], matrix: Matrix) -> list[Fault]:
    """Bad examples on which a rule is silent and good ones on which it fires."""
    faults = []
    for rule in rules:
        for kind in ("bad", "good"):
            for example in rule.examples[kind]:
                try:
                    snap = snapshot(example)
                except (ValueError, KeyError, TypeError) as error:
                    faults.append(Fault(rule.path, example.line, f"rule '{rule.id}': example: {error}"))
                    continue
                facts = Facts(snap, matrix.table)  # type: ignore[arg-type]  # a dict of exactly these keys
                fired = {finding.rule for finding in evaluate(facts, matrix).findings}
                if (rule.id in fired) != (kind == "bad"):
                    what = "is silent on its bad" if kind == "bad" else "fires on its good"
                    faults.append(Fault(rule.path, example.line, f"rule '{rule.id}' {what} example"))
    return faults
