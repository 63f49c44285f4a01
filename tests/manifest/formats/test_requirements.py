from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.manifest import ManifestError, read
from envaudit.manifest.formats import requirements
from envaudit.manifest.source import Source

HASH = "--hash=sha256:" + "a" * 64


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def put(text: str | bytes, name: str = "requirements.txt") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    return put


def told(manifest):
    return [
        (r.name, r.specifier, r.place.path, r.place.line, r.place.column, r.place.written)
        for r in manifest.requirements
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("numpy==1.26.4\n", ("numpy", "==1.26.4", 1, 5, "==1.26.4")),
        (
            "# all\n\n  Foo_Bar [x, Y] >= 1 , <2 ; python_version > '3'  # why\n",
            ("foo-bar", "<2,>=1", 3, 17, ">= 1 , <2"),
        ),
        ("numpy", ("numpy", "", 1, 5, "")),
        ("numpy;", ("numpy", "", 1, 5, "")),
        ("numpy==1; # c\r\n", ("numpy", "==1", 1, 5, "==1")),
        ("numpy (>=1,<2)\n", ("numpy", "<2,>=1", 1, 6, "(>=1,<2)")),
        (f"\nnumpy==1 \\\n    {HASH} \\\n    {HASH}\n", ("numpy", "==1", 2, 5, "==1")),
        ("\nnum\\\npy==1\n", ("numpy", "==1", 2, None, "")),
        ("numpy\\\n>=1\n", ("numpy", ">=1", 1, None, "")),
        ("\\\n\\\nnumpy>=1\n", ("numpy", ">=1", 1, None, "")),
        ("numpy>=1 \\\n# note\n", ("numpy", ">=1", 1, 5, ">=1")),
        ("numpy==${VERSION}\n", ("numpy", "", 1, None, "")),
        ("https://x.test/w/torch-2.1.0%2Bcu121-cp311-cp311-linux_x86_64.whl", ("torch", "==2.1.0+cu121", 1, None, "")),
        ("./w/foo_bar-1.0-py3-none-any.whl[x]", ("foo-bar", "==1.0", 1, None, "")),
        ("https://x.test/torch-${V}-cp311-cp311-linux_x86_64.whl", ("torch", "", 1, None, "")),
        ("-e git+https://x.test/a/b@main#egg=Foo[x]&subdirectory=y", ("foo", "", 1, None, "")),
        ("-e foo @ git+https://x.test/a/b", ("foo", "", 1, None, "")),
        ("--editable=git+https://x.test/a/b#egg=foo", ("foo", "", 1, None, "")),
        ("foo @ https://${TOKEN}@x.test/foo.zip ; os_name == 'nt'", ("foo", "", 1, None, "")),
        ("numpy==1 --global-option=x", ("numpy", "==1", 1, 5, "==1")),
        ("\ufeffnumpy==1", ("numpy", "==1", 1, 5, "==1")),
    ],
)
def test_one_requirement(write, text, expected):
    manifest = read(write(text))
    name, specifier, *place = expected
    assert told(manifest) == [(name, specifier, "requirements.txt", *place)]
    assert manifest.format == "requirements"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("numpy=1.0\nok", 1, "left out"),
        ("ok\n\n.\n", 3, "does not say which distribution"),
        ("ok\n-e ./local[x]\n", 2, "does not say which distribution"),
        ("ok\ngit+https://x.test/a/b.git\n", 2, "does not say which distribution"),
        ("ok\n${WHAT}==1\n", 2, "variable"),
        ("ok\n-r https://x.test/r.txt\n", 2, "is a URL"),
        ("ok\n-r ${WHERE}/r.txt\n", 2, "variable"),
        ("ok\n-r none.txt\n", 2, "no such file"),
        ("ok\n-r ../../../etc/none.txt\n", 2, "outside"),
        ("ok\n-r requirements.txt\n", 2, "was read already"),
        ("ok\n--none x\n", 2, "no such option"),
        ("ok\n--hash 'x\n", 2, "no closing quotation"),
        ("ok\nnumpy" + "x" * 20_000, 2, "longer than"),
    ],
)
def test_what_cannot_be_read_is_a_note_and_reading_goes_on(write, text, line, words):
    manifest = read(write(text))
    assert [r.name for r in manifest.requirements] == ["ok"]
    assert [at for at, _ in manifest.notes] == [line]
    assert words in manifest.notes[0][1]


def test_options_are_left_aside(write):
    text = "-i https://x.test\n--extra-index-url https://x.test --pre\n-f ./w\n--no-binary :all:\nfoo\n--no-index\n"
    manifest = read(write(text))
    assert [r.name for r in manifest.requirements] == ["foo"]
    assert manifest.notes == []


