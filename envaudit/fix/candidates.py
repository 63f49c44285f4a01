"""Which versions a package could move to, the nearest first."""

from __future__ import annotations

from envaudit import versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from envaudit.facts import Facts
    from envaudit.matrix.store import Matrix

# a folder for each build (PyTorch's installation guide)
TORCH_INDEX = "https://download.pytorch.org/whl/"
# what that index builds for each CUDA build of torch
TORCH_FAMILY = ("torch", "torchvision", "torchaudio", "torchtext")
LIMIT = 8  # versions tried for one package of one way out


class Releases:
    """The releases that a plan may name, from the matrix's release lists."""

    def __init__(self, matrix: Matrix, python: str | None) -> None:
        self._matrix = matrix
        numbers = versions.key_release(python)[:2] if python else []
        self._python = [int(number) for number in numbers] if len(numbers) == 2 else None
        self._held: dict[str, list[tuple[versions.Key, str]]] = {}

    def of(self, package: str) -> list[tuple[versions.Key, str]]:
        """(sort key, version) of every release of `package` for this Python, oldest first; [] where none are known."""
        if package not in self._held:
            keyed = ((versions.key(version), version, first, last) for version, first, last in self._rows(package))
            self._held[package] = [
                (key, version) for key, version, first, last in keyed if key is not None and self._fits(first, last)
            ]
        return self._held[package]

    def elsewhere(self, package: str, allowed: versions.Intervals) -> bool:
        """Whether releases in `allowed` are known, but for other Pythons only."""
        rows = self._rows(package)
        found = [row for row in rows if (key := versions.key(row[0])) and versions.contains(allowed, key)]
        return bool(found) and not any(self._fits(row[1], row[2]) for row in found)

    def _rows(self, package: str) -> list[tuple[str, str, str]]:
        """(version, first Python, last Python or ""), oldest first.

        No release is for a newer Python than the one after it, even where nobody wrote its last Python down.
        """
        rows: list[tuple[str, str, str]] = []
        last = ""
        for version, first, stated in reversed(self._matrix.table(f"releases:{package}") or ()):
            last = stated or last
            rows.append((version, first, last))
        return rows[::-1]

    def builds(self, torch: str) -> list[str]:
        """The builds that the PyTorch index has of a torch release, newest CUDA first, "cpu" last."""
        table: dict[str, list[str]] = self._matrix.table("torch-variants") or {}
        return table.get(versions.public(torch), [])

    def companions(self, torch: str) -> dict[str, list[str]]:
        """torchvision, torchaudio, ... -> their releases that pin this torch release; empty where no table says."""
        table: dict[str, dict[str, list[str]]] = self._matrix.table("torch-family") or {}
        return table.get(versions.public(torch), {})

    def _fits(self, first: str, last: str) -> bool:
        if self._python is None:
            return True
        return _minor(first, [0, 0]) <= self._python <= _minor(last, [9, 999])


def _minor(text: str, default: list[int]) -> list[int]:
    return [int(number) for number in text.split(".")] if text else default


def candidates(package: str, option: dict[str, str], facts: Facts, releases: Releases) -> Iterator[str]:
    """Versions that `package` could move to in the way out `option`, the nearest series first, newest patch first."""
    wanted = option[package]
    allowed = versions.specifier(wanted)
    now = facts.packages.get(package)
    known = [pair for pair in releases.of(package) if versions.contains(allowed, pair[0])]
    if "torch" not in option and "torch" in facts.packages:
        # of the releases that load with a torch, the installer takes the one that pins it, or moves torch again
        pinned = releases.companions(facts.packages["torch"]).get(package)
        known = [pair for pair in known if pair[1] in pinned] if pinned else known
    if not releases.of(package):
        exact = _exact(wanted)
        found = [exact] if exact else []
    else:
        found = list(_nearest(known, now))
    for version in found[: LIMIT * 2]:
        for tagged in with_builds(package, version, now, facts, releases):
            if tagged != now:
                yield tagged


def _exact(wanted: str) -> str | None:
    """The one version that a specifier names, where the matrix has no release list to choose from."""
    text = wanted.split("||")[-1].strip().lstrip("=").strip()
    return text if text and text[0].isdigit() and "*" not in text and "," not in text else None


def _nearest(known: list[tuple[versions.Key, str]], now: str | None) -> Iterator[str]:
    series: dict[tuple[Any, ...], list[str]] = {}
    for key, version in known:
        series.setdefault((key[0], *(key[1] + [0, 0])[:2]), []).append(version)
    ordered = list(series)
    at = versions.key(now) if now else None
    if at is None:
        order = ordered[::-1]  # not installed, or of a strange version: the newest
    else:
        home = (at[0], *(at[1] + [0, 0])[:2])
        place = sum(name < home for name in ordered)
        # a step within the major costs users less than one across it
        order = sorted(ordered, key=lambda name: (name[1] != home[1], abs(ordered.index(name) - place), name < home))
    here = versions.public(now or "")
    if any(version == here for _, version in known):
        yield here  # the same release, in another build
    for name in order:
        if series[name][-1] != here:
            yield series[name][-1]


def aligned(moves: dict[str, str | None], facts: Facts) -> dict[str, str | None]:
    """`moves`, and with a torch that moves to another CUDA build its companions of the same release: they run on the
    same GPUs only when they are of the same build."""
    tag = versions.local(moves.get("torch") or "")
    result = dict(moves)
    for name in ("torchvision", "torchaudio"):
        version = moves.get(name, facts.packages.get(name))
        if tag and is_index_build(tag) and version and versions.local(version) != tag:
            result[name] = f"{versions.public(version)}+{tag}"
    return result


def with_builds(package: str, version: str, now: str | None, facts: Facts, releases: Releases) -> list[str]:
    """A release with the local tags that its builds have on the PyTorch index, the present build's first."""
    if package not in TORCH_FAMILY:
        return [version]
    if package != "torch":
        # companions follow torch
        tag = versions.local(facts.packages.get("torch", ""))
        return [f"{version}+{tag}"] if tag and is_index_build(tag) and package != "torchtext" else [version]
    tag = versions.local(now or "")
    builds = releases.builds(version)
    if tag and tag in builds:
        builds = [tag, *(build for build in builds if build != tag)]
    elif not tag:
        system = facts.text("os")
        tagged = [f"{version}+{build}" for build in builds if system != "darwin"]
        # what the package index serves is a CUDA build on Linux only
        return [version, *tagged] if system in ("linux", "darwin") else [*tagged, version]
    return [f"{version}+{build}" for build in builds] or [version]


def is_index_build(tag: str) -> bool:
    """Whether the PyTorch index has a folder for builds with this local tag: "cu121", "cpu", "rocm6.1", "xpu"."""
    numbers = tag.lstrip("curom").replace(".", "")
    return tag in ("cpu", "xpu") or (tag.startswith(("cu", "rocm")) and numbers.isascii() and numbers.isdigit())
