"""What holds for every reader of a lock file, whatever the file."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envaudit.manifest import locks, toml_lines
from envaudit.manifest.requirement import Manifest, ManifestError
from envaudit.manifest.source import Source
from tests.manifest.formats.lock_files import ALL, read

_JSON = ("pipfile_lock", "pixi_lock", "conda_lock")  # those of YAML are read as the JSON that it contains
_ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    "==",
    "'",
    [],
    ["x"],
    [[]],
    {},
    {"x": 1},
    {"name": "x"},
    [{}],
    "é",
)


def _sane(manifest: Manifest, text: str) -> None:
    count = len(text.split("\n"))
    for item in manifest.requirements:
        assert item.name
        assert 1 <= item.place.line <= count
    for line, note in manifest.notes:
        assert line is None or 1 <= line <= count
        assert "\n" not in note


def _try(module: str, text: str) -> None:
    try:
        _sane(read(module, text), text)
    except ManifestError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("module", ALL)
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_with_a_piece_exchanged(module: str, data: st.DataObject) -> None:
    text = ALL[module]
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 30)))
    piece = data.draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10))
    _try(module, text[:start] + piece + text[end:])


@pytest.mark.parametrize("module", ALL)
def test_no_text_ends_in_a_traceback_when_it_is_cut(module: str) -> None:
    text = ALL[module]
    for end in range(0, len(text), 97):
        _try(module, text[:end])


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything in a value."""
    found = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        found += [(value, key), *_places(inner)]
    return found


def _values(module: str) -> Any:
    if module == "pipfile_lock":
        return json.loads(ALL[module])
    if module in _JSON:
        import yaml

        return yaml.safe_load(ALL[module])
    return toml_lines.parse(Source("a.lock", ALL[module], [], []))


@pytest.mark.parametrize("module", ALL)
def test_a_wrong_type_anywhere(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good = _values(module)
    for number in range(len(_places(good))):
        for odd in _ODD:
            value = copy.deepcopy(good)
            container, key = _places(value)[number]
            container[key] = odd
            if module in _JSON:
                _try(module, json.dumps(value, indent=1))
            else:
                monkeypatch.setattr(toml_lines, "parse", lambda source, value=value: value)
                _try(module, ALL[module])


def test_too_many_packages_are_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "MAX_REQUIREMENTS", 3)
    manifest = read("pdm_lock", ALL["pdm_lock"])
    assert (len(manifest.requirements), manifest.notes[-1][1]) == (
        3,
        "more than 3 packages are locked; the rest was left out",
    )


def test_a_file_that_says_it_in_other_lines_gets_line_1() -> None:
    text = 'lock-version = "1.0"\npackages = [\n  {name = "numpy", version = "1.26.4"},\n]\n'
    [item] = read("pylock", text).requirements
    assert (item.specifier, item.place.line) == ("==1.26.4", 1)


def test_a_header_in_a_text_of_several_lines_gets_line_1() -> None:
    text = 'lock-version = "1.0"\nx = """\n[[packages]]\n"""\n[[packages]]\nname = "numpy"\nversion = "1.26.4"\n'
    [item] = read("pylock", text).requirements
    assert (item.specifier, item.place.line) == ("==1.26.4", 1)
