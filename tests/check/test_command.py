"""`envaudit check` as its user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envaudit.cli import main
from tests.check.files import notebook, report, write

BAD = "pandas==1.5.3\nnumpy==2.0.2\n"
OPEN = "# why\npandas==1.5.3\nnumpy>=1.24   # range\n"


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def test_a_bad_pin_fails_at_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt=BAD)
    status, document = report(capsys, "requirements.txt")
    assert status == 1
    assert document["verdict"] == "error"
    assert document["files"] == [{"path": "requirements.txt", "format": "requirements", "requirements": 2}]
    finding = next(one for one in document["findings"] if one["rule"] == "numpy2-abi")
    assert finding["certainty"] == "definite"
    assert finding["where"] == [{"path": "requirements.txt", "line": 1}, {"path": "requirements.txt", "line": 2}]
    assert document["fix"]["edits"]


def test_a_range_is_told_with_what_tightens_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt=OPEN)
    assert main(["check", "requirements.txt"]) == 0
    said = capsys.readouterr().out
    assert "tighten: numpy>=1.24,<2" in said
    assert "requirements.txt:3" in said
    assert main(["check", "requirements.txt", "--strict"]) == 1


def test_what_goes_together_is_ok(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt="pandas==2.2.3\nnumpy==2.0.2\n")
    status, document = report(capsys, "requirements.txt")
    assert (status, document["verdict"], document["findings"]) == (0, "ok", [])


def test_files_of_one_folder_are_installed_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt="pandas==1.5.3\n")
    write(tmp_path, extra__txt="numpy==2.0.2\n")
    status, document = report(capsys, "requirements.txt", "extra.txt")
    assert status == 1
    assert {place["path"] for place in document["findings"][0]["where"]} == {"requirements.txt", "extra.txt"}


def test_alternatives_and_other_folders_are_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    write(
        tmp_path / "one", requirements__txt="pandas==1.5.3\nnumpy==1.26.4\n", new__txt="pandas==2.2.3\nnumpy==2.0.2\n"
    )
    write(tmp_path / "two", requirements__txt="numpy==2.0.2\n")
    paths = ["one/requirements.txt", "one/new.txt", "two/requirements.txt"]
    assert main(["check", *paths]) == 0
    (tmp_path / "one/new.txt").unlink()
    assert main(["check", "one/requirements.txt", "two/requirements.txt"]) == 0


def test_together_takes_them_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one").mkdir()
    write(tmp_path, requirements__txt="numpy==2.0.2\n")
    write(tmp_path / "one", requirements__txt="pandas==1.5.3\n")
    assert main(["check", "requirements.txt", "one/requirements.txt"]) == 0
    assert main(["check", "--together", "requirements.txt", "one/requirements.txt"]) == 1


@pytest.mark.parametrize("words", [["--diff"], ["--fix"]])
def test_only_what_must_change_is_changed(tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = "# why\r\npandas==1.5.3\r\nnumpy >= 1.24   # range\r\n"
    write(tmp_path, requirements__txt=before)
    main(["check", *words, "--resolver", "none", "requirements.txt"])
    assert "+numpy >= 1.24, < 2   # range" in capsys.readouterr().out
    after = (tmp_path / "requirements.txt").read_bytes().decode()
    assert after == (before if words == ["--diff"] else before.replace(">= 1.24", ">= 1.24, < 2"))
    if words == ["--fix"]:
        assert main(["check", "--strict", "requirements.txt"]) == 0


def test_two_pins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt=BAD)
    assert main(["check", "--fix", "--resolver", "none", "requirements.txt"]) == 0
    assert (tmp_path / "requirements.txt").read_text() != BAD
    assert main(["check", "requirements.txt"]) == 0


def test_hashes_are_not_rewritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(f"{line} --hash=sha256:{'0' * 64}\n" for line in BAD.splitlines())
    write(tmp_path, requirements__txt=text)
    assert main(["check", "--fix", "--resolver", "none", "requirements.txt"]) == 1
    assert "hashes would not fit" in capsys.readouterr().out
    assert (tmp_path / "requirements.txt").read_text() == text


def test_a_notebook_is_audited_in_its_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, one__ipynb=notebook("!pip install -q pandas==1.5.3 'numpy==2.0.2'", colab={}, accelerator="GPU"))
    status, document = report(capsys, "one.ipynb")
    assert status == 1
    assert document["targets"][0]["name"] == "colab-gpu"
    assert document["snapshot"]["runtime"] == "colab"
    line = document["findings"][0]["where"][0]["line"]
    assert "pandas==1.5.3" in (tmp_path / "one.ipynb").read_text().splitlines()[line - 1]


def test_a_notebook_is_rewritten_for_the_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, one__ipynb=notebook("!pip install pandas==1.5.3 numpy"))
    assert main(["check", "--fix", "--resolver", "none", "one.ipynb"]) == 0
    source = json.loads((tmp_path / "one.ipynb").read_text())["cells"][0]["source"]
    assert source == ["!pip install pandas==1.5.3 'numpy<2'\n"]


@pytest.mark.parametrize("line", ["numpy==2.0.2  # envaudit: ignore[numpy2-abi] patched", "numpy==2.0.2"])
def test_an_ignore_with_a_reason(tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    if "#" not in line:
        line = f"# envaudit: ignore[numpy2-abi] patched\n{line}"
    write(tmp_path, requirements__txt=f"pandas==1.5.3\n{line}\n")
    status, document = report(capsys, "requirements.txt")
    assert status == 0
    assert document["silenced"][0]["reason"] == "patched"


def test_an_ignore_without_a_reason_and_one_that_ignores_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "pandas==1.5.3  # envaudit: ignore[numpy2-abi]\nnumpy==2.0.2  # envaudit: ignore[torch-gpu-arch] old\n"
    write(tmp_path, requirements__txt=text)
    status, document = report(capsys, "requirements.txt")
    assert status == 1
    assert [note["line"] for note in document["notes"]] == [1, 2]


def test_settings_of_the_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt=OPEN)
    (tmp_path / "pyproject.toml").write_text("[tool.envaudit]\nstrict = true\ntarget = 'python=3.11'\n")
    assert main(["check", "requirements.txt"]) == 1
    table = "[tool.envaudit.ignore]\nnumpy2-abi = 'patched'\n"
    (tmp_path / "pyproject.toml").write_text(f"[tool.envaudit]\nstrict = true\n{table}")
    assert main(["check", "requirements.txt"]) == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[tool.envaudit]\nstrickt = true\n", "tool.envaudit.strickt: no such setting"),
        ("[tool.envaudit]\ntarget = 3\n", "tool.envaudit.target is a string"),
        ("[tool.envaudit]\nfail-on = 'x'\n", "fail-on is one of"),
        ("[tool.envaudit.ignore]\nx = 1\n", "needs a reason"),
        ("[tool.envaudit\n", "is not valid TOML"),
        ("[tool.envaudit]\ntarget = 'colab-gpus'\n", "did you mean colab-gpu"),
    ],
)
def test_wrong_settings(tmp_path: Path, settings: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt=OPEN)
    (tmp_path / "pyproject.toml").write_text(settings)
    assert main(["check", "requirements.txt"]) == 2
    assert said in capsys.readouterr().err


def test_a_baseline_silences_what_was_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt=BAD)
    words = ["check", "requirements.txt", "--baseline", "known.json"]
    assert main(words) == 1
    assert main([*words, "--update-baseline"]) == 0
    assert main(words) == 0
    write(tmp_path, requirements__txt=BAD + "scipy==1.11.1\n")
    assert main(words) == 1
    write(tmp_path, requirements__txt="requests\n")
    capsys.readouterr()
    assert main(words) == 0
    assert "are gone" in capsys.readouterr().out
    (tmp_path / "known.json").write_text("{}")
    assert main(words) == 2


@pytest.mark.parametrize("name", ["missing.txt", "folder", "what.exe", "binary.txt", "broken.toml"])
def test_bad_input_is_one_line(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "what.exe").write_text("x")
    (tmp_path / "binary.txt").write_bytes(b"\0\1\2")
    (tmp_path / "broken.toml").write_text("x = ")
    assert main(["check", name]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert name in said.err
    assert said.out == ""


def test_a_python_that_a_pin_has_no_release_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt="numpy==1.21.6\n")
    _, document = report(capsys, "--target", "python=3.13", "requirements.txt")
    assert "numpy 1.21.6 has no release for Python 3.13" in document["notes"][0]["text"]


def test_a_target_and_a_gpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, requirements__txt="torch==2.1.0\n")
    status, document = report(capsys, "--target", "gpu=RTX 5090,driver=570,python=3.11", "requirements.txt")
    assert status == 1
    assert "torch-gpu-arch" in {finding["rule"] for finding in document["findings"]}
    status, _ = report(capsys, "--target", "gpu=T4,driver=570,python=3.11", "requirements.txt")
    assert status == 0


def test_what_cannot_be_rewritten_in_place_is_said_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = notebook("!pip install pandas=='1.5.3' numpy=='2.0.2'")
    write(tmp_path, one__ipynb=text)
    assert main(["check", "--fix", "--resolver", "none", "one.ipynb"]) == 1
    line = next(place for place, row in enumerate(text.splitlines(), 1) if "pandas" in row)
    assert f"change it by hand at one.ipynb:{line}" in capsys.readouterr().out
    assert (tmp_path / "one.ipynb").read_text() == text
