"""What a uv.lock installs."""

from __future__ import annotations

from typing import Any

import tomllib
from packaging.markers import Marker


def locked(text: str, python: str, extra: str | None) -> dict[str, str]:
    """What a uv.lock installs of its project on Linux x86_64, with one of its extras."""
    packages: dict[str, list[dict[str, Any]]] = {}
    for package in tomllib.loads(text)["package"]:
        packages.setdefault(package["name"], []).append(package)
    root = next(one for held in packages.values() for one in held if "virtual" in one["source"])
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()

    def take(package: dict[str, Any], extras: list[str]) -> None:
        if package is not root:
            found[package["name"]] = package["version"]
        asked = [(edge, "") for edge in package.get("dependencies", ())]
        for name in extras:
            asked += [(edge, name) for edge in package.get("optional-dependencies", {}).get(name, ())]
        for edge, name in asked:
            marker = edge.get("marker")
            if marker and not Marker(marker).evaluate({**environment, "extra": name}):
                continue
            version = edge.get("version")  # stated where there are several
            choice = next(one for one in packages[edge["name"]] if version in (None, one["version"]))
            key = f"{choice['name']}=={choice['version']}", ",".join(edge.get("extra", ()))
            if key not in seen:
                seen.add(key)
                take(choice, edge.get("extra", []))

    take(root, [extra] if extra else [])
    return dict(sorted(found.items()))
