"""The compiled matrix: what is read, what is cached, and that a stale cache is never used."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest

from envaudit.matrix.store import Matrix, MatrixError, load
from tests.matrices import rule


def test_another_format_is_refused() -> None:
    with pytest.raises(MatrixError, match="reinstall envaudit"):
        Matrix(BytesIO(b"envaudit matrix 0\n"))


def test_a_users_rules_join_our_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(rule("{a: 1}", id="my-own-rule"))
    held = load([str(tmp_path)])
    assert "my-own-rule" in held.rule_ids()
    assert len(held.rule_ids()) > 1
    assert held.card("my-own-rule")["packages"] == ["a"]


def test_a_changed_rule_is_seen_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVAUDIT_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "rules"
    folder.mkdir()
    file = folder / "mine.yaml"
    file.write_text(rule("{a: 1}", id="my-own-rule", title="before"))
    assert load([str(folder)]).card("my-own-rule")["title"] == "before"
    assert os.listdir(tmp_path / "cache")
    assert load([str(folder)]).card("my-own-rule")["title"] == "before"  # from the cache
    file.write_text(rule("{a: 1}", id="my-own-rule", title="after!"))  # of the same length
    assert load([str(folder)]).card("my-own-rule")["title"] == "after!"


def test_a_rule_at_fault_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("- id: x\n")
    with pytest.raises(MatrixError, match=r"mine\.yaml:1: rule 'x' has no 'level'"):
        load([str(tmp_path)])


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(MatrixError, match="/nowhere: there is no such folder"):
        load(["/nowhere"])
