"""Makes the release lists in rules/releases/ from clones of public repositories.

    python -m lab.releases --clones DIR NAME...     write the lists of these packages
    python -m lab.releases --clones DIR --all       write every list that lab/packages.txt has an origin for
    python -m lab.releases --outdated NAME... | --all   say which lists end before the newest release that pip finds
    python -m lab.releases --check NEWEST           NEWEST has lines "name<TAB>version": say which lists end earlier

A clone of OWNER/NAME is looked for at DIR/OWNER/NAME, DIR/OWNER+NAME and DIR/OWNER+NAME/repo; it needs its tags and
its history, no work tree.  For an origin `files`, DIR/files/NAME.txt holds what `pip index versions NAME -vvv` prints.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from lab.origins import MINORS, Release, final, from_feedstock, from_files, from_spack, from_tags, git

HERE = Path(__file__).resolve().parent
RULES = HERE.parent / "rules"
LISTS = RULES / "releases"
IMAGES = HERE.parent / "tests" / "corpus" / "images.jsonl"
KEEP_ALL = 150  # releases; longer lists are thinned
RECENT = 2 * 365 * 86400  # seconds


class Origin(NamedTuple):
    """One line of packages.txt."""

    package: str
    repository: str  # OWNER/NAME, or "hand" for a list that is written by hand
    how: str  # "feedstock", "spack", or the patterns of its tags
    words: list[str]  # compiled, in=FOLDER, from=VERSION, VERSION:FIRST[-LAST] (Python 3 minors from there on)


def origins(path: Path = HERE / "packages.txt") -> dict[str, Origin]:
    """packages.txt, or another file of its lines, read: package to its origin."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        fields = line.partition("#")[0].split()
        if fields:
            package, repository, *rest = [*fields, ""] if len(fields) == 2 else fields
            found[package] = Origin(package, repository, rest[0], rest[1:])
    return found


def clone_of(clones: Path, repository: str) -> Path:
    """Where the clone of a repository lies.  Raises OSError when it is nowhere."""
    flat = repository.replace("/", "+")
    for path in (clones / repository, clones / flat / "repo", clones / flat):
        if path.is_dir():
            return path
    raise OSError(f"no clone of {repository} in {clones}")


def releases(origin: Origin, clone: Path) -> list[Release]:
    """The releases that an origin knows, oldest first, before thinning."""
    if origin.how == "feedstock":
        found = from_feedstock(clone)
    elif origin.how == "spack":
        found = from_spack(clone, origin.package)
    elif origin.repository == "files":
        found = from_files(clone, origin.how.partition("like=")[2] or origin.package)
    else:
        folder = next((word[3:] for word in origin.words if word.startswith("in=")), "")
        found = from_tags(clone, origin.how.split("|"), folder, "compiled" in origin.words)
    for word in origin.words:
        name, equals, value = word.partition("=")
        if equals and name == "from":
            found = [release for release in found if Version(release.version) >= Version(value)]
        version, colon, minor = word.partition(":")
        if equals and name.startswith("+"):
            first, _, last = value.partition("-")
            found.append(Release(name[1:], int(first[2:]), int(last[2:]) if last else None, 0))
        elif colon:
            first, dash, last = minor.partition("-")
            found = [
                release._replace(first=max(release.first, int(first)), last=int(last) if dash else release.last)
                if Version(release.version) >= Version(version)
                else release
                for release in found
            ]
    found = [
        release._replace(first=max(release.first, MINORS[0])) for release in found if (release.last or 99) >= MINORS[0]
    ]
    return sorted(found, key=lambda release: Version(release.version))


def with_images(package: str, found: list[Release]) -> list[Release]:
    """The list with the versions that official images ran, for the Pythons of the release before and the image's."""
    for version, minor in sorted(_seen().get(package, {}).items(), key=lambda item: Version(item[0])):
        before = [release for release in found if Version(release.version) <= Version(version)]
        if before and before[-1].version != version:
            near = before[-1]
            last = None if near.last is None else max(near.last, minor)
            found = sorted(
                [*found, Release(version, min(near.first, minor), last, 0)],
                key=lambda release: Version(release.version),
            )
    return found


@functools.cache
def _seen() -> dict[str, dict[str, int]]:
    """Package to version to the Python 3 minor of an official image that had it."""
    seen: dict[str, dict[str, int]] = {}
    for line in IMAGES.read_text("utf-8").splitlines():
        environment = json.loads(line)["env"]
        minor = (environment.get("python") or "").split(".")[1:2]
        for name, text in environment["packages"].items() if minor else ():
            version = final(text)
            if version:
                seen.setdefault(name, {})[version] = int(minor[0])
    return seen


def mentioned() -> set[str]:
    """Every word of the rules and tables that looks like a version: thinning keeps those."""
    words: set[str] = set()
    for path in RULES.rglob("*.yaml"):
        if path.parent != LISTS:
            words.update(re.findall(r"\d+(?:\.\d+)+(?:\.?post\d+)?", path.read_text("utf-8")))
    return words


