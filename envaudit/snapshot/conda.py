"""What conda has put into a prefix, from the names of the files in its conda-meta folder."""

from __future__ import annotations

import os

from envaudit.snapshot import builds
from envaudit.snapshot.metadata import canonical, sane_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from envaudit.snapshot.packages import Scan

# conda packages whose Python distribution has another name
DISTRIBUTIONS: Final = {
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "tensorflow-base": "tensorflow",
}
# the interpreter, which is no package here, and empty packages that bear the name of a distribution that is not there
_NO_LIBRARIES: Final = frozenset(("python", "tensorflow-cpu", "tensorflow-gpu"))


class Package:
    """A conda package: `name` (canonical), `version`, and `build`, its build string."""

    __slots__ = ("build", "name", "version")

    def __init__(self, name: str, version: str, build: str) -> None:
        self.name, self.version, self.build = name, version, build

    def is_python(self) -> bool:
        """Whether the build string is that of Python code: "py310h1234_0", "pyhd8ed1ab_0", "cuda118py310h1234_0"."""
        return "py" in self.build


def packages(prefix: str) -> list[Package]:
    """The packages of a prefix.  Raises OSError when its conda-meta cannot be read."""
    found = []
    for file in sorted(os.listdir(os.path.join(prefix, "conda-meta"))):
        # "pytorch-2.1.0-py3.10_cuda11.8_cudnn8.7.0_0.json"; "history" is there too
        parts = file[:-5].rsplit("-", 2) if file.endswith(".json") else []
        if len(parts) == 3:
            name = canonical(parts[0])
            if name and sane_version(parts[1]):
                found.append(Package(name, parts[1], parts[2]))
    return found


def add(prefix: str, scan: Scan, installers: dict[str, str], known_builds: dict[str, str]) -> None:
    """Add the packages of a prefix that are no Python distributions to `scan`, and say what conda put there.

    A conda record stays when pip replaces or removes the files, so the distributions on the path have the last word.
    """
    try:
        found = packages(prefix)
    except OSError as error:
        scan.unknown.append({"what": f"conda packages in {prefix}", "because": f"cannot be read: {error.strerror}"})
        scan.complete = False
        return
    by_name = {DISTRIBUTIONS.get(package.name, package.name): package for package in found}
    inside = os.path.join(prefix, "")
    for name, (folder, entry) in scan.places.items():
        if not folder.startswith(inside):
            continue
        package = by_name.get(name)
        installer = _installer(os.path.join(folder, entry))
        if installer == "conda" or (
            not installer and package is not None and package.version == scan.packages.get(name)
        ):
            installers[name] = "conda"
            named = build(package.build) if package is not None else None
            if named:
                known_builds[name] = named
    for package in found:
        known = package.name in scan.packages or package.name in scan.unversioned
        if not known and package.name not in _NO_LIBRARIES and not package.is_python():
            scan.packages[package.name] = package.version
            installers[package.name] = "conda"


def _installer(folder: str) -> str:
    try:
        with open(os.path.join(folder, "INSTALLER"), "rb") as file:
            return file.read(64).decode("ascii", "replace").strip()
    except OSError:
        return ""


def build(text: str) -> str | None:
    """The CUDA build that a build string names.

    "py3.10_cuda11.8_cudnn8.7.0_0" gives "cu118", "cuda112py39h1234_0" gives "cu112", "cpu_mkl_py310h1234_100" "cpu".
    """
    for word in text.split("_"):
        if word.startswith("cuda"):
            digits = word[4:]
            end = next((at for at, char in enumerate(digits) if char not in "0123456789."), len(digits))
            return builds.cuda(digits[:end])
        if word.startswith("cpu"):
            return "cpu"
    return None
