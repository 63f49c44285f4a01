"""`%envaudit memory`: what the table says of samples as a real sidecar took them (an H200, ten and twenty GiB)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from envaudit.notebook.memory import table
from envaudit.recorder.read import Record

CELLS = [
    {"number": 1, "started": 100.0, "ended": 100.01, "first_line": "%load_ext envaudit"},
    {"number": 2, "started": 105.0, "ended": 116.0, "first_line": "import time, torch"},
    {"number": 3, "started": 116.2, "ended": 116.3, "first_line": "y = x + 1"},
    {"number": 4, "started": 118.0, "ended": None, "first_line": "%envaudit memory"},
]
PLAIN: list[dict[str, Any]] = [
    {"at": 101.0, "rss_mib": 48},
    {"at": 106.0, "rss_mib": 275},
    {"at": 111.0, "rss_mib": 620},
    {"at": 115.0, "rss_mib": 610},
    {"at": 117.0, "rss_mib": 611},
]
GPU: list[dict[str, int | None]] = [
    {"gpu_mib": None, "gpu_free_mib": None},
    {"gpu_mib": None, "gpu_free_mib": 143155},
    {"gpu_mib": 10758, "gpu_free_mib": 132389},
    {"gpu_mib": 31238, "gpu_free_mib": 111909},
    {"gpu_mib": 31238, "gpu_free_mib": 111909},
]


def record(samples: list[dict[str, Any]], cells: list[dict[str, Any]] = CELLS) -> Record:
    life = {"limit_mib": "128887", "limit_kind": "physical"}
    return cast("Record", SimpleNamespace(samples=samples, life=life, cells=lambda: cells))


def test_peak_and_growth() -> None:
    assert table(record(PLAIN), 118.1).splitlines() == [
        "cell      peak    growth    time  first line",
        "   1   ~48 MiB         -   0.0 s  %load_ext envaudit",
        "   2   620 MiB  +572 MiB  11.0 s  import time, torch",
        "   3  ~611 MiB   ~+1 MiB   0.1 s  y = x + 1",
        "   4         -         -   0.1 s  %envaudit memory",
        "limit: 128,887 MiB (physical); now 611 MiB",
    ]


def test_the_gpu_has_a_column_where_the_kernel_used_one() -> None:
    lines = table(record([{**plain, **gpu} for plain, gpu in zip(PLAIN, GPU)]), 118.1).splitlines()
    assert "GPU peak" in lines[0] and "-" in lines[1]
    assert "31,238 MiB" in lines[2] and "~31,238 MiB" in lines[3]
    assert lines[-1] == "GPU: now 31,238 MiB; 111,909 MiB free"


def test_no_samples() -> None:
    assert "no memory samples" in table(record([]), 1.0)
