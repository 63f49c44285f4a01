"""What a clone of a public repository says about a package's releases and their Pythons.

Three kinds of repository answer, and one kind of text:

* the project's own: its tags are the releases, `requires-python` and the classifiers at each tag its Pythons;
* a conda-forge feedstock: every version that its recipe ever had, with the least Python the recipe asks for;
* Spack's recipes: the versions they list, with the Pythons that `depends_on("python@…")` allows;
* the names of a package's files, as `pip index versions NAME -vvv` prints them: the releases that can be installed.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

MINORS = range(6, 16)  # the Python 3 minors that lists speak of
PACKAGING_FILES = (
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "python/pyproject.toml",
    "python/setup.py",
    "python/dist/setup.py",
)
PLACEHOLDER = re.compile(r"[{}$%]")


class Release(NamedTuple):
    """One release: first and last are Python 3 minors, `last` None where nothing bounds it."""

    version: str
    first: int
    last: int | None
    date: int  # seconds since 1970, 0 where the origin does not say


def git(clone: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """What a git command prints.  Raises OSError when it fails."""
    command = ["git", "-C", str(clone), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)  # noqa: S603  # no shell
    if done.returncode:
        raise OSError(f"{clone}: git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def contents(clone: Path, objects: list[str]) -> list[str | None]:
    """The text of each object ("TAG:PATH"), None where it is not there."""
    data = git(clone, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in objects).encode())
    texts: list[str | None] = []
    at = 0
    for _ in objects:
        end = data.index(b"\n", at)
        head = data[at:end].split()
        at = end + 1
        if len(head) != 3 or not head[2].isdigit():
            texts.append(None)
            continue
        size = int(head[2])
        texts.append(data[at : at + size].decode("utf-8", "replace") if head[1] == b"blob" else None)
        at += size + 1
    return texts


def final(text: str) -> str | None:
    """`text` as a version when it is a final or post release, else None."""
    try:
        version = Version(text)
    except InvalidVersion:
        return None
    return None if version.is_prerelease or version.local else str(version)


def tagged(clone: Path, patterns: list[str]) -> dict[str, tuple[str, int]]:
    """The releases that tags name, oldest first, each with its tag and its date (seconds since 1970).

    "v{}" takes v1.2 for 1.2, "v25.{}=4.25.{}" takes v25.1 for 4.25.1.
    """
    tags: dict[str, tuple[str, int]] = {}
    for line in (
        git(clone, "for-each-ref", "refs/tags", "--format=%(refname:strip=2) %(creatordate:unix)").decode().split("\n")
    ):
        tag, _, date = line.rpartition(" ")
        for pattern in patterns:
            shape, _, named = pattern.partition("=")
            head, _, tail = shape.partition("{}")
            if tag.startswith(head) and tag.endswith(tail) and len(tag) > len(head) + len(tail):
                inside = tag[len(head) : len(tag) - len(tail)].replace("_", ".")
                version = final(named.replace("{}", inside) if named else inside)
                if version:
                    tags[version] = (tag, int(date or 0))
    return {version: tags[version] for version in sorted(tags, key=Version)}


def from_tags(clone: Path, patterns: list[str], folder: str, compiled: bool) -> list[Release]:
    """The releases that tags name, with the Pythons of their packaging files.

    A tag whose files do not tell its Pythons takes those of the release before.
    """
    tags = tagged(clone, patterns)
    names = [f"{folder}/{name}" for name in PACKAGING_FILES[:3]] if folder else list(PACKAGING_FILES)
    ordered = list(tags)
    texts = contents(clone, [f"{tags[version][0]}:{name}" for version in ordered for name in names])
    releases: list[Release] = []
    for number, version in enumerate(ordered):
        files = [text for text in texts[number * len(names) : (number + 1) * len(names)] if text]
        bounds = pythons(files, compiled)
        if bounds is None and releases:
            bounds = (releases[-1].first, releases[-1].last)
        if bounds is not None:
            releases.append(Release(version, bounds[0], bounds[1], tags[version][1]))
    return releases


def pythons(files: list[str], compiled: bool) -> tuple[int, int | None] | None:
    """(first, last) Python 3 minor that packaging files speak of; a compiled package goes no further than its
    classifiers, as it has wheels for those only."""
    wanted = None
    for text in files:
        found = re.search(r"""(?:requires-python|python_requires)\s*=\s*\(?\s*f?["']?([^"'\n]+)""", text)
        if found and not PLACEHOLDER.search(found[1]):
            wanted = found[1].strip().rstrip(",)")
            break
    minors = {int(minor) for text in files for minor in re.findall(r"Programming Language :: Python :: 3\.(\d+)", text)}
    if wanted is None and not minors:
        return None
    try:
        allowed = [minor for minor in MINORS if wanted is None or _allows(SpecifierSet(wanted), minor)]
    except InvalidSpecifier:
        return None
    if not allowed:
        return None
    first, last = allowed[0], None if allowed[-1] == MINORS[-1] else allowed[-1]
    if wanted is None:
        first = min(minors)
    if compiled and minors:
        last = max(minors) if last is None else min(last, max(minors))
    return (first, last) if last is None or first <= last else None


def _allows(wanted: SpecifierSet, minor: int) -> bool:
    return f"3.{minor}.0" in wanted or f"3.{minor}.20" in wanted


def from_feedstock(clone: Path) -> list[Release]:
    """Every version that a conda-forge recipe had, with the least Python it asked for in words."""
    paths = ("recipe/meta.yaml", "recipe/recipe.yaml")
    commits = [
        line.split() for line in git(clone, "log", "--format=%H %ct", "HEAD", "--", *paths).decode().splitlines()
    ]
    texts = contents(clone, [f"{commit}:{path}" for commit, _ in commits for path in paths])
    found: dict[str, tuple[int | None, int]] = {}
    for number, (_, date) in enumerate(commits):
        text = texts[2 * number + 1] or texts[2 * number] or ""
        named = re.search(r"""^\s*(?:\{%\s*set\s+)?version\s*[=:]\s*["']?([0-9][^"'\s%]*)""", text, re.MULTILINE)
        version = final(named[1]) if named else None
        if version is None:
            continue
        least = re.search(r"""python(?:_min)?\s*(?:>=|:\s*["']?|=\s*["'])\s*3\.(\d+)""", text)
        found[version] = (int(least[1]) if least else None, int(date))
    releases: list[Release] = []
    for version in sorted(found, key=Version):
        first, date_ = found[version]
        if first is None:
            if not releases:
                continue
            first = releases[-1].first
        releases.append(Release(version, first, None, date_))
    return releases


def from_spack(clone: Path, package: str) -> list[Release]:
    """The versions that Spack's recipe of `package` lists."""
    path = f"repos/spack_repo/builtin/packages/py_{package.replace('-', '_')}/package.py"
    text = contents(clone, [f"HEAD:{path}"])[0]
    if text is None:
        raise OSError(f"{clone}: there is no {path}")
    ranges = []
    for bounds, rest in re.findall(r'depends_on\(\s*"python@([\d.:,]+)"([^)]*)\)', text):
        asked = re.search(r'when="@([\d.:,]+)"', rest)
        if asked or "when=" not in rest:  # other conditions are about builds that wheels do not have
            ranges.append((bounds, asked[1] if asked else ""))
    releases = []
    for version in {final(found) for found in re.findall(r'version\(\s*"([0-9][^"]*)"', text)} - {None}:
        assert version is not None
        firsts, lasts = [], []
        for bounds, when in ranges:
            if when and not any(_within(version, part) for part in when.split(",")):
                continue
            low, _, high = bounds.partition(":")
            firsts += [int(low.split(".")[1])] if low.startswith("3.") else []
            lasts += [int(high.split(".")[1])] if high.startswith("3.") else []
        releases.append(Release(version, max(firsts, default=MINORS[0]), min(lasts, default=None), 0))
    return sorted(releases, key=lambda release: Version(release.version))


def _within(version: str, bounds: str) -> bool:
    """Spack's ranges: both ends belong to it, and 2.4 as an end covers 2.4.1."""
    low, colon, high = bounds.partition(":")
    numbers = Version(version).release
    first = tuple(map(int, low.split("."))) if low else ()
    last = tuple(map(int, (high if colon else low).split("."))) if (high or not colon) else ()
    return numbers >= first and (not last or numbers[: len(last)] <= last)


def from_files(log: Path, package: str) -> list[Release]:
    """The releases whose files a text names, with the Pythons of their Linux x86_64 wheels.

    A release without such wheels counts with all its wheels; one that any Python can take (a pure wheel, or none at
    all) with what requires-python says.  Yanked files count for nothing.
    """
    name = re.escape(package).replace(r"\-", "[-_.]")
    file = re.compile(
        rf"/{name}-(\d[^-/]*?)(?:-(?:\d+-)?([^-/]+)-([^-/]+)-([^-/]+)\.whl|\.tar\.gz|\.zip)(?:[#\s].*)?$", re.IGNORECASE
    )
    asked = re.compile(r"\(requires-python:([^)]*)\)")
    held: dict[str, list[tuple[str, str, str, str]]] = {}
    for line in log.read_text("utf-8", "replace").splitlines():
        found = file.search(line)
        version = final(found[1]) if found else None
        if found is None or version is None or "yanked" in line or "file://" in line:
            continue
        wanted = asked.search(line)
        held.setdefault(version, []).append(
            (found[2] or "", found[3] or "", found[4] or "", wanted[1] if wanted else "")
        )
    releases = []
    for version in sorted(held, key=Version):
        bounds = _of_wheels(held[version])
        if bounds:
            releases.append(Release(version, bounds[0], bounds[1], 0))
    return releases


def _of_wheels(files: list[tuple[str, str, str, str]]) -> tuple[int, int | None] | None:
    wheels = [file for file in files if file[0]]
    linux = [file for file in wheels if "linux" in file[2] and "x86_64" in file[2]]
    minors: set[int] = set()
    least: list[int] = []
    for python, abi, _, _ in linux or wheels:
        for tag in python.split("."):
            if tag.startswith("cp3") and tag[3:].isdigit() and "t" not in abi.rpartition("cp3")[2]:
                (least.append if abi == "abi3" else minors.add)(int(tag[3:]))
            elif tag in ("py3", "py2.py3"):
                least.append(MINORS[0])
    wanted = next((file[3] for file in files if file[3]), "")
    try:
        allowed = [minor for minor in MINORS if _allows(SpecifierSet(wanted), minor)]
    except InvalidSpecifier:
        return None
    if (wheels and not minors and not least) or not allowed:
        return None
    if not wheels or least:
        first = max(allowed[0], min([*least, *minors], default=0))
        return first, None if allowed[-1] == MINORS[-1] else allowed[-1]
    inside = sorted(minors.intersection(allowed)) or sorted(minors)
    return inside[0], inside[-1]
