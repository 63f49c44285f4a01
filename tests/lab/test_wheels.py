"""What uv is asked to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.wheels import Uv


def test_a_fix_is_installed_without_what_was_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def call(self: Uv, *words: str) -> subprocess.CompletedProcess[str]:
        calls.append(words)
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(Uv, "_call", call)
    pins = {"flax": "0.10.2", "jax": "0.4.38"}
    Uv(tmp_path / "cache", 1, 1).change(Path("python"), pins, ["chex"], [], ["torch"], tmp_path)
    removed, *installed = calls
    assert removed[:2] == ("pip", "uninstall") and removed[-1] == "chex"
    assert len(installed) == 2  # the dry run that tells the downloads, and the installation
    for words in installed:
        assert words[-2:] == ("flax==0.10.2", "jax==0.4.38")
        overrides = Path(words[words.index("--override") + 1])
        assert overrides.read_text("utf-8") == "torch; python_version < '0'\n"
