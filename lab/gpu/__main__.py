"""`python -m lab.gpu OUT --extra DIR`: on a machine with an NVIDIA GPU, run everything and write down what was seen.

OUT gets snapshot.json, audit.json, failures.json, pairs.json.  DIR holds wheels/*.whl and what the cases name.
Needs torch, JAX and CuPy for CUDA in the environment that runs it; root for the cases that hide a part of the machine.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.gpu.failures import FAILURES
from lab.gpu.pairs import PAIRS, Pair
from lab.gpu.run import Ended, run

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(sysconfig.get_paths()["purelib"])
_CLI = f"{sys.executable} -m envaudit"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.gpu")
    parser.add_argument("out", type=Path)
    parser.add_argument("--extra", type=Path, required=True)
    parser.add_argument("--only", choices=("snapshot", "failures", "pairs", "kernel"), action="append")
    parser.add_argument("--case", action="append", help="only this failure or rule (repeat)")
    options = parser.parse_args()
    extra = options.extra.resolve()
    parts = options.only or ["snapshot", "failures", "pairs"]
    if "snapshot" in parts:
        take(options.out)
    if "failures" in parts:
        failures(options.out, extra, options.case)
    if "pairs" in parts:
        pairs(options.out, extra, options.case)
    if "kernel" in parts:  # not by default: it needs Jupyter too
        from lab.gpu.kernel import watch

        watch(options.out)
    return 0


def take(out: Path) -> None:
    """The snapshot of this machine, the audit of it, and whether asking the GPU opened a CUDA context."""
    with scratch() as folder:
        environ = surrounding({}, ())
        for name, words in (("snapshot", "snapshot"), ("audit", "--format json"), ("audit-text", "")):
            ended = run(["sh", "-c", f"{_CLI} {words} 2>stderr"], environ, folder)
            (out / f"{name}.{'txt' if name == 'audit-text' else 'json'}").write_text(ended.text)
            print(name, ended.words(), (folder / "stderr").read_text()[-400:])
        code = (
            "import os, sys\nfrom envaudit.cli import main\nsys.stdout = open(os.devnull, 'w')\nmain(['snapshot'])\n"
            "paths = [f'/proc/self/fd/{name}' for name in os.listdir('/proc/self/fd')]\n"
            "nodes = sorted({os.readlink(path) for path in paths if os.path.lexists(path)})\n"
            "print([n for n in nodes if 'nvidia' in n], 'libcuda' in open('/proc/self/maps').read(), file=sys.stderr)"
        )
        print("device files open and libcuda loaded after a snapshot:",
              run([sys.executable, "-c", code], environ, folder).error())  # fmt: skip


def failures(out: Path, extra: Path, wanted: list[str] | None) -> None:
    """Run every failure, ask `why` about its text, print a table."""
    found: list[dict[str, Any]] = []
    for failure in FAILURES:
        if wanted and failure.name not in wanted:
            continue
        with scratch() as folder:
            (folder / "code.py").write_text(failure.code)
            environ = surrounding(filled(dict(failure.environ), extra), ())
            words = [sys.executable, "code.py"]
            if failure.shell:
                words = ["sh", "-c", failure.shell.format(python=sys.executable)]
            ended = run(words, environ, folder)
            (folder / "log").write_text(ended.text + "\n")
            told = run(["sh", "-c", f"{_CLI} why log --format json 2>/dev/null"], surrounding({}, ()), folder)
        try:
            verdict = json.loads(told.text)["verdict"]
        except ValueError:
            verdict = f"({told.words()}: {told.error()})"
        mark = "ok" if verdict == failure.family else "NO"
        print(f"{failure.name:32} {ended.words():22} {failure.family:14} {verdict:14} {mark}  {ended.error()[:110]}",
              flush=True)  # fmt: skip
        found.append({"name": failure.name, "family": failure.family, "status": ended.status, "verdict": verdict,
                      "kernel_log": ended.kernel_log[-20:], "text": ended.text})  # fmt: skip
        (out / "failures.json").write_text(json.dumps(found, indent=1))


def pairs(out: Path, extra: Path, wanted: list[str] | None) -> None:
    """Run every pair: the bad side, envaudit on it, the good side."""
    found: list[dict[str, Any]] = []
    for pair in PAIRS:
        if wanted and pair.rule not in wanted:
            continue
        if not all(list((extra / "wheels").glob(f"{start}-*.whl")) for start in (*pair.over, *pair.good)):
            print(f"{pair.rule:28} {pair.pins:52} left out: its wheels are not here")
            continue
        with scratch() as folder, moved(pair, extra, folder):
            probe = pair.probe.replace("{extra}", str(extra))
            (folder / "probe.py").write_text(probe)
            environ = surrounding(filled(dict(pair.environ), extra), laid(pair.over, extra, folder / "bad"))
            bad = wrapped(pair, f"{sys.executable} probe.py", environ, folder)
            audit = wrapped(pair, f"{_CLI} --format json", environ, folder)
        with scratch() as folder:
            (folder / "probe.py").write_text(probe)
            environ = surrounding({}, laid(pair.good, extra, folder / "good"))
            good = run([sys.executable, "probe.py"], environ, folder)
        fired = findings(audit)
        said = next((f"{level} {certainty}" for rule, level, certainty in fired if rule == pair.rule), "NOT FIRED")
        print(f"{pair.rule:28} {pair.pins:52} bad {bad.words():18} good {good.words():8} {said}\n"
              f"     {bad.error()[:150]}\n     others: {[f for f in fired if f[0] != pair.rule]}"
              + (f"\n     good side: {good.error()[:150]}" if good.status else ""), flush=True)  # fmt: skip
        found.append({
            "rule": pair.rule, "pins": pair.pins, "probe": pair.probe, "outcome": bad.words(), "error": bad.error(),
            "text": bad.text[-6000:], "fixed": pair.fixed, "fixed-outcome": good.words(),
            "good-text": good.text[-3000:],
            "fired": fired, "audit": audit.text[-300:] if not fired else "", "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()} {' '.join(platform.libc_ver())}",
        })  # fmt: skip
        (out / "pairs.json").write_text(json.dumps(found, indent=1))


@contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="envaudit-gpu-") as name:
        os.chmod(name, 0o777)  # noqa: S103  # one case runs as another user
        yield Path(name)


def surrounding(variables: dict[str, str], over: tuple[str, ...]) -> dict[str, str]:
    """The environment of a command: this one's, with `over` and the repository in front of sys.path."""
    path = os.pathsep.join([*over, str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    cache = {"ENVAUDIT_CACHE_DIR": "/tmp/envaudit-gpu-cache"}  # noqa: S108  # on a machine of our own
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **cache, **variables}


def filled(variables: dict[str, str], extra: Path) -> dict[str, str]:
    stubs = next(iter(sorted(glob.glob("/usr/local/cuda*/lib64/stubs") + glob.glob("/usr/local/cuda*/**/stubs"))), "")
    places = {"extra": extra, "stubs": stubs, "python": Path(sys.executable).parent}
    return {name: value.format(**places) for name, value in variables.items()}


def laid(over: tuple[str, ...], extra: Path, folder: Path) -> tuple[str, ...]:
    """Unpack wheels into `folder`; returns what goes in front of sys.path."""
    for start in over:
        (wheel,) = (extra / "wheels").glob(f"{start}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return (str(folder),) if over else ()


def wrapped(pair: Pair, command: str, environ: dict[str, str], folder: Path) -> Ended:
    return run(["sh", "-c", pair.hold.replace("{run}", command) if pair.hold else f"exec {command}"], environ, folder)


@contextmanager
def moved(pair: Pair, extra: Path, folder: Path) -> Iterator[None]:
    """Parts of site-packages in another state while the bad side runs; put back in any case."""
    kept = folder / "kept"
    kept.mkdir()
    back: list[tuple[Path, Path]] = []
    added: list[Path] = []
    try:
        for pattern in pair.aside:
            for path in SITE.glob(pattern):
                back.append((kept / path.name, path))
                shutil.move(path, kept / path.name)
        for name, distribution in pair.swap:
            for path in SITE.glob(f"{distribution}-*.dist-info"):
                back.append((kept / path.name, path))
                shutil.move(path, kept / path.name)
            for new in sorted((extra / name).rglob("*")):
                place = SITE / new.relative_to(extra / name)
                if new.is_dir():
                    if not place.exists():
                        added.append(place)
                        place.mkdir()
                    continue
                if place.exists():
                    back.append((kept / place.name, place))
                    shutil.move(place, kept / place.name)
                shutil.copy(new, place)
        yield
    finally:
        for path in added:
            shutil.rmtree(path, ignore_errors=True)
        for held, place in back:
            if place.is_file():
                place.unlink()
            shutil.move(held, place)


def findings(audit: Ended) -> list[tuple[str, str, str]]:
    start = audit.text.find("{")
    try:
        document = json.JSONDecoder().raw_decode(audit.text[start:])[0]
    except ValueError:
        return []
    return [(f["rule"], f["level"], f["certainty"]) for f in document["findings"]]


if __name__ == "__main__":
    sys.exit(main())
