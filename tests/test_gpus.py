"""Which machine code runs on which GPU, and which names mean one product."""

from __future__ import annotations

import pytest

from envaudit import gpus


@pytest.mark.parametrize(
    ("capability", "architectures", "expected"),
    [
        ("8.9", ["7.5", "8.0", "8.6", "9.0"], True),  # L4, RTX 4090: 8.6 code
        ("8.9", ["8.0"], True),
        ("7.5", ["7.0"], True),
        ("7.0", ["7.5", "8.0"], False),  # code is not for older minors
        ("6.0", ["6.1", "7.0"], False),
        ("12.0", ["9.0", "10.0"], False),  # nor for other majors
        ("12.0", ["9.0+PTX"], True),
        ("5.2", ["7.0+PTX"], False),
        ("8.7", ["8.6"], False),  # Orin
        ("8.7", ["8.7"], True),
        ("10.1", ["10.0"], False),
        ("10.3", ["10.0f"], True),
        ("9.0", ["9.0a"], True),
        ("10.3", ["10.0a"], False),
        ("12.1", ["12.0"], True),
        ("7.5", [], False),
        ("7.5", ["nonsense"], False),
        ("unknown", ["7.5"], True),  # nobody can say that it does not run
    ],
)
def test_runs(capability: str, architectures: list[str], expected: bool) -> None:
    assert gpus.runs(capability, architectures) == expected


@pytest.mark.parametrize(
    "names",
    [
        ("NVIDIA GeForce RTX 3080 Ti", "GeForce RTX 3080 Ti", "RTX 3080Ti", "rtx 3080 ti"),
        ("Tesla T4", "NVIDIA T4", "T4"),
        ("NVIDIA A100-SXM4-40GB", "A100 SXM4", "A100-SXM4-80GB"),
        ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", "NVIDIA H100 80GB HBM3"),
    ],
)
def test_one_product_has_one_bare_name(names: tuple[str, ...]) -> None:
    assert len({gpus.bare_name(name) for name in names}) == 1


def test_products_stay_apart() -> None:
    assert gpus.bare_name("RTX 3080") != gpus.bare_name("RTX 3080 Ti")
    assert gpus.bare_name("GTX 1080") != gpus.bare_name("RTX 2080")
