"""What uv is asked to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.wheels import Uv


def test_what_clashes_and_stays_is_named_to_the_resolver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def call(self: Uv, *words: str) -> subprocess.CompletedProcess[str]:
        calls.append(words)
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(Uv, "_call", call)
    left_out = tmp_path / "left-out.txt"
    left_out.write_text("torch; python_version < '0'\n")
    Uv(tmp_path / "cache", 1, 1).change(Path("python"), {"flax": "0.10.2"}, ["chex"], [], left_out, {"jax": "0.4.38"})
    removed, *installed = calls
    assert removed[:2] == ("pip", "uninstall") and removed[-1] == "chex"
    assert len(installed) == 2  # the dry run that tells the downloads, and the installation
    for words in installed:
        assert words[-2:] == ("flax==0.10.2", "jax==0.4.38")
