"""Which Pythons, and which platform, a file is for."""

from __future__ import annotations

from envaudit import versions
from envaudit.snapshot.markers import evaluator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from envaudit.snapshot.model import Snapshot

# series that are looked at where a file does not say for which it is
SERIES = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def fitting(stated: list[str], target: Snapshot | None) -> list[str]:
    """The target's Python, else every series that all of `stated` (specifier sets) allow, oldest first."""
    if target and target.get("python"):
        return [str(target["python"])]
    allowed = versions.ALL
    for text in stated:
        try:
            allowed = versions.intersection(allowed, versions.specifier(text))
        except ValueError:
            continue
    exact = {text.lstrip("=").strip() for text in stated if text.startswith("==") and "," not in text}
    for version in exact:
        if version.count(".") == 2 and not version.endswith("*"):
            return [version]
    return [name for name in SERIES if versions.intersection(allowed, versions.specifier(f"=={name}.*,>={name}"))]


def markers(python: str, target: Snapshot | None) -> Callable[[str], bool]:
    """A function that says whether a marker holds there; Linux on x86_64 where the target does not say otherwise."""
    return evaluator(environment(python, target))


def environment(python: str, target: Snapshot | None) -> dict[str, str]:
    """The marker environment of `python` on the target's platform."""
    platform = (target or {}).get("platform") or {}
    system = platform.get("system") or "Linux"
    full = python if python.count(".") > 1 else f"{python}.0"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "nt" if system == "Windows" else "posix",
        "platform_machine": platform.get("machine") or "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "python_full_version": full,
        "python_version": ".".join(full.split(".")[:2]),
        "sys_platform": {"Windows": "win32", "Darwin": "darwin"}.get(system, "linux"),
    }
