"""Finds true boundaries by running: for which versions of PACKAGE does OTHER pass its probe?

The releases are walked like a staircase: as OTHER gets newer, the oldest and the newest PACKAGE that it works with only
go up.  So n releases against m cost about n + m environments for each edge, not n times m.  First one release of each
series (the newest patch), then the patch releases between two series that differ.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from envaudit.matrix.compiler import Source, read
from lab import isolation
from lab.recipe import Recipes
from lab.records import Journal, write_measured
from lab.wheels import Budget, Refused, Uv

RULES = Path(__file__).resolve().parent.parent / "rules"
TABLE = RULES / "tables" / "measured.yaml"
NOT_INSTALLED = "not installed"  # outcome of a pair that no wheels exist for
NO_WHEELS = ("No solution found", "a build for CUDA")  # what uv and the lab say of such a pair
Works = Callable[[str, str], bool]  # (version of OTHER, version of PACKAGE)


class Edge:
    """Where OTHER begins or ceases to go with one version of PACKAGE.

    other    first release of OTHER that works with `package`
    failed   newest release before it, which does not
    package  the version of PACKAGE
    error    how `failed` ends
    """

    def __init__(self, other: str, failed: str, package: str, error: str) -> None:
        self.other, self.failed, self.package, self.error = other, failed, package, error


def newest_of_series(versions: Sequence[str]) -> list[str]:
    """The newest release of each minor series, oldest series first."""
    series: dict[tuple[int, ...], str] = {}
    for version in sorted(versions, key=Version):
        series[Version(version).release[:2]] = version
    return list(series.values())


def upper(others: Sequence[str], packages: Sequence[str], works: Works) -> dict[str, str | None]:
    """Each of `others` (oldest first) with the newest of `packages` (oldest first) that it works with."""
    found: dict[str, str | None] = {}
    at = -1
    for other in others:
        nearest = at if at >= 0 else next((i for i, package in enumerate(packages) if works(other, package)), -1)
        while 0 <= nearest < len(packages) - 1 and works(other, packages[nearest + 1]):
            nearest += 1
        at = max(at, nearest)
        found[other] = packages[nearest] if nearest >= 0 else None
    return found


def lower(others: Sequence[str], packages: Sequence[str], works: Works) -> dict[str, str | None]:
    """Each of `others` (oldest first) with the oldest of `packages` (oldest first) that it works with."""
    found: dict[str, str | None] = {}
    at = 0
    for other in others:
        here = at
        while here < len(packages) and not works(other, packages[here]):
            here += 1
        while 0 < here == at and works(other, packages[here - 1]):
            here = at = here - 1  # a newer release may take older ones again
        found[other] = packages[here] if here < len(packages) else None
        at = here if here < len(packages) else at
    return found


def first_that_works(releases: Sequence[str], works: Callable[[str], bool | None]) -> tuple[str, str]:
    """The first of `releases` (oldest first) that works, and the newest before it that does not.

    The last is known to work, the first is known not to.  Those that `works` knows nothing of are passed over.
    """
    left = list(releases)
    low, high = 0, len(left) - 1
    while high - low > 1:
        middle = (low + high) // 2
        seen = works(left[middle])
        if seen is None:
            del left[middle]
            high -= 1
        elif seen:
            high = middle
        else:
            low = middle
    return left[high], left[low]


class Grid:
    """The runs of one pair of packages, kept in the journal."""

    def __init__(self, package: str, other: str, python: str, probe: str, lab: Any) -> None:
        self.package, self.other, self.python, self.probe, self.lab = package, other, python, probe, lab
        self.word = hashlib.sha256(probe.encode()).hexdigest()[:12]
        self.runs: dict[str, dict[str, dict[str, Any]]] = {}  # version of OTHER -> version of PACKAGE -> result

    def __call__(self, other: str, package: str) -> bool:
        """Whether this pair passes the probe.  Pairs that no wheels exist for do not."""
        return bool(self.seen(other, package))

    def seen(self, other: str, package: str) -> bool | None:
        """Whether this pair passes the probe; None where it cannot be installed."""
        outcome = self.run(other, package)["outcome"]
        return None if outcome == NOT_INSTALLED else outcome == "exit 0"

    def run(self, other: str, package: str) -> dict[str, Any]:
        """The result of one pair: outcome and error line."""
        key = f"{self.package} {package}, {self.other} {other}, python {self.python}"
        seen = self.lab.journal.known(key, self.word)
        if seen and not self.lab.again:
            self.runs.setdefault(other, {})[package] = seen
            return dict(seen)
        entry = {
            "key": key,
            "digest": self.word,
            "verdict": "run",
            "date": date.today().isoformat(),
            **self._run(other, package),
        }
        self.lab.journal.add(entry)
        self.runs.setdefault(other, {})[package] = entry
        self.lab.tell(f"{key}: {entry['outcome']} {entry['error'][:140]}")
        return entry

    def rows(self) -> list[dict[str, Any]]:
        """Rows of the table of boundaries: what was run, a row for each release of OTHER."""
        name = self.lab.recipes.stand_ins.get(self.other, self.other)
        rows = []
        for release, runs in self.runs.items():
            tried = {v: runs[v] for v in sorted(runs, key=Version) if runs[v]["outcome"] != NOT_INSTALLED}
            if not tried:
                continue
            row: dict[str, Any] = {"other": name, "release": release, "package": self.package, "python": self.python}
            row["works"] = [v for v, run in tried.items() if run["outcome"] == "exit 0"]
            row["fails"] = [v for v in tried if v not in row["works"]]
            # a signal leaves no error line
            row["errors"] = list(dict.fromkeys(tried[v]["error"] or tried[v]["outcome"] for v in row["fails"]))
            row["date"] = max(run["date"] for run in tried.values())
            rows.append({column: cell for column, cell in row.items() if cell})
        return rows

    def _run(self, other: str, package: str) -> dict[str, Any]:
        uv, stand_ins = self.lab.uv, self.lab.recipes.stand_ins
        wanted = {stand_ins.get(self.other, self.other): f"=={other}", self.package: f"=={package}"}
        also = ["setuptools<81"] if self.python in ("3.8", "3.9", "3.10", "3.11") else []
        python = self.lab.pythons[self.python]
        folder = Path(tempfile.mkdtemp(prefix="lab-env-", dir=self.lab.scratch))
        try:
            with self.lab.installing:  # one at a time, so that the cache can be trimmed in between
                if uv.too_large():
                    uv.trim()
                until = uv.newest_upload(wanted, python, folder, [])
                without = [name for name in stand_ins if name not in wanted]
                wheels = uv.resolve(wanted, also, python, folder, without=without, sdist=[], date=until)
                interpreter = uv.build(folder, python, wheels, [])
            outcome = isolation.run(interpreter, self.probe, isolation.Limits(seconds=240))
            error = outcome.error.replace(str(folder), "…")
            return {"outcome": str(outcome), "error": error, "isolation": outcome.isolation}
        except Refused as refused:
            if not any(words in str(refused) for words in NO_WHEELS):
                raise  # a full disk or a lost connection says nothing about the pair
            return {"outcome": NOT_INSTALLED, "error": str(refused).replace(str(folder), "…")}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class _Shared:
    """What the grids of one call share."""

    def __init__(self, options: argparse.Namespace, uv: Uv, tell: Callable[[str], None]) -> None:
        self.uv, self.tell, self.again, self.scratch = uv, tell, options.again, options.scratch
        self.recipes, self.pythons = Recipes(), uv.pythons()
        self.journal = Journal(options.state / "bisect.jsonl")
        self.installing = threading.Lock()


def releases(source: Source, package: str, python: str, interpreter: str) -> list[str]:
    """The final releases of `package` for a Python series, oldest first: from the matrix's list, else asked of pip."""
    minor = int(python.partition(".")[2])
    listed = source.releases.get(package)
    if listed:
        found = [version for version, first, last in listed.rows if _fits(minor, first, last)]
    else:
        words = [interpreter, "-m", "pip", "index", "versions", package]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
        line = re.search(r"Available versions: (.*)", done.stdout)
        found = line[1].split(", ") if line else []
    return sorted(filter(_final, found), key=Version)


