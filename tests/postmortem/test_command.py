"""`envaudit why`: input, formats, exit status."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from envaudit.postmortem import command, live, text
from envaudit.postmortem.command import main

LOG = "RuntimeError: operator torchvision::nms does not exist\n\ntorch==2.4.0\ntorchvision==0.15.2\n"


def run(log: str | None, format: str = "text") -> tuple[int, str]:
    out = io.StringIO()
    return main(log, format, [], out), out.getvalue()


def test_a_log_with_its_environment(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(LOG)
    status, out = run(str(path))
    assert status == 0
    assert "Compiled parts do not fit each other" in out
    assert "torchvision==0.19" in out


def test_json_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Killed\n")))
    status, out = run("-", "json")
    assert status == 0
    assert json.loads(out)["verdict"] == "unknown"


@pytest.mark.parametrize("content", [None, b"", b" \n \n"])
def test_what_cannot_be_read_is_one_line_and_status_2(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.txt"
    if content is not None:
        path.write_bytes(content)
    assert run(str(path)) == (2, "")
    err = capsys.readouterr().err
    assert err.startswith(f"envaudit: {path}: ")
    assert err.count("\n") == 1


def test_a_folder_is_no_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path))[0] == 2
    assert "cannot be read" in capsys.readouterr().err


def test_the_end_of_a_large_input_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_INPUT", 1000)
    path = tmp_path / "log.txt"
    path.write_bytes(b"Segmentation fault\n" + b"x" * 3000 + b"\nRuntimeError: CUDA error: out of memory\n")
    for name in (str(path), "-"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
        status, out = run(name, "json")
        assert status == 0
        assert json.loads(out)["verdict"] == "gpu-memory"
        assert "only its last" in json.loads(out)["missing"][0]


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    left = live.Live()
    left.death = {"kernel": "k", "wait_status": 6}
    monkeypatch.setattr(live, "look", lambda: left)
    monkeypatch.setattr(command, "_audit_here", lambda matrix: None)
    status, out = run(None)
    assert status == 0
    assert out.startswith("kernel k, ended by signal 6 (SIGABRT)\nProbably: A crash in native code")
