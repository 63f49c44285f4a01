from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envaudit.manifest import ManifestError, read
from envaudit.manifest.requirement import CONSTRAINT, INSTALL, Manifest, Requirement

WHOLE = """\
[build-system]
requires = ["setuptools>=61"]

[project]
name = "Mine"
requires-python = ">=3.9, <3.13"
dependencies = [
    "numpy>=1.24,<2",  # "scipy"
    "torch[opt_einsum] == 2.1.0 ; sys_platform == 'linux'",
    'six', "foo @ https://x.org/foo-1.2-py3-none-any.whl",
]
[project.optional-dependencies]
io = ["pandas"]
all = ["mine[io,gpu] ; os_name == 'nt'", "tqdm"]
gpu = ["cupy ~= 12.0"]

[dependency-groups]
test = ["pytest", {include-group = "Lint"}, "mine[io]"]
lint = ["ruff"]

[tool.uv]
dev-dependencies = ["black"]
constraint-dependencies = ["grpcio<1.60"]

[tool.hatch.envs.docs]
dependencies = ["sphinx>=7"]
extra-dependencies = ["furo"]

[tool.pdm.dev-dependencies]
typing = ["mypy==1.8"]
"""


def manifest_of(tmp_path: Path, text: str, name: str = "pyproject.toml") -> Manifest:
    (tmp_path / name).write_bytes(text.encode())
    manifest = read(str(tmp_path / name))
    check_places(manifest, text)
    return manifest


def check_places(manifest: Manifest, text: str) -> None:
    """Every place holds what it says that it holds."""
    lines = text.split("\n")
    for requirement in manifest.requirements:
        place = requirement.place
        if place.path == manifest.path and place.column is not None:
            line = lines[place.line - 1].rstrip("\r")
            assert line[place.column : place.column + len(place.written)] == place.written
            assert place.column <= len(line)


def short(requirement: Requirement) -> tuple[Any, ...]:
    return requirement.name, requirement.specifier, requirement.group, requirement.place.line, requirement.place.written


def test_tables_of_the_standards_and_of_tools(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, WHOLE)
    assert (manifest.format, manifest.python, manifest.complete, manifest.notes) == (
        "pyproject",
        "<3.13,>=3.9",
        False,
        [],
    )
    assert [short(requirement) for requirement in manifest.requirements] == [
        ("numpy", "<2,>=1.24", "", 8, ">=1.24,<2"),
        ("torch", "==2.1.0", "", 9, "== 2.1.0"),
        ("six", "", "", 10, ""),
        ("foo", "==1.2", "", 10, ""),
        ("pandas", "", "io", 13, ""),
        ("cupy", "~=12.0", "all", 15, "~= 12.0"),
        ("pandas", "", "all", 13, ""),
        ("tqdm", "", "all", 14, ""),
        ("cupy", "~=12.0", "gpu", 15, "~= 12.0"),
        ("pytest", "", "test", 18, ""),
        ("pandas", "", "test", 13, ""),
        ("ruff", "", "test", 19, ""),
        ("ruff", "", "lint", 19, ""),
        ("mypy", "==1.8", "typing", 30, "==1.8"),
        ("sphinx", ">=7", "hatch:docs", 26, ">=7"),
        ("furo", "", "hatch:docs", 27, ""),
        ("black", "", "dev", 22, ""),
        ("grpcio", "<1.60", "", 23, "<1.60"),
    ]
    torch = manifest.requirements[1]
    assert (torch.extras, torch.marker, torch.place.column) == (("opt-einsum",), 'sys_platform == "linux"', 23)
    assert (manifest.requirements[2].place.column, manifest.requirements[3].place.column) == (8, None)
    assert manifest.requirements[3].url == "https://x.org/foo-1.2-py3-none-any.whl"
    assert [one.marker for one in manifest.requirements[4:8]] == ["", 'os_name == "nt"', 'os_name == "nt"', ""]
    assert [one.kind for one in manifest.requirements[-2:]] == [INSTALL, CONSTRAINT]


def test_only_settings_of_tools(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, "[tool.ruff]\nline-length = 120\n")
    assert (manifest.requirements, manifest.python, manifest.notes) == ([], "", [])


