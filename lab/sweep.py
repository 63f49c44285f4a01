"""Finds what the matrix does not know: old releases with what an installer takes today.

Who installs a release of two years ago gets the newest of everything that it does not bound.  Each such environment is
built as an installer resolves it, the release is imported (or used as `probes.yaml` says), and envaudit is asked.  Four
things can come of it: it runs and envaudit is quiet, it fails and envaudit says so; it fails and envaudit says nothing
(missed); it runs and envaudit calls it broken (false alarm).  What fails is built once more as it was when the release
came out: what fails then too is not about versions.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import re
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from packaging.version import Version
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from envaudit import snapshot
from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.matrix.compiler import compile_matrix, read
from envaudit.matrix.store import Matrix
from envaudit.snapshot.locate import find
from lab import isolation
from lab.recipe import Recipes
from lab.records import Journal
from lab.wheels import Budget, Refused, Uv

RULES = Path(__file__).resolve().parent.parent / "rules"
# pinned to one release of torch each, of which the lab has at most one
LEFT_OUT = ("torchvision", "torchaudio", "triton")
# what a probe lacks because it stands for a package that was left out: module to package
STANDS_FOR = {"cv2": "opencv-python-headless", "tensorflow": "tensorflow-cpu"}
_MISSING = re.compile(r"No module named '([A-Za-z_0-9]+)'")


class Sweep:
    """What all environments of one call share."""

    def __init__(self, options: argparse.Namespace, uv: Uv, matrix: bytes) -> None:
        self.uv, self._matrix, self.scratch = uv, matrix, options.scratch
        self.recipes, self.pythons = Recipes(), uv.pythons()
        self.journal = Journal(options.state / "sweep.jsonl")
        self.again = options.again

    def run(self, name: str, version: str, python: str) -> dict[str, Any]:
        """What comes of one release: the journal's word on it, or a new run."""
        probe = self.recipes.probe([name])
        word = hashlib.sha256(probe.encode()).hexdigest()[:12]
        key = f"{name} {version}, python {python}"
        seen = None if self.again else self.journal.known(key, word)
        if seen is None:
            seen = {
                "key": key,
                "digest": word,
                "date": date.today().isoformat(),
                **self._run(name, version, python, probe),
            }
            self.journal.add(seen)
        if seen["verdict"] == "run":
            seen = {**seen, "said": self._said(seen["snapshot"])}
        return seen

    def _run(self, name: str, version: str, python: str, probe: str) -> dict[str, Any]:
        try:
            today = self._try(name, version, python, probe, None)
            result = {"verdict": "run", **today}
            missing = _MISSING.search(today["error"])
            if today["outcome"] != "exit 0" and not (missing and missing[1] in LEFT_OUT):
                wanted = {self.recipes.stand_ins.get(name, name): f"=={version}"}
                with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
                    until = self.uv.newest_upload(wanted, self.pythons[python], Path(folder), [])
                try:
                    then = self._try(name, version, python, probe, until)
                    result.update(then=then["outcome"], then_error=then["error"])
                    result["then_packages"] = then["snapshot"]["packages"]
                except Refused as refused:
                    result.update(then="not installed", then_error=str(refused)[:200])
            return result
        except Refused as refused:
            return {"verdict": "refused", "error": str(refused)[:300]}

    def _try(self, name: str, version: str, python: str, probe: str, until: str | None) -> dict[str, Any]:
        also: list[str] = ["setuptools<81"] if until and python not in ("3.12", "3.13") else []
        result: dict[str, Any] = {}
        for _ in range(3):
            result = self._build(name, version, python, probe, also, until)
            missing = _MISSING.search(result["error"])
            if not missing or missing[1] not in STANDS_FOR or STANDS_FOR[missing[1]] in also:
                break
            also.append(STANDS_FOR[missing[1]])
        return result

    def _build(
        self, name: str, version: str, python: str, probe: str, also: list[str], until: str | None
    ) -> dict[str, Any]:
        uv, interpreter = self.uv, self.pythons[python]
        stand_ins = self.recipes.stand_ins
        folder = Path(tempfile.mkdtemp(prefix="lab-env-", dir=self.scratch))
        try:
            wanted = {stand_ins.get(name, name): f"=={version}"}
            without = [item for item in (*LEFT_OUT, *stand_ins) if item not in wanted]
            wheels = uv.resolve(wanted, also, interpreter, folder, without=without, sdist=[], date=until)
            python_of_it = uv.build(folder, interpreter, wheels, [])
            outcome = isolation.run(python_of_it, probe, isolation.Limits(seconds=240))
            taken: dict[str, Any] = dict(snapshot.take(find(str(python_of_it))))
            place = str(folder)
            return {
                "outcome": str(outcome),
                "error": outcome.error.replace(place, "…"),
                "output": outcome.output[-2500:].replace(place, "…"),
                "snapshot": taken,
            }
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _said(self, taken: Any) -> list[str]:
        matrix = Matrix(BytesIO(self._matrix))
        audit = evaluate(Facts(taken, matrix.table), matrix)
        worst = [finding for finding in audit.findings if finding.level in ("crash", "error")]
        return [f"{finding.rule}{'' if finding.certainty == 'definite' else '?'}" for finding in worst]


