"""NVIDIA driver and GPUs: through NVML, else the kernel's /proc entries, else nvidia-smi.

A machine without an NVIDIA driver pays a few calls of stat for this file.
"""

from __future__ import annotations

import sys

from envaudit.snapshot import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.devices import Answer
    from envaudit.snapshot.target import Target

_NVML = "libnvidia-ml.so.1"
_LIBCUDA = "libcuda.so.1"
_NVIDIA_VENDOR = "0x10de"
_DISPLAY_CLASS = "0x03"
_PCI_LIMIT = 1024  # devices looked at


def collect(target: Target) -> dict[str, Any]:
    return read(target.environ)


def read(environ: dict[str, str], root: str = "/", system: str = sys.platform) -> dict[str, Any]:
    """The fragment of the machine below `root`, as a program with `environ` meets it."""
    if system == "win32":
        places = ("/Windows/System32/nvml.dll", "/Program Files/NVIDIA Corporation/NVSMI/nvml.dll")
        there = any(files.exists(root, place) for place in places)
        return _with_driver(environ, root) if there else _absent()
    if not system.startswith("linux"):
        return _absent()
    kernel = files.exists(root, "/proc/driver/nvidia/version")
    nodes = files.exists(root, "/dev/nvidiactl")
    windows = files.exists(root, "/dev/dxg")  # WSL: the driver is that of Windows
    if kernel or nodes or windows:
        library = _library(_NVML, environ, root)
        if windows and not (kernel or nodes or library):
            return _absent()  # WSL on a machine without an NVIDIA GPU
        if kernel and not (nodes or windows or library):
            return _kept_out(environ, root)
        return _with_driver(environ, root)
    return _without_driver(environ, root)


def _absent() -> dict[str, Any]:
    return {"driver": None, "driver_cuda": None, "gpus": [], "hidden_gpus": 0}


def _library(soname: str, environ: dict[str, str], root: str) -> str | None:
    from envaudit.snapshot.loader import Loader

    return Loader(environ, root).find(soname, ("/usr/lib/wsl/lib",))


def _without_driver(environ: dict[str, str], root: str) -> dict[str, Any]:
    """No kernel driver: a machine without NVIDIA hardware, a Jetson board, or a driver that is not loaded."""
    board = (files.text(root, "/proc/device-tree/model", 256) or "").strip("\0\n ")
    if "jetson" in board.lower() or files.exists(root, "/etc/nv_tegra_release"):
        name = board.replace("NVIDIA", "").replace("Developer Kit", "").strip()
        unknown = [
            {"what": "NVIDIA driver", "because": "a Jetson board's driver is part of its system (L4T), not of NVML"}
        ]
        return {"gpus": [{"name": name or None}], "hidden_gpus": 0, "unknown": unknown}
    fragment = _absent()
    if _library(_NVML, environ, root) and _has_nvidia_card(root):
        fragment["problems"] = [
            {
                "kind": "nvidia-not-loaded",
                "detail": "there is an NVIDIA GPU and the driver's libraries are installed, but the kernel module is "
                "not loaded: after a kernel update it must be built again (reinstall the driver) or loaded "
                "(sudo modprobe nvidia)",
            }
        ]
    return fragment


def _has_nvidia_card(root: str) -> bool:
    for name in files.names(root, "/sys/bus/pci/devices")[:_PCI_LIMIT]:
        folder = f"/sys/bus/pci/devices/{name}"
        vendor, kind = files.text(root, folder + "/vendor", 16), files.text(root, folder + "/class", 16)
        if (vendor or "").strip() == _NVIDIA_VENDOR and (kind or "").startswith(_DISPLAY_CLASS):
            return True
    return False


def _kept_out(environ: dict[str, str], root: str) -> dict[str, Any]:
    """A container on a machine with an NVIDIA driver that was not given to it."""
    from envaudit.snapshot.nvidia_fallback import ask_kernel

    wish = environ.get("NVIDIA_VISIBLE_DEVICES")
    because = "the host has an NVIDIA driver that this container was not given: start it with --gpus all"
    if wish in ("void", "none", ""):
        because = f"NVIDIA_VISIBLE_DEVICES={wish} keeps the host's NVIDIA driver out of this container"
    return {
        "driver": ask_kernel(root).driver,
        "gpus": [],
        "hidden_gpus": 0,
        "unknown": [{"what": "NVIDIA driver", "because": because}],
    }


