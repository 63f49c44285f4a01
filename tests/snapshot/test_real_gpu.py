"""A snapshot that was taken on a real GPU machine whose torch, JAX and CuPy all ran: nothing may be wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from envaudit.matrix.store import load
from envaudit.options import Options
from envaudit.recorded import read
from envaudit.report.document import Report, audit

SNAPSHOT = Path(__file__).parent / "h200.json"


@pytest.fixture(scope="module")
def snapshot() -> Any:
    return read(SNAPSHOT.read_bytes(), SNAPSHOT.name)


def judged(snapshot: Any) -> Report:
    return audit(snapshot, load([]), Options())


def test_the_gpu_is_read_back(snapshot: Any) -> None:
    taken = json.loads(SNAPSHOT.read_text("utf-8"))
    for key in ("driver", "driver_cuda", "gpus", "toolkit", "cudnn", "builds", "packages", "libraries", "problems"):
        assert snapshot[key] == taken[key]
    assert (snapshot["driver"], snapshot["gpus"][0]["compute_capability"]) == ("580.159.04", "9.0")


def test_it_has_no_finding_that_breaks_something(snapshot: Any) -> None:
    found = [(finding.rule, finding.level) for finding in judged(snapshot).audit.findings]
    assert found == [("torchaudio-no-torchcodec", "notice")]  # and torchaudio.load does raise there


def test_an_older_driver_would_break_it(snapshot: Any) -> None:
    # the wheels are for CUDA 13, which needs driver 580 (CUDA 13.0 release notes, table 3)
    found = {
        finding.rule for finding in judged({**snapshot, "driver": "570.86.15", "driver_cuda": "12.8"}).audit.findings
    }
    assert "torch-driver-too-old" in found
