"""The corpus as requirement files: `python -m tests.corpus.files [--fix]` (`--fix` needs uv and a package index).

Each case's packages are written as a requirements file of pins, its machine as the target.  Counted: failing cases of
which `envaudit check` names a culprit at crash, error or degraded, and working ones with a definite finding at crash or
error.  With `--fix`, the failing cases that state two packages or more and the Python, and have a definite finding at
crash or error, are rewritten by `envaudit check --fix`: the file must check clean, and uv must find versions for it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from typing import Any

from envaudit.cli import main as envaudit
from envaudit.snapshot.metadata import canonical
from tests.corpus.accuracy import cases


def main() -> int:
    """Print the counts; 1 when a file that was written does not check clean."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("case", nargs="*", help="only these cases")
    parser.add_argument("--fix", action="store_true", help="rewrite the failing ones too")
    parser.add_argument("--verbose", action="store_true", help="a line for each case")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    seconds = []
    for case in cases():
        if not case["env"].get("packages") or (options.case and case["id"] not in options.case):
            continue
        with _project(case) as words:
            report = json.loads(_said([*words, "--format", "json"])[1])
            _count(case, report, counts)
            bad = [one for one in report["findings"] if one["certainty"] == "definite"]
            bad = [one["rule"] for one in bad if one["level"] in ("crash", "error")]
            enough = case["label"] != "works" and len(case["env"]["packages"]) > 1 and case["env"].get("python")
            if not (options.fix and bad and enough):
                continue
            started = time.monotonic()
            outcome = _mended(words)
            seconds.append(time.monotonic() - started)
            outcomes[outcome.partition(":")[0]] += 1
            if options.verbose:
                print(f"{case['id']}: {outcome} ({seconds[-1]:.1f} s)", flush=True)
    print(f"failing, decidable and firm: {counts['detected']} of {counts['failing']} named")
    print(f"working: {counts['false']} of {counts['works']} with a definite finding at crash or error")
    if options.fix:
        print(
            f"rewritten: {sum(outcomes.values())}; median {statistics.median(seconds):.1f} s, most {max(seconds):.1f} s"
        )
        for outcome, count in outcomes.most_common():
            print(f"  {outcome:40} {count}")
    return 1 if outcomes["NOT CLEAN"] else 0


@contextlib.contextmanager
def _project(case: dict[str, Any]) -> Any:
    """A folder with the requirements file and the target; gives the words of the command."""
    machine = {key: value for key, value in case["env"].items() if value is not None and key != "packages"}
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, ".git"))
        os.chdir(folder)
        try:
            with open("target.json", "w", encoding="utf-8") as file:
                json.dump(
                    {**machine, "packages": {}, "packages_complete": False, "schema": "envaudit.snapshot/1"}, file
                )
            with open("requirements.txt", "w", encoding="utf-8") as file:
                file.write("".join(f"{name}=={version}\n" for name, version in case["env"]["packages"].items()))
            yield ["check", "requirements.txt", "--target", "target.json"]
        finally:
            os.chdir(here)


def _said(words: list[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = envaudit(words)
    if status > 1:
        raise SystemExit(f"{words}: {err.getvalue()}")
    return status, out.getvalue()


def _count(case: dict[str, Any], report: dict[str, Any], counts: Counter[str]) -> None:
    bad = [one for one in report["findings"] if one["level"] in ("crash", "error", "degraded")]
    if case["label"] == "works":
        counts["works"] += 1
        counts["false"] += any(one["certainty"] == "definite" and one["level"] != "degraded" for one in bad)
    elif case["decidable"] and case["firm"]:
        counts["failing"] += 1
        wanted = {canonical(name) for name in case["culprits"]}
        wanted |= {canonical(name) for name in (case["fix"] if isinstance(case.get("fix"), dict) else {})}
        counts["detected"] += any(wanted & {canonical(name) for name in one["culprits"]} for one in bad)


def _mended(words: list[str]) -> str:
    _, said = _said([*words, "--fix"])
    if "nothing was written" in said:
        return f"refused: {' '.join(said.partition('nothing was written')[2].split())[:150]}"
    report = json.loads(_said([*words, "--format", "json"])[1])
    bad = [one for one in report["findings"] if one["certainty"] == "definite"]
    bad = [one["rule"] for one in bad if one["level"] in ("crash", "error")]
    if not bad and "a resolver finds versions" in said:
        return "clean and resolved"
    if not bad:
        return f"clean, not resolved: {' '.join(said.partition('not resolved')[2].split())[:150]}"
    if "left:" in said or "file changed" not in said:
        return f"no change of a requirement mends it: {bad}"
    return f"NOT CLEAN: {bad}"


if __name__ == "__main__":
    raise SystemExit(main())
