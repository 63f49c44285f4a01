"""Requirements in the words of PEP 508, as most formats write them."""

from __future__ import annotations

import re

from envaudit import versions
from envaudit.manifest.requirement import INSTALL, Place, Requirement
from envaudit.snapshot.metadata import canonical

_WHEEL = re.compile(r"([A-Za-z0-9][A-Za-z0-9._]*)-([0-9][A-Za-z0-9_.!+]*)(?:-[0-9][^-]*)?-[^-]+-[^-]+-[^-]+\.whl$")
_SPACE = re.compile(r"\s*")
MAX_REQUIREMENT = 10_000  # characters


def parse(
    text: str, path: str, line: int, column: int | None = None, *, group: str = "", kind: str = INSTALL, step: int = 0
) -> Requirement:
    """The requirement that `text` is; it starts at `column` of the line, None where it cannot be rewritten.

    Raises ValueError with the reason when it is none.
    """
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    if len(text) > MAX_REQUIREMENT:
        raise ValueError(f"longer than {MAX_REQUIREMENT:,} characters")
    try:
        parsed = Parsed(text)
    except InvalidRequirement as error:
        raise ValueError(str(error).splitlines()[0]) from None
    specifier, url = str(parsed.specifier), parsed.url or ""
    if "===" not in specifier:
        versions.specifier(specifier)  # old releases of packaging take what PEP 440 does not know
    place = Place(path, line)
    if url:
        version = wheel_version(url)
        specifier = f"=={version}" if version else ""
    elif column is not None:
        start, written = version_part(text)
        place = Place(path, line, column + start, written)
    return Requirement(
        canonical(parsed.name),
        specifier,
        place,
        marker=str(parsed.marker or ""),
        extras=tuple(sorted(map(canonical, parsed.extras))),
        url=url,
        group=group,
        kind=kind,
        step=step,
    )


def version_part(text: str) -> tuple[int, str]:
    """(where it starts, as written) of the specifier in a requirement without a URL: (7, ">= 1") for "foo[x] >= 1 ; …".

    Where there is none, the place at which one would be put in, and "".
    """
    head = text.partition(";")[0]
    name = re.match(r"\s*[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?", head)
    at = name.end() if name else 0
    rest = head[at:].strip()
    if not rest:
        return len(head[:at].rstrip()), ""
    return at + len(_SPACE.match(head, at).group()), rest  # type: ignore[union-attr]  # it matches the empty text too


def wheel_version(url: str) -> str | None:
    """The version that the file name at the end of a URL or path says, where it is a wheel."""
    from urllib.parse import unquote

    name = unquote(re.split(r"[?#]", url)[0].rstrip("/").rpartition("/")[2])
    found = _WHEEL.match(name)
    return found[2].replace("_", "-") if found else None
