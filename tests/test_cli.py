"""The command line as users and other programs meet it: output, exit status, bad input in one line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from envaudit.cli import main
from tests.fix.index import use_index

DOCS = Path(__file__).parent.parent / "docs"
BROKEN = {"schema": "envaudit.snapshot/1", "python": "3.11.4", "packages": {"pandas": "2.0.3", "numpy": "2.1.3"}}
SOUND = {"schema": "envaudit.snapshot/1", "python": "3.11.4", "packages": {"pandas": "2.2.3", "numpy": "2.1.3"}}


def schema(name: str) -> Any:
    return json.loads((DOCS / f"{name}.schema.json").read_text())


def run(
    words: list[str], capsys: pytest.CaptureFixture[str], stdin: bytes = b"", monkeypatch: Any = None
) -> tuple[int, str, str]:
    if monkeypatch:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    try:
        status = main(words)
    except SystemExit as left:
        status = int(left.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def write(folder: Path, document: Any) -> str:
    path = folder / "snapshot.json"
    path.write_text(json.dumps(document))
    return str(path)


def test_a_broken_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(["--snapshot", write(tmp_path, BROKEN)], capsys)
    assert (status, err) == (1, "")
    assert "numpy.dtype size changed" in out
    assert "python -m pip install" in out


def test_a_sound_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(["--snapshot", write(tmp_path, SOUND)], capsys)
    assert (status, err) == (0, "")
    assert "nothing here is known to crash" in out


@pytest.mark.parametrize("document", [BROKEN, SOUND])
def test_the_json_report_is_as_documented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: dict[str, Any]
) -> None:
    status, out, _ = run(["--snapshot", write(tmp_path, document), "--format", "json"], capsys)
    report = json.loads(out)
    jsonschema.validate(report, schema("report"))
    jsonschema.validate(report["snapshot"], schema("snapshot"))
    assert status == (1 if document is BROKEN else 0)
    assert report["verdict"] == ("error" if document is BROKEN else "ok")
    if document is BROKEN:
        assert report["findings"][0]["culprits"] == ["pandas", "numpy"]
        assert report["fix"]["verified"] == "matrix"
        assert report["fix"]["pins"] == report["findings"][0]["fix"]["pins"]


def test_fix_prints_what_a_shell_can_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_index(tmp_path / "wheels", monkeypatch, "numpy 1.26.4", "pandas 2.0.3: numpy>=1.20", "numpy 2.1.3")
    _, out, _ = run(["--snapshot", write(tmp_path, BROKEN), "--fix"], capsys)
    for line in out.splitlines():
        assert line.startswith(("#", "python -m pip install '"))
    _, out, _ = run(["--snapshot", write(tmp_path, BROKEN), "--fix", "--installer", "uv"], capsys)
    assert "\nuv pip install '" in out
    _, out, _ = run(["--snapshot", write(tmp_path, SOUND), "--fix"], capsys)
    assert out == "# nothing to mend\n"


def test_fix_says_what_moves_and_why_and_how_sure_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_index(tmp_path / "wheels", monkeypatch, "numpy 1.26.4", "pandas 2.0.3: numpy>=1.20", "numpy 2.1.3")
    _, out, _ = run(["--snapshot", write(tmp_path, BROKEN), "--fix"], capsys)
    assert out.splitlines()[1:4] == [
        "# numpy 2.1.3 -> 1.26.4 (numpy2-abi)",
        "python -m pip install 'numpy==1.26.4'",
        "# a resolver found these versions, and no rule fires on them",
    ]
    _, out, _ = run(["--snapshot", write(tmp_path, BROKEN), "--fix", "--resolver", "none"], capsys)
    assert "they were not resolved" in out
    _, out, _ = run(["--snapshot", write(tmp_path, BROKEN), "--fix", "--format", "json"], capsys)
    report = json.loads(out)
    jsonschema.validate(report, schema("report"))
    assert (report["fix"]["verified"], report["fix"]["reasons"]) == ("resolver", {"numpy": "numpy2-abi"})


def test_fix_writes_a_constraints_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "constraints.txt"
    words = ["--snapshot", write(tmp_path, BROKEN), "--fix", "--resolver", "none"]
    run([*words, "-o", str(path)], capsys)
    assert "numpy==2.1.3\npandas==2.2.3  # was 2.0.3: numpy2-abi\n" in path.read_text()
    status, _, err = run([*words, "-o", str(tmp_path / "no" / "c.txt")], capsys)
    assert status == 2 and "cannot be written" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--keep", "numpy"], "--keep goes with --fix"),
        (["--apply"], "--apply goes with --fix"),
        (["--yes"], "--yes goes with --apply"),
        (["--fix", "--apply", "--snapshot", "x.json"], "a recorded one cannot be changed"),
        (["--fix", "--upgrade", "--downgrade"], "not allowed with"),
        (["--fix", "--timeout", "0"], "--timeout"),
        (["--fix", "--timeout", "nan"], "--timeout"),
        (["--fix", "--keep", "no-such-package"], "--keep no-such-package: no package of this name"),
    ],
)
def test_bad_words_about_fixing(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(words, capsys)
    assert (status, out) == (2, "")
    assert said in err and err.count("\n") == 1


def test_the_plan_is_clean_when_audited_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(["--snapshot", write(tmp_path, BROKEN), "--format", "json"], capsys)
    mended = {**BROKEN, "packages": {**BROKEN["packages"], **json.loads(out)["fix"]["pins"]}}  # type: ignore[dict-item]
    assert run(["--snapshot", write(tmp_path, mended)], capsys)[0] == 0


@pytest.mark.parametrize(("level", "status"), [("crash", 0), ("error", 1), ("degraded", 1), ("notice", 1)])
def test_fail_on(tmp_path: Path, capsys: pytest.CaptureFixture[str], level: str, status: int) -> None:
    assert run(["--snapshot", write(tmp_path, BROKEN), "--fail-on", level], capsys)[0] == status


def test_a_freeze_on_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, _ = run(["--snapshot", "-"], capsys, b"pandas==2.0.3\nnumpy==2.1.3\n", monkeypatch)
    assert status == 1 and "numpy.dtype size changed" in out


def test_a_snapshot_that_knows_nothing_is_unknown_and_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(
        ["--snapshot", write(tmp_path, {"schema": "envaudit.snapshot/1"}), "--format", "json"], capsys
    )
    assert (status, err) == (0, "")
    assert json.loads(out)["verdict"] == "unknown"


def test_another_gpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, {**SOUND, "platform": {"system": "Linux"}, "packages": {"torch": "2.6.0+cu124"}})
    assert run(["--snapshot", path, "--gpu", "Tesla T4"], capsys)[0] == 0
    status, out, _ = run(["--snapshot", path, "--gpu", "RTX 5090"], capsys)
    assert status == 1 and "no kernel image is available" in out
    assert run(["--snapshot", path, "--gpu", "sm_120"], capsys)[0] == 1
    assert run(["--snapshot", path, "--gpu", "none"], capsys)[0] == 0


def test_this_environment(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run([], capsys)
    assert err == ""
    assert status in (0, 1)
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in out


def test_the_snapshot_command(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(["snapshot"], capsys)
    snapshot = json.loads(out)
    jsonschema.validate(snapshot, schema("snapshot"))
    assert status == 0
    assert snapshot["packages_complete"] is True
    assert "pytest" in snapshot["packages"]


def test_a_snapshot_can_be_audited_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(["snapshot"], capsys)
    path = tmp_path / "here.json"
    path.write_text(out)
    live = json.loads(run(["--format", "json"], capsys)[1])
    again = json.loads(run(["--snapshot", str(path), "--format", "json"], capsys)[1])
    assert [finding["rule"] for finding in again["findings"]] == [finding["rule"] for finding in live["findings"]]


def test_rules_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(["rules", "--format", "json"], capsys)
    rules = json.loads(out)["rules"]
    assert {"id", "level", "title", "packages", "proof", "sources"} == set(rules[0])
    status, page, _ = run(["explain", rules[0]["id"]], capsys)
    assert status == 0
    assert all(source in page for source in rules[0]["sources"])


def test_explain_shows_what_was_tried_of_the_packages_that_a_rule_speaks_of_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, page, _ = run(["explain", "jax-jaxlib-newer"], capsys)
    shown = [line for line in page.splitlines() if " and jaxlib: " in line]
    assert shown[0].startswith("  jax 0.10.2 and jaxlib: works with 0.10.2; fails with")
    card = json.loads(run(["explain", "jax-jaxlib-newer", "--format", "json"], capsys)[1])
    assert len(card["measured"]) > len(shown) == 12
    assert f"{len(card['measured']) - 12} more in the JSON form" in page
    alone = json.loads(run(["explain", "torch-driver-too-old", "--format", "json"], capsys)[1])
    assert alone["measured"] == []


def test_lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text("- id: x\n")
    status, out, _ = run(["lint", str(tmp_path)], capsys)
    assert status == 1
    assert f"{tmp_path}/mine.yaml:1: rule 'x' has no 'level'" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--snapshot", "/nowhere/x.json"], "/nowhere/x.json: cannot be read: No such file or directory"),
        (["--snapshot", "."], ".: cannot be read: Is a directory"),
        (["--snapshot", "EMPTY"], "EMPTY: "),
        (["--snapshot", "BINARY"], "BINARY: "),
        (["--snapshot", "PROSE"], "PROSE: "),
        (["--snapshot", "BADJSON"], "BADJSON: line 1: "),
        (["--python", "/nowhere/python"], "/nowhere/python: "),
        (["--python", "PROSE"], "PROSE: "),
        (["--gpu", " "], "--gpu"),
        (["--colour"], "--colour"),
        (["explain", "no-such-rule"], "there is no rule 'no-such-rule'"),
        (["lint", "/nowhere"], "/nowhere:1: there is no such folder"),
        (["--rules", "/nowhere"], "/nowhere: there is no such folder"),
        (["--rules", "BADRULES"], "BADRULES/x.yaml:2: "),
        (["--format", "xml"], "invalid choice"),
        (["--snapshot", "PROSE", "--python", "x"], "exclude each other"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    files = {
        "EMPTY": b"",
        "BINARY": os.urandom(5000) + b"\0",
        "PROSE": b"nothing of interest\n",
        "BADJSON": b'{"schema": "envaudit.snapshot/1", "packages": [',
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "BADRULES").mkdir()
    (tmp_path / "BADRULES" / "x.yaml").write_text("- id: [\n")
    made = {*files, "BADRULES"}
    words = [str(tmp_path / word) if word in made else word for word in words]
    status, out, err = run(words, capsys)
    assert (status, out) == (2, "")
    assert err.startswith("envaudit: ")
    assert err.count("\n") == 1
    assert said in err.replace(f"{tmp_path}{os.sep}", "")


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m envaudit rules | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, where nothing can be written")
def test_a_full_disk_is_one_line() -> None:
    command = f"{sys.executable} -m envaudit rules > /dev/full"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "envaudit: the output cannot be written: No space left on device\n"


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(["--help"], capsys)
    assert status == 0 and "exit status" in out
    status, out, _ = run(["--version"], capsys)
    assert status == 0 and out.startswith("envaudit ")
