"""`python -m lab.gpu.record DATE MACHINE pairs.json...`: put what `python -m lab.gpu` saw into the matrix's table.

Only a case whose rule fired, whose bad side failed as the rule says and whose good side ran goes in; the rest is
printed with the reason.  MACHINE is told with each row: "NVIDIA H200, driver 580.159.04".
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from envaudit.matrix.store import load
from lab.__main__ import TABLE
from lab.compare import disagreement, symptom_seen
from lab.isolation import Outcome
from lab.records import write_table


def main() -> int:
    date, machine, *files = sys.argv[1:]
    matrix = load([])
    known = set(matrix.rule_ids())
    entries = []
    for file in files:
        for case in json.loads(Path(file).read_text("utf-8")):
            entry, reason = judged(case, matrix.card(case["rule"]) if case["rule"] in known else None)
            print(f"{case['rule']:28} {case['pins']:60} {reason or 'recorded'}")
            if entry:
                entries.append({**entry, "date": date, "host": machine})
    print(f"{write_table(TABLE, entries, lambda: known)} rows")
    return 0


def judged(case: dict[str, Any], card: dict[str, Any] | None) -> tuple[dict[str, Any] | None, str]:
    """(row of the table, "") or (None, why it is none)."""
    if card is None:
        return None, "no such rule"
    levels = [level for rule, level, _ in case["fired"] if rule == case["rule"]]
    if not levels:
        return None, "the rule did not fire"
    bad = outcome(case["outcome"], case["error"], case["text"])
    said = disagreement(card["level"], card["symptom"], bad)
    if said:
        return None, said
    if case["fixed-outcome"] != "exit 0" or not case["fixed"]:
        return None, "no good side was run"
    kept = ("rule", "pins", "probe", "outcome", "error", "fixed", "fixed-outcome", "python", "platform")
    row = {name: case[name] for name in kept}
    row["error"] = telling(case["text"], card["symptom"]) or row["error"]
    row["error"] = re.sub(r"/\S*/(?=\S+\.(?:py|so))", "…/", row["error"])
    return {**row, "verdict": "agrees", "fixed-by": "hand", "isolation": "none: a machine of its own"}, ""


def telling(text: str, symptom: str) -> str:
    """The line of the output that the rule foretells; the last line is often advice."""
    for line in reversed(text.splitlines()):
        if line.strip() and symptom_seen(symptom, Outcome(1, None, False, line, line, 0.0, "")):
            return line.strip()[:300]
    return ""


def outcome(words: str, error: str, text: str) -> Outcome:
    signal = re.search(r"\((SIG\w+)\)", words)
    status = int(words.split()[1]) if words.startswith("exit") else None
    return Outcome(status, signal[1] if signal else None, words == "time over", error, text, 0.0, "")


if __name__ == "__main__":
    sys.exit(main())
