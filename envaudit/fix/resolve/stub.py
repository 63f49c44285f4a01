"""Wheels without content for releases that no index has as a wheel, so that a resolver can reckon with them."""

from __future__ import annotations

import os
import zipfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def write(folder: str, held: Mapping[tuple[str, str], list[str]]) -> str:
    """Put a wheel for each release of `held` ((name, version) -> requirements) into a new folder; gives its path."""
    place = os.path.join(folder, "held")
    os.makedirs(place, exist_ok=True)
    for (name, version), requires in held.items():
        bare = name.replace("-", "_")
        info = f"{bare}-{version}.dist-info"
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        metadata += [f"Requires-Dist: {line}" for line in requires]
        wheel = ["Wheel-Version: 1.0", "Generator: envaudit", "Root-Is-Purelib: true", "Tag: py3-none-any"]
        with zipfile.ZipFile(os.path.join(place, f"{bare}-{version}-py3-none-any.whl"), "w") as file:
            file.writestr(f"{info}/METADATA", "\n".join(metadata) + "\n")
            file.writestr(f"{info}/WHEEL", "\n".join(wheel) + "\n")
            file.writestr(f"{info}/RECORD", "")
    return place
