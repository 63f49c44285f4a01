"""One requirement as pip takes it: PEP 508, a URL, a path, an editable; from a requirements file or a command line."""

from __future__ import annotations

import re

from envaudit.manifest import pep508
from envaudit.manifest.requirement import INSTALL, Place, Requirement
from envaudit.manifest.traced import Lines, Traced, locate
from envaudit.snapshot.metadata import canonical

_URL = re.compile(r"(?:https?|ftp|sftp|file|ssh|(?:git|hg|svn|bzr)(?:\+[a-z]+)?):", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(?:whl|zip|tgz|tbz|txz|tlz|tar(?:\.(?:gz|bz2|xz|lz|lzma))?)$", re.IGNORECASE)
_EXTRAS = re.compile(r"\[[^\[\]]+\]$")
_EGG = re.compile(r"[#&]egg=([^&]*)")
_FRAGMENT_HASH = re.compile(r"[#&](?:sha(?:1|224|256|384|512)|md5)=")
_NAME = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[A-Za-z0-9._,\s-]*\])?\s*(?=[=<>!~@;(\s]|$)")
_AT_URL = re.compile(r"[^@;=<>]*@\s*[a-z+]+:", re.IGNORECASE)
MAX_REQUIREMENT = pep508.MAX_REQUIREMENT


def parse(
    argument: Traced,
    lines: Lines,
    line: int,
    *,
    editable: bool = False,
    unknown: bool = False,
    kind: str = INSTALL,
    step: int = 0,
) -> Requirement:
    """The requirement that `argument` is, with its place on line `line` of its file.

    `unknown` says that it holds variables: then only the name counts, any version may be asked for.  Raises ValueError
    with the reason where no distribution's name can be told.
    """
    argument = argument.strip()
    if argument.text.endswith(";"):
        argument = argument.part(0, len(argument) - 1).strip()  # pip takes a marker that is empty
    text = argument.text
    if len(text) > MAX_REQUIREMENT:
        raise ValueError(f"longer than {MAX_REQUIREMENT:,} characters")
    if unknown and not _AT_URL.match(text):
        wheel = re.split(r"[/\\]", text)[-1] if text.endswith(".whl") else ""
        stated = wheel.partition("-")[0] if wheel else text
        requirement = _name_only(stated, Place(lines.path, line))
        requirement.url = text if wheel else ""
    elif _is_link(text, editable):
        requirement = _link(text, Place(lines.path, line))
    else:
        requirement = pep508.parse(text, lines.path, line, 0)
        requirement.place = locate(argument, requirement.place, lines, line)
    requirement.kind, requirement.step = kind, step
    requirement.hashed = bool(_FRAGMENT_HASH.search(requirement.url))
    return requirement


def _is_link(text: str, editable: bool) -> bool:
    """Is it a URL or path by itself, not "name @ URL"?"""
    if _URL.match(text):
        return True
    head = text.partition(";")[0].strip()
    before_at = head.partition("@")[0]
    if "@" in head and not before_at.startswith(".") and not re.search(r"[/\\]", before_at):
        return False
    path = _EXTRAS.sub("", head)
    return editable or head.startswith(".") or "/" in head or "\\" in head or bool(_ARCHIVE.search(path))


def _link(text: str, place: Place) -> Requirement:
    """The requirement that a URL or a path is: a wheel's name says name and version, `#egg=` a name."""
    url, _, marker = text.partition("; " if _URL.match(text) else ";")
    url = url.strip()
    egg = _EGG.search(url)
    extras = _EXTRAS.search(url) if not egg else None
    file = url[: extras.start()] if extras else url
    version = pep508.wheel_version(file)
    if version:
        name = re.split(r"[/\\]", re.split(r"[?#]", file)[0])[-1].partition("-")[0]
        stated = f"{name}{extras[0] if extras else ''}=={version}"
    elif egg and egg[1]:
        stated = egg[1]
    else:
        raise ValueError("its name does not say which distribution it installs")
    if marker.strip():
        stated = f"{stated}; {marker.strip()}"
    requirement = pep508.parse(stated, place.path, place.line)
    requirement.url = file
    return requirement


def _name_only(text: str, place: Place) -> Requirement:
    found = _NAME.match(text)
    name = canonical(found[1]) if found else ""
    if not found or not name:
        raise ValueError("a variable says which distribution it is")
    extras = (found[2] or "[]")[1:-1].split(",")
    return Requirement(name, "", place, extras=tuple(sorted(filter(None, (canonical(e.strip()) for e in extras)))))
