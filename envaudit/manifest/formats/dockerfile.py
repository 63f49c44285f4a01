"""Dockerfiles: the install commands of the last stage and of those it is built on, and its base image."""

from __future__ import annotations

import json
import os
import posixpath
import re

from envaudit.manifest import json_text, shell
from envaudit.manifest.docker_text import Instruction, instructions
from envaudit.manifest.installs import UNKNOWN, Installs
from envaudit.manifest.requirement import Manifest, ManifestError
from envaudit.manifest.shell import Word
from envaudit.manifest.traced import Lines, Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.source import Source

_TAG = re.compile(r"(?:^|[/:])python:?(3(?:\.\d+)?)(?![\d])")
_OPTION = re.compile(r"--[a-z][a-z.-]*(?:=(?:\"[^\"]*\"|\S*))?\s*")
_SHEBANG = re.compile(r"#!\s*\S*?(?:/|\s)(?:env\s+(?:-S\s+)?)?(\w+)\s")
MAX_STAGES = 1_000


class _Stage:
    """base, name: as FROM gives them, its variables replaced; base None where one is not known."""

    def __init__(self, base: str | None, name: str, line: int) -> None:
        self.base, self.name, self.line = base, name, line
        self.instructions: list[Instruction] = []


def read(source: Source) -> Manifest:
    """What the image installs.  Raises ManifestError where there is no FROM."""
    manifest = Manifest(source.path, "dockerfile")
    lines = Lines(source.path, source.text)
    defaults: dict[str, str] = {}
    stages: list[_Stage] = []
    for instruction in instructions(source.text):
        if instruction.name == "FROM":
            if len(stages) >= MAX_STAGES:
                raise ManifestError(source.path, f"has more than {MAX_STAGES:,} stages")
            stages.append(_stage(instruction, defaults, lines))
        elif stages:
            stages[-1].instructions.append(instruction)
        elif instruction.name == "ARG":
            _set(instruction.arguments, defaults, {})
    if not stages:
        raise ManifestError(source.path, "has no FROM; it is not a Dockerfile")
    chain, image = _chain(stages)
    if image is None:
        manifest.note(chain[0].line, "its base image is not known before it is built: a variable says which")
    elif image != "scratch":
        manifest.host = image
        found = _TAG.search(image.partition("@")[0])
        if found:
            manifest.python = f"=={found[1]}.*"
    _Build(manifest, source, lines, defaults, stages).run(chain)
    return manifest


def _stage(instruction: Instruction, defaults: dict[str, str], lines: Lines) -> _Stage:
    words = [word for word in _words(instruction.arguments, defaults) if not word.text.text.startswith("--")]
    texts = [word.text.text for word in words]
    name = texts[2].lower() if len(texts) > 2 and texts[1].lower() == "as" else ""
    base = texts[0] if texts and not words[0].unknown else None
    return _Stage(base or None, name, lines.line(instruction.offset))


def _chain(stages: list[_Stage]) -> tuple[list[_Stage], str | None]:
    """The stages that the last one is made of, in the order they are built, and the image below them."""
    at = len(stages) - 1
    chain = [stages[at]]
    while True:
        base = chain[0].base
        earlier = [index for index in range(at) if base and stages[index].name == base.lower()]
        if not earlier:
            return chain, base
        at = earlier[-1]
        chain.insert(0, stages[at])


def _words(arguments: Traced, variables: dict[str, str]) -> list[Word]:
    return [word for command in shell.split(arguments, variables) for word in command.words]


def _set(arguments: Traced, variables: dict[str, str], defaults: dict[str, str]) -> None:
    """Take the variables of an ARG; one without a value has that of the ARG before the first FROM."""
    for word in _words(arguments, variables):
        name, equals, value = word.text.text.partition("=")
        if equals and not word.unknown:
            variables[name] = value
        elif not equals and name in defaults:
            variables[name] = defaults[name]
        elif equals:
            variables.pop(name, None)


