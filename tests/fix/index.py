"""A package index in a folder, for tests of plans that a resolver confirms."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.fix.plan import Plan
from envaudit.fix.resolve.find import find
from envaudit.fix.resolved import make_resolved_plan
from envaudit.fix.wishes import Wishes
from envaudit.matrix.store import Matrix
from tests.snapshot.environments import wheel


def use_index(folder: Path, monkeypatch: pytest.MonkeyPatch, *releases: str) -> None:
    """Let uv and pip know `releases` and nothing else: "a 1.0" or "a 1.0: b<2, c"."""
    folder.mkdir(parents=True, exist_ok=True)
    for release in releases:
        head, _, requires = release.partition(":")
        name, version = head.split()
        wheel(folder, name, version, tuple(line.strip() for line in requires.split(",") if line.strip()))
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    (folder / "uv.toml").write_text(f"no-index = true\nfind-links = ['{folder}']\n")
    for name, value in {
        "UV_CONFIG_FILE": str(folder / "uv.toml"),
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "PIP_FIND_LINKS": str(folder),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)


def resolved(
    snap: dict[str, Any], held: Matrix, *, resolver: str = "uv", seconds: float = 60, wishes: Wishes | None = None
) -> Plan | None:
    """The plan for `snap` as `envaudit --snapshot … --fix` makes it."""
    found = evaluate(Facts(snap, held.table), held).findings  # type: ignore[arg-type]
    return make_resolved_plan(
        snap,  # type: ignore[arg-type]
        found,
        held,
        installer="pip",
        wishes=wishes or Wishes(),
        resolver=lambda: find(resolver, None),
        live=False,
        seconds=seconds,
        tell=lambda text: None,
    )
