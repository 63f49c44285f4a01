"""CUDA_VISIBLE_DEVICES as CUDA reads it."""

from __future__ import annotations

import pytest

from envaudit.snapshot.devices import Device, visible

T4 = {"name": "Tesla T4", "compute_capability": "7.5", "memory_mib": 15360, "mig": False}
A100 = {"name": "NVIDIA A100-SXM4-40GB", "compute_capability": "8.0", "memory_mib": 40960, "mig": False}
SLICE = {"name": "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "compute_capability": "8.0", "memory_mib": 4864, "mig": True}


def four_t4() -> list[Device]:
    return [Device({**T4, "memory_mib": number}, f"GPU-{number}a-b") for number in (10, 11, 12, 20)]  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, [10, 11, 12, 20]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),  # Slurm, for a job without GPUs
        ("2", [12]),
        ("2,0", [12, 10]),
        (" 2 , 0 ", [12, 10]),
        ("+1", [11]),
        ("1gpu", [11]),
        ("0,7,1", [10]),  # an invalid entry ends the list
        ("0,-1,1", [10]),
        ("0,,1", [10]),
        ("1,1", []),  # a device named twice leaves none
        ("99999999999999999999", []),
        ("\u0662", []),  # a digit, but none of CUDA's
        ("GPU-12a-b", [12]),
        ("GPU-2", [20]),  # a start that fits one device
        ("GPU-1", []),  # a start that fits three
        ("GPU-12,GPU-10", [12, 10]),
        ("gpu-12", []),
        ("GPU-12,x", [12]),
        ("MIG-1", []),
    ],
)
def test_numbers_and_uuids(value: str | None, expected: list[int]) -> None:
    environ = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    if value is not None:
        environ["CUDA_VISIBLE_DEVICES"] = value
    gpus, hidden, sure = visible(four_t4(), environ)
    assert [gpu["memory_mib"] for gpu in gpus] == expected
    assert hidden == 4 - len(expected)
    assert sure


def test_a_very_long_list_is_cut() -> None:
    gpus, _, _ = visible(four_t4(), {"CUDA_VISIBLE_DEVICES": "0," * 1_000_000, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"})
    assert gpus == []  # 0 is named twice


def test_equal_gpus_need_no_bus_order() -> None:
    gpus, hidden, sure = visible([Device(T4), Device(T4)], {"CUDA_VISIBLE_DEVICES": "1"})  # type: ignore[arg-type]
    assert (gpus, hidden, sure) == ([T4], 1, True)


def test_different_gpus_without_bus_order_keep_only_what_they_share() -> None:
    """CUDA puts the fastest GPU first; which one the driver calls 1 is then not certain."""
    gpus, hidden, sure = visible([Device(T4), Device(A100)], {"CUDA_VISIBLE_DEVICES": "1"})  # type: ignore[arg-type]
    assert (gpus, hidden, sure) == ([{"mig": False}], 1, False)
    every = visible([Device(T4), Device(A100)], {"CUDA_VISIBLE_DEVICES": "1,0"})  # type: ignore[arg-type]
    assert every == ([A100, T4], 0, True)


def with_mig(count: int) -> list[Device]:
    slices = [Device(SLICE, f"MIG-{number}") for number in range(count)]  # type: ignore[arg-type]
    return [Device(T4, "GPU-t"), Device({**A100, "mig": True}, "GPU-a", slices)]  # type: ignore[arg-type, typeddict-item]


@pytest.mark.parametrize(
    ("count", "value", "expected", "hidden"),
    [
        (2, None, [SLICE], 0),  # one slice, and then no whole GPU
        (2, "MIG-1", [SLICE], 1),
        (2, "MIG-0,MIG-1", [SLICE], 1),
        (2, "GPU-a", [SLICE], 1),
        (2, "GPU-t", [T4], 1),
        (2, "MIG-", [], 2),
        (0, None, [T4], 0),
        (0, "GPU-a", [], 1),
    ],
)
def test_mig(count: int, value: str | None, expected: list[object], hidden: int) -> None:
    environ = {} if value is None else {"CUDA_VISIBLE_DEVICES": value}
    assert visible(with_mig(count), environ) == (expected, hidden, True)


def test_mig_whose_slices_cannot_be_listed_stands_for_itself() -> None:
    whole = {**A100, "mig": True}
    assert visible([Device(whole, "GPU-a")], {})[0] == [whole]  # type: ignore[arg-type]


def test_no_gpu() -> None:
    assert visible([], {"CUDA_VISIBLE_DEVICES": "0"}) == ([], 0, True)
