"""Rewriting: only the specifier that must change, in every format."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.check.edit import EditError, edit, write_bytes
from envaudit.check.mend import Change
from envaudit.manifest import read
from envaudit.manifest.requirement import Place
from tests.check.files import notebook

PEP_621 = '[project]\nname = "x"\nversion = "1"\ndependencies = [\n  "pandas",\n  "numpy{}",  # n\n]\n'
POETRY = '[tool.poetry.dependencies]\npython = "^3.10"\nnumpy = "{}"\n'


def changed(folder: Path, name: str, text: str, specifier: str) -> str:
    """The file's text with another specifier for numpy."""
    path = folder / name
    path.write_bytes(text.encode())
    manifest = read(str(path))
    (numpy,) = [one for one in manifest.requirements if one.name == "numpy"]
    edited = edit(str(path), manifest.format, [Change("numpy", numpy.place, numpy.specifier, specifier)])
    edited.write()
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("requirements.txt", "numpy>=1.24 # why\n", "numpy>=1.24,<2 # why\n"),
        ("requirements.txt", "numpy >= 1.24\r\nx\r\n", "numpy >= 1.24, < 2\r\nx\r\n"),
        ("requirements.txt", "numpy", "numpy>=1.24,<2"),
        ("requirements.txt", "numpy[x]; python_version>'3'\n", "numpy[x]>=1.24,<2; python_version>'3'\n"),
        ("requirements.txt", "numpy (>=1.24)\n", "numpy (>=1.24,<2)\n"),
        ("requirements.txt", "\ufeffnumpy>=1.24\n", "\ufeffnumpy>=1.24,<2\n"),
        ("pyproject.toml", PEP_621.format(">=1.24"), PEP_621.format(">=1.24,<2")),
        ("pyproject.toml", PEP_621.format(""), PEP_621.format(">=1.24,<2")),
        ("pyproject.toml", POETRY.format("^1.24"), POETRY.format(">=1.24,<2")),
        ("pyproject.toml", POETRY.format("*"), POETRY.format(">=1.24,<2")),
        ("Pipfile", '[packages]\nnumpy = "*"\n', '[packages]\nnumpy = ">=1.24,<2"\n'),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n    numpy>=1.24\n",
            "[options]\ninstall_requires =\n    numpy>=1.24,<2\n",
        ),
        ("environment.yml", "dependencies:\n  - numpy=1.24\n", "dependencies:\n  - numpy>=1.24,<2\n"),
        ("pixi.toml", '[dependencies]\nnumpy = "1.24.*"\n', '[dependencies]\nnumpy = ">=1.24,<2"\n'),
        ("Dockerfile", "FROM x\nRUN pip install numpy==1.24\n", "FROM x\nRUN pip install 'numpy>=1.24,<2'\n"),
        ("Dockerfile", 'FROM x\nRUN pip install "numpy>=1.24"\n', 'FROM x\nRUN pip install "numpy>=1.24,<2"\n'),
        ("n.ipynb", notebook("!pip install numpy"), notebook("!pip install 'numpy>=1.24,<2'")),
        ("n.ipynb", notebook("%pip install 'numpy>=1.24'"), notebook("%pip install 'numpy>=1.24,<2'")),
        ("n.ipynb", notebook('!pip install "numpy>=1.24"'), notebook('!pip install "numpy>=1.24,<2"')),
    ],
)
def test_every_format(tmp_path: Path, name: str, before: str, after: str) -> None:
    assert changed(tmp_path, name, before, ">=1.24,<2") == after


def test_what_would_not_read_as_meant_is_not_written(tmp_path: Path) -> None:
    text = "dependencies: [numpy=1.24, pandas]\n"
    with pytest.raises(EditError):
        changed(tmp_path, "environment.yml", text, ">=1.24,<2")
    assert (tmp_path / "environment.yml").read_text() == text


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy>=1.20\n")
    path = str(tmp_path / "requirements.txt")
    with pytest.raises(EditError, match="as it was read"):
        edit(path, "requirements", [Change("numpy", Place(path, 1, 5, ">=1.24"), ">=1.24", "<2")])


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_the_encoding_stays(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_bytes("# für\nnumpy>=1.24\n".encode(encoding))
    place = read(str(path)).requirements[0].place
    edit(str(path), "requirements", [Change("numpy", place, ">=1.24", "<2")]).write()
    assert path.read_bytes().decode(encoding) == "# für\nnumpy<2\n"


def test_links_and_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("x")
    real.chmod(0o640)
    link.symlink_to(real)
    write_bytes(str(link), b"y")
    assert link.is_symlink()
    assert real.read_text() == "y"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.txt", "real.txt"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("numpy>=1.24\n")
    place = read(str(path)).requirements[0].place
    edited = edit(str(path), "requirements", [Change("numpy", place, ">=1.24", "<2")])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(EditError, match="No space left"):
        edited.write()
    assert path.read_text() == "numpy>=1.24\n"
    assert os.listdir(tmp_path) == ["requirements.txt"]


LINES = st.lists(
    st.sampled_from(
        ["", "# comment", "requests", "pandas==1.5.3", "scipy >= 1 ; python_version < '3.9'", "-i https://e.org"]
    ),
    max_size=6,
)


@given(
    LINES,
    LINES,
    st.sampled_from(["numpy", "numpy>=1.2", "numpy ~= 1.24", "NumPy[x]==1.*  # y"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_all_other_lines_stay(
    tmp_path_factory: pytest.TempPathFactory, above: list[str], below: list[str], line: str, end: str
) -> None:
    folder = tmp_path_factory.mktemp("edit")
    text = end.join([*above, line, *below])
    after = changed(folder, "requirements.txt", text, "==1.26.4")
    lines = after.split(end)
    assert lines[: len(above)] == above
    assert lines[len(above) + 1 :] == below
    assert "1.26.4" in lines[len(above)].replace(" ", "")
