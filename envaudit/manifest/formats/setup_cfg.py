"""setup.cfg: what setuptools reads from its [options]."""

from __future__ import annotations

import re
from configparser import Error, MissingSectionHeaderError, ParsingError, RawConfigParser

from envaudit.manifest import pep508
from envaudit.manifest.pip_file import MAX_NOTES, MAX_REQUIREMENTS, include, short
from envaudit.manifest.requirement import Manifest, ManifestError
from envaudit.manifest.traced import Lines, Traced, locate
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from envaudit.manifest.source import Source

_INSTALLS = ("install_requires", "install-requires")
_PYTHON = ("python_requires", "python-requires")
_EXTRAS = "options.extras_require"


def read(source: Source) -> Manifest:
    """What the project needs, its extras as groups.  Raises ManifestError where the file is no INI file."""
    _check(source)
    manifest = Manifest(source.path, "setup.cfg")
    lines = Lines(source.path, source.text)
    for section, option, values in _options(source.text):
        if section == "options" and option in _PYTHON:
            manifest.python = _python(manifest, values, lines)
        elif section == "options" and option in _INSTALLS:
            _requirements(manifest, source, lines, values, "")
        elif section == _EXTRAS:
            _requirements(manifest, source, lines, values, canonical(option) or option)
    return manifest


def _check(source: Source) -> None:
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as setuptools has it
    try:
        parser.read_string("\n".join(line.text for line in _lines(source.text)))
    except MissingSectionHeaderError as error:
        raise ManifestError(source.path, "is no INI file: no section stands before this line", error.lineno) from None
    except ParsingError as error:
        line = error.errors[0][0] if error.errors else None
        raise ManifestError(source.path, "is no INI file: this line is neither a section nor an option", line) from None
    except Error as error:
        raise ManifestError(source.path, f"is no INI file: {str(error).splitlines()[0]}") from None


def _lines(text: str) -> Iterator[Traced]:
    """The lines of a file as Python opens it."""
    for found in re.finditer(r"([^\r\n]*)(?:\r\n|\r|\n)|[^\r\n]+", text):
        yield Traced(found[0] if found[1] is None else found[1], found.start())


def _options(text: str) -> Iterator[tuple[str, str, list[Traced]]]:
    """(section, option, lines of its value) by the rules of configparser, which has taken the text already."""
    section, option, values, indent = "", "", [], 0
    for line in _lines(text):
        bare = line.strip()
        stripped = bare.text
        if not stripped or stripped[0] in "#;":
            continue
        level = len(line) - len(line.text.lstrip())
        if option and level > indent:
            values.append(bare)
            continue
        if option:
            yield section, option, values
        option, values, indent = "", [], level
        header = RawConfigParser.SECTCRE.match(stripped)
        if header:
            section = header["header"]
            continue
        at = min((at for at in (stripped.find("="), stripped.find(":")) if at >= 0), default=-1)
        if at >= 0:
            option = stripped[:at].rstrip()
            values.append(bare.part(at + 1, len(stripped)).strip())
    if option:
        yield section, option, values


def _python(manifest: Manifest, values: list[Traced], lines: Lines) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = " ".join(value.text for value in values).strip()
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        first = next((value.first_offset() for value in values if len(value)), None)
        manifest.note(lines.line(first or 0), f"python_requires is no set of versions: '{short(text)}'")
        return ""


def _requirements(manifest: Manifest, source: Source, lines: Lines, values: list[Traced], group: str) -> None:
    listed = [value for value in values if len(value)]
    if listed and listed[0].text.startswith("file:"):
        for names in (value.text.partition("file:")[2] or value.text for value in listed):
            for name in filter(None, map(str.strip, names.split(","))):
                _file(manifest, source, lines.line(listed[0].first_offset() or 0), name, group)
        return
    if len(values) == 1 and listed:
        listed = _between_semicolons(listed[0])
    _take(manifest, listed, lines, group)


def _between_semicolons(value: Traced) -> list[Traced]:
    """setuptools splits a value of one line at ";", markers too."""
    parts, at = [], 0
    for piece in value.text.split(";"):
        parts.append(value.part(at, at + len(piece)).strip())
        at += len(piece) + 1
    return [part for part in parts if len(part)]


def _file(manifest: Manifest, source: Source, line: int, name: str, group: str) -> None:
    try:
        included = include(source, name)
    except ManifestError as error:
        manifest.note(line, str(error))
        return
    values = [line.strip() for line in _lines(included.text)]
    _take(manifest, values, Lines(included.path, included.text), group)


def _take(manifest: Manifest, values: list[Traced], lines: Lines, group: str) -> None:
    for whole in values:
        text = whole.text
        if not text or text.startswith("#"):
            continue
        comment = text.find(" #")
        value = whole.part(0, comment).strip() if comment >= 0 else whole
        line = lines.line(value.first_offset() or 0)
        here = line if lines.path == manifest.path else None
        where = "" if here else f"{lines.path}:{line}: "
        if len(manifest.requirements) >= MAX_REQUIREMENTS or len(manifest.notes) >= MAX_NOTES:
            manifest.note(here, f"{where}too many requirements or wrong lines; the rest was not read")
            return
        try:
            requirement = pep508.parse(value.text, lines.path, line, 0, group=group)
        except ValueError as error:
            manifest.note(here, f"{where}'{short(value.text)}' was left out: {error}")
            continue
        requirement.place = locate(value, requirement.place, lines, line)
        manifest.requirements.append(requirement)
