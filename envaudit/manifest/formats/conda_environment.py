"""environment.yml: what `conda env create` installs, and what pip adds to it."""

from __future__ import annotations

from copy import copy

from envaudit.manifest import conda
from envaudit.manifest.pip_file import PipFile
from envaudit.manifest.requirement import Manifest, ManifestError, Place, Requirement
from envaudit.manifest.yaml_reading import YamlReading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.source import Source
    from envaudit.manifest.yaml_reading import Node

MAX_REQUIREMENTS = 20_000


def read(source: Source) -> Manifest:
    """What the environment installs: by conda in step 0, by pip in step 1, which has the last word.

    Raises ManifestError where the file is no YAML, or no environment of conda.
    """
    reading = YamlReading(source)
    dependencies = reading.root.get("dependencies")
    if dependencies is None or not isinstance(dependencies.value, list):
        raise ManifestError(source.path, "no conda environment: it has no list of `dependencies` at its top level")
    manifest = Manifest(source.path, "conda_environment")
    by_pip: list[Node] = []
    for count, node in enumerate(dependencies.value):
        line = reading.line(node)
        if count >= MAX_REQUIREMENTS:
            manifest.note(line, f"more than {MAX_REQUIREMENTS:,} dependencies; the rest was left out")
            break
        if isinstance(node.value, str):
            _by_conda(reading, manifest, node)
        elif node.pairs():
            for key, value in node.pairs():
                if key.value == "pip" and isinstance(value.value, list):
                    by_pip += value.value
                elif key.value != "pip" or value.value not in ("", "~", "null"):
                    manifest.note(
                        line, "an entry of `dependencies` is neither a package nor a list for pip; it was left out"
                    )
        else:
            manifest.note(line, "an entry of `dependencies` is not a package; it was left out")
    _by_pip(reading, manifest, by_pip)
    return manifest


def _by_conda(reading: YamlReading, manifest: Manifest, node: Node) -> None:
    place = reading.place(node)
    try:
        name, specifier, _ = conda.match_spec(node.value)
    except ValueError as error:
        manifest.note(place.line, f"'{' '.join(node.value.split())[:80]}' was left out: {error}")
        return
    if name == "python":
        manifest.python = specifier
    elif name:
        manifest.requirements.append(Requirement(name, specifier, version_place(place), conda=True))


def version_place(place: Place) -> Place:
    """The place of the version in a match spec that stands at `place`."""
    part = conda.version_part(place.written) if place.column is not None else None
    if part is None or place.column is None:
        return Place(place.path, place.line)
    return Place(place.path, place.line, place.column + part[0], part[1])


def _by_pip(reading: YamlReading, manifest: Manifest, nodes: list[Node]) -> None:
    """Read the lines for pip as the requirements file that conda makes of them, each in the line where it stands."""
    lines: dict[int, str] = {}
    moved: set[int] = set()
    for node in nodes[:MAX_REQUIREMENTS]:
        place = reading.place(node)
        if not isinstance(node.value, str) or "\n" in node.value:
            manifest.note(place.line, "an entry for pip is not a line of text; it was left out")
        elif place.line in lines:
            manifest.note(place.line, "there is more than one entry for pip in this line; only the first was read")
        else:
            lines[place.line] = " " * (place.column or 0) + node.value
            if place.column is None:
                moved.add(place.line)
    file = copy(reading.source)
    file.text = "\n".join(lines.get(number, "") for number in range(1, max(lines, default=0) + 1))
    start = len(manifest.requirements)
    PipFile(manifest).read(file, step=1)
    for requirement in manifest.requirements[start:]:
        if requirement.place.path == file.path and requirement.place.line in moved:
            requirement.place = Place(file.path, requirement.place.line)
