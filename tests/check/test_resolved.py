"""`check --fix` with a real resolver over an index in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from envaudit.cli import main
from tests.check.files import write
from tests.fix.index import use_index

NUMPY = ("numpy 1.24.4", "numpy 1.26.4", "numpy 2.0.2")


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")


def fixed(tmp_path: Path, text: str, *words: str) -> tuple[int, str]:
    """(exit status, the file afterwards) of `check --fix`."""
    write(tmp_path / "project", requirements__txt=text)
    status = main(["check", "--fix", "--target", "python=3.11", *words, "requirements.txt"])
    return status, (tmp_path / "project/requirements.txt").read_text()


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_what_the_resolver_accepts_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], resolver: str
) -> None:
    use_index(tmp_path / "index", monkeypatch, *NUMPY, "pandas 1.5.3: numpy>=1.21")
    text = "pandas==1.5.3\nnumpy\n"
    assert fixed(tmp_path, text, "--resolver", resolver) == (0, "pandas==1.5.3\nnumpy<2\n")
    assert "a resolver finds versions" in capsys.readouterr().out


def test_what_it_refuses_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_index(tmp_path / "index", monkeypatch, "numpy 2.0.2", "pandas 1.5.3: numpy>=1.21")
    text = "pandas==1.5.3\nnumpy\n"
    assert fixed(tmp_path, text) == (0, text)
    said = capsys.readouterr().out
    assert "nothing was written: uv finds no versions for it" in said


def test_where_the_file_could_not_be_installed_before_either_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_index(tmp_path / "index", monkeypatch, *NUMPY, "pandas 1.5.3: numpy>=1.21", "odd 1.0: numpy>3")
    assert fixed(tmp_path, "pandas==1.5.3\nnumpy\nodd\n") == (0, "pandas==1.5.3\nnumpy<2\nodd\n")
    assert "no versions for the file as it was either" in capsys.readouterr().out


def test_another_way_out_is_found_when_the_first_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # the matrix would go back to an older numpy, which something else here does not take
    use_index(
        tmp_path / "index", monkeypatch, *NUMPY, "pandas 1.5.3: numpy", "pandas 2.2.3: numpy", "odd 1.0: numpy>=2"
    )
    status, after = fixed(tmp_path, "pandas==1.5.3\nnumpy==2.0.2\nodd==1.0\n")
    assert (status, after) == (0, "pandas==2.2.3\nnumpy==2.0.2\nodd==1.0\n")


def test_without_a_network_it_is_written_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_index(tmp_path / "index", monkeypatch, "numpy 1.26.4")
    (tmp_path / "index/uv.toml").write_text("index-url = 'http://127.0.0.1:9/simple'\n")
    assert fixed(tmp_path, "pandas==1.5.3\nnumpy\n") == (0, "pandas==1.5.3\nnumpy<2\n")
    assert "not resolved:" in capsys.readouterr().out