def verdict(result: dict[str, Any]) -> str:
    """quiet | named | missed | false alarm | broken (fails as of its own day too) | unsure (that day cannot be had any
    more) | refused."""
    if result["verdict"] == "refused":
        return "refused"
    if result["outcome"] == "exit 0":
        return "false alarm" if any(not rule.endswith("?") for rule in result["said"]) else "quiet"
    if result["said"]:
        return "named"
    return {"exit 0": "missed", "not installed": "unsure"}.get(result.get("then", ""), "broken")


def chosen(uv: Uv, name: str, interpreter: str, days: list[str], scratch: Path | None) -> list[str]:
    """The newest releases of those days, each once."""
    found: list[str] = []
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        for day in days:
            with contextlib.suppress(Refused):
                found += [wheel.version for wheel in uv.newest([name], interpreter, Path(folder), day)]
    return list(dict.fromkeys(found))


def sweep(options: argparse.Namespace, uv: Uv, console: Console) -> int:
    """The command: a line for each environment that is missed, falsely alarmed or named, and the counts."""
    source, _ = read([str(RULES)])
    matrix, _ = compile_matrix(source)
    shared = Sweep(options, uv, matrix)
    interpreter = shared.pythons.get(options.python)
    if interpreter is None:
        console.print(f"lab: there is no Python {options.python} here")
        return 2
    counts: Counter[str] = Counter()
    columns = (TextColumn("sweep"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(options.jobs) as pool:
        bar = progress.add_task("", total=len(options.packages))
        for name in options.packages:
            held = shared.recipes.stand_ins.get(name, name)
            versions = chosen(uv, held, interpreter, options.days, options.scratch)
            try:
                results = list(pool.map(lambda version: shared.run(name, version, options.python), versions))  # noqa: B023
                if uv.too_large():  # nothing is being built now
                    uv.trim()
            except Budget as stop:
                console.print(f"lab: stopped, what was run is kept: {stop}", markup=False, soft_wrap=True)
                return 2
            progress.advance(bar)
            for result in results:
                word = verdict(result)
                counts[word] += 1
                if word != "quiet":
                    console.print(_line(word, result), markup=False, soft_wrap=True)
    console.print(", ".join(f"{count} {word}" for word, count in counts.most_common()))
    return 1 if counts["missed"] or counts["false alarm"] else 0


def _line(word: str, result: dict[str, Any]) -> str:
    said = f" [{', '.join(result['said'])}]" if result.get("said") else ""
    line = f"{word:11} {result['key']}: {result.get('outcome', '')} {result['error'][:200]}{said}"
    if word == "missed":
        line += f"\n            {', '.join(moved(result))}"
    return line


def moved(result: dict[str, Any]) -> list[str]:
    """The packages that are in another series today than when the release came out, as "numpy 1.26.4 -> 2.4.1"."""
    before, after = result["then_packages"], result["snapshot"]["packages"]
    return [
        f"{name} {before[name]} -> {after[name]}"
        for name in sorted(set(before) & set(after))
        if Version(before[name]).release[:2] != Version(after[name]).release[:2]
    ]
