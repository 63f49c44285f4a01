from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.manifest.shell import split
from envaudit.manifest.traced import Traced


def words(script, variables=None):
    return [[word.text.text for word in command.words] for command in split(Traced(script, 0), variables)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pip install a b", [["pip", "install", "a", "b"]]),
        ("a && b || c; d | e & f\ng", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("(cd x; a)", [["cd", "x"], ["a"]]),
        ("a 'b c' \"d 'e\" f\\ g h'i'\"j\"", [["a", "b c", "d 'e", "f g", "hij"]]),
        ('a "b\\"c\\$d\\e" \'\'', [["a", 'b"c$d\\e', ""]]),
        ("a # b\nc#d '#e'", [["a"], ["c#d", "#e"]]),
        ("a \\\n  b\\\nc", [["a", "bc"]]),
        ("a 2>/dev/null >x 2>&1 b &> y < z", [["a", "b"]]),
        ("cat <<EOF > x\npip install no\nEOF\na", [["cat"], ["a"]]),
        ("cat <<-'END' && b\n\tx\n\tEND\nc", [["cat"], ["b"], ["c"]]),
        ("cat <<A <<B\n1\nA\n2\nB\nc", [["cat"], ["c"]]),
        ("V=1 W='x y'\na $V ${V}0 \"$W\" $W", [["V=1", "W=x y"], ["a", "1", "10", "x y", "x", "y"]]),
        ("export V=1; a v$V", [["export", "V=1"], ["a", "v1"]]),
        ("V=1; V=$X; a $V", [["V=1"], ["V=$X"], ["a", "$V"]]),
        ("a ${V:-1} ${V-2} ${V:+3} '$V'", [["a", "1", "2", "${V:+3}", "$V"]]),
        ("a $(b c) `d e` $((1 + 2)) $1", [["a", "$(b c)", "`d e`", "$((1 + 2))", "$1"]]),
        ("a $ b$", [["a", "$", "b$"]]),
        ("a 'open", [["a", "open"]]),
        ("pip install numpy>=1.2", [["pip", "install", "numpy"]]),
    ],
)
def test_commands(script, expected):
    assert words(script) == expected


def test_variables_that_are_known():
    assert words("a $V$W", {"V": "1"}) == [["a", "1$W"]]
    (command,) = split(Traced("a $V$W x", 0), {"V": "1"})
    assert [word.unknown for word in command.words] == [False, True, False]


def test_words_know_their_places():
    script = "a 'b' c\\d \"e\""
    (command,) = split(Traced(script, 100))
    assert [word.text.offset(0) for word in command.words] == [100, 103, 106, 111]
    assert command.words[2].text.offset(1) == 108


def test_redirections_and_here_documents_are_kept():
    (command,) = split(Traced("pip install a>=1 <<EOF\nbody\nEOF\n", 0))
    assert command.redirects == [(">", "=1", 3)]
    assert command.stdin is not None
    assert command.stdin.text == "body\n"


def test_values_that_grow_are_bounded():
    script = "V=xxxxxxxxxx\n" + "V=$V$V$V$V$V$V$V$V$V$V\n" * 30 + "a $V"
    assert sum(len(word) for command in words(script) for word in command) < 10_000_000


def test_open_brackets_take_no_time():
    assert words("a " + "$(" * 100_000)
    assert words("a " + "${" * 100_000)
    assert words("a `" + "x`" * 100_000)


PIECES = [
    "pip",
    " ",
    "\n",
    "'",
    '"',
    "\\",
    "$",
    "$A",
    "${",
    "}",
    "$(",
    ")",
    "`",
    "<<E",
    "\nE\n",
    ">",
    "2>&1",
    "&",
    ";",
    "A=",
    "#",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=30).map("".join))
def test_any_text_is_split(script):
    for command in split(Traced(script, 0), {"A": "x y"}):
        for word in command.words:
            for index, char in enumerate(word.text.text):
                offset = word.text.offset(index)
                assert offset is None or script[offset] == char
