"""`python -m lab.names --users peft trl --providers transformers`: names that one side asks for and the other lacks."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from lab.names.exports import has
from lab.names.trees import Tree, fetch
from lab.names.uses import Use, uses
from lab.wheels import Refused, Uv


class Gap(NamedTuple):
    """A name that a user's releases need, and the provider's releases that have it and that lack it (oldest first)."""

    user: str
    using: list[str]
    works: str | None
    provider: str
    has: list[str]
    lacks: list[str]
    use: Use
    name: str


class Shelf:
    """Downloaded releases."""

    def __init__(self, uv: Uv, folder: Path, python: str) -> None:
        self.uv, self.folder, self.python = uv, folder, python
        folder.mkdir(parents=True, exist_ok=True)
        self._held: dict[tuple[str, str], Tree | None] = {}

    def tree(self, name: str, version: str) -> Tree | None:
        """The sources of a release, None where there is no wheel."""
        key = name, version
        if key not in self._held:
            self._held[key] = self._fetch(name, version)
        return self._held[key]

    def forget(self, name: str, version: str) -> None:
        """Drop what was read of a release."""
        self._held.pop((name, version), None)

    def _fetch(self, name: str, version: str) -> Tree | None:
        kept = self.folder / f"{name}-{version}.zip"
        try:
            if kept.is_file():
                return fetch("", kept)
            with tempfile.TemporaryDirectory() as scratch:
                wheel = self.uv.newest(f"{name}=={version}", self.python, Path(scratch), None)
            return fetch(wheel.url, kept) if wheel and wheel.url.endswith(".whl") else None
        except (OSError, zipfile.BadZipFile, Refused) as error:
            print(f"{name} {version}: {error}", file=sys.stderr)
            return None


class Asked(NamedTuple):
    """What some releases of a user need of a provider."""

    user: str
    provider: str
    use: Use
    using: list[str]
    works: str | None  # the user's first release after them


def asked(user: str, versions: list[str], shelf: Shelf, roots: dict[str, str]) -> list[Asked]:
    """What the releases of `user` need of the providers; `roots` gives those by what they are imported as."""
    using: dict[tuple[str, str], list[str]] = {}
    where: dict[tuple[str, str], Use] = {}
    known: list[str] = []
    for version in versions:
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
        shelf.forget(user, version)
    found = []
    for key, those in using.items():
        later = [version for version in known if Version(version) > Version(those[-1])]
        found.append(Asked(user, roots[key[0].partition(".")[0]], where[key], those, later[0] if later else None))
    return found


def gaps(wanted: list[Asked], provider: str, versions: list[str], shelf: Shelf) -> list[Gap]:
    """Which of `wanted` some releases of `provider` have and some lack."""
    mine = [item for item in wanted if item.provider == provider]
    names = {(item.use.module, item.use.name) for item in mine}
    there: dict[tuple[str, str], dict[str, bool]] = {name: {} for name in names}
    missing: dict[tuple[str, str], str] = {}
    for version in versions if mine else []:
        tree = shelf.tree(provider, version)
        for key in names if tree else []:
            seen, what = reach(tree, *key)  # type: ignore[arg-type]  # there is none without a tree
            if seen is not None:
                there[key][version] = seen
            if seen is False:
                missing[key] = what
        shelf.forget(provider, version)
    found = []
    for item in mine:
        runs = there[item.use.module, item.use.name]
        having = [version for version, seen in runs.items() if seen]
        lacking = [version for version, seen in runs.items() if not seen]
        if having and lacking:
            what = missing[item.use.module, item.use.name]
            found.append(Gap(item.user, item.using, item.works, provider, having, lacking, item.use, what))
    return found


def main_roots(name: str, tree: Tree) -> list[str]:
    """The packages that a distribution is imported by: that of its own name where there is one."""
    own = name.replace("-", "_")
    for root in tree.roots:
        if root.lower() == own:
            return [root]
    return [root for root in tree.roots if root in tree.packages and root not in ("tests", "test", "docs", "examples")][
        :2
    ]


def reach(tree: Tree, module: str, name: str) -> tuple[bool | None, str]:
    """Whether `name` of `module` (a dotted path of attributes, "" for the module) is there; what is missing first."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        part = ".".join(parts[:count])
        if part not in tree:
            return (False, part) if ".".join(parts[: count - 1]) not in tree.compiled else (None, "")
    at = module
    for word in name.split(".") if name else []:
        there = has(tree, at, word)
        if there is not True:
            return there, f"{at}.{word}"
        if f"{at}.{word}" not in tree:
            return True, ""  # an object: what it has is not known here
        at = f"{at}.{word}"
    return True, ""


def main(argv: list[str] | None = None) -> int:
    """Print a line for each gap."""
    parser = argparse.ArgumentParser(prog="python -m lab.names", description=__doc__)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "envaudit-lab"
    parser.add_argument("--users", nargs="+", required=True, metavar="PACKAGE")
    parser.add_argument("--providers", nargs="+", required=True, metavar="PACKAGE")
    parser.add_argument("--state", type=Path, default=home, metavar="DIR")
    parser.add_argument("--python", default="3.11", metavar="SERIES")
    parser.add_argument("--since", default="2021", metavar="YEAR", help="oldest releases of the users (default 2021)")
    options = parser.parse_args(argv)
    uv = Uv(options.state / "uv", 20000, 8192)
    python = uv.pythons()[options.python]
    shelf = Shelf(uv, options.state / "names", python)
    providers = {name: _spread(uv, name, python, int(options.since) - 1) for name in options.providers}
    roots = {root: name for name, versions in providers.items() for root in _roots(name, versions, shelf)}
    wanted = []
    for user in options.users:
        wanted += asked(user, _spread(uv, user, python, int(options.since)), shelf, roots)
        print(f"{user}: read", file=sys.stderr, flush=True)
    for name, versions in providers.items():
        for gap in gaps(wanted, name, versions, shelf):
            print(line(gap), flush=True)
    return 0


def _roots(name: str, versions: list[str], shelf: Shelf) -> list[str]:
    for version in reversed(versions):
        tree = shelf.tree(name, version)
        if tree:
            return [root for root in tree.roots if not root.startswith("_")]
    return []


def _spread(uv: Uv, name: str, python: str, since: int) -> list[str]:
    """The newest release of each half year."""
    found: list[str] = []
    today = datetime.date.today()
    with tempfile.TemporaryDirectory() as scratch:
        for year in range(since, today.year + 1):
            for month in (1, 7):
                if datetime.date(year, month, 1) <= today:
                    wheel = uv.newest(name, python, Path(scratch), f"{year}-{month:02}-01")
                    found += [wheel.version] if wheel else []
        wheel = uv.newest(name, python, Path(scratch), None)
        found += [wheel.version] if wheel else []
    return list(dict.fromkeys(found))


def line(gap: Gap) -> str:
    """One gap as a line: user, its releases, what is missing, which releases of the provider lack it."""
    newer = Version(gap.lacks[-1]) > Version(gap.has[-1])
    kind = "gone" if newer else "later"
    works = f" works: {gap.works}" if gap.works else ""
    asked = f"{gap.user} {gap.using[0]}..{gap.using[-1]}{works}"
    return (
        f"{kind:5} {asked} | {gap.provider} {gap.name} | has {gap.has[0]}..{gap.has[-1]}"
        f" lacks {gap.lacks[0]}..{gap.lacks[-1]} | {gap.use.where}: {gap.use.module} {gap.use.name}"
    )


if __name__ == "__main__":
    sys.exit(main())