def thinned(found: list[Release], keep: set[str], now: float) -> list[Release]:
    """A long history without the older patches of old series."""
    if len(found) <= KEEP_ALL:
        return found
    last = {Version(release.version).release[:2]: release.version for release in found}
    return [
        release
        for release in found
        if now - release.date < RECENT or release.version in keep or release.version in last.values()
    ]


def text(origin: Origin, found: list[Release], clone: Path) -> str:
    """The YAML file of one list."""
    if origin.repository == "files":
        seconds = int(clone.stat().st_mtime)
    else:
        seconds = int(git(clone, "log", "-1", "--format=%ct", "HEAD"))
    day = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    what = {
        "feedstock": "versions of the recipe and the least Python it asks for",
        "spack": "versions of Spack's recipe and the Pythons it allows",
    }.get(origin.how, "release tags, Pythons as their packaging files say")
    source = f"github.com/{origin.repository} up to {day}: {what}; versions that official images run"
    if origin.repository == "files":
        other = origin.how.partition("like=")[2]
        source = f"package index, files of each release{other and ' of ' + other}, read {day}"
        source += other and "; built from the same tags"
    lines = [f"releases: {origin.package}", f'source: "{source}"', "versions:"]
    for release in found:
        last = "" if release.last is None else f"3.{release.last}"
        lines.append(f"  {release.version}: 3.{release.first}-{last}")
    return "\n".join(lines) + "\n"


def stated(path: Path) -> Iterator[tuple[str, str]]:
    """(name, version) of each line "name<TAB>version" of a file."""
    for line in path.read_text("utf-8", "replace").splitlines():
        name, _, rest = line.partition("\t")
        yield name, rest.partition("\t")[0]


def served(names: list[str]) -> Iterator[tuple[str, str]]:
    """(name, newest version) as pip sees the index that it is configured with; one package after the other."""
    for name in names:
        command = [sys.executable, "-m", "pip", "index", "versions", name, "--disable-pip-version-check"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        version = done.stdout.partition("(")[2].partition(")")[0]
        if version:
            yield name, version
        else:
            print(f"{name}: pip finds no release of it", file=sys.stderr)


def check(newest: Iterable[tuple[str, str]]) -> int:
    """Print the packages whose list ends before the newest release."""
    known = {}
    for path in sorted(LISTS.glob("*.yaml")):
        known[path.stem] = re.findall(r"^  ([^:\s]+): ", path.read_text("utf-8"), re.MULTILINE)
    behind = 0
    for name, version in newest:
        if known.get(name) and _later(version, known[name][-1]):
            print(f"{name}: {version} is out, the list ends at {known[name][-1]}")
            behind += 1
    print(f"{len(known)} lists, {behind} behind")
    return 0


def _later(version: str, other: str) -> bool:
    try:
        return bool(Version(version) > Version(other))
    except InvalidVersion:
        return False


def main() -> int:
    """The command line; 2 when a list could not be made."""
    parser = argparse.ArgumentParser(prog="python -m lab.releases", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--all", action="store_true", help="every package of lab/packages.txt")
    parser.add_argument("--clones", type=Path, metavar="DIR", help="folder of git clones")
    parser.add_argument("--check", type=Path, metavar="NEWEST", help="file of names and their newest versions")
    parser.add_argument("--outdated", action="store_true", help="ask pip for the newest release of each package")
    options = parser.parse_args()
    if options.check:
        return check(stated(options.check))
    if options.outdated:
        return check(served(sorted(origins()) if options.all else options.names))
    if options.clones is None or not (options.all or options.names):
        parser.error("say --clones DIR, and names or --all; or --check NEWEST")
    listed = origins()
    names = list(listed) if options.all else options.names
    keep, now = mentioned(), time.time()
    failed = 0
    LISTS.mkdir(exist_ok=True)
    for name in names:
        if name not in listed:
            print(f"{name}: lab/packages.txt does not have it", file=sys.stderr)
            failed += 1
            continue
        origin = listed[name]
        if origin.repository == "hand":
            continue
        try:
            clone = (
                options.clones / "files" / f"{origin.how.partition('like=')[2] or name}.txt"
                if origin.repository == "files"
                else clone_of(options.clones, origin.repository)
            )
            if not clone.exists():
                raise OSError(f"there is no {clone}")
            found = releases(origin, clone)
            if not found:
                raise OSError(f"{origin.repository} names no releases of it")
            if origin.repository != "files":
                found = with_images(name, found)
            kept = thinned(found, keep, now)
            (LISTS / f"{name}.yaml").write_text(text(origin, kept, clone), "utf-8")
            print(f"{name}: {len(kept)} of {len(found)}, {kept[0].version} to {kept[-1].version}")
        except OSError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed += 1
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
