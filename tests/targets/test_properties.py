"""Properties of a machine in one line."""

from __future__ import annotations

from typing import Any

import pytest

from envaudit.targets import TargetError, load


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("gpu=T4", {"gpus": [{"name": "T4"}]}),
        ("gpu=sm_90", {"gpus": [{"name": "sm_90", "compute_capability": "9.0"}]}),
        ("gpu=none", {"gpus": []}),
        ("driver=535", {"driver": "535"}),
        ("driver=535.183.01,cuda=12.2", {"driver": "535.183.01", "driver_cuda": "12.2"}),
        ("python=3.11", {"python": "3.11"}),
        ("os=linux", {"platform": {"system": "Linux"}}),
        ("OS=MacOS", {"platform": {"system": "Darwin"}}),
        ("memory=16GiB", {"memory": {"total_mib": 16384, "limit_mib": 16384}}),
        ("memory=12.5g", {"memory": {"total_mib": 12800, "limit_mib": 12800}}),
        ("memory=16GB", {"memory": {"total_mib": 15258, "limit_mib": 15258}}),
        (" gpu = L4 , python = 3.12 ", {"gpus": [{"name": "L4"}], "python": "3.12"}),
    ],
)
def test_read(text: str, facts: dict[str, Any]) -> None:
    assert load(text).snapshot == {"schema": "envaudit.snapshot/1", **facts}


def test_a_new_driver_takes_the_old_ones_cuda_along() -> None:
    before = load("colab-gpu@2025.10").snapshot
    assert (before["driver"], before["driver_cuda"]) == ("550.54.15", "12.4")
    after = load("colab-gpu@2025.10,driver=580").snapshot
    assert after["driver"] == "580"
    assert "driver_cuda" not in after
    assert after["packages"] == before["packages"]


def test_another_system_forgets_the_release_of_the_old_one() -> None:
    assert load("colab-cpu,os=windows").snapshot["platform"] == {"system": "Windows"}
    assert load("colab-cpu,os=linux").snapshot["platform"] == load("colab-cpu").snapshot["platform"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gpu=", "KEY=VALUE"),
        ("gpu=T4,gpu=L4", "twice"),
        ("color=red", "gpu, driver, cuda, python, os, memory"),
        ("gpu=T4,driver", "'driver' is no property"),
        ("driver=new", "driver=535"),
        ("python=3", "python=3.11"),
        ("python=3.11.4.5", "python=3.11"),
        ("cuda=12", "cuda=12.2"),
        ("os=beos", "os=linux"),
        ("memory=lots", "memory=16GiB"),
        ("memory=16", "memory=16GiB"),
        ("memory=1.2.3GiB", "memory=16GiB"),
        ("memory=²GiB", "memory=16GiB"),
    ],
)
def test_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(TargetError) as caught:
        load(text)
    assert said in str(caught.value)