class _Build:
    """Goes through the instructions of a chain of stages as a build would."""

    def __init__(
        self, manifest: Manifest, source: Source, lines: Lines, defaults: dict[str, str], stages: list[_Stage]
    ) -> None:
        self._manifest, self._lines, self._defaults, self._stages = manifest, lines, defaults, stages
        self._variables: dict[str, str] = {}
        self._fixed: dict[str, str] = {}  # by ENV, which no ARG overrides
        self._copies: list[tuple[list[str], str]] = []  # (paths beside the Dockerfile, where they went)
        self._installs = Installs(manifest, source, lines, find=self._find)
        self._installs.folder = "/"

    def run(self, chain: list[_Stage]) -> None:
        """Take all instructions of the stages."""
        for stage in chain:
            for instruction in stage.instructions:
                self._take(instruction)

    def _take(self, instruction: Instruction) -> None:
        arguments = instruction.arguments
        if instruction.name == "RUN":
            self._run(instruction)
        elif instruction.name == "ARG":
            _set(arguments, self._variables, self._defaults)
            self._variables.update(self._fixed)
        elif instruction.name == "ENV":
            self._env(arguments)
        elif instruction.name == "WORKDIR":
            words = _words(arguments, self._variables)
            if words:
                self._installs.change_folder(words[0])
        elif instruction.name in ("COPY", "ADD"):
            self._copy(instruction)

    def _env(self, arguments: Traced) -> None:
        words = _words(arguments, self._variables)
        if words and "=" not in words[0].text.text:  # "ENV NAME the value"
            name = words[0].text.text
            value = " ".join(word.text.text for word in words[1:])
            pairs = [(name, value, any(word.unknown for word in words[1:]))]
        else:
            pairs = [(*word.text.text.partition("=")[::2], word.unknown) for word in words]
        for name, value, unknown in pairs:
            if unknown:
                self._variables.pop(name, None)
                self._fixed.pop(name, None)
            else:
                self._variables[name] = self._fixed[name] = value

    def _run(self, instruction: Instruction) -> None:
        script = _without_options(instruction.arguments)
        text = script.text
        if text.startswith("["):
            words = _exec_form(script, self._lines.text)
            if words is not None:
                self._installs.words(words, instruction.offset)
                return
        if instruction.heredoc is not None and re.fullmatch(r"<<-?\s*['\"]?\w+['\"]?\s*", text):
            body = instruction.heredoc
            shebang = _SHEBANG.match(body.text)
            if shebang is None or shebang[1].endswith("sh"):
                self._installs.shell(body, self._variables)
            return
        if instruction.heredoc is not None:
            script.append("\n", None)
            script.extend(instruction.heredoc)
        self._installs.shell(script, self._variables)

    def _copy(self, instruction: Instruction) -> None:
        words = _words(instruction.arguments, self._variables)
        stage = next((w.text.text[7:] for w in words if w.text.text.startswith("--from=")), None)
        if stage is not None:
            self._copy_from(stage, instruction)
            return
        names = [word.text.text for word in words if not word.text.text.startswith("--")]
        if names and names[0].startswith("["):
            parsed = _exec_form(_without_options(instruction.arguments), self._lines.text)
            names = [word.text.text for word in parsed or []]
        if len(names) > 1 and self._installs.folder != UNKNOWN:
            target = posixpath.join(self._installs.folder, names[-1])
            self._copies.append((names[:-1], target))

    def _copy_from(self, name: str, instruction: Instruction) -> None:
        """Say so where another stage installs something that may be copied from it."""
        stages = [stage for index, stage in enumerate(self._stages) if name.lower() in (stage.name, str(index))]
        if any("install" in one.arguments.text for stage in stages for one in stage.instructions if one.name == "RUN"):
            text = f"copies from the stage '{name}': what is installed there is not counted"
            self._manifest.note(self._lines.line(instruction.offset), text)

    def _find(self, name: str, folder: str) -> list[str]:
        """Where beside the Dockerfile the file may be that is `name` in the image."""
        path = posixpath.normpath(posixpath.join(folder, name))
        places: list[str] = []
        for sources, target in reversed(self._copies):
            into = posixpath.normpath(target)
            for copied in (source.lstrip("/") or "." for source in sources):
                below = posixpath.join(into, posixpath.basename(copied))
                if path in (into, below):
                    places.append(copied)
                if path.startswith(into.rstrip("/") + "/"):
                    places.append(posixpath.join(copied, posixpath.relpath(path, into)))
        places.append(name.lstrip("/"))
        # the build may start in the current folder and not in the Dockerfile's
        beside = os.path.dirname(self._lines.path) or os.curdir
        return [*places, *(os.path.relpath(place, beside) for place in places)]


def _without_options(arguments: Traced) -> Traced:
    """Without `--mount=…` and the like at the front."""
    at, text = 0, arguments.text
    while found := _OPTION.match(text, at):
        at = found.end()
    return arguments.part(at, len(text)).strip()


def _exec_form(script: Traced, text: str) -> list[Word] | None:
    """The words of a JSON array; None where it is none, which makes it shell text."""
    try:
        values = json.loads(script.text)
    except ValueError:
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    words, at = [], 0
    for _ in values:
        at = script.text.index('"', at)
        end = json_text.end(script.text, at)
        offset = script.offset(at)
        plain = script.part(at + 1, end - 1)
        words.append(Word(plain if "\\" not in plain.text or offset is None else json_text.decode(text, offset)))
        at = end
    return words
