"""The NVIDIA collector: pynvml's own code on a small library that plays the driver's, and made-up systems."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from envaudit.snapshot import nvidia, nvidia_fallback
from tests.snapshot.trees import Folder, Link, plant

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
T4 = {"name": "Tesla T4", "compute_capability": "7.5", "memory_mib": 15360, "mig": False}
A100 = {"name": "NVIDIA A100-SXM4-40GB", "compute_capability": "8.0", "memory_mib": 40960, "mig": False}
SLICE = {"name": "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "compute_capability": "8.0", "memory_mib": 4864, "mig": True}
NOTHING = {"driver": None, "driver_cuda": None, "gpus": [], "hidden_gpus": 0}
DEVICE = {"/dev/nvidiactl": ""}
KERNEL = {
    "/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 2023\n"
    "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n",
    "/proc/driver/nvidia/gpus/0000:00:04.0/information": "Model: \t\t Tesla T4\nIRQ:   \t\t 24\n"
    "GPU UUID: \t GPU-0a1b2c3d-0000-0000-0000-000000000000\nBus Location: \t 0000:00:04.0\n",
}


@pytest.fixture(scope="session")
def compiler() -> str:
    path = shutil.which("gcc") or shutil.which("cc")
    if path is None or not sys.platform.startswith("linux"):
        pytest.skip("the library that plays NVML needs a C compiler and Linux")
    return path


@pytest.fixture(scope="session")
def library(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(compiler, tmp_path_factory.mktemp("nvml"))


@pytest.fixture(scope="session")
def old_library(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(compiler, tmp_path_factory.mktemp("old-nvml"), "-DOLD")


def build(compiler: str, folder: Path, *options: str) -> Path:
    target = folder / "libnvidia-ml.so.1"
    source = HERE / "fake_nvml.c"
    subprocess.run([compiler, "-shared", "-fPIC", *options, "-o", str(target), str(source)], check=True)
    return folder


def audit(root: str, variables: dict[str, str], call: str = "nvidia.read(dict(os.environ), sys.argv[1])") -> Any:
    """The collector's answer in a process of its own: NVML can be loaded once in a process."""
    code = f"import json, os, sys; from envaudit.snapshot import nvidia, nvml; print(json.dumps({call}))"
    environ = {"PATH": "/nowhere", "PYTHONPATH": str(REPOSITORY), **variables}
    process = subprocess.run(
        [sys.executable, "-c", code, root], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert process.stderr == ""
    return json.loads(process.stdout)


# NVML


@pytest.mark.parametrize(
    ("variables", "gpus", "hidden"),
    [
        ({"FAKE_GPUS": ""}, [], 0),
        ({"FAKE_GPUS": "t4"}, [T4], 0),
        ({"FAKE_GPUS": "t4,a100"}, [T4, A100], 0),
        ({"FAKE_GPUS": "t4,t4", "CUDA_VISIBLE_DEVICES": "1"}, [T4], 1),
        ({"FAKE_GPUS": "t4,a100", "CUDA_VISIBLE_DEVICES": "GPU-1"}, [A100], 1),
        ({"FAKE_GPUS": "t4", "CUDA_VISIBLE_DEVICES": ""}, [], 1),
        ({"FAKE_GPUS": "a100", "FAKE_MIG": "3"}, [SLICE], 0),
        ({"FAKE_GPUS": "t4,a100", "FAKE_MIG": "3", "CUDA_VISIBLE_DEVICES": "MIG-12"}, [SLICE], 1),
    ],
)
def test_gpus_through_nvml(library: Path, tmp_path: Path, variables: dict[str, str], gpus: Any, hidden: int) -> None:
    found = audit(plant(tmp_path, DEVICE), {"LD_LIBRARY_PATH": str(library), **variables})
    assert found["gpus"] == gpus
    assert found["hidden_gpus"] == hidden
    assert (found["driver"], found["driver_cuda"]) == ("535.129.03", "12.2")
    assert (found["problems"], found["unknown"]) == ([], [])


def test_uncertain_numbering_is_said(library: Path, tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": "t4,a100", "CUDA_VISIBLE_DEVICES": "1"}
    found = audit(plant(tmp_path, DEVICE), variables)
    assert found["gpus"] == [{"mig": False}]
    assert [entry["what"] for entry in found["unknown"]] == ["which GPUs CUDA_VISIBLE_DEVICES=1 means"]
    assert audit(str(tmp_path), {**variables, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"})["gpus"] == [A100]


def test_old_driver_without_newer_functions(old_library: Path, tmp_path: Path) -> None:
    found = audit(plant(tmp_path, DEVICE), {"LD_LIBRARY_PATH": str(old_library), "FAKE_GPUS": "t4"})
    assert found["driver_cuda"] == "12.2"  # the older function answers
    assert found["gpus"] == [T4]
    assert (found["problems"], found["unknown"]) == ([], [])


@pytest.mark.parametrize(
    ("function", "missing"),
    [
        ("nvmlDeviceGetName", "name"),
        ("nvmlDeviceGetCudaComputeCapability", "compute_capability"),
        ("nvmlDeviceGetMemoryInfo", "memory_mib"),
    ],
)
def test_a_function_that_fails_costs_its_fact_only(library: Path, tmp_path: Path, function: str, missing: str) -> None:
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": "t4", "FAKE_ERRORS": f"{function}=3"}
    assert audit(plant(tmp_path, DEVICE), variables)["gpus"] == [{**T4, missing: None}]


@pytest.mark.parametrize(
    ("errors", "kind", "words"),
    [
        ("nvmlInitWithFlags=18", "nvml-mismatch", "reboot"),
        ("nvmlInitWithFlags=4", "nvml-no-permission", "/dev/nvidia*"),
        ("nvmlDeviceGetHandleByIndex_v2=4", "nvml-no-permission", "/dev/nvidia*"),
        ("nvmlSystemGetCudaDriverVersion_v2=12", "libcuda-missing", "NVIDIA_DRIVER_CAPABILITIES"),
        # NVML_ERROR_NOT_FOUND: driver 580.159.04 with its libcuda taken away
        ("nvmlSystemGetCudaDriverVersion_v2=6", "libcuda-missing", "NVIDIA_DRIVER_CAPABILITIES"),
    ],
)
def test_problems(library: Path, tmp_path: Path, errors: str, kind: str, words: str) -> None:
    root = plant(tmp_path, {**DEVICE, **KERNEL})
    found = audit(root, {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": "t4", "FAKE_ERRORS": errors})
    assert [problem["kind"] for problem in found["problems"]] == [kind]
    assert words in found["problems"][0]["detail"]
    assert found["unknown"] == []
    assert found["driver"] == "535.129.03"  # the kernel module tells it where NVML does not
    assert [gpu["name"] for gpu in found["gpus"]] == ["Tesla T4"]


def test_mig_without_instances(library: Path, tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": "a100", "FAKE_MIG": "0"}
    found = audit(plant(tmp_path, DEVICE), variables)
    assert found["gpus"] == []
    assert [problem["kind"] for problem in found["problems"]] == ["mig-without-instances"]


def test_mig_slices_that_cannot_be_asked_for(library: Path, tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": "a100", "FAKE_MIG": "2"}
    found = audit(plant(tmp_path, DEVICE), {**variables, "FAKE_ERRORS": "nvmlDeviceGetMaxMigDeviceCount=4"})
    assert found["gpus"] == [{**A100, "mig": True}]


def test_any_other_error_is_unknown_with_its_text(library: Path, tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_ERRORS": "nvmlInitWithFlags=999"}
    found = audit(plant(tmp_path, DEVICE), variables)
    assert "gpus" not in found
    assert "driver" not in found
    assert found["unknown"] == [{"what": "NVIDIA driver", "because": "nvmlInit: Unknown Error"}]


def test_a_lost_gpu_leaves_the_others(library: Path, tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": "t4,t4"}
    found = audit(plant(tmp_path, DEVICE), {**variables, "FAKE_ERRORS": "nvmlDeviceGetHandleByIndex_v2#1=15"})
    assert found["gpus"] == [T4, {}]
    assert "GPU 1" in found["unknown"][0]["because"]


def test_gpus_of_other_jobs_are_skipped(library: Path, tmp_path: Path) -> None:
    """NVML counts the GPUs that a container or job was not given and refuses to open them."""
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": "t4,a100"}
    found = audit(plant(tmp_path, DEVICE), {**variables, "FAKE_ERRORS": "nvmlDeviceGetHandleByIndex_v2#0=4"})
    assert found["gpus"] == [A100]
    assert found["unknown"] == []


def test_a_driver_that_is_not_loaded(library: Path, tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_ERRORS": "nvmlInitWithFlags=9"}
    found = audit(plant(tmp_path, DEVICE), variables)
    assert found["gpus"] == []
    assert "does not answer" in found["unknown"][0]["because"]


def test_nvml_that_hangs_is_given_up(library: Path, tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": str(library), "FAKE_GPUS": "t4", "FAKE_HANG": "50"}
    call = "(lambda answer: [answer.failure, answer.because, answer.devices])(nvml.ask(0.2))"
    start = time.monotonic()
    assert audit(str(tmp_path), variables, call) == ["hangs", "NVML did not answer within 0.2 seconds", None]
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("source", ["raise RuntimeError('no')", "", "def nvmlInit(): raise OSError('foreign')"])
def test_a_pynvml_that_is_not_nvidias(tmp_path: Path, source: str) -> None:
    root = plant(tmp_path, {**DEVICE, **KERNEL, "/modules/pynvml.py": source})
    found = audit(root, {"PYTHONPATH": f"{root}/modules{os.pathsep}{REPOSITORY}"})
    assert found["driver"] == "535.129.03"
    assert [gpu["name"] for gpu in found["gpus"]] == ["Tesla T4"]


# machines without NVML


def test_no_driver_costs_no_import(tmp_path: Path) -> None:
    call = "[nvidia.read({}, sys.argv[1]), sorted({'pynvml', 'ctypes', 'threading', 'subprocess'} & set(sys.modules))]"
    assert audit(plant(tmp_path, {"/dev": Folder()}), {}, call) == [NOTHING, []]


@pytest.mark.parametrize(
    ("system", "content"),
    [
        ("darwin", {}),
        ("win32", {}),
        ("freebsd14", {}),
        ("linux", {"/dev/dxg": ""}),  # WSL on a computer without an NVIDIA GPU
        ("linux", {"/usr/lib64/libnvidia-ml.so.1": ""}),  # an image with the driver's libraries, no card
    ],
)
def test_no_driver_is_no_finding(tmp_path: Path, system: str, content: dict[str, Any]) -> None:
    assert nvidia.read({}, plant(tmp_path, content), system) == NOTHING


def test_a_card_whose_kernel_module_is_not_loaded(tmp_path: Path) -> None:
    pci = "/sys/bus/pci/devices/0000:01:00"
    content = {
        "/usr/lib64/libnvidia-ml.so.1": "",
        f"{pci}.1/vendor": "0x10de\n",
        f"{pci}.1/class": "0x040300\n",  # the card's sound device
    }
    assert nvidia.read({}, plant(tmp_path, content), "linux") == NOTHING
    plant(tmp_path, {f"{pci}.0/vendor": "0x10de\n", f"{pci}.0/class": "0x030000\n"})
    found = nvidia.read({}, str(tmp_path), "linux")
    assert [problem["kind"] for problem in found["problems"]] == ["nvidia-not-loaded"]
    assert found["gpus"] == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "--gpus all"),
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, "--gpus all"),
        ({"NVIDIA_VISIBLE_DEVICES": "void"}, "NVIDIA_VISIBLE_DEVICES=void"),
    ],
)
def test_container_that_was_not_given_the_driver(tmp_path: Path, variables: dict[str, str], words: str) -> None:
    found = nvidia.read(variables, plant(tmp_path, KERNEL), "linux")
    assert (found["driver"], found["gpus"]) == ("535.129.03", [])
    assert [entry["what"] for entry in found["unknown"]] == ["NVIDIA driver"]
    assert words in found["unknown"][0]["because"]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("NVIDIA Jetson AGX Orin Developer Kit\0", "Jetson AGX Orin"),
        ("NVIDIA Jetson Nano Developer Kit\0", "Jetson Nano"),
    ],
)
def test_jetson(tmp_path: Path, model: str, name: str) -> None:
    found = nvidia.read({}, plant(tmp_path, {"/proc/device-tree/model": model}), "linux")
    assert found["gpus"] == [{"name": name}]
    assert "driver" not in found
    assert [entry["what"] for entry in found["unknown"]] == ["NVIDIA driver"]


@pytest.mark.parametrize(
    ("line", "driver"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.57.02  Tue Jul 13 16:14:05 UTC 2021", "470.57.02"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  560.35.03  Release Build  (a@b-1)", "560.35.03"),
        ("NVRM version: NVIDIA UNIX aarch64 Kernel Module  535.54.03", "535.54.03"),
        ("something else", None),
        ("", None),
    ],
)
def test_kernel_module_version(tmp_path: Path, line: str, driver: str | None) -> None:
    answer = nvidia_fallback.ask_kernel(plant(tmp_path, {"/proc/driver/nvidia/version": line}))
    assert answer.driver == driver
    assert answer.devices is None


# nvidia-smi


def smi(folder: Path, script: str) -> dict[str, str]:
    """A program nvidia-smi in a folder that becomes PATH."""
    program = folder / "bin" / "nvidia-smi"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:/usr/bin:/bin"}


needs_shell = pytest.mark.skipif(not os.path.exists("/bin/sh"), reason="the stand-in for nvidia-smi is a shell script")


@needs_shell
@pytest.mark.parametrize(
    ("script", "driver", "gpus"),
    [
        (
            "echo 'Tesla T4, GPU-1, 535.129.03, 15360, 7.5'; echo 'NVIDIA L4, GPU-2, 535.129.03, 23034, 8.9'",
            "535.129.03",
            [("Tesla T4", "7.5", 15360), ("NVIDIA L4", "8.9", 23034)],
        ),
        (  # before driver 495
            'case "$1" in *compute_cap*) echo \'Field "compute_cap" is not a valid field to query.\'; exit 2;; esac\n'
            "echo 'Tesla K80, GPU-1, 470.82.01, 11441'",
            "470.82.01",
            [("Tesla K80", None, 11441)],
        ),
        ("echo 'NVIDIA GB10, GPU-1, 580.95.05, [N/A], 12.1'", "580.95.05", [("NVIDIA GB10", "12.1", None)]),
        ("echo 'No devices were found'; exit 6", None, []),
    ],
)
def test_smi(tmp_path: Path, script: str, driver: str | None, gpus: list[object]) -> None:
    answer = nvidia_fallback.ask_smi(smi(tmp_path, script))
    assert answer.failure is None
    assert answer.driver == driver
    found = [(d.gpu["name"], d.gpu["compute_capability"], d.gpu["memory_mib"]) for d in answer.devices or []]
    assert found == gpus


@needs_shell
@pytest.mark.parametrize(
    ("script", "failure", "words"),
    [
        ("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18", "mismatch", "mismatch"),
        ("echo 'Failed to initialize NVML: Insufficient Permissions'; exit 4", "no-permission", "Permissions"),
        (
            'echo "NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver."; exit 9',
            "not-loaded",
            "couldn't communicate",
        ),
        ("exit 7", "error", "exit status 7"),
        ("exec sleep 60", "hangs", "did not answer"),
    ],
)
def test_smi_that_fails(tmp_path: Path, script: str, failure: str, words: str) -> None:
    answer = nvidia_fallback.ask_smi(smi(tmp_path, script), patience=1.0)
    assert answer.failure == failure
    assert words in answer.because
    assert answer.devices is None


def test_smi_that_is_not_there(tmp_path: Path) -> None:
    if os.path.exists("/usr/lib/wsl/lib/nvidia-smi"):
        pytest.skip("WSL has its nvidia-smi at a fixed place")
    assert nvidia_fallback.ask_smi({"PATH": str(tmp_path)}).failure == "missing"


@needs_shell
def test_smi_stands_in_for_nvml(library: Path, tmp_path: Path) -> None:
    root = plant(tmp_path, {**DEVICE, **KERNEL})
    path = smi(tmp_path, "echo 'Tesla T4, GPU-1, 535.129.03, 15360, 7.5'")
    missing = {"LD_LIBRARY_PATH": str(library), "FAKE_ERRORS": "nvmlInitWithFlags=12", **path}
    found = audit(root, missing)
    assert found["gpus"] == [{"name": "Tesla T4", "compute_capability": "7.5", "memory_mib": 15360}]
    assert (found["driver"], found["problems"], found["unknown"]) == ("535.129.03", [], [])
    neither = audit(plant(tmp_path / "bare", DEVICE), {**missing, "PATH": "/nowhere"})
    assert [entry["what"] for entry in neither["unknown"]] == ["NVIDIA GPUs"]
    assert "gpus" not in neither


# forward compatibility


@pytest.mark.parametrize(
    ("content", "path", "compat"),
    [
        ({"/usr/lib64/libcuda.so.1": Link("libcuda.so.535.129.03"), "/usr/lib64/libcuda.so.535.129.03": ""}, "", None),
        (
            {
                "/usr/lib64/libcuda.so.1": Link("libcuda.so.535.129.03"),
                "/usr/lib64/libcuda.so.535.129.03": "",
                "/usr/local/cuda/compat/libcuda.so.1": Link("libcuda.so.550.54.15"),
                "/usr/local/cuda/compat/libcuda.so.550.54.15": "",
            },
            "/usr/local/cuda/compat",
            "550.54.15",
        ),
        (
            {
                "/usr/lib64/libcuda.so.1": Link("libcuda.so.535.129.03"),
                "/usr/lib64/libcuda.so.535.129.03": "",
                "/usr/local/cuda/compat/libcuda.so.1": Link("libcuda.so.550.54.15"),
                "/usr/local/cuda/compat/libcuda.so.550.54.15": "",
            },
            "",  # installed, but not in use
            None,
        ),
        ({"/usr/lib64/libcuda.so.1": Link("libcuda.so.1.1"), "/usr/lib64/libcuda.so.1.1": ""}, "", None),  # Jetson
    ],
)
def test_forward_compatibility(
    library: Path, tmp_path: Path, content: dict[str, Any], path: str, compat: str | None
) -> None:
    root = plant(tmp_path, {**DEVICE, **content})
    found = audit(root, {"LD_LIBRARY_PATH": f"{library}:{path}", "FAKE_GPUS": "t4"})
    assert (found.get("libraries") or {}).get("compat_driver") == compat


@pytest.mark.parametrize(
    ("version", "kinds"),
    [("550.54.15", []), ("535.104.05", ["libcuda-older-than-driver"]), ("470.57.02", ["libcuda-older-than-driver"])],
)
def test_forward_compatibility_backwards(library: Path, tmp_path: Path, version: str, kinds: list[str]) -> None:
    names = {"/c/libcuda.so.1": Link(f"libcuda.so.{version}"), f"/c/libcuda.so.{version}": ""}
    found = audit(plant(tmp_path, {**DEVICE, **names}), {"LD_LIBRARY_PATH": f"{library}:/c", "FAKE_GPUS": "t4"})
    assert [problem["kind"] for problem in found["problems"]] == kinds


def test_the_stub_of_a_toolkit_in_front_of_the_drivers_libcuda(library: Path, tmp_path: Path) -> None:
    stubs = "/usr/local/cuda/lib64/stubs"
    only_for_linking = {**DEVICE, f"{stubs}/libcuda.so": ""}
    variables = {"FAKE_GPUS": "t4", "LD_LIBRARY_PATH": f"{library}:{stubs}"}
    found = audit(plant(tmp_path / "plain", only_for_linking), variables)
    assert found["problems"] == []  # nothing that runs asks for libcuda.so
    found = audit(plant(tmp_path / "linked", {**only_for_linking, f"{stubs}/libcuda.so.1": ""}), variables)
    assert [problem["kind"] for problem in found["problems"]] == ["libcuda-stub"]
    assert f"{stubs}/libcuda.so.1" in found["problems"][0]["detail"]
