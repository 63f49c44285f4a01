"""The families of causes, as the why report has them."""

from __future__ import annotations

FAMILIES = (
    "memory", "gpu-memory", "shared-memory", "native-crash", "cuda", "abi", "packages", "stale-module",
    "start-failure", "limit", "user", "program", "system", "none", "unknown",
)  # fmt: skip
