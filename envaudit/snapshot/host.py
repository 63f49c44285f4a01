"""The machine around the interpreter: operating system, CPU, memory, environment variables, host product."""

from __future__ import annotations

import os
import sys

from envaudit.snapshot import files, limits, runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Cpu
    from envaudit.snapshot.target import Target

# Only these go into a snapshot: they change what is loaded, found or seen, and hold no secrets.
VARIABLES = (
    "BNB_CUDA_VERSION",
    "CONDA_PREFIX",
    "CUDA_DEVICE_ORDER",
    "CUDA_DISABLE_PTX_JIT",
    "CUDA_FORCE_PTX_JIT",
    "CUDA_HOME",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_MODULE_LOADING",
    "CUDA_PATH",
    "CUDA_VISIBLE_DEVICES",
    "DS_SKIP_CUDA_CHECK",
    "DYLD_LIBRARY_PATH",
    "FORCE_CUDA",
    "GRPC_ENABLE_FORK_SUPPORT",
    "HIP_VISIBLE_DEVICES",
    "HSA_OVERRIDE_GFX_VERSION",
    "JAX_ENABLE_X64",
    "JAX_PLATFORMS",
    "JAX_PLATFORM_NAME",
    "JAX_SKIP_CUDA_CONSTRAINTS_CHECK",
    "KERAS_BACKEND",
    "KMP_DUPLICATE_LIB_OK",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "MEM_LIMIT",
    "MKL_SERVICE_FORCE_INTEL",
    "MKL_THREADING_LAYER",
    "MPLBACKEND",
    "NUMBA_CUDA_DRIVER",
    "NUMBA_DISABLE_JIT",
    "NUMBA_THREADING_LAYER",
    "NVIDIA_DRIVER_CAPABILITIES",
    "NVIDIA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "PJRT_DEVICE",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    "PYTHONHOME",
    "PYTHONIOENCODING",
    "PYTHONNOUSERSITE",
    "PYTHONPATH",
    "PYTHONUTF8",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_ENABLE_MPS_FALLBACK",
    "PYTORCH_SKIP_CUDNN_COMPATIBILITY_CHECK",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
    "ROCR_VISIBLE_DEVICES",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "TF_GPU_ALLOCATOR",
    "TF_USE_LEGACY_KERAS",
    "TF_XLA_FLAGS",
    "TORCH_CUDA_ARCH_LIST",
    "TRITON_PTXAS_BLACKWELL_PATH",
    "TRITON_PTXAS_PATH",
    "USE_TF",
    "USE_TORCH",
    "VIRTUAL_ENV",
    "XLA_FLAGS",
    "XLA_PYTHON_CLIENT_ALLOCATOR",
    "XLA_PYTHON_CLIENT_MEM_FRACTION",
    "XLA_PYTHON_CLIENT_PREALLOCATE",
)
_CPUINFO_LIMIT = 8192  # bytes: one processor's block takes about 2,000, the file of a large server a megabyte


def collect(target: Target) -> dict[str, Any]:
    process = "self" if target.kernel_pid is None else str(target.kernel_pid)
    kernel = os.uname().release if hasattr(os, "uname") else ""
    machine = target.markers.get("platform_machine", "")
    memory, because = limits.read(target.environ, process)
    place = runtime.Place(target.environ, release=kernel, base_prefix=target.base_prefix, kernel_pid=target.kernel_pid)
    found = runtime.hosts(place)
    fragment: dict[str, Any] = {
        "platform": platform(kernel, machine),
        "memory": memory,
        "env_vars": {name: target.environ[name] for name in VARIABLES if name in target.environ},
        "runtimes": found,
        "runtime": runtime.main_host(found),
    }
    processor = cpu()
    if processor:
        fragment["cpu"] = processor
    if because:
        fragment["unknown"] = [{"what": "memory", "because": because}]
    return fragment


def platform(kernel: str, machine: str, root: str = "/", system: str = sys.platform) -> dict[str, str]:
    """`platform` of the snapshot, without what is not known."""
    if system == "win32":
        facts = {"system": "Windows", "release": _windows(), "machine": machine}
    elif system == "darwin":
        facts = {"system": "Darwin", "release": _macos(root), "kernel": kernel, "machine": machine}
    else:
        name = "Linux" if system.startswith("linux") else system
        facts = {"system": name, "release": _linux(root), "kernel": kernel, "machine": machine}
    return {key: value for key, value in facts.items() if value}


def _linux(root: str) -> str:
    """ "Ubuntu 22.04" from os-release; a rolling distribution has a name only."""
    fields = {}
    text = files.text(root, "/etc/os-release", 8192) or files.text(root, "/usr/lib/os-release", 8192) or ""
    for line in text.splitlines():
        key, _, value = line.partition("=")
        fields[key.strip()] = value.strip().strip("\"'")
    name = fields.get("NAME", "").replace(" GNU/Linux", "").replace(" Linux", "")
    return f"{name} {fields.get('VERSION_ID', '')}".strip()


def _macos(root: str) -> str:
    text = files.text(root, "/System/Library/CoreServices/SystemVersion.plist", 4096) or ""
    version = text.partition("<key>ProductVersion</key>")[2].partition("<string>")[2].partition("</string>")[0]
    return f"macOS {version.strip()}" if version else ""


def _windows() -> str:
    version = sys.getwindowsversion()  # type: ignore[attr-defined]  # Windows only
    name = "11" if version.build >= 22000 else str(version.major)  # Windows 11 calls itself 10.0
    return f"Windows {name}"


def cpu(root: str = "/") -> Cpu | None:
    """Model and instruction sets of the first processor; None where there is no /proc/cpuinfo."""
    text = files.text(root, "/proc/cpuinfo", _CPUINFO_LIMIT)
    if not text:
        return None
    fields: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    found: Cpu = {}
    if fields.get("model name"):
        found["model"] = fields["model name"]
    flags = fields.get("flags") or fields.get("Features")  # x86, ARM
    if flags:
        found["flags"] = flags.split()
    return found or None