def test_what_cannot_be_read_is_a_note(tmp_path: Path) -> None:
    text = """\
[project]
requires-python = "three"
dependencies = ["numpy>=", 3, "six"]
optional-dependencies = {a = "x", b = ["tqdm"]}
[dependency-groups]
a = [{include-group = "b"}, {other = 1}]
b = [{include-group = "a"}, {include-group = "c"}]
[tool.uv]
sources = 1
[tool.poetry]
dependencies = []
"""
    manifest = manifest_of(tmp_path, text)
    assert [one.name for one in manifest.requirements] == ["six", "tqdm"]
    assert sorted(manifest.notes, key=lambda note: note[0] or 0)[-1][0] == 11
    notes = "\n".join(f"{line}: {text}" for line, text in manifest.notes)
    for expected in (
        "3: 'numpy>=' was left out: ",
        "3: an entry of project.dependencies is not a string; it was left out",
        "4: project.optional-dependencies.a is not an array; it was left out",
        "6: an entry of the group 'a' is no requirement and no include-group; it was left out",
        "7: the group 'b' includes 'c', which is not there",
        "6: the group 'a' includes itself",
        "2: requires-python is no version specifier; it was left out",
        "9: tool.uv.sources is not a table; it was left out",
        "11: tool.poetry.dependencies is not a table; it was left out",
    ):
        assert expected in notes, expected


POETRY = """\
[tool.poetry]
name = "mine"
[tool.poetry.dependencies]
python = "^3.9"
numpy = "^1.24"
torch = [
    {version = "2.1.0", platform = "linux", source = "pytorch"},
    {version = "~2.0", python = ">=3.10", platform = "!=linux"},
]
scipy = {version = "*", extras = ["Some_Thing"], markers = "os_name == 'nt' or os_name == 'x'", python = "<3.12"}
pandas = {version = ">=1.5,<3 || 4.0", optional = true}
never = {version = "1", optional = true}
fork = {git = "https://x.org/fork.git", tag = "v1"}
local = {path = "../local", develop = true}
"quoted.name" = '1.2.*'
dotted.version = "^2"
bad = "^^"
[tool.poetry.extras]
io = ["pandas", "gone"]
more = ["pandas"]
[tool.poetry.dev-dependencies]
black = "*"
[tool.poetry.group.test]
include-groups = ["docs"]
[tool.poetry.group.test.dependencies]
pytest = ">=7"
[tool.poetry.group.docs.dependencies]
sphinx = "~7"
"""


def test_poetry(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, POETRY)
    assert manifest.python == ">=3.9,<4"
    assert [short(requirement) for requirement in manifest.requirements] == [
        ("numpy", ">=1.24,<2", "", 5, "^1.24"),
        ("torch", "==2.1.0", "", 7, "2.1.0"),
        ("torch", ">=2.0,<2.1", "", 8, "~2.0"),
        ("scipy", "", "", 10, "*"),
        ("pandas", ">=1.5,<3||==4.0", "io", 11, ">=1.5,<3 || 4.0"),
        ("pandas", ">=1.5,<3||==4.0", "more", 11, ">=1.5,<3 || 4.0"),
        ("fork", "", "", 13, ""),
        ("local", "", "", 14, ""),
        ("quoted-name", "==1.2.*", "", 15, "1.2.*"),
        ("dotted", ">=2,<3", "", 16, "^2"),
        ("pytest", ">=7", "test", 26, ">=7"),
        ("sphinx", ">=7,<8", "test", 28, "~7"),
        ("sphinx", ">=7,<8", "docs", 28, "~7"),
        ("black", "", "dev", 22, "*"),
    ]
    markers = [one.marker for one in manifest.requirements[1:4]]
    assert markers == [
        'sys_platform == "linux"',
        'python_version >= "3.10" and sys_platform != "linux"',
        '(os_name == "nt" or os_name == "x") and python_version < "3.12"',
    ]
    assert manifest.requirements[3].extras == ("some-thing",)
    assert manifest.requirements[6].url == "git+https://x.org/fork.git@v1"
    assert [line for line, _ in manifest.notes] == [12, 17]


def test_where_the_project_table_lists_dependencies_poetry_only_says_where_they_come_from(tmp_path: Path) -> None:
    text = """\
[project]
dependencies = ["torch>=2", "six"]
DYNAMIC
[tool.poetry.dependencies]
torch = {git = "https://x.org/torch"}
numpy = "^1"
"""
    manifest = manifest_of(tmp_path, text.replace("DYNAMIC", ""))
    assert [(one.name, one.url) for one in manifest.requirements] == [
        ("torch", "git+https://x.org/torch"),
        ("six", ""),
    ]
    manifest = manifest_of(tmp_path, text.replace("DYNAMIC", 'dynamic = ["dependencies"]'))
    assert [one.name for one in manifest.requirements] == ["torch", "six", "torch", "numpy"]


