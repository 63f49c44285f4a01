"""Targets of `envaudit check`: official images and machines as bundled snapshots, each with its date.

    >>> from envaudit.targets import load
    >>> load("colab-gpu").snapshot["runtime"]
    'colab'

What the sources do not state is left out of a snapshot (unknown): nearly always the NVIDIA driver, which belongs to the
machine and not to the image.  The files in `data` are written by `lab/targets.py`.
"""

from __future__ import annotations

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Snapshot

__all__ = ["Target", "TargetError", "for_host", "for_image", "load", "names"]

MAX_TEXT = 4096  # characters of a name, a list of properties or a path


class TargetError(Exception):
    """A target that does not exist or cannot be read; `str()` is one line that says what to type instead."""


class Target:
    """Where files are to run.

    name      as messages call it: "colab-gpu", "colab-gpu@2025.07", "gpu=T4,driver=535", a path, an image
    date      of the bundled snapshot, "2026-08-07" (the first of a month where only the month is known); None where
              there is none
    source    where its facts were read
    snapshot  what is known of it; `packages_complete` where the whole list is known
    about     one line: what it is, and what of it is not known
    """

    __slots__ = ("about", "date", "name", "snapshot", "source")

    def __init__(self, name: str, snapshot: Snapshot, *, date: str | None = None, source: str, about: str) -> None:
        self.name, self.snapshot, self.date, self.source, self.about = name, snapshot, date, source, about


def names() -> list[tuple[str, str, str]]:
    """(name, date, about) of every bundled target; of each name the newest first, older ones as NAME@VERSION."""
    return [
        (name if place == 0 else f"{name}@{version}", date, about)
        for name, versions in _index().items()
        for place, (version, date, about) in enumerate(versions)
    ]


def load(text: str) -> Target:
    """The target that `text` names.

    It is a bundled name ("colab-gpu", "colab-gpu@2025.07"), a file (a snapshot, or any report that `--snapshot` reads),
    an image ("python:3.11-slim"), properties ("gpu=T4,driver=535,python=3.11,os=linux,memory=16GiB,cuda=12.2"), or one
    of the others with properties behind it ("colab-cpu,gpu=T4").  Raises TargetError.
    """
    from os.path import isfile

    from envaudit.targets import properties

    text = text.strip()
    if not text or len(text) > MAX_TEXT or not text.isprintable():
        raise TargetError("--target is empty or not a name; `envaudit targets` lists the bundled ones")
    if isfile(text):
        return _recorded(text)
    head, comma, rest = text.partition(",")
    if "=" in head:
        return properties.lay(text, Target(text, {"schema": "envaudit.snapshot/1"}, source="as given", about=text))
    head = head.strip()
    target = _recorded(head) if isfile(head) else (for_image(head) if ":" in head or "/" in head else None)
    target = target or _bundled(head)
    return properties.lay(rest, target) if comma else target


def for_image(image: str) -> Target | None:
    """What the name of a container image says of it ("nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04"), or the bundled
    snapshot of that image; None where nothing is known of it."""
    from envaudit.targets import images

    return images.read(image)


def for_host(host: str) -> Target | None:
    """What a file says that it is for: a bundled name ("colab-gpu"), or an image as in `for_image`."""
    return _open(host, _index()[host][0][0], host) if host in _index() else for_image(host)


def find(name: str, version: str) -> Target | None:
    """The bundled target of exactly this name and version; None where there is none."""
    if any(held == version for held, _, _ in _index().get(name, ())):
        return _open(name, version, name if _index()[name][0][0] == version else f"{name}@{version}")
    return None


def _bundled(text: str) -> Target:
    name, at, wanted = text.partition("@")
    versions = _index().get(name.lower())
    if versions is None:
        raise TargetError(_unknown(text))
    name = name.lower()
    if not at:
        return _open(name, versions[0][0], name)
    for version, date, _ in versions:
        if _same(wanted, version, date):
            return _open(name, version, name if version == versions[0][0] else f"{name}@{version}")
    held = ", ".join(version for version, _, _ in versions)
    raise TargetError(f"{name} has no version '{wanted[:40]}'; bundled are {held}")


def _same(wanted: str, version: str, date: str) -> bool:
    """Whether `wanted` is this version ("2025.07", "2025-07") or its date, or the month or year of its date."""
    plain = wanted.replace(".", "-")
    return plain == version.replace(".", "-") or f"{date}-".startswith(f"{plain}-")


def _unknown(text: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(text.lower().partition("@")[0], list(_index()), n=3, cutoff=0.5)
    guess = f"did you mean {' or '.join(near)}? " if near else ""
    return f"there is no target or file '{text[:80]}'; {guess}`envaudit targets` lists the bundled ones"


def _recorded(path: str) -> Target:
    from envaudit.recorded import MAX_INPUT, RecordedError, read

    try:
        with open(path, "rb") as file:
            snapshot = read(file.read(MAX_INPUT + 1), path)
    except OSError as error:
        raise TargetError(f"{path}: cannot be read ({error.strerror})") from None
    except RecordedError as error:
        raise TargetError(str(error)) from None
    return Target(path, snapshot, source=path, about="a recorded environment")


@lru_cache(maxsize=1)
def _index() -> dict[str, list[list[str]]]:
    """name -> [version, date, about], newest first."""
    index: dict[str, list[list[str]]] = _json("index")
    return index


def _open(name: str, version: str, shown: str) -> Target:
    data = _json(f"{name}@{version}")
    return Target(shown, data["snapshot"], date=data["date"], source=data["source"], about=data["about"])


def _json(name: str) -> Any:
    import json
    from os.path import dirname, join

    with open(join(dirname(__file__), "data", f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)
