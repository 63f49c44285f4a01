from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envaudit.manifest.requirement import ManifestError
from envaudit.manifest.source import Source
from envaudit.manifest.toml_lines import TomlLines, parse

TEXT = '''\
# dependencies = ["not this"]
title = "dependencies = [1]"
dotted.key."quoted # key".x = 'literal \\ "text"'
when = 1979-05-27 07:32:00  # a date with a space

[project]
dependencies = ["a>=1", "b[x] ; python_version > '3'",  # "c"
    # "d",
    "e # not a comment", 'f',
    """g
    [project]
    h = "1" """, "esc\\u0061ped",
]
[ project . optional-dependencies ]
dev = ["a>=1"]
"t\\u0065st" = [["nested", {k = "v", l.m = [1, "n"]}], "last"]

[[package]]
name = "one"
[package.source]
url = ""
[[package.files]]
file = "x"
[[package.files]]
file = "y"

[[package]]
name = "two"
files = [{file = "p"}, {file = "q", hash = """"quoted"""""}]
[package.source]
url = "u"
'''


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("title",), (2, 9)),
        (("dotted", "key", "quoted # key", "x"), (3, 31)),
        (("when",), (4, None)),
        (("project",), (6, None)),
        (("project", "dependencies"), (7, None)),
        (("project", "dependencies", 0), (7, 17)),
        (("project", "dependencies", 1), (7, 25)),
        (("project", "dependencies", 2), (9, 5)),
        (("project", "dependencies", 3), (9, 26)),
        (("project", "dependencies", 4), (10, None)),
        (("project", "dependencies", 5), (12, None)),
        (("project", "dependencies", 6), None),
        (("project", "optional-dependencies"), (14, None)),
        (("project", "optional-dependencies", "dev", 0), (15, 8)),
        (("project", "optional-dependencies", "test", 0, 0), (16, 17)),
        (("project", "optional-dependencies", "test", 0, 1, "k"), (16, 32)),
        (("project", "optional-dependencies", "test", 0, 1, "l", "m", 1), (16, 47)),
        (("project", "optional-dependencies", "test", 1), (16, 55)),
        (("package", 0), (18, None)),
        (("package", 0, "source", "url"), (21, 7)),
        (("package", 0, "files", 1), (24, None)),
        (("package", 0, "files", 1, "file"), (25, 8)),
        (("package", 1), (27, None)),
        (("package", 1, "name"), (28, 8)),
        (("package", 1, "files", 0, "file"), (29, 18)),
        (("package", 1, "files", 1, "hash"), (29, None)),
        (("package", 1, "source", "url"), (31, 7)),
        (("package", 2), None),
        (("h",), None),
    ],
)
def test_places(path: tuple[str | int, ...], expected: tuple[int, int | None] | None) -> None:
    assert TomlLines(TEXT).find(*path) == expected


def test_line_ends_of_windows_and_every_string_is_where_it_is_said_to_be() -> None:
    text = TEXT.replace("\n", "\r\n")
    parsed = parse(Source("x.toml", text, [], []))
    assert check(text, parsed) > 15
    assert TomlLines(text).find("package", 1, "source", "url") == (31, 7)


def check(text: str, value: object, path: tuple[str | int, ...] = (), lines: TomlLines | None = None) -> int:
    """How many strings in `value` stand where TomlLines says; everything in it must have a line."""
    lines = lines or TomlLines(text)
    if isinstance(value, dict):
        return sum(check(text, item, (*path, key), lines) for key, item in value.items())
    spot = lines.find(*path)
    assert spot is not None, path
    if isinstance(value, list):
        return sum(check(text, item, (*path, index), lines) for index, item in enumerate(value))
    if isinstance(value, str) and spot[1] is not None:
        assert text.split("\n")[spot[0] - 1][spot[1] :].startswith(value)
        return 1
    return 0


def toml_string(value: str) -> str:
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
    return f'"{escaped}"'


SPACES = st.sampled_from(["", " ", "\t", "  "])
BREAKS = st.sampled_from(["", " ", "\n", " # ] } \" ''' [x]\n", "\r\n\t"])
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LITERALS = st.one_of(
    st.integers().map(str),
    st.just("1979-05-27 07:32:00Z"),
    st.booleans().map(lambda b: str(b).lower()),
    WORDS.map(toml_string),
    st.from_regex(r"[ -&(-~]*", fullmatch=True).map(lambda s: f"'{s}'"),
    st.from_regex(r"[ -!#-\[\]-~\n]{0,20}", fullmatch=True).map(lambda s: f'"""{s}"""'),
    st.from_regex(r"[ -&(-~\n]{0,20}", fullmatch=True).map(lambda s: f"'''{s}''''"),
)
KEYS = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True), WORDS.map(toml_string))


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.integers(0, 3)) if depth else 0
    if kind == 1:
        inner = [draw(BREAKS) + draw(values(depth - 1)) + draw(BREAKS) for _ in range(draw(st.integers(0, 3)))]
        return "[" + ",".join(inner) + draw(st.sampled_from(["", ", \n"]) if inner else BREAKS) + "]"
    if kind == 2:
        keys = draw(st.lists(KEYS, max_size=3, unique=True))
        return "{" + ",".join(f"{draw(SPACES)}{k}{draw(SPACES)}={draw(values(depth - 1))} " for k in keys) + "}"
    return draw(LITERALS)


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines = []
    for header in [
        "",
        *draw(st.lists(st.sampled_from(["[a]", "[[b]]", "[[b.c]]", "[b.d]", "[ 'e' . f ]"]), max_size=6)),
    ]:
        lines.append(header)
        for key in draw(st.lists(KEYS, max_size=3)):
            lines.append(f"{draw(SPACES)}{key}{draw(SPACES)}={draw(SPACES)}{draw(values())}{draw(SPACES)}# [x]")
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(documents())
def test_everything_in_a_file_that_parses_is_found(text: str) -> None:
    try:
        parsed = parse(Source("x.toml", text, [], []))
    except ManifestError:
        return
    check(text, parsed)


@given(st.text(max_size=60) | st.text("[]{}\"'=.,#\n\\ ab", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    TomlLines(text)
    try:
        parse(Source("x.toml", text, [], []))
    except ManifestError as error:
        assert "\n" not in str(error)


def test_the_error_names_the_line() -> None:
    with pytest.raises(ManifestError, match=r"^x\.toml:2: is not valid TOML: "):
        parse(Source("x.toml", "a = 1\nb = = 2\n", [], []))


def test_a_key_of_too_many_parts() -> None:
    with pytest.raises(ManifestError, match=r"x\.toml:2: has a key of more than 300 parts"):
        parse(Source("x.toml", "b = 1\na" + ".a" * 20_000 + " = 1", [], []))
    parse(Source("x.toml", "a = [" + "'b>=1.0.0', " * 900 + "]", [], []))


def test_takes_time_linear_in_the_text() -> None:
    block = (
        '[[package]]\nname = "a"\nversion = "1"\nfiles = [\n    {file = "f", hash = "h"},\n]\n[package.x]\ny = "z"\n\n'
    )
    start = time.perf_counter()
    lines = TomlLines(block * 5_000)
    assert lines.find("package", 4_999, "x", "y") == (9 * 4_999 + 8, 5)
    assert time.perf_counter() - start < 10  # under one second; a quadratic search takes minutes
