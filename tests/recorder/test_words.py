"""Only what the record proves is said."""

from __future__ import annotations

from typing import Any

import pytest

from envaudit.recorder.marks import first_line
from envaudit.recorder.words import died, warning

KILLED: dict[str, Any] = {"wait_status": 9, "cell": {"number": 12, "running": True}, "limit_mib": 13000}
FULL = [{"rss_mib": used, "cgroup_mib": used, "available_mib": 9000} for used in (9000, 11000, 12700)]
QUIET = {"oom_kills_before": 0, "oom_kills_after": 0}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"limit_kind": "cgroup", "samples": FULL, "oom_kills_before": 0, "oom_kills_after": 1},
            " at 12.4 of 12.7 GiB, still growing: out of memory.",
        ),
        (
            {"limit_kind": "cgroup", "samples": FULL, **QUIET},
            " at 12.4 of 12.7 GiB, still growing: signal 9 (SIGKILL), and not by the out-of-memory killer.",
        ),
        ({"limit_kind": "cgroup", "samples": FULL}, "no counter tells whether for memory."),
        ({"vm_oom_kills_before": 3, "vm_oom_kills_after": 4}, "while the machine was out of memory."),
        ({**QUIET, "vm_oom_kills_before": 3, "vm_oom_kills_after": 4}, "and not by the out-of-memory killer."),
        ({"wait_status": 139}, ": signal 11 (SIGSEGV)."),
        ({"wait_status": None}, ": nothing was left that tells how."),
    ],
)
def test_died(more: dict[str, Any], said: str) -> None:
    line = died({**KILLED, **more})  # type: ignore[typeddict-item]
    assert line is not None and said in line
    assert line.startswith("The last kernel died in cell 12")


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("\n\nimport torch\nx = 1", "import torch"),
        ("OPENAI_API_KEY = 'sk-abcdef'", "OPENAI_API_KEY =..."),
        ("!git clone https://me:hunter2@host/x", "!git clone https:..."),
        ("login('hf_AbC123')", "login(..."),
        ("x = 'ghp4f5e6d7c8b9a0f1e2d3c4b5a6'", "x = '...'"),
        (
            "from sklearn.model_selection import train_test_split",
            "from sklearn.model_selection import train_test_split",
        ),
        ("x" * 500, "x" * 120),
        ("", ""),
    ],
)
def test_the_first_line_holds_no_secret(source: str, kept: str) -> None:
    assert first_line(source) == kept


def test_a_warning_is_one_line_and_of_numbers_only() -> None:
    said = warning("10035 13004 410 7\n")
    assert said is not None and "9.8 of 12.7 GiB" in said and "about 7 s" in said and "\n" not in said
    assert warning("rm -rf") is None
