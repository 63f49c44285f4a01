"""`python -m lab.names --users peft trl --providers transformers`: names that one side asks for and the other lacks."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from lab.names.reach import main_roots, reach
from lab.names.rows import Gap, line, row, strictest
from lab.names.shelf import Shelf
from lab.names.uses import Use, uses
from lab.wheels import Uv

PYTHONS = ("3.9", "3.12")  # old releases have wheels for one, new ones for the other


class Asked(NamedTuple):
    """What some releases of a user need of a provider."""

    user: str
    provider: str
    use: Use
    using: list[str]
    works: str | None  # the user's first release after them


def asked(user: str, shelf: Shelf, roots: dict[str, str]) -> list[Asked]:
    """What the releases of `user` need of the providers; `roots` gives those by what they are imported as."""
    using: dict[tuple[str, str], list[str]] = {}
    where: dict[tuple[str, str], Use] = {}
    known: list[str] = []
    for version in shelf.versions(user):
        tree = shelf.tree(user, version)
        if tree is None:
            continue
        known.append(version)
        for root in main_roots(user, tree):
            for use in uses(tree, root):
                if roots.get(use.module.partition(".")[0], user) != user:
                    key = use.module, use.name
                    where.setdefault(key, use)
                    if version not in using.setdefault(key, []):
                        using[key].append(version)
    found = []
    for key, those in using.items():
        later = [version for version in known if Version(version) > Version(those[-1])]
        found.append(Asked(user, roots[key[0].partition(".")[0]], where[key], those, later[0] if later else None))
    return found


def gaps(wanted: list[Asked], provider: str, shelf: Shelf) -> list[Gap]:
    """Which of `wanted` some releases of `provider` have and some lack."""
    mine = [item for item in wanted if item.provider == provider]
    names = {(item.use.module, item.use.name) for item in mine}
    there: dict[tuple[str, str], dict[str, bool]] = {name: {} for name in names}
    missing: dict[tuple[str, str], str] = {}
    for version in shelf.versions(provider) if mine else []:
        tree = shelf.tree(provider, version)
        for key in names if tree else []:
            seen, what = reach(tree, *key)  # type: ignore[arg-type]  # there is none without a tree
            if seen is not None:
                there[key][version] = seen
            if seen is False:
                missing[key] = what
    found = []
    for item in mine:
        runs = there[item.use.module, item.use.name]
        having = [version for version, seen in runs.items() if seen]
        lacking = [version for version, seen in runs.items() if not seen]
        if having and lacking:
            what = missing[item.use.module, item.use.name]
            found.append(Gap(item.user, item.using, item.works, provider, having, lacking, item.use, what))
    return found


def main(argv: list[str] | None = None) -> int:
    """Print a line for each gap."""
    parser = argparse.ArgumentParser(prog="python -m lab.names", description=__doc__)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "envaudit-lab"
    parser.add_argument("--users", nargs="+", required=True, metavar="PACKAGE")
    parser.add_argument("--providers", nargs="+", required=True, metavar="PACKAGE")
    parser.add_argument("--state", type=Path, default=home, metavar="DIR")
    parser.add_argument("--since", type=int, default=2021, metavar="YEAR", help="of the oldest releases (default 2021)")
    parser.add_argument("--rows", action="store_true", help="also propose rows (downloads more)")
    parser.add_argument(
        "--exact", action="store_true", help="with the exact releases of the users (downloads much more)"
    )
    options = parser.parse_args(argv)
    uv = Uv(options.state / "uv", 20000, 8192)
    pythons = uv.pythons()
    shelf = Shelf(uv, options.state / "names", {series: pythons[series] for series in PYTHONS if series in pythons})
    shelf.fill(sorted({*options.users, *options.providers}), options.since)
    roots = {root: name for name in options.providers for root in provided(name, shelf)}
    wanted = []
    for user in dict.fromkeys(options.users):
        wanted += asked(user, shelf, roots)
        print(f"{user}: {len(wanted)} names asked for up to here", file=sys.stderr, flush=True)
    for name in options.providers:
        for gap in strictest(gaps(wanted, name, shelf)):
            print(line(gap), flush=True)
            if options.rows:
                print(row(gap, shelf, options.exact), flush=True)
    return 0


def provided(name: str, shelf: Shelf) -> list[str]:
    """What a package is imported as, by its newest release."""
    for version in reversed(shelf.versions(name)):
        tree = shelf.tree(name, version)
        if tree:
            return [root for root in tree.roots if not root.startswith("_")]
    return []


if __name__ == "__main__":
    sys.exit(main())
