"""What `envaudit --fix` makes of real crashes: `python -m tests.corpus.fixes` (needs uv and a package index).

Takes the failing cases of the corpus that state two packages or more and the Python, writes each as an environment
file, runs `envaudit --snapshot FILE --fix --format json` on it and counts: resolved and clean (a resolver found the
versions, and an audit of the environment with them finds nothing at crash or error but what the plan said would be
left), proven impossible, gave up.  Then each plan is held against what helped the reporter.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from envaudit import versions
from envaudit.matrix.store import Matrix, load
from envaudit.options import Options
from envaudit.report.document import audit
from tests.corpus.accuracy import cases


def main() -> int:
    """Print the counts, the times and the comparison; exit 1 where a share is below its target."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("case", nargs="*", help="only these cases")
    parser.add_argument("--verbose", action="store_true", help="a line for each case")
    options = parser.parse_args()
    matrix = load([])
    rows = []
    for case in cases():
        env = {key: value for key, value in case["env"].items() if value is not None}
        if case["label"] == "works" or len(env.get("packages") or {}) < 2 or not env.get("python"):
            continue
        if not options.case or case["id"] in options.case:
            rows.append(_judged(case, env, matrix))
            if options.verbose:
                row = rows[-1]
                print(f"{row['id']}: {row['outcome']}, {row['seconds']:.1f} s, {row['pins']} {row['said']}", flush=True)
    return _summary(rows)


def _judged(case: dict[str, Any], env: dict[str, Any], matrix: Matrix) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "environment.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**env, "schema": "envaudit.snapshot/1"}, file)
        words = [sys.executable, "-m", "envaudit", "--snapshot", path, "--fix", "--format", "json"]
        start = time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - start
    if done.returncode > 1:
        raise SystemExit(f"{case['id']}: {done.stderr}")
    report = json.loads(done.stdout)
    plan = report["fix"] or {}
    pins = {**plan.get("pins", {}), **dict.fromkeys(plan.get("remove", []), "absent")}
    return {
        "id": case["id"],
        "outcome": _outcome(report, plan, pins, env, matrix),
        "seconds": seconds,
        "pins": pins,
        "packages": env["packages"],
        "fix": case.get("fix"),
        "said": plan.get("notes", []),
    }


def _outcome(
    report: dict[str, Any], plan: dict[str, Any], pins: dict[str, str], env: dict[str, Any], matrix: Matrix
) -> str:
    fired = [finding for finding in report["findings"] if finding["level"] != "notice"]
    if not fired:
        return "nothing found"
    if not pins:
        return "proven impossible" if plan.get("impossible") else "no package change mends it"
    if plan["verified"] != "resolver":
        return "gave up"
    packages = {**env["packages"], **plan["pins"]}
    for name in plan["remove"]:
        packages.pop(name, None)
    after = audit({**env, "packages": packages}, matrix, Options())  # type: ignore[typeddict-item]
    mended = {finding["rule"] for finding in fired if finding["fix"] and finding["fix"]["pins"]}
    bad = [finding.rule for finding in after.audit.findings if finding.level in ("crash", "error")]
    known = {finding["rule"] for finding in fired} - mended
    return "resolved and clean" if set(bad) <= known else f"not clean: {', '.join(sorted(set(bad) - known))}"


def _summary(rows: list[dict[str, Any]]) -> int:
    counts = collections.Counter(row["outcome"].partition(":")[0] for row in rows)
    tried = [row for row in rows if row["outcome"] not in ("nothing found", "no package change mends it")]
    good = [row for row in tried if row["outcome"] in ("resolved and clean", "proven impossible")]
    print(f"{len(rows)} failing cases with two packages or more and a Python")
    for outcome, count in counts.most_common():
        print(f"  {outcome:28} {count}")
    share = 100 * len(good) / max(1, len(tried))
    print(f"resolved and clean or proven impossible: {len(good)} of {len(tried)} that have a plan ({share:.0f}%)")
    seconds = sorted(row["seconds"] for row in tried) or [0.0]
    print(f"seconds each: median {statistics.median(seconds):.1f}, most {seconds[-1]:.1f}")
    _compare([row for row in tried if isinstance(row["fix"], dict) and row["pins"]])
    return 0 if share >= 95 and statistics.median(seconds) < 5 else 1


def _compare(rows: list[dict[str, Any]]) -> None:
    """The reporters' own fixes and ours."""
    same = fewer = 0
    print(f"the reporter's own fix is known as pins in {len(rows)} of them:")
    for row in rows:
        theirs = {name.lower().replace("_", "-"): str(spec) for name, spec in row["fix"].items()}
        changed = {name for name, spec in theirs.items() if row["packages"].get(name) != spec.lstrip("=")}
        agrees = all(_meets(row["pins"].get(name, row["packages"].get(name)), spec) for name, spec in theirs.items())
        no_more = len(row["pins"]) <= len(changed)
        same += agrees
        fewer += no_more
        verdict = "agree" if agrees else "no more moves" if no_more else "MORE MOVES"
        print(f"  {row['id']:32} {verdict:14} theirs {theirs}  ours {row['pins']}")
    both = sum(
        1
        for row in rows
        if len(row["pins"]) <= len(row["fix"])
        or all(_meets(row["pins"].get(name, row["packages"].get(name)), str(spec)) for name, spec in row["fix"].items())
    )
    print(f"agree: {same}; no more packages moved: {fewer}; one or the other: {both} of {len(rows)}")


def _meets(version: str | None, spec: str) -> bool:
    """Whether our version is one of theirs: a bare version means that series."""
    if version is None or version == "absent":
        return spec in ("absent", "remove", "uninstall")
    key = versions.key(version)
    text = spec.partition("+")[0]
    try:
        allowed = versions.specifier(text if text[:1] in "<>=!~" else f"=={text}")
    except ValueError:
        return False
    return key is not None and versions.contains(allowed, key)


if __name__ == "__main__":
    sys.exit(main())
