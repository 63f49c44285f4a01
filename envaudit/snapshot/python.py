"""Collector: the interpreter itself."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.target import Target


def collect(target: Target) -> dict[str, Any]:
    """`python`, `interpreter`, the notebook `kernel` if there is one, and a Python that fits its machine badly."""
    venv = target.prefix != target.base_prefix
    fragment: dict[str, Any] = {
        "python": target.version,
        "interpreter": {
            "path": target.executable,
            "prefix": target.prefix,
            "venv": venv,
            # PEP 668: the mark of the base interpreter does not bind its virtual environments
            "externally_managed": not venv and os.path.exists(os.path.join(target.stdlib, "EXTERNALLY-MANAGED")),
            "conda": os.path.isdir(os.path.join(target.prefix, "conda-meta")),
            "is_self": target.is_self,
        },
    }
    if target.kernel_pid is not None:
        fragment["kernel"] = {"pid": target.kernel_pid}
    if target.bits == 32 and target.markers.get("platform_machine", "").lower() in ("x86_64", "amd64", "aarch64"):
        detail = f"{target.executable} is a 32-bit Python on a 64-bit machine"
        fragment["problems"] = [{"kind": "32-bit-python", "detail": detail, "culprits": ["python"]}]
    return fragment
