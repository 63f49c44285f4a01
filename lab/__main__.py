"""The lab's commands: `python -m lab reproduce` and `python -m lab bisect`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from envaudit.matrix.compiler import Source, compile_matrix, read
from envaudit.matrix.source import Fault
from lab import systems
from lab.recipe import Case, Recipes, Skip, cases, digest
from lab.records import Journal, write_table
from lab.reproduce import Lab
from lab.wheels import Budget, Uv

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "rules"
TABLE = RULES / "tables" / "reproductions.yaml"
# five rules of five kinds: a binary interface, removed names, versions that are refused
SAMPLE = ("numpy2-abi", "jinja2-markupsafe21", "botocore-urllib3-2", "referencing-attrs", "pydantic-core-pair")
CHECK_EVERY = 6  # results, between two looks at the disk
LARGE = ("tensorflow", "torch==2.13.0+cpu", "pyspark", "mxnet", "jaxlib==", "jax==")  # take minutes, so they come last
DAYS = ["2022-06-01", "2023-06-01", "2024-06-01"]  # of the releases that a sweep tries
console = Console(highlight=False)


def main(argv: list[str] | None = None) -> int:
    """Run one command of the lab; returns the exit status: 0, 1 for disagreements, 2 for bad usage."""
    options = _parser().parse_args(argv)
    if options.command == "systems":
        return _systems(options)
    options.state.mkdir(parents=True, exist_ok=True)
    cache = options.uv_cache or options.state / "uv"
    uv = Uv(cache, options.max_download, options.max_cache, options.find_links, say=_say(options.verbose))
    try:
        if options.command == "bisect":
            from lab.bisect import bisect

            return bisect(options, uv, console)
        if options.command == "sweep":
            from lab.sweep import sweep

            return sweep(options, uv, console)
        return _reproduce(options, uv)
    except Fault as fault:  # in a file of recipes or probes
        console.print(f"lab: {fault}", markup=False, soft_wrap=True)
        return 2


def _say(verbose: bool) -> Any:
    return (
        (lambda line: console.print(line, style="dim", markup=False, soft_wrap=True))
        if verbose
        else (lambda line: None)
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="Rules and boundaries proven with real wheels.")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "envaudit-lab"
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", type=Path, default=home, metavar="DIR", help=f"journal of runs (default {home})")
    common.add_argument("--uv-cache", type=Path, metavar="DIR", help="uv's cache (default: uv in --state)")
    common.add_argument(
        "--scratch", type=Path, metavar="DIR", help="where environments are built (default: the temporary folder)"
    )
    common.add_argument("--max-download", type=int, default=4096, metavar="MIB", help="stop before downloading more")
    common.add_argument("--max-cache", type=int, default=8192, metavar="MIB", help="bound of uv's cache")
    common.add_argument(
        "--find-links", default=os.environ.get("PIP_FIND_LINKS"), metavar="DIR", help="folder of further wheels"
    )
    common.add_argument("--jobs", type=int, default=2, metavar="N", help="environments at a time")
    common.add_argument("--again", action="store_true", help="run what was run before too")
    common.add_argument("--quiet", dest="verbose", action="store_false", help="do not say what is downloaded")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    reproduce = commands.add_parser("reproduce", parents=[common], help="build what rules call bad, run it, mend it")
    reproduce.add_argument("rules", nargs="*", metavar="RULE")
    reproduce.add_argument("--all", action="store_true", help="every rule that has something to run")
    reproduce.add_argument(
        "--rows", type=int, default=0, metavar="N", help="also up to N table rows of a rule that no example stands for"
    )
    reproduce.add_argument("--systems", type=Path, metavar="DIR", help="trees of other systems (python -m lab systems)")
    reproduce.add_argument("--sample", action="store_true", help="five rules, as a test of the lab itself")
    reproduce.add_argument("--list", action="store_true", help="only say what would be run, and what not")
    search = commands.add_parser("bisect", parents=[common], help="which versions of PACKAGE go with which of OTHER?")
    search.add_argument("package", metavar="PACKAGE", help="the one that may be too old or too new")
    search.add_argument("others", nargs="+", metavar="OTHER", help="the one that is imported (or several)")
    search.add_argument("--since", default="0", metavar="VERSION", help="leave out older releases of PACKAGE")
    search.add_argument("--last", type=int, default=12, metavar="N", help="the newest N series of OTHER (default 12)")
    search.add_argument("--probe", metavar="CODE", help="what shows that OTHER works (default: lab/probes.yaml)")
    search.add_argument("--record", action="store_true", help="keep what was run in rules/tables/measured.yaml")
    search.add_argument("--python", metavar="SERIES", default="3.11", help="Python to run on (default 3.11)")
    broad = commands.add_parser("sweep", parents=[common], help="old releases with what an installer takes today")
    broad.add_argument("packages", nargs="+", metavar="PACKAGE")
    broad.add_argument(
        "--days", nargs="+", default=DAYS, metavar="DAY", help=f"releases of which days (default {DAYS})"
    )
    broad.add_argument("--python", metavar="SERIES", default="3.10", help="Python to run on (default 3.10)")
    trees = commands.add_parser("systems", help="make trees of other Linux systems, which qemu plays")
    trees.add_argument("folder", type=Path, metavar="DIR")
    trees.add_argument("names", nargs="*", metavar="NAME", help="as bookworm-arm64 (default: three for ARM)")
    return parser


def _systems(options: argparse.Namespace) -> int:
    """Make what is missing, and say what is there."""
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        for name in options.names or [f"{suite}-arm64" for suite in systems.SUITES]:
            if not (options.folder / name).exists():
                systems.make(options.folder, name)
    except (OSError, subprocess.CalledProcessError) as error:
        console.print(f"lab: {error} (it needs debootstrap, dpkg-deb and Debian's mirror)", markup=False)
        return 2
    for system in systems.find(options.folder):
        console.print(f"{system.name:16} {system.libc:12} Python {', '.join(system.pythons)}", highlight=False)
    return 0


def _reproduce(options: argparse.Namespace, uv: Uv) -> int:
    source, faults = read([str(RULES)])
    matrix, more = compile_matrix(source)
    for fault in faults + more:
        console.print(f"[yellow]left out:[/] {fault}")
    recipes = Recipes()
    wanted = SAMPLE if options.sample else options.rules
    known = {rule.id for rule in source.rules}
    strangers = [name for name in wanted if name not in known]
    if strangers or not (wanted or options.all):
        why = f"there is no rule {', '.join(strangers)}" if strangers else "name rules, or say --all or --sample"
        console.print(f"lab: {why}; `envaudit rules` lists them")
        return 2
    journal = Journal(options.state / "journal.jsonl")
    todo, results = _cases(source, recipes, wanted, options, journal)
    console.print(f"{len(todo)} to run, {len(results)} known or skipped")
    if options.list:
        for case, _ in todo:
            console.print(case.key, soft_wrap=True, markup=False)
        return _summary(results, write=False)
    lab = Lab(uv, matrix, recipes, uv.pythons(), systems.find(options.systems), options.scratch, uv.say)
    results += _run(lab, todo, journal, options.jobs)
    return _summary(results, write=True)


def _cases(
    source: Source, recipes: Recipes, wanted: Any, options: argparse.Namespace, journal: Journal
) -> tuple[list[tuple[Case, str]], list[dict[str, Any]]]:
    todo: list[tuple[Case, str]] = []
    results: list[dict[str, Any]] = []
    for rule in source.rules:
        if wanted and rule.id not in wanted:
            continue
        try:
            found = cases(rule, source, recipes, options.rows)
        except Skip as skip:
            results.append({"rule": rule.id, "verdict": "skipped", "reason": str(skip), "key": rule.id})
            continue
        for case in found[:1] if options.sample else found:
            word = digest(rule, case)
            seen = None if options.again or options.sample else journal.known(case.key, word)
            if seen:
                results.append(seen)
            else:
                todo.append((case, word))
    todo.sort(key=lambda pair: any(name in f"{pair[0].key} {pair[0].also}" for name in LARGE))
    return todo, results


def _run(lab: Lab, todo: list[tuple[Case, str]], journal: Journal, jobs: int) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    columns = (TextColumn("reproduce"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(jobs) as pool:
        bar = progress.add_task("", total=len(todo))
        waiting = list(todo)
        full = lab.uv.too_large()
        running: dict[Future[dict[str, Any]], tuple[Case, str]] = {}
        while waiting or running:
            if full and not running:
                full = False
                try:
                    lab.uv.trim()
                except Budget as budget:
                    console.print(f"[red]stopped:[/] {budget}")
                    break
            while waiting and len(running) < jobs and not full:
                case, word = waiting.pop(0)
                running[pool.submit(lab.reproduce, case)] = case, word
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                case, word = running.pop(done)
                progress.advance(bar)
                try:
                    entry = {**done.result(), "key": case.key, "digest": word}
                except Budget as budget:
                    console.print(f"[red]stopped:[/] {budget}")
                    waiting.clear()
                    continue
                journal.add(entry)
                results.append(entry)
                _tell(entry)
                if len(results) % CHECK_EVERY == 0:
                    write_table(TABLE, results, rule_ids)
                    full = lab.uv.too_large()
    return results


def rule_ids() -> set[str]:
    """The rules that there are at this moment."""
    return {rule.id for rule in read([str(RULES)])[0].rules}


def _tell(entry: dict[str, Any]) -> None:
    style = {"agrees": "green", "disagrees": "red", "skipped": "yellow"}[entry["verdict"]]
    line = f"{entry['verdict']:9} {entry['key']}"
    if entry["verdict"] == "agrees":
        line += f"  {entry['outcome']} -> {entry['fixed']}: {entry['fixed-outcome']}"
    else:
        line += f"  {entry['reason']}"
    console.print(line, style=style, markup=False, soft_wrap=True)


def _summary(results: list[dict[str, Any]], write: bool) -> int:
    by = {name: [entry for entry in results if entry["verdict"] == name] for name in ("agrees", "disagrees", "skipped")}
    if write:
        rows = write_table(TABLE, results, rule_ids)
        console.print(f"{rows} rows in {TABLE.relative_to(ROOT)}")
    why: dict[str, int] = {}
    for entry in by["skipped"]:
        why[entry["reason"][:100]] = why.get(entry["reason"][:100], 0) + 1
    for reason, count in sorted(why.items(), key=lambda pair: -pair[1]):
        console.print(f"skipped {count:4}  {reason}", style="dim", markup=False, soft_wrap=True)
    for entry in by["disagrees"]:
        console.print(f"DISAGREES {entry['key']}: {entry['reason']}", style="red", markup=False, soft_wrap=True)
        console.print(
            f"          {entry.get('outcome', '')}: {entry.get('error', '')}", style="dim", markup=False, soft_wrap=True
        )
    rules = {name: len({entry["rule"] for entry in entries}) for name, entries in by.items()}
    console.print(
        f"{rules['agrees']} rules reproduced in {len(by['agrees'])} environments, "
        f"{len(by['disagrees'])} disagreements, {rules['skipped']} rules skipped at least once"
    )
    return 1 if by["disagrees"] else 0


if __name__ == "__main__":
    sys.exit(main())
