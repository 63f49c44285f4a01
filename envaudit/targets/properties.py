"""Properties of a machine in one line: "gpu=T4,driver=535,python=3.11,os=linux,memory=16GiB,cuda=12.2"."""

from __future__ import annotations

from envaudit.targets import Target, TargetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.snapshot.model import Platform, Snapshot

_SYSTEMS = {"linux": "Linux", "windows": "Windows", "macos": "Darwin", "darwin": "Darwin"}
_UNITS = {"gib": 1024.0, "g": 1024.0, "mib": 1.0, "m": 1.0, "gb": 1e9 / 2**20, "mb": 1e6 / 2**20}  # in MiB
_EXAMPLES = {
    "gpu": "gpu=T4, gpu=sm_90 or gpu=none",
    "driver": "driver=535 or driver=535.183.01",
    "cuda": "cuda=12.2 (the newest CUDA that the driver speaks)",
    "python": "python=3.11",
    "os": "os=linux, os=windows or os=macos",
    "memory": "memory=16GiB",
}


def lay(text: str, target: Target) -> Target:
    """`target` with the properties in `text` laid over what it says.  Raises TargetError."""
    stated: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        key = key.lower()
        if not equals or not value or key not in _EXAMPLES:
            known = ", ".join(_EXAMPLES)
            raise TargetError(f"'{part.strip()[:60]}' is no property of a target; write KEY=VALUE with one of {known}")
        if key in stated:
            raise TargetError(f"{key} is given twice in '{text[:80]}'")
        stated[key] = value
    snapshot = _laid(stated, target.snapshot)
    own = ",".join(f"{key}={value}" for key, value in stated.items())
    name = own if "=" in target.name else f"{target.name},{own}"
    return Target(name, snapshot, date=target.date, source=target.source, about=target.about)


def _laid(stated: dict[str, str], base: Snapshot) -> Snapshot:
    from envaudit.snapshot.assumed import with_gpu

    snapshot: Snapshot = {**base}
    if "gpu" in stated:
        snapshot = with_gpu(snapshot, stated["gpu"])
    if "driver" in stated or "cuda" in stated:  # the other of the two went with another driver
        for key in ("driver", "driver_cuda"):
            snapshot.pop(key, None)  # type: ignore[misc]  # a TypedDict's keys are all optional here
    if "driver" in stated:
        snapshot["driver"] = _numbers("driver", stated["driver"])
    if "cuda" in stated:
        snapshot["driver_cuda"] = _numbers("cuda", stated["cuda"])
    if "python" in stated:
        snapshot["python"] = _numbers("python", stated["python"])
    if "os" in stated:
        system = _SYSTEMS.get(stated["os"].lower())
        if system is None:
            raise _wrong("os", stated["os"])
        held = snapshot.get("platform") or {}
        kept: Platform = {**held} if held.get("system") in (None, system) else {}
        snapshot["platform"] = {**kept, "system": system}
    if "memory" in stated:
        size = _mib(stated["memory"])
        snapshot["memory"] = {**(snapshot.get("memory") or {}), "total_mib": size, "limit_mib": size}
    return snapshot


def _numbers(key: str, text: str) -> str:
    parts = text.split(".")
    least = 1 if key == "driver" else 2
    if not least <= len(parts) <= 3 or not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise _wrong(key, text)
    return text


def _mib(text: str) -> int:
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    unit = text[len(number) :].strip().lower()
    digits = number.replace(".", "", 1)
    if unit not in _UNITS or not digits.isdecimal() or len(digits) > 9:
        raise _wrong("memory", text)
    return int(float(number) * _UNITS[unit])


def _wrong(key: str, text: str) -> TargetError:
    return TargetError(f"{key}={text[:40]} is not understood; write {_EXAMPLES[key]}")
