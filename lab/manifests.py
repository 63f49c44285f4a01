"""Real requirement files through `envaudit check`: how many are read, what is left out, how long it takes.

    python -m lab.manifests --clones DIR [--list]

DIR holds clones (bare ones do).  Every file of a format that `check` knows is written out of each clone's newest
commit, read and judged; a traceback ends nothing but is counted and shown.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from envaudit.check import audit
from envaudit.check.hosts import Hosts
from envaudit.manifest import ManifestError, read
from envaudit.manifest.formats import reader
from envaudit.matrix.store import load

MAX_SIZE = 8 << 20  # bytes of one file


def main(argv: list[str] | None = None) -> int:
    """Print the table; 1 when a file ended in a traceback."""
    parser = argparse.ArgumentParser(prog="python -m lab.manifests", description=__doc__)
    parser.add_argument("--clones", required=True, type=Path)
    parser.add_argument("--list", action="store_true", help="name each file with what was found")
    options = parser.parse_args(argv)
    counts: dict[str, Counter[str]] = {}
    matrix = load()
    hosts = Hosts([], [], None)
    slowest = (0.0, "")
    with tempfile.TemporaryDirectory() as scratch:
        for path in _files(options.clones, Path(scratch)):
            started = time.perf_counter()
            said = _one(path, counts, lambda manifests: audit.check(manifests, hosts.of, matrix))
            slowest = max(slowest, (time.perf_counter() - started, os.path.relpath(path, scratch)))
            if options.list:
                print(os.path.relpath(path, scratch), said)
    titles = ("files", "refused", "requirements", "notes", "definite", "today", "traceback")
    print(f"{'format':18}", *(f"{title:>13}" for title in titles))
    for name in sorted(counts):
        print(f"{name:18}", *(f"{counts[name][title]:>13}" for title in titles))
    print(f"slowest: {slowest[0]:.2f} s, {slowest[1]}")
    return 1 if any(row["traceback"] for row in counts.values()) else 0


def _one(path: Path, counts: dict[str, Counter[str]], check: object) -> str:
    """Read and judge one file, and count what comes of it."""
    name = reader(str(path)).__module__.rpartition(".")[2]
    row = counts.setdefault(name, Counter())
    row["files"] += 1
    try:
        manifest = read(str(path))
        found = check([manifest]).findings  # type: ignore[operator]
    except ManifestError as error:
        row["refused"] += 1
        return str(error)
    except Exception:  # that is what this is looking for
        row["traceback"] += 1
        traceback.print_exc()
        return "TRACEBACK"
    row["requirements"] += len(manifest.requirements)
    row["notes"] += len(manifest.notes)
    row["definite"] += sum(one.definite for one in found)
    row["today"] += sum(one.today and not one.definite for one in found)
    return ", ".join(f"{one.finding.certainty} {one.rule}" for one in found if one.definite or one.today)


def _files(clones: Path, scratch: Path) -> list[Path]:
    """The manifests of every clone, written under `scratch`."""
    found = []
    for clone in sorted(clones.glob("*")):
        inner = next(
            (folder for folder in (clone / "repo", clone / ".git", clone) if (folder / "objects").is_dir()), None
        )
        if inner is None:
            continue
        listed = _git(inner, "ls-tree", "-r", "-l", "-z", "HEAD").decode("utf-8", "replace")
        for entry in filter(None, listed.split("\0")):
            about, _, name = entry.partition("\t")
            mode, _, digest, size = about.split()
            if mode not in ("100644", "100755") or not size.isdigit() or int(size) > MAX_SIZE or not _known(name):
                continue
            path = scratch / clone.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_git(inner, "cat-file", "blob", digest))
            found.append(path)
    return found


def _known(name: str) -> bool:
    base = os.path.basename(name).lower()
    if base.endswith((".yml", ".yaml")):
        return "environment" in base or "conda-lock" in base or base.startswith("env")
    if base.endswith((".txt", ".in")):
        return "requirement" in base or "constraint" in base or "/requirements/" in name
    try:
        reader(name)
    except ManifestError:
        return False
    return True


def _git(folder: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False).stdout  # noqa: S603, S607


if __name__ == "__main__":
    sys.exit(main())