def test_included_files(write):
    write("sub==1\n-r deep/a.in\n", "more/sub.txt")
    write("deep==2\n-c ../../limits.txt\n", "more/deep/a.in")
    write("numpy<2\n", "limits.txt")
    manifest = read(write("-r more/sub.txt\nlast\n"))
    assert [(r.name, r.specifier, r.kind, r.place.path, r.place.line) for r in manifest.requirements] == [
        ("sub", "==1", "install", "more/sub.txt", 1),
        ("deep", "==2", "install", "more/deep/a.in", 1),
        ("numpy", "<2", "constraint", "limits.txt", 1),
        ("last", "", "install", "requirements.txt", 2),
    ]


def test_a_note_on_an_included_file_names_it(write):
    write("\nfoo=1\n", "sub.txt")
    (note,) = read(write("-r sub.txt\n")).notes
    assert note[0] is None
    assert note[1].startswith("sub.txt:2: ")


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        (f"a==1 {HASH}\nb==2 {HASH}\n", True),
        (f"a==1 {HASH}\nb==2\n", False),
        ("--require-hashes\na==1\n", True),
        (f"a==1 {HASH}\n./unknown\n", False),
        (f"a @ https://x.test/a.zip#sha256={'a' * 64}\n", True),
        ("# nothing\n", False),
        (f"-c limits.txt\na==1 {HASH}\n", True),
    ],
)
def test_complete_where_pip_demands_hashes_of_all(write, text, complete):
    write("numpy<2\n", "limits.txt")
    assert read(write(text)).complete is complete


def test_hashed(write):
    manifest = read(write(f"a==1 {HASH}\nb==2\n"))
    assert [r.hashed for r in manifest.requirements] == [True, False]


def test_comments_of_pip_compile(write):
    text = (
        "numpy==1.26.4\n    # via\n    #   -r requirements.in\n    #   pandas\n"
        "pandas==2.2.2 ; python_version >= '3.9'\n    # via x\n"
    )
    assert told(read(write(text))) == [
        ("numpy", "==1.26.4", "requirements.txt", 1, 5, "==1.26.4"),
        ("pandas", "==2.2.2", "requirements.txt", 5, 6, "==2.2.2"),
    ]


def test_line_numbers_are_those_of_editors(write):
    # pip also ends lines at form feeds, which editors do not
    assert told(read(write("a==1\fb==2\nc==3\n"))) == [
        ("a", "==1", "requirements.txt", 1, 1, "==1"),
        ("b", "==2", "requirements.txt", 1, 6, "==2"),
        ("c", "==3", "requirements.txt", 2, 1, "==3"),
    ]


def test_no_more_than_the_bound(write, monkeypatch):
    monkeypatch.setattr("envaudit.manifest.pip_file.MAX_REQUIREMENTS", 3)
    manifest = read(write("a\nb\nc\nd\ne\n"))
    assert len(manifest.requirements) == 3
    assert "the rest was not read" in manifest.notes[0][1]


def test_no_more_notes_than_the_bound(write):
    manifest = read(write("=\n" * 100_000 + "a\n"))
    assert len(manifest.notes) == 1_000
    assert "the rest was not read" in manifest.notes[-1][1]
    assert manifest.requirements == []


def test_long_runs_of_space_and_backslashes_take_no_time(write):
    manifest = read(write("a" + " " * 1_000_000 + "\n" + "\\\n" * 200_000 + "b\n" + "#" * 100_000))
    assert [r.name for r in manifest.requirements] == ["a", "b"]


PIECES = [
    "numpy",
    "==1.0",
    ">=2",
    " ",
    "\\\n",
    "\n",
    "#",
    " #x",
    "-r ",
    "-c x",
    "-e ",
    "--hash=",
    "[x]",
    ";",
    "${A}",
    "@",
    "é",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=25).map("".join))
def test_any_text_gives_a_manifest(text):
    try:
        manifest = requirements.read(Source("r.txt", text, ["/nowhere"], []))
    except ManifestError:
        return
    lines = [line.rstrip("\r") for line in text.split("\n")]
    for requirement in manifest.requirements:
        place = requirement.place
        assert 1 <= place.line <= len(lines)
        if place.column is not None:
            line = text.split("\n")[place.line - 1]
            assert line[place.column : place.column + len(place.written)] == place.written


def test_mutations_of_a_good_file(write):
    good = f"a==1 \\\n  {HASH}\n-r sub.txt\nb[x]>=2; os_name=='nt' # c\n-e git+https://x.test#egg=c\n".encode()
    chance = random.Random(1)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read(write(bytes(data)))
        except ManifestError as error:
            assert "\n" not in str(error)