def _with_driver(environ: dict[str, str], root: str) -> dict[str, Any]:
    from envaudit.snapshot import nvidia_fallback, nvml
    from envaudit.snapshot.devices import visible

    answer = nvml.ask()
    failure, because = answer.failure, answer.because
    if failure == "not-loaded" and files.exists(root, "/proc/driver/nvidia/version"):
        return _kept_out(environ, root)
    if failure:
        kernel = nvidia_fallback.ask_kernel(root)
        answer.driver = answer.driver or kernel.driver
        answer.devices = kernel.devices
        if failure == "missing":  # in all other cases nvidia-smi would meet the same failure
            smi = nvidia_fallback.ask_smi(environ)
            answer.driver = answer.driver or smi.driver
            answer.devices = answer.devices if smi.devices is None else smi.devices
            if smi.failure != "missing":
                failure, because = smi.failure, smi.because
    fragment: dict[str, Any] = {"driver": answer.driver, "driver_cuda": answer.cuda, "problems": [], "unknown": []}
    if answer.devices is not None:
        fragment["gpus"], fragment["hidden_gpus"], sure = visible(answer.devices, environ)
        if not sure:
            numbers = environ["CUDA_VISIBLE_DEVICES"][:40]
            because = "CUDA may number GPUs in another order than the driver; CUDA_DEVICE_ORDER=PCI_BUS_ID settles it"
            fragment["unknown"].append({"what": f"which GPUs CUDA_VISIBLE_DEVICES={numbers} means", "because": because})
    _say(fragment, answer, failure, because)
    path = _library(_LIBCUDA, environ, root)
    if path and "/stubs/" in path:
        detail = f"programs find {path}, an empty library for linking"
        fragment["problems"] = [{"kind": "libcuda-stub", "detail": detail}]
    elif path and answer.driver and failure != "mismatch":
        _forward_compatibility(fragment, answer.driver, path)
    return {key: value for key, value in fragment.items() if value is not None}


def _say(fragment: dict[str, Any], answer: Answer, failure: str | None, because: str) -> None:
    """Put what went wrong into the fragment: as a problem where the user can mend it, else as unknown."""
    problem = unknown = None
    driver = answer.driver or "of unknown version"
    if failure == "mismatch":
        problem = (
            "nvml-mismatch",
            f"the loaded NVIDIA kernel module ({driver}) is of another version than the driver's libraries, which were "
            "updated meanwhile: reboot, or stop all GPU programs and reload the nvidia modules",
        )
    elif failure == "no-permission":
        problem = (
            "nvml-no-permission",
            "this user or container may not use the NVIDIA devices (Insufficient Permissions): check the rights of "
            "/dev/nvidia* and, in a container, SELinux labels",
        )
    elif failure == "not-loaded":
        fragment["gpus"], fragment["hidden_gpus"] = [], 0
        unknown = "NVIDIA driver", f"device files are there, but the driver does not answer ({because})"
    elif failure == "missing" and answer.devices is None:
        unknown = "NVIDIA GPUs", f"neither NVML nor nvidia-smi can be used ({because})"
    elif failure not in (None, "missing"):
        unknown = "NVIDIA driver", because
    elif answer.no_libcuda:
        problem = (
            "libcuda-missing",
            "the NVIDIA driver works, but its library libcuda.so.1 is not found: in a container, set "
            "NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        )
    elif answer.devices and any(device.slices == [] for device in answer.devices) and not fragment["gpus"]:
        problem = (
            "mig-without-instances",
            "the GPU is in MIG mode and has no MIG instance, so CUDA sees no device: create one "
            "(sudo nvidia-smi mig -cgi 0 -C) or turn MIG off (sudo nvidia-smi -mig 0)",
        )
    elif answer.devices and any(not device.gpu for device in answer.devices):
        unknown = "a GPU", because
    if problem:
        fragment["problems"].append({"kind": problem[0], "detail": problem[1]})
    if unknown:
        fragment["unknown"].append({"what": unknown[0], "because": unknown[1]})


def _forward_compatibility(fragment: dict[str, Any], driver: str, path: str) -> None:
    """A libcuda of another version than the driver comes from a cuda-compat package and takes the driver's place."""
    from envaudit.snapshot.loader import version_in_name

    version = version_in_name(path, _LIBCUDA)
    if not version or version == driver or int(version.partition(".")[0]) < 100:  # a Jetson's is called libcuda.so.1.1
        return
    fragment["libraries"] = {"compat_driver": version}
    if _numbers(version) < _numbers(driver):
        detail = f"programs load {path} ({version}), the kernel module of the driver is {driver}"
        fragment["problems"].append({"kind": "libcuda-older-than-driver", "detail": detail})


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]