def test_sources_and_overrides_of_uv(tmp_path: Path) -> None:
    text = """\
[project]
dependencies = ["a>=1", "b>=1 ; os_name == 'posix'", "c", "d>=1"]
[tool.uv]
override-dependencies = ["d==3.0 ; os_name == 'nt'", "d<3", "other>4", "bad>"]
[tool.uv.sources]
a = {git = "https://x.org/a", branch = "main"}
b = [{path = "b-2.0-py3-none-any.whl", marker = "sys_platform == 'darwin'"}, {index = "cu121"}]
c = {workspace = true}
"""
    manifest = manifest_of(tmp_path, text)
    found = [(one.name, one.specifier, one.marker, one.url, one.place.line, one.kind) for one in manifest.requirements]
    posix = 'os_name == "posix"'
    assert found == [
        ("a", "", "", "git+https://x.org/a@main", 2, INSTALL),
        ("b", ">=1", posix, "", 2, INSTALL),
        ("c", "", "", "", 2, INSTALL),
        ("d", "==3.0", 'os_name == "nt"', "", 4, INSTALL),
        ("d", "<3", "", "", 4, INSTALL),
        ("b", "==2.0", f'{posix} and sys_platform == "darwin"', "b-2.0-py3-none-any.whl", 2, INSTALL),
        ("other", ">4", "", "", 4, CONSTRAINT),
    ]
    assert [line for line, _ in manifest.notes] == [4, 4, 4]


def test_dynamic_dependencies_are_read_from_the_files_of_setuptools(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy>=1.24\nbad bad\n")
    (tmp_path / "gpu.txt").write_text("cupy\n")
    text = """\
[project]
dynamic = ["version", "dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = {file = ["requirements.txt", "gone.txt", "../outside.txt"]}
optional-dependencies.GPU = {file = "gpu.txt"}
"""
    manifest = manifest_of(tmp_path, text)
    found = [(one.name, one.specifier, one.group, Path(one.place.path).name) for one in manifest.requirements]
    assert found == [("numpy", ">=1.24", "", "requirements.txt"), ("cupy", "", "gpu", "gpu.txt")]
    assert [line for line, _ in manifest.notes] == [4, 4, 4]
    assert "requirements.txt:2: " in manifest.notes[0][1]
    assert "gone.txt: there is no such file" in manifest.notes[1][1]


def test_dynamic_dependencies_of_another_build_are_not_known(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, '[project]\ndynamic = ["dependencies"]\n')
    assert manifest.notes == [(2, "the dependencies are made when the project is built; they are not known")]


def test_pixi_tables(tmp_path: Path) -> None:
    text = (
        '[tool.pixi.dependencies]\npython = "3.11.*"\nnumpy = ">=1.26,<2"\n[tool.pixi.pypi-dependencies]\nsix = "*"\n'
    )
    manifest = manifest_of(tmp_path, '[project]\nrequires-python = ">=3.9"\ndependencies = ["tqdm"]\n' + text)
    assert manifest.python == "==3.11.*"
    assert [(one.name, one.conda) for one in manifest.requirements] == [
        ("tqdm", False),
        ("numpy", True),
        ("six", False),
    ]


def test_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"pyproject\.toml:2: is not valid TOML: "):
        manifest_of(tmp_path, "[project]\nname\n")


def test_no_more_requirements_than_allowed(tmp_path: Path) -> None:
    names = ", ".join(f'"a{number}"' for number in range(20_002))
    manifest = manifest_of(tmp_path, f"[project]\ndependencies = [{names}]\n")
    assert len(manifest.requirements) == 20_000
    assert [text for _, text in manifest.notes] == ["more than 20,000 requirements; the rest was left out"]


VALUES = [
    "1",
    '"x"',
    '""',
    "[]",
    '["a>=1", 1, {}]',
    "{}",
    '{version = 1, git = 2, x = "y"}',
    "[{}, [[]]]",
    "true",
    "1.5",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wrong_types_and_mutations_give_a_manifest_or_an_error(tmp_path: Path, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([WHOLE, POETRY]))
    spots = [found.span(1) for found in re.finditer(r"=\s*(.+?)\s*$", text, re.MULTILINE)]
    start, end = data.draw(st.sampled_from(spots))
    changed = text[:start] + data.draw(st.sampled_from(VALUES)) + text[end:]
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(text)))
        changed = text[:at] + data.draw(st.text(max_size=5)) + text[at + data.draw(st.integers(0, 5)) :]
    try:
        manifest_of(tmp_path, changed)
    except ManifestError as error:
        assert "\n" not in str(error)
    except UnicodeEncodeError:
        pass  # half a character is nothing that a file can hold
