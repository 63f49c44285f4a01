"""The install commands of shell text, and the requirements that they name."""

from __future__ import annotations

import os
import re

from envaudit.manifest import command as commands
from envaudit.manifest import pip_argument, shell
from envaudit.manifest.pip_file import MAX_NOTES, MAX_REQUIREMENTS, PipFile, include, short
from envaudit.manifest.requirement import INSTALL, REMOVE, ManifestError, Place, Requirement
from envaudit.manifest.traced import Lines, Traced, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.shell import Command, Word
    from envaudit.manifest.source import Source

UNKNOWN = "$"  # a folder that only where it runs is known
MAX_DEPTH = 10  # of `sh -c` in `sh -c`
_PYTHON_OF_CONDA = re.compile(r"(?:[\w.-]+::)?python\s*(?:==?\s*(\d+\.\d+)(?:\.[\d*]+)*)?$")
_CONDA_VERSION = re.compile(r"(?:[\w./-]+::)?[\w.-]+?\s*((?:[<>!~=]=?)[\w.,<>=!~*+-]*)?$")
_POETRY = re.compile(r"[\w.-]+(?:\[[^\]]*\])?@(?!\s*[a-z+]+:)", re.IGNORECASE)
_EXPRESSION = re.compile(r"\{[^{}]*\}")  # of Python, in a notebook's `!pip install numpy=={version}`


