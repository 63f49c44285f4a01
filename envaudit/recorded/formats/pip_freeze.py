"""`pip freeze`, whole or a few lines of it."""

from __future__ import annotations

import re
from urllib.parse import unquote

from envaudit.recorded.found import BLOCK, LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_NAME = r"([A-Za-z0-9](?:[\w.-]{0,198}[A-Za-z0-9])?)"
_PIN = re.compile(
    rf"{_NAME}(?:\[[\w, .-]*\])? ?===? ?([^\s;#\\,'\"]{{1,200}})\s*(?:;.*)?(?:\s--hash=.*)?(?:\s#.*)?\\?,?"
)
_AT = re.compile(rf"{_NAME}(?:\[[\w, .-]*\])? ?@ ?((?:[a-z]+\+)?(?:https?|file|ssh|git)://\S+)(?:\s*;.*)?")
_EDITABLE = re.compile(rf"(?:-e|--editable[ =]) ?\S+[#&]egg={_NAME}.*")
_EDITABLE_COMMENT = re.compile(rf"# Editable .{{1,60}} \({_NAME}===?([^\s)]+)\)")
_WHEEL = re.compile(r"([\w.]+)-(\d[\w.!+]*)(?:-\d\w*)?-[\w.]+-[\w.]+-[\w.]+\.whl")
_SDIST = re.compile(rf"{_NAME}-(\d[\w.!+]*)\.(?:tar\.gz|zip|tar\.bz2)")
_OPTION = re.compile(r"(?:#|--?[a-zA-Z]|WARNING:|DEPRECATION:|\[notice\]|\s*--hash=)")
# where conda builds its packages: PEP 610 records the folder, and pip freeze prints it
_CONDA_BUILD = re.compile(
    r"file:///(?:home/conda/feedstock_root|croot|tmp/build/80754af9|opt/concourse|home/builder/ci_|work/ci_py)"
)

_FEWEST = 10  # lines that make a complete freeze and not a few lines of one
_GAP = 2  # lines of other text (warnings, blank ones) that a freeze may hold in a row


def read(page: Page, found: Found) -> None:
    """Read the first complete freeze; single lines weigh less, and count only where there is no complete one."""
    runs = _runs(page, found)
    complete = next((run for run in runs if len(run) >= _FEWEST), None)
    for run in runs:
        strength = BLOCK if run is complete else LINE
        for line in run:
            if complete is None or run is complete:
                _say(found, line, _clean(page.lines[line], page.bare[line]), strength)
            found.claim(line, line + 1)


def _runs(page: Page, found: Found) -> list[list[int]]:
    runs: list[list[int]] = []
    for line, raw in enumerate(page.lines):
        if found.claimed(line) or not _is_line(raw, page.bare[line]) or page.is_command(line):
            continue
        if runs and _between(page, runs[-1][-1] + 1, line):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _between(page: Page, start: int, end: int) -> bool:
    """Whether only lines that a freeze may hold stand between two of its lines."""
    others = [text for text in page.lines[start : min(end, start + 50)] if not _OPTION.match(text)]
    return end - start < 50 and len(others) <= _GAP


def _is_line(raw: str, bare: str) -> bool:
    if "==" not in raw and "@" not in raw and "egg=" not in raw:
        return False
    text = _clean(raw, bare)
    return any(pattern.fullmatch(text) for pattern in (_PIN, _AT, _EDITABLE, _EDITABLE_COMMENT))


def _clean(raw: str, bare: str) -> str:
    text = raw.strip()
    return text if text.startswith(("# Editable", "-e", "--editable")) else bare


def _say(found: Found, line: int, text: str, strength: int) -> None:
    pin = _PIN.fullmatch(text) or _EDITABLE_COMMENT.fullmatch(text)
    if pin:
        found.package(line, pin[1], pin[2], strength)
        return
    at = _AT.fullmatch(text)
    if at:
        name = found.package(line, at[1], _version_in_url(at[2]), strength)
        if name and _CONDA_BUILD.match(at[2]):
            found.say(line, "installers", "conda", strength, name)
            found.host("conda")
        return
    editable = _EDITABLE.fullmatch(text)
    if editable:
        found.package(line, editable[1], None, strength)


def _version_in_url(url: str) -> str | None:
    """The version that the file name of a wheel or sdist tells."""
    name = unquote(url.partition("#")[0].partition("?")[0].rpartition("/")[2])
    match = _WHEEL.fullmatch(name) or _SDIST.fullmatch(name)
    return match[2] if match else None
