"""`python -m benchmarks`: medians, ratios to bare Python, peak memory and growth, beside pip and uv.

Needs the development install (hatchling among it) and no network.  Exit status 1 when a target is missed.
"""
# ruff: noqa: S603  # only commands that this file names, no shell

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import environment, files, matrix, recorder
from benchmarks.measure import Command, interleaved

SIZES = (175, 350, 700, 1400)  # packages


def main() -> int:
    """Build everything in a temporary folder, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=21, help="runs of each command (default 21)")
    parser.add_argument("--packages", type=int, default=700, help="distributions (default 700)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="build in DIR, and leave it")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True)
        return measure(options.keep.resolve(), options.runs, options.packages)
    with tempfile.TemporaryDirectory(prefix="envaudit-benchmark-") as folder:
        return measure(Path(folder).resolve(), options.runs, options.packages)


def measure(folder: Path, runs: int, packages: int) -> int:
    """Print all tables; 1 when a target is missed."""
    wheel = build_wheel(folder)
    small, real = matrix.compiled(folder, 1000)
    large, _ = matrix.compiled(folder, 10_000)
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; {packages} packages, matrix of 1,000 rules "
        f"({real} real), {len(small) >> 10} KiB compiled; medians of {runs} runs in turns"
    )
    clean = installed(folder / "clean", packages, wheel, small)
    clashing = installed(folder / "clashes", packages, wheel, small, environment.CLASHES)
    broken = installed(folder / "many-clashes", packages, wheel, small, environment.MANY_CLASHES)
    many = installed(folder / "many-rules", packages, wheel, large)
    bare = Command("python -c pass", [str(clean / "python"), "-c", "pass"])
    quiet = Command("envaudit, clean", [str(clean / "envaudit")])
    grown = Command("envaudit, clean, 10,000 rules", [str(many / "envaudit")])
    few, lots = f"{len(environment.CLASHES)} clashes", f"{len(environment.MANY_CLASHES)} clashes"
    drawn = Command(f"envaudit, {few}, terminal", [str(clashing / "envaudit")], terminal=True, statuses=(1,))
    plain = Command(f"envaudit, {few}, piped", [str(clashing / "envaudit")], statuses=(1,))
    report = Command(f"envaudit --format json, {few}", [str(clashing / "envaudit"), "--format", "json"], statuses=(1,))
    worst = Command(f"envaudit, {lots}, terminal", [str(broken / "envaudit")], terminal=True, statuses=(1,))
    pip = Command("pip check, clean", [str(clean / "python"), "-m", "pip", "check"])
    usual = files.write(folder / "repository")
    one = Command("envaudit check, 1 file", [str(clean / "envaudit"), "check", usual[0]], statuses=(0, 1))
    hook = Command(f"envaudit check, {len(usual)} files", [str(clean / "envaudit"), "check", *usual], statuses=(0, 1))
    commands = [bare, quiet, grown, drawn, plain, report, worst, one, hook, pip]
    uv = shutil.which("uv")
    if uv:
        commands.append(Command("uv pip check, clean", [uv, "pip", "check", "--python", str(clean / "python")]))
    for words in ([*pip.words[:3], "--version"], [uv or "uv", "--version"]):
        if shutil.which(words[0]):
            print(
                subprocess.run(words, check=True, capture_output=True, text=True).stdout.partition(" from ")[0].strip()
            )
    interleaved(commands, runs)
    table(commands, bare)

    print()
    by_size = []
    for size in SIZES:
        scripts = clean if size == packages else installed(folder / f"packages-{size}", size, wheel, small)
        by_size.append(Command(f"envaudit, clean, {size} packages", [str(scripts / "envaudit")]))
    bare_again = Command("python -c pass", bare.words)
    interleaved([bare_again, *by_size], runs)
    table([bare_again, *by_size], bare_again)

    print()
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    print(f"judged by {'processor time, as the machine is busy' if busy else 'wall time'}:")

    def took(command: Command) -> float:
        return command.median_cpu if busy else command.median

    above = [took(command) - took(bare_again) for command in by_size]
    steepest = max((above[at + 1] / above[at]) / (SIZES[at + 1] / SIZES[at]) for at in range(len(SIZES) - 1))
    own = [command for command in commands if command.name.startswith("envaudit")]
    peak = max(own, key=lambda command: command.peak)
    results = [
        target("clean: at most 3.5 times bare Python", took(quiet) / took(bare), 3.5),
        target(f"{few} drawn on a terminal: at most 7 times", took(drawn) / took(bare), 7),
        target(f"{lots} drawn on a terminal: at most 7 times", took(worst) / took(bare), 7),
        target("pip check: at least 10 times slower", took(pip) / took(quiet), 10, least=True),
        target(f"check of a usual repository ({len(usual)} files): at most 1 s", took(hook), 1.0),
        target("10,000 rules: at most 1.3 times the time at 1,000", took(grown) / took(quiet), 1.3),
        target("packages: at most linear (1 is linear)", steepest, 1.0),
        target(f"peak memory under 60 MiB ({peak.name})", peak.peak / 1024, 60),
    ]
    if sys.platform.startswith("linux"):
        print()
        results.append(recorder.main() == 0)
    return 0 if all(results) else 1


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout, built without a network."""
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*words, "--wheel-dir", str(folder), str(environment.ROOT)], check=True)
    return next(folder.glob("envaudit_ml-*.whl"))


def installed(folder: Path, count: int, wheel: Path, compiled: bytes, clashes: dict[str, str] | None = None) -> Path:
    """An environment with envaudit in it; returns its folder of commands."""
    python = environment.build(folder, count, clashes or {})
    words = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*words, str(wheel)], check=True)
    package = next((folder / "lib").glob("python3*/site-packages/envaudit"))
    (package / "matrix.bin").write_bytes(compiled)
    return python.parent


def table(commands: list[Command], bare: Command) -> None:
    """One line a command."""
    print(f"{'':40}{'median':>10}{'x bare':>8}{'least':>10}{'CPU':>10}{'x bare':>8}{'peak':>10}")
    for command in commands:
        wall, least, cpu = command.median * 1e3, min(command.wall) * 1e3, command.median_cpu * 1e3
        print(
            f"{command.name:40}{wall:7.1f} ms{command.median / bare.median:8.2f}{least:7.1f} ms{cpu:7.1f} ms"
            f"{command.median_cpu / bare.median_cpu:8.2f}{command.peak / 1024:6.1f} MiB"
        )


def target(what: str, value: float, bound: float, *, least: bool = False) -> bool:
    """Print one target and what was measured; True when it is met."""
    met = value >= bound if least else value <= bound
    print(f"{'met   ' if met else 'MISSED'}  {what}: {value:.2f}")
    return met


if __name__ == "__main__":
    sys.exit(main())
