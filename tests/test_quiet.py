"""Quiet where it should be, and not where it should not: the cases that other tools get wrong, on the real matrix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.matrices import audit, real

LINUX: dict[str, Any] = {
    "packages_complete": True,
    "platform": {"system": "Linux", "release": "Ubuntu 22.04", "machine": "x86_64", "libc": "glibc 2.35"},
    "python": "3.11.9",
    "memory": {"total_mib": 64000, "limit_mib": 64000, "shm_mib": 32000},
    "env_vars": {},
    "toolkit": None,
    "cudnn": None,
}
NO_GPU: dict[str, Any] = {**LINUX, "gpus": [], "driver": None, "driver_cuda": None}
TORCH_CPU = {"torch": "2.4.0+cpu", "torchvision": "0.19.0+cpu", "numpy": "1.26.4", "pandas": "2.2.2", "scipy": "1.13.1"}


def gpu(name: str, driver: str, speaks: str, packages: dict[str, str], **more: Any) -> dict[str, Any]:
    return {**LINUX, "gpus": [{"name": name}], "driver": driver, "driver_cuda": speaks, "packages": packages, **more}


@pytest.mark.parametrize(
    "snapshot",
    [
        {**NO_GPU, "packages": TORCH_CPU},
        {**NO_GPU, "packages": {"torch": "2.4.0", "torchvision": "0.19.0", "numpy": "1.26.4"}},  # a CUDA wheel, no GPU
        {**NO_GPU, "packages": {"tensorflow": "2.17.0", "numpy": "1.26.4", "keras": "3.5.0", "protobuf": "4.25.4"}},
        {**NO_GPU, "packages": TORCH_CPU, "toolkit": "13.0", "cudnn": "9.10.2"},  # toolkits do not make a GPU
        gpu("NVIDIA L4", "550.54.15", "12.4", {"torch": "2.6.0+cu124", "torchvision": "0.21.0+cu124"}),
        gpu("NVIDIA GeForce RTX 4090", "570.124.06", "12.8", {"torch": "2.7.1+cu128"}),  # 8.6 code runs on 8.9
        gpu("Tesla T4", "535.183.01", "12.2", {"torch": "2.5.1+cu124"}),  # minor-version compatibility
        gpu("Tesla T4", "470.199.02", "11.4", {"torch": "2.4.1+cu118"}),
        gpu("NVIDIA H100 80GB HBM3", "535.183.01", "12.2", {"torch": "2.4.1+cu124"}),
        {**NO_GPU, "python": "3.16.2", "packages": {"numpy": "2.4.0", "pandas": "3.0.0"}},  # a Python of tomorrow
    ],
)
def test_a_healthy_machine_gives_no_finding_at_all(snapshot: dict[str, Any]) -> None:
    assert [(finding.rule, finding.title) for finding in audit(snapshot, real()).findings] == []


def test_a_p100_runs_a_build_that_has_code_for_it() -> None:
    found = audit(gpu("Tesla P100-PCIE-16GB", "570.86.15", "12.8", {"torch": "2.7.1+cu126"}), real()).findings
    assert [finding.rule for finding in found] == ["triton-pre-volta"]  # a notice: torch.compile will not run there
    assert found[0].level == "notice"


def test_a_version_newer_than_the_tables_is_not_covered_and_no_error() -> None:
    result = audit({**NO_GPU, "packages": {"torch": "9.1.0", "torchvision": "1.4.0", "numpy": "7.0.0"}}, real())
    assert [finding for finding in result.findings if finding.level in ("crash", "error")] == []
    assert {"torch", "numpy"} <= {row["package"] for row in result.coverage}


@pytest.mark.parametrize(
    ("snapshot", "culprits"),
    [
        (gpu("Tesla P100-PCIE-16GB", "570.86.15", "12.8", {"torch": "2.8.0+cu128"}), {"torch", "gpu"}),
        (gpu("Tesla V100-SXM2-16GB", "580.65.06", "13.0", {"torch": "2.9.0+cu130"}), {"torch", "gpu"}),
        (gpu("NVIDIA GeForce RTX 5090", "570.86.10", "12.8", {"torch": "2.6.0+cu124"}), {"torch", "gpu"}),
        (gpu("Tesla T4", "470.199.02", "11.4", {"torch": "2.5.1+cu124"}), {"torch", "driver"}),
        (gpu("Tesla T4", "450.80.02", "11.0", {"torch": "2.9.0+cu130"}), {"torch", "driver"}),
        ({**NO_GPU, "packages": {"pandas": "2.0.3", "numpy": "2.1.3"}}, {"pandas", "numpy"}),
        ({**NO_GPU, "packages": {"scikit-learn": "1.2.2", "numpy": "2.1.3"}}, {"scikit-learn", "numpy"}),
        ({**NO_GPU, "packages": {"opencv-python": "4.8.1.78", "numpy": "2.1.3"}}, {"opencv-python", "numpy"}),
        ({**NO_GPU, "packages": {"torch": "2.4.0+cu121", "torchvision": "0.19.0+cpu"}}, {"torch", "torchvision"}),
        ({**NO_GPU, "packages": {"torch": "2.4.0", "torchvision": "0.15.2"}}, {"torch", "torchvision"}),
        ({**NO_GPU, "packages": {"tensorflow": "2.10.0", "protobuf": "5.28.3"}}, {"tensorflow", "protobuf"}),
        ({**NO_GPU, "packages": {"transformers": "4.30.2", "tokenizers": "0.19.1"}}, {"transformers", "tokenizers"}),
        ({**NO_GPU, "packages": {"jax": "0.4.30", "jaxlib": "0.4.20"}}, {"jax", "jaxlib"}),
        (
            {**NO_GPU, "packages": {"flash-attn": "2.8.3+cu12torch2.8cxx11abitrue", "torch": "2.9.0+cu130"}},
            {"flash-attn", "torch"},
        ),
    ],
)
def test_what_crashes_is_found(snapshot: dict[str, Any], culprits: set[str]) -> None:
    found = audit(snapshot, real()).findings
    assert any(culprits <= set(finding.culprits) and finding.level != "notice" for finding in found), found


def test_tensorflow_215_with_keras_3_is_a_notice_at_most() -> None:
    snapshot = {**NO_GPU, "packages": {"tensorflow": "2.15.0", "keras": "3.0.5", "numpy": "1.26.4"}}
    snapshot["requires"] = {"tensorflow": ["keras<2.16,>=2.15.0"]}
    found = audit(snapshot, real()).findings
    assert {finding.level for finding in found} <= {"notice"}
