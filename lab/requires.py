"""Makes rules/requires/ from clones of public repositories: what releases declare of packages they share rules with.

    python -m lab.requires --clones DIR NAME...     write the files of these packages
    python -m lab.requires --clones DIR --all       write every file that is not written by hand

Clones and tags are those of `lab.releases`; requires.txt adds to packages.txt.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.version import Version

from envaudit.conditions import packages_in
from envaudit.facts import MACHINE_VERSIONS
from envaudit.matrix.clauses import clauses
from envaudit.matrix.compiler import read
from lab.metadata import Unreadable, requirements
from lab.origins import contents, git, tagged
from lab.releases import HERE, RULES, Origin, clone_of, origins

FOLDER = RULES / "requires"
FIRST_READ = ("pyproject.toml", "setup.cfg", "setup.py")


class Declared(NamedTuple):
    """What one release asks for of another package."""

    other: str
    asks: str  # specifier, "*" for any version
    marker: str  # "" when it holds always


def partners() -> dict[str, set[str]]:
    """Each package to those with which it occurs in a clause of some rule."""
    found: dict[str, set[str]] = {}
    source, _ = read([str(RULES)])
    for rule in source.rules:
        for clause in clauses(rule, source.tables):
            names = packages_in(clause.conditions).difference(MACHINE_VERSIONS)
            for one, other in itertools.permutations(names, 2):
                found.setdefault(one, set()).add(other)
    return found


def sources() -> dict[str, Origin]:
    """Where the requirements of each package are read, those left out whose origin has no packaging files."""
    found = {
        name: origin
        for name, origin in origins().items()
        if origin.repository not in ("hand", "files") and origin.how not in ("feedstock", "spack")
    }
    return {**found, **origins(HERE / "requires.txt")}


def of_release(clone: Path, tag: str, folder: str, known: dict[str, str | None], others: set[str]) -> list[Requirement]:
    """What a tag asks of `others`.  `known` holds the files that were read already.  Raises Unreadable."""

    def text(path: str) -> str | None:
        if path not in known:
            known[path] = contents(clone, [f"{tag}:{folder}{path}"])[0]
        return known[path]

    return requirements(text, others)


def declared(origin: Origin, clone: Path, others: set[str]) -> tuple[dict[str, list[Declared] | None], str]:
    """Each release to what it asks of `others`, None where its files do not tell; and the last reason for that."""
    tags = tagged(clone, origin.how.split("|"))
    inside = next((word[3:] + "/" for word in origin.words if word.startswith("in=")), "")
    least = next((word[5:] for word in origin.words if word.startswith("from=")), None)
    texts = contents(clone, [f"{tag}:{inside}{name}" for tag, _ in tags.values() for name in FIRST_READ])
    found: dict[str, list[Declared] | None] = {}
    reason = ""
    for number, (version, (tag, _)) in enumerate(tags.items()):
        if least and Version(version) < Version(least):
            continue
        held = dict(zip(FIRST_READ, texts[number * len(FIRST_READ) :]))
        try:
            found[version] = sorted(
                {
                    Declared(one.name, str(one.specifier) or "*", str(one.marker or ""))
                    for one in of_release(clone, tag, inside, held, others)
                }
            )
        except Unreadable as error:
            found[version], reason = None, f"{version}: {error}"
    return found, reason


def text(package: str, source: str, found: dict[str, list[Declared] | None]) -> str:
    """The YAML file of one package; releases in a row that say the same are one row."""
    ordered = list(found)
    known = spans(ordered, {version for version, rows in found.items() if rows is not None})
    lines = [
        "# yaml-language-server: $schema=../schema.json",
        f"requires: {package}",
        f'source: "{source}"',
        f'known: "{known}"',
    ]
    rows: dict[Declared, set[str]] = {}
    for version, held in found.items():
        for one in held or ():
            rows.setdefault(one, set()).add(version)
    lines.append("rows:" if rows else "rows: []")
    for one in sorted(rows, key=lambda one: (one.other, -max(map(ordered.index, rows[one])), one.marker)):
        marker = f", marker: {json.dumps(one.marker)}" if one.marker else ""
        versions = spans(ordered, rows[one])
        lines.append(f'- {{versions: "{versions}", other: {one.other}, asks: "{one.asks}"{marker}}}')
    return "\n".join(lines) + "\n"


def spans(ordered: list[str], members: set[str]) -> str:
    """`members` as a specifier set, neighbours among `ordered` as one range."""
    found = []
    for inside, run in itertools.groupby(ordered, members.__contains__):
        if inside:
            versions = list(run)
            found.append(versions[0] if len(versions) == 1 else f">={versions[0]},<={versions[-1]}")
    return " || ".join(found)


def main() -> int:
    """The command line; 2 when a file could not be made."""
    parser = argparse.ArgumentParser(prog="python -m lab.requires", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--all", action="store_true", help="every package that has an origin")
    parser.add_argument("--clones", type=Path, metavar="DIR", required=True, help="folder of git clones")
    options = parser.parse_args()
    listed, others = sources(), partners()
    failed = 0
    FOLDER.mkdir(exist_ok=True)
    for name in sorted(listed) if options.all else options.names:
        try:
            if name not in listed:
                raise OSError("neither packages.txt nor requires.txt says where its files are")
            origin = listed[name]
            if origin.repository == "hand" or name not in others:
                continue
            clone = clone_of(options.clones, origin.repository)
            found, reason = declared(origin, clone, others[name])
            readable = [version for version, rows in found.items() if rows is not None]
            if not readable:
                raise OSError(f"no release tells its requirements ({reason or 'no tags'})")
            day = time.strftime("%Y-%m-%d", time.gmtime(int(git(clone, "log", "-1", "--format=%ct", "HEAD"))))
            source = f"github.com/{origin.repository} up to {day}: packaging files at each release tag"
            (FOLDER / f"{name}.yaml").write_text(text(name, source, found), "utf-8")
            print(f"{name}: {len(readable)} of {len(found)} releases{reason and '; ' + reason}")
        except OSError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed += 1
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
