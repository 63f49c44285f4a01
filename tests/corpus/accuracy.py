"""How many real crashes envaudit foretells, and how often it cries wolf: `python -m tests.corpus.accuracy`.

The corpus beside this file holds environments from public issue threads (`threads.jsonl`), official images
(`images.jsonl`) and constraint files that a project's tests run with (`frozen.jsonl`), each labelled with what
happened.  A failing case counts as detected when a finding at crash, error or degraded names one of its culprits or a
package of its fix; a working case with a definite finding at crash or error is a false alarm.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
from typing import Any

from envaudit.matrix.store import Matrix, load
from envaudit.options import Options
from envaudit.report.document import audit

HERE = os.path.dirname(os.path.abspath(__file__))
BAD = ("crash", "error", "degraded")


def cases() -> list[dict[str, Any]]:
    """Every scored case: vendors' own builds are left out, rules for public wheels say nothing of them."""
    found = []
    for name in ("threads.jsonl", "images.jsonl", "frozen.jsonl"):
        with open(os.path.join(HERE, name), encoding="utf-8") as file:
            found += [json.loads(line) for line in file if line.strip()]
    return [case for case in found if not case.get("vendor_build")]


def unseen() -> dict[str, str]:
    """Failing cases that cannot be seen: id to the reason."""
    with open(os.path.join(HERE, "unseen.txt"), encoding="utf-8") as file:
        lines = [line.partition(": ") for line in file if line.strip() and not line.startswith("#")]
    return {case: reason.strip() for case, _, reason in lines}


def judge(case: dict[str, Any], matrix: Matrix) -> dict[str, Any]:
    """What envaudit says of one case, counted."""
    snapshot = {key: value for key, value in case["env"].items() if value is not None}
    report = audit(snapshot, matrix, Options())  # type: ignore[arg-type]
    bad = [finding for finding in report.audit.findings if finding.level in BAD]
    wanted = {_name(part) for part in case.get("culprits") or []}
    if isinstance(case.get("fix"), dict):
        wanted |= {_name(part) for part in case["fix"]}
    detected = any(wanted & {_name(part) for part in finding.culprits} for finding in bad)
    fixed = None
    if report.plan and report.plan.pins and detected and case["label"] != "works":
        packages = {**(snapshot.get("packages") or {}), **report.plan.pins}
        after = audit({**snapshot, "packages": packages}, matrix, Options())  # type: ignore[arg-type,typeddict-item]
        fixed = not any(f.level in ("crash", "error") and f.certainty == "definite" for f in after.audit.findings)
    return {
        "case": case,
        "rules": [finding.rule for finding in bad],
        "detected": detected,
        "wolf": [f.rule for f in bad if f.level != "degraded" and f.certainty == "definite"],
        "doubts": [f.rule for f in bad if f.certainty != "definite"],
        "fixed": fixed,
    }


def _name(part: str) -> str:
    return part.lower().replace("_", "-").replace(".", "-")


def share(rows: list[dict[str, Any]], key: str = "detected") -> str:
    """ "12 of 20 (60%)"."""
    hits = sum(bool(row[key]) for row in rows)
    return f"{hits} of {len(rows)} ({100 * hits / max(1, len(rows)):.0f}%)"


def main() -> int:
    """Print the counts; with --misses also each case that went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--misses", action="store_true", help="name every missed case and every false alarm")
    parser.add_argument("--rules", action="append", help="add a folder of rules")
    options = parser.parse_args()
    matrix = load(options.rules)
    rows = [judge(case, matrix) for case in cases()]
    failing = [row for row in rows if row["case"]["label"] != "works"]
    works = [row for row in rows if row["case"]["label"] == "works"]
    decidable = [row for row in failing if row["case"].get("decidable")]
    firm = [row for row in decidable if row["case"].get("firm")]
    planned = [row for row in failing if row["fixed"] is not None]
    print(f"failing, decidable and firm, detected: {share(firm)}")
    print(f"failing, decidable, detected:          {share(decidable)}")
    print(f"failing, all, detected:                {share(failing)}")
    print(f"working with a false alarm:            {share(works, 'wolf')}")
    print(f"doubts per working case:               {sum(len(row['doubts']) for row in works) / max(1, len(works)):.2f}")
    print(f"clean once the plan is applied:        {share(planned, 'fixed')}")
    groups = collections.defaultdict(list)
    for row in decidable:
        groups[row["case"]["category"]].append(row)
    for category, held in sorted(groups.items()):
        print(f"  {category:18} {share(held)}")
    if options.misses:
        for row in decidable:
            if not row["detected"]:
                case = row["case"]
                firm_word = "firm " if case.get("firm") else ""
                reason = unseen().get(case["id"], "not explained")
                print(f"missed {firm_word}{case['id']} [{case['category']}] {case['symptom']}: {reason}")
        for row in works:
            if row["wolf"] or row["doubts"]:
                print(f"{'WOLF' if row['wolf'] else 'doubt'} {row['case']['id']} {row['wolf']} {row['doubts']}")
        for row in planned:
            if not row["fixed"]:
                print(f"not clean after the plan: {row['case']['id']} {row['rules']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