class Installs:
    """Puts what install commands name into a manifest, in their order.

    find     names under which a file named in a command, seen from a folder, may be found
    folder   where commands start; "" is the folder of the manifest
    python   `{expression}` in a word is Python's, as in notebooks
    """

    __slots__ = ("_file", "_full", "_lines", "_manifest", "_read", "_source", "_step", "find", "folder", "python")

    def __init__(
        self,
        manifest: Manifest,
        source: Source,
        lines: Lines,
        *,
        find: Callable[[str, str], list[str]] | None = None,
        python: bool = False,
    ) -> None:
        self._manifest, self._source, self._lines = manifest, source, lines
        self._file = PipFile(manifest)
        self._read: set[str] = set()
        self._step, self._full = 0, False
        self.find = find or (lambda name, folder: [os.path.join(folder, name)])
        self.folder, self.python = "", python

    def shell(self, script: Traced, variables: dict[str, str] | None = None, depth: int = 0) -> int:
        """Take the commands of a shell script; gives how many of them install or remove something."""
        folder, count = self.folder, 0
        for command in shell.split(script, variables):
            first = script.first_offset()
            offset = command.offset if command.offset is not None else first
            count += self._command(command, offset or 0, variables, depth)
        self.folder = folder  # a `cd` ends with its shell
        return count

    def words(self, words: list[Word], offset: int) -> int:
        """Take one command that is no shell text, as the JSON form of a Dockerfile's RUN."""
        command = shell.Command()
        command.words = words
        return self._command(command, offset, None, 0)

    def _command(self, command: Command, offset: int, variables: dict[str, str] | None, depth: int) -> int:
        words = commands.unwrap(command.words)
        if not words:
            return 0
        name = commands.program(words[0])
        if name == "cd" and len(words) > 1:
            self.change_folder(words[1])
        if name in commands.SHELLS:
            script = _script(words, command)
            return self.shell(script, variables, depth + 1) if script is not None and depth < MAX_DEPTH else 0
        install = commands.install(words)
        if install is None or not (install.words or install.files) or len(self._manifest.notes) >= MAX_NOTES:
            return 0
        self._manifest.indexes += install.indexes
        line = self._lines.line(offset)
        cut = {}  # `pip install numpy>=1.2` without quotes writes to the file "=1.2"
        for operator, target, before in command.redirects:
            if before > 0 and operator in ("<", ">") and target[:1] in tuple("=0123456789"):
                cut[id(command.words[before - 1])] = f"{operator}{target}"
        for word, editable in install.words:
            self._word(install, word, editable, line, cut.get(id(word), ""))
        for word, kind in install.files:
            self._include(install, word, kind, self._line(word, line))
        self._step += 1
        if len(self._manifest.notes) >= MAX_NOTES:
            self._manifest.note(line, "too much is not as it should be; the commands after this one were not read")
        return 1

    def change_folder(self, word: Word) -> None:
        """Go where `cd` goes."""
        name = word.text.text
        if word.unknown or name.startswith(("~", "-")):
            self.folder = UNKNOWN
        elif self.folder != UNKNOWN or name.startswith("/"):
            self.folder = os.path.join(self.folder, name)

    def _line(self, word: Word, line: int) -> int:
        offset = word.text.first_offset()
        return line if offset is None else self._lines.line(offset)

    def _word(self, install: commands.Install, word: Word, editable: bool, command_line: int, cut: str) -> None:
        line, text = self._line(word, command_line), word.text.text
        if len(self._manifest.notes) >= MAX_NOTES:
            return
        if len(self._manifest.requirements) >= MAX_REQUIREMENTS:
            if not self._full:
                self._manifest.note(line, f"more than {MAX_REQUIREMENTS:,} requirements; the rest was not read")
            self._full = True
            return
        unknown = word.unknown or (self.python and _EXPRESSION.search(text) is not None)
        try:
            if install.tool == commands.CONDA:
                requirement = self._conda(word, line, unknown)
            elif install.tool == commands.POETRY and _POETRY.match(text) and not unknown:
                requirement = self._poetry(word, line)
            else:
                requirement = pip_argument.parse(word.text, self._lines, line, editable=editable, unknown=unknown)
        except ValueError as error:
            self._manifest.note(line, f"'{short(text)}' was left out: {error}")
            return
        if requirement is None:
            return
        if unknown and not requirement.url:
            self._manifest.note(line, f"'{short(text)}' has a variable, so any {requirement.name} is assumed")
        if cut:
            self._manifest.note(line, f"'{short(text + cut)}' needs quotes: to the shell, '{cut[0]}' is a redirection")
            requirement.place = Place(self._lines.path, line)
        requirement.kind, requirement.step, requirement.upgrade = install.kind, self._step, install.upgrade
        self._manifest.requirements.append(requirement)

    def _conda(self, word: Word, line: int, unknown: bool) -> Requirement | None:
        from envaudit.manifest.conda import match_spec

        text = word.text.text
        python = _PYTHON_OF_CONDA.match(text)
        if python:
            if python[1] and self._manifest.format == "dockerfile":
                self._manifest.python = f"=={python[1]}.*"
            return None
        if unknown:
            requirement = pip_argument.parse(word.text, self._lines, line, unknown=True)
            requirement.name = match_spec(requirement.name)[0]
        else:
            name, specifier, build = match_spec(text)
            place = Place(self._lines.path, line)
            version = _CONDA_VERSION.match(text)
            if version and not build:
                at = version.start(1) if version[1] else len(text)
                place = locate(word.text, Place(self._lines.path, line, at, version[1] or ""), self._lines, line)
            requirement = Requirement(name, specifier, place)
        requirement.conda = True
        return requirement if requirement.name not in ("", "python") else None

    def _poetry(self, word: Word, line: int) -> Requirement:
        """ "numpy@^1.24" """
        from envaudit.manifest.poetry import constraint

        name, _, written = word.text.text.partition("@")
        requirement = pip_argument.parse(word.text.part(0, len(name)), self._lines, line)
        requirement.specifier = "" if written == "latest" else constraint(written)
        requirement.place = Place(self._lines.path, line)
        return requirement

    def _include(self, install: commands.Install, word: Word, kind: str, line: int) -> None:
        name = word.text.text
        kind = REMOVE if install.kind == REMOVE and kind == INSTALL else kind
        if word.unknown or (self.folder == UNKNOWN and not name.startswith("/")):
            self._manifest.note(line, f"'{short(name)}' was not read: only where it runs is known which file it is")
            return
        if re.match(r"[a-z+]+:", name, re.IGNORECASE):
            self._manifest.note(line, f"'{short(name)}' is a URL; it was not read")
            return
        places = self.find(name, self.folder)
        beside = os.path.dirname(self._source.path)
        found = next((place for place in places if os.path.isfile(os.path.join(beside, place))), None)
        if found is None:
            self._manifest.note(line, f"'{short(name)}' was not found beside this file; what it asks for is not known")
            return
        if found in self._read:
            return  # a second step asks for the same again
        self._read.add(found)
        try:
            source = include(self._source, found)
            if install.tool == commands.CONDA:
                self._conda_file(source, line)
            else:
                nested = REMOVE if install.kind == REMOVE else INSTALL
                self._file.read(source, kind, step=self._step, upgrade=install.upgrade, nested=nested)
        except ManifestError as error:
            self._manifest.note(line, str(error))

    def _conda_file(self, source: Source, line: int) -> None:
        """A file of conda's: an environment.yml, or match specs line by line."""
        if source.path.endswith((".yml", ".yaml")):
            from envaudit.manifest.formats import reader

            included = reader(source.path)(source)
            for requirement in included.requirements:
                requirement.step = self._step
            self._manifest.requirements += included.requirements
            self._manifest.notes += [(None, f"{source.path}:{at or 1}: {text}") for at, text in included.notes]
            if included.python and self._manifest.format == "dockerfile":
                self._manifest.python = included.python
            return
        self._manifest.note(line, f"'{source.path}' is a list of conda's; it was not read")


def _script(words: list[Word], command: Command) -> Traced | None:
    """What `bash -c "…"` or `bash <<EOF` runs."""
    for index, word in enumerate(words[1:], 1):
        text = word.text.text
        if re.fullmatch(r"-[a-z]*c", text):
            rest = words[index + 1 :]
            # "-o pipefail" and the like may stand between
            while rest and rest[0].text.text.startswith(("-", "+")):
                rest = rest[2:] if rest[0].text.text.endswith("o") else rest[1:]
            return rest[0].text if rest else None
    return command.stdin
