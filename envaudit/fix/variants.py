"""The extra by which a framework is asked for together with the CUDA libraries that it came with.

Sources: the installation guides of JAX (`jax[cuda12]`, `jax[cuda13]`) and of TensorFlow (`tensorflow[and-cuda]`).
"""

from __future__ import annotations

from envaudit import versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_JAX = {"jax-cuda12-plugin": "[cuda12]", "jax-cuda13-plugin": "[cuda13]"}
_AND_CUDA = versions.specifier(">=2.14")


def extra(name: str, version: str, packages: Mapping[str, str]) -> str:
    """ "[cuda12]" and the like where `packages`, the environment, holds a framework's CUDA libraries; else ""."""
    if name == "jax":
        return next((word for plugin, word in _JAX.items() if plugin in packages), "")
    if name == "tensorflow" and "nvidia-cudnn-cu12" in packages and "torch" not in packages:
        # torch's wheels bring the same libraries in versions of their own
        key = versions.key(version)
        return "[and-cuda]" if key and versions.contains(_AND_CUDA, key) else ""
    return ""
