"""`--gpu NAME`: the same environment on another machine's GPU."""

from __future__ import annotations

from envaudit import gpus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.snapshot.model import Gpu, Snapshot


def with_gpu(snapshot: Snapshot, name: str) -> Snapshot:
    """`snapshot` as if exactly this GPU were visible: a product name, "sm_75", "7.5" or "none".

    Its driver stays as it is.  Raises ValueError for an empty name.
    """
    name = name.strip()
    if not name or len(name) > 200:
        raise ValueError(f"--gpu '{name[:40]}': name a GPU such as \"Tesla T4\" or sm_75, or none")
    changed: Snapshot = {**snapshot}
    if name.lower() == "none":
        changed["gpus"] = []
        return changed
    capability = name[3:] if name.lower().startswith("sm_") else name
    if capability.isdecimal() and len(capability) > 1:
        capability = f"{capability[:-1]}.{capability[-1]}"
    gpu: Gpu = {"name": name}
    if gpus.split(capability):
        gpu["compute_capability"] = capability
    changed["gpus"] = [gpu]
    return changed
