from __future__ import annotations

import json
import subprocess
import sys
from configparser import Error, RawConfigParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.manifest import ManifestError, read
from envaudit.manifest.formats import setup_cfg
from envaudit.manifest.source import Source

TEXT = """\
[metadata]
name = x
description = about
    numpy==0 and more
[options]
python_requires = >=3.8, <4
packages = find:
install_requires =
    numpy >= 1.2 ; python_version > "3"
    # a comment
; another
    pandas  # why

    foo[y]
[options.extras_require]
Dev = pytest; black>=22
docs:
  sphinx<8
more = file: a.txt, b.txt
[other]
install_requires = not-this
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.cfg").write_text(TEXT)
    (tmp_path / "a.txt").write_text("# c\na==1\n\n")
    (tmp_path / "b.txt").write_text("b~=2.0 # c\n-r no.txt\n")
    return tmp_path


def test_requirements(project):
    manifest = read("setup.cfg")
    assert [
        (r.name, r.specifier, r.group, r.place.path, r.place.line, r.place.column, r.place.written)
        for r in manifest.requirements
    ] == [
        ("numpy", ">=1.2", "", "setup.cfg", 9, 10, ">= 1.2"),
        ("pandas", "", "", "setup.cfg", 12, 10, ""),
        ("foo", "", "", "setup.cfg", 14, 10, ""),
        ("pytest", "", "dev", "setup.cfg", 16, 12, ""),
        ("black", ">=22", "dev", "setup.cfg", 16, 19, ">=22"),
        ("sphinx", "<8", "docs", "setup.cfg", 18, 8, "<8"),
        ("a", "==1", "more", "a.txt", 2, 1, "==1"),
        ("b", "~=2.0", "more", "b.txt", 1, 1, "~=2.0"),
    ]
    assert manifest.requirements[0].marker == 'python_version > "3"'
    assert sorted(manifest.python.split(",")) == ["<4", ">=3.8"]
    assert manifest.format == "setup.cfg"
    assert len(manifest.notes) == 1
    assert manifest.notes[0][1].startswith("b.txt:2: ")


BY_SETUPTOOLS = """
import json
from setuptools.config.setupcfg import read_configuration
print(json.dumps(read_configuration("setup.cfg")["options"], default=str))
"""


def test_as_setuptools(project):
    (project / "b.txt").write_text("b~=2.0 # c\n")
    # in a process of its own: setuptools puts its distutils in the place of Python's
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BY_SETUPTOOLS], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        pytest.skip("this setuptools has no such function")
    options = json.loads(ran.stdout)
    packaging = pytest.importorskip("packaging.requirements")

    def names(texts):
        return [str(packaging.Requirement(text.partition(" #")[0])) for text in texts]

    by_group = {"": names(options["install_requires"])}
    by_group.update((group.lower(), names(texts)) for group, texts in options["extras_require"].items())
    found: dict[str, list[str]] = {}
    for r in read("setup.cfg").requirements:
        extras = f"[{','.join(r.extras)}]" if r.extras else ""
        found.setdefault(r.group.lower(), []).append(
            str(packaging.Requirement(f"{r.name}{extras}{r.specifier}" + (f"; {r.marker}" if r.marker else "")))
        )
    assert found == by_group


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = x\n", "is no INI file"),
        ("[a]\nb = 1\nb = 2\n", "is no INI file"),
        ("[a]\n[a]\n", "is no INI file"),
        ("[a]\njust words\n", "setup.cfg:2: is no INI file"),
    ],
)
def test_broken(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.cfg").write_text(text)
    with pytest.raises(ManifestError, match=words) as caught:
        read("setup.cfg")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "line", "words"),
    [
        ("install_requires =\n  a=1\n  ok\n", 3, "left out"),
        ("python_requires = three\ninstall_requires = ok\n", 2, "no set of versions"),
        ("install_requires = ok\n[options.extras_require]\nx = file: none.txt\n", 4, "no such file"),
    ],
)
def test_notes(tmp_path, monkeypatch, options, line, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.cfg").write_text("[options]\n" + options)
    manifest = read("setup.cfg")
    assert [r.name for r in manifest.requirements] == ["ok"]
    assert [at for at, _ in manifest.notes] == [line]
    assert words in manifest.notes[0][1]


@given(st.lists(st.sampled_from([*"[]=:#; \t\n\r", "\n  ", "[a]\n", "k = v\n", "x"]), max_size=30).map("".join))
def test_values_are_those_of_configparser(tmp_path_factory, text):
    parser = RawConfigParser()
    parser.optionxform = str
    path = tmp_path_factory.getbasetemp() / "values.cfg"
    path.write_bytes(text.encode())
    try:
        parser.read(path, encoding="utf-8")
    except Error:
        return
    assert {
        (section, option, tuple(value.text for value in values if value.text))
        for section, option, values in setup_cfg._options(text)
    } == {
        (section, option, tuple(filter(None, (parser[section][option] or "").split("\n"))))
        for section in parser
        for option in parser[section]
    }


PIECES = [
    "[options]\n",
    "install_requires",
    "python_requires",
    " = ",
    ":",
    "\n",
    "\n  ",
    "numpy>=1",
    "#",
    ";",
    "file: x",
    "[",
    "]",
    "[options.extras_require]\n",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=25).map("".join))
def test_any_text_gives_a_manifest_or_is_refused(text):
    try:
        manifest = setup_cfg.read(Source("setup.cfg", text, ["/nowhere"], []))
    except ManifestError as error:
        assert "\n" not in str(error)
        return
    for requirement in manifest.requirements:
        place = requirement.place
        line = text.split("\n")[place.line - 1]
        if place.column is not None:
            assert line[place.column : place.column + len(place.written)] == place.written
