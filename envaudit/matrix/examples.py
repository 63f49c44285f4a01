"""The examples of a rule as snapshots."""

from __future__ import annotations

from typing import Any

from envaudit.matrix.source import Block

# what an example need not say: it is a live Linux machine unless it says otherwise
_PLACES = {
    "driver": "driver",
    "driver-cuda": "driver_cuda",
    "cuda-toolkit": "toolkit",
    "cudnn": "cudnn",
    "python": "python",
    "runtime": "runtime",
}
_MEMORY = {
    "memory": "limit_mib",
    "memory-total": "total_mib",
    "shm": "shm_mib",
    "tmp-free": "tmp_free_mib",
    "open-files": "open_files",
}


def snapshot(example: Block) -> dict[str, Any]:
    """The snapshot that an example describes.

    Keys are package names and the facts of rules; `gpu` is a name, "7.5" or a list of them ("none" = no GPU), `cpu` a
    list of flags, `problem` a kind or {kind, detail, culprits}, `conda` the packages that conda installed, `complete:
    false` makes it a pasted report, in which what is not said is not known.

    Raises ValueError on a value of the wrong kind.
    """
    snap: dict[str, Any] = {"packages": {}, "packages_complete": example.get("complete") != "false"}
    platform: dict[str, str] = {"system": "Linux", "machine": "x86_64"} if snap["packages_complete"] else {}
    for fact, value in example.items():
        if fact in _PLACES:
            snap[_PLACES[fact]] = value
        elif fact == "os":
            platform["system"] = {"linux": "Linux", "darwin": "Darwin", "windows": "Windows"}[value]
        elif fact == "os-version":
            platform["release"] = value
        elif fact == "machine":
            platform["machine"] = value
        elif fact == "glibc":
            platform["libc"] = f"glibc {value}"
        elif fact in ("libstdcxx", "nccl", "mpi"):
            snap.setdefault("libraries", {})[fact] = value
        elif fact in _MEMORY:
            snap.setdefault("memory", {})[_MEMORY[fact]] = int(value)
        elif fact == "gpu":
            names = value if isinstance(value, list) else [value]
            snap["gpus"] = [_gpu(name) for name in names if name != "none"]
        elif fact == "gpu-memory":
            for gpu in snap.setdefault("gpus", [{"name": "GPU"}]):
                gpu["memory_mib"] = int(value)
        elif fact == "cpu":
            snap["cpu"] = {"flags": list(value)}
        elif fact.startswith("env:"):
            snap.setdefault("env_vars", {})[fact[4:]] = value
        elif fact == "problem":
            problem = dict(value) if isinstance(value, Block) else {"kind": value, "detail": value, "culprits": []}
            snap.setdefault("problems", []).append(problem)
        elif fact == "conda":
            snap["installers"] = dict.fromkeys(value if isinstance(value, list) else [value], "conda")
        elif fact == "builds":
            snap["builds"] = dict(value)
        elif fact == "complete":
            continue
        elif isinstance(value, str):
            snap["packages"][fact] = value
        else:
            raise ValueError(f"'{fact}' in an example must be a version")
    snap["platform"] = platform
    return snap


def _gpu(name: str) -> dict[str, str]:
    if name.replace(".", "").isdecimal():
        return {"name": f"GPU {name}", "compute_capability": name}
    return {"name": name}