def _walked(every: Sequence[str], last: int) -> list[str]:
    """The newest release of each of the newest `last` series, and the first of the oldest, so that a boundary within
    that series shows too."""
    newest = newest_of_series(every)[-last:]
    first = [v for v in every if newest and Version(v).release[:2] == Version(newest[0]).release[:2]][:1]
    return [*(v for v in first if v != newest[0]), *newest]


def _final(version: str) -> bool:
    try:
        return not Version(version).is_prerelease
    except InvalidVersion:
        return False


def _fits(minor: int, first: str, last: str) -> bool:
    return int(first.partition(".")[2] or 0) <= minor <= int(last.partition(".")[2] or 999)


def _not(seen: bool | None) -> bool | None:
    return None if seen is None else not seen


def edges(
    found: dict[str, str | None], every: Sequence[str], grid: Grid, packages: Sequence[str], top: bool
) -> list[Edge]:
    """The exact release of OTHER at each step of a staircase."""
    result = []
    names = list(found)
    for before, after in zip(names, names[1:]):
        one, two = found[before], found[after]
        if one is None or two is None or packages.index(two) <= packages.index(one):
            continue
        # at the upper edge the first PACKAGE that the older OTHER fails with, at the lower the last that the newer does
        package = packages[packages.index(one) + 1] if top else packages[packages.index(two) - 1]
        between = [v for v in every if Version(before) <= Version(v) <= Version(after)]
        if top:
            first, failed = first_that_works(between, lambda other: grid.seen(other, package))  # noqa: B023  # at once
            result.append(Edge(first, failed, package, grid.run(failed, package)["error"]))
        else:
            first, last = first_that_works(between, lambda other: _not(grid.seen(other, package)))  # noqa: B023
            result.append(Edge(first, last, package, grid.run(first, package)["error"]))
    return result


