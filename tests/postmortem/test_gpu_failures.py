"""Texts of programs that failed on a GPU (H200, driver 580.159.04, torch 2.11, JAX 0.11.2), of `python -m lab.gpu`."""

from __future__ import annotations

from pathlib import Path

import pytest

from envaudit.matrix.store import Matrix, load
from envaudit.postmortem import signatures
from envaudit.postmortem.live import Live
from envaudit.postmortem.signatures import Signatures
from envaudit.postmortem.why import of_machine, of_text
from lab.gpu.failures import FAILURES, Failure

TEXTS = Path(__file__).parent / "gpu"
# found nothing to complain of there: only libcuda.so lies in the stubs, and torch asks for libcuda.so.1
SILENT = {"stub-libcuda"}


@pytest.fixture(scope="module")
def known() -> Signatures:
    return signatures.load()


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return load([])


@pytest.mark.parametrize("failure", [f for f in FAILURES if f.name not in SILENT], ids=lambda failure: failure.name)
def test_the_family_of_a_real_failure(failure: Failure, known: Signatures, matrix: Matrix) -> None:
    why = of_text((TEXTS / f"{failure.name}.txt").read_bytes(), known, matrix, None)
    assert why.verdict == failure.family


def test_every_text_belongs_to_a_failure() -> None:
    assert {path.stem for path in TEXTS.iterdir()} == {failure.name for failure in FAILURES} - SILENT


@pytest.mark.parametrize(
    ("line", "family"),
    [
        ("NVRM: Xid (PCI:0000:00:06): 43, pid=974, name=python3, channel 0x0000000a", "program"),
        ("NVRM: Xid (PCI:0000:00:06): 79, pid=974, GPU has fallen off the bus.", "system"),
        ("NVRM: API mismatch: the client 'python3' (pid 974)", "cuda"),
    ],
)
def test_the_drivers_line_about_the_dead_kernel(line: str, family: str, known: Signatures, matrix: Matrix) -> None:
    live = Live()
    live.death = {"kernel": "k", "pid": 974, "wait_status": 6, "clean": False, "leaving": False, "samples": []}
    live.kernel_log = [line]
    told = [c.family for c in of_machine(live, known, matrix, None).causes if c.evidence[0].startswith("kernel log")]
    assert set(told) == {family}