def bisect(options: argparse.Namespace, uv: Uv, console: Console) -> int:
    """The command: a table of what works, and rows to propose for the matrix's tables, for each OTHER."""
    source, _ = read([str(RULES)])
    say = console.print
    shared = _Shared(options, uv, lambda line: say(line, style="dim", markup=False, soft_wrap=True))
    if options.python not in shared.pythons:
        say(f"lab: there is no Python {options.python} here; there are {', '.join(sorted(shared.pythons))}")
        return 2
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(options.jobs) as pool:
        bar = progress.add_task("bisect", total=len(options.others))
        running = [pool.submit(_pair, other, options, source, shared) for other in options.others]
        results = []
        for done in running:
            try:
                results.append(done.result())
            except (Budget, Refused) as stop:
                say(f"lab: stopped, what was run is kept: {stop}", markup=False, soft_wrap=True)
                pool.shutdown(wait=True, cancel_futures=True)
                return 2
            progress.advance(bar)
    for lines, table in results:
        if table is not None:
            console.print(table)
        for line in lines:
            say(line, markup=False, soft_wrap=True)
    return 0


def _pair(other: str, options: argparse.Namespace, source: Source, shared: _Shared) -> tuple[list[str], Table | None]:
    package, python = options.package, options.python
    interpreter = shared.pythons[python]
    every_other = releases(source, other, python, interpreter)
    every_package = releases(source, package, python, interpreter)
    packages = [v for v in newest_of_series(every_package) if Version(v) >= Version(options.since)]
    others = _walked(every_other, options.last)
    if not packages or not others:
        return [f"{package} and {other}: no releases are known for Python {python}"], None
    grid = Grid(package, other, python, options.probe or shared.recipes.probe([other]), shared)
    others = [v for v in others if any(grid.seen(v, p) is not None for p in (packages[-1], packages[0]))]
    newest, oldest = upper(others, packages, grid), lower(others, packages, grid)
    table = Table(
        "release",
        "oldest that works",
        "newest that works",
        "beyond it",
        title=f"{other} with {package}, Python {python}",
    )
    for version in others:
        top = newest[version]
        beyond = packages[packages.index(top) + 1 :][:1] if top else packages[-1:]
        why = grid.run(version, beyond[0]) if beyond else None
        table.add_row(
            version, oldest[version] or "none", top or "none", f"{why['outcome']}: {why['error'][:90]}" if why else ""
        )
    lines = []
    for edge in edges(newest, every_other, grid, packages, top=True):
        lines.append(_row(edge, other, package, f"<{edge.other}", f">={edge.package}", edge.other))
    for edge in edges(oldest, every_other, grid, packages, top=False):
        lines.append(_row(edge, other, package, f">={edge.other}", f"<={edge.package}", edge.failed))
    if options.record:
        lines.append(f"{write_measured(TABLE, grid.rows())} rows in {TABLE.relative_to(RULES.parent)}")
    return lines, table


def _row(edge: Edge, other: str, package: str, versions: str, bad: str, works: str) -> str:
    """A table row to propose, with what was seen as a comment."""
    row = f'- {{package: {other}, versions: "{versions}", other: {package}, bad: "{bad}", works: {works}}}'
    return f"{row}  # {other} {edge.failed} and {edge.other} with {package} {edge.package}: {edge.error[:160]}"
