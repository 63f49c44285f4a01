"""Facts: a snapshot as the engine asks about it, each answer known or unknown.

Besides what the snapshot says, some facts follow from it and from tables of the matrix: the compute capability of a
GPU from its name, the build of a wheel ("cu121", "cpu") from its local tag or from what the index serves by default.
"""

from __future__ import annotations

from envaudit import gpus, versions
from envaudit.truth import FALSE, SOME, TRUE, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from envaudit.snapshot.model import Snapshot
    from envaudit.versions import Intervals, Key

# facts that are versions and no packages, and where the snapshot keeps them
MACHINE_VERSIONS = (
    "python",
    "driver",
    "driver-cuda",
    "cuda-toolkit",
    "cudnn",
    "nccl",
    "glibc",
    "libstdcxx",
    "mpi",
    "os-version",
)
# parts of MACHINE_VERSIONS that a machine may be known not to have
OPTIONAL_PARTS = ("driver", "driver-cuda", "cuda-toolkit", "cudnn", "mpi")
# with fewer dots than these, the version of a machine part is a series of releases
_SERIES = {"python": 2, "driver": 1}
WORDS = ("os", "machine", "runtime")
# conda's own CUDA and cuDNN come before the system's for the packages of its environment
_CONDA_PARTS = {"cuda-toolkit": "cudatoolkit", "cudnn": "cudnn"}
AMOUNTS = ("memory", "memory-total", "shm", "tmp-free", "open-files", "gpu-count", "gpu-memory")
_IN_MEMORY = {"memory-total": "total_mib", "shm": "shm_mib", "tmp-free": "tmp_free_mib", "open-files": "open_files"}


class Facts:
    """What is known of one environment.

    `table(name)` gives a table of the matrix that facts are derived with; `moved` lays other versions over the
    snapshot's packages (the planner tries its moves with it; None takes a package away).
    """

    def __init__(
        self,
        snapshot: Snapshot,
        table: Callable[[str], Any],
        moved: Mapping[str, str | None] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self._table = table
        packages = snapshot.get("packages") or {}
        self.unversioned = set(snapshot.get("packages_unversioned") or ())  # installed, version not known
        if moved:
            packages = {**packages, **{name: version for name, version in moved.items() if version is not None}}
            for name, version in moved.items():
                if version is None:
                    packages.pop(name, None)
            self.unversioned -= set(moved)
        self.packages: dict[str, str] = packages
        self.moved = moved or {}
        self.complete = bool(snapshot.get("packages_complete"))
        self._tagged = self.complete or bool(snapshot.get("packages_tagged"))
        self._machine: dict[str, Intervals | None] = {}
        self._gpus: list[tuple[str, str | None]] | None | bool = False

    def installed(self, package: str) -> int:
        """TRUE, FALSE or UNKNOWN: whether `package` is installed."""
        if package in self.packages or package in self.unversioned:
            return TRUE
        return FALSE if self.complete or self.moved.get(package, "") is None else UNKNOWN

    def version(self, name: str, allowed: Intervals) -> int:
        """Whether the version of package or machine part `name` is in `allowed`."""
        if name in MACHINE_VERSIONS:
            return self._machine_version(name, allowed)
        text = self.packages.get(name)
        if text is None:
            if name in self.unversioned:
                return TRUE if versions.is_subset(versions.ALL, allowed) else UNKNOWN
            return self.installed(name)
        key = self.key(name)
        if key is None:  # installed, but of a version nobody can compare
            return TRUE if versions.is_subset(versions.ALL, allowed) else UNKNOWN
        return TRUE if versions.contains(allowed, key) else FALSE

    def key(self, package: str) -> Key | None:
        """The sort key of the installed version of `package`; None when nobody can compare it."""
        version = self.packages.get(package)
        return versions.key(version) if version else None

    def _machine_version(self, name: str, allowed: Intervals) -> int:
        if name not in self._machine:
            self._machine[name] = self._machine_set(name)
        known = self._machine[name]
        if known is None:
            return FALSE if self._known_absent(name) else UNKNOWN
        if versions.is_disjoint(known, allowed):
            return FALSE
        return TRUE if versions.is_subset(known, allowed) else SOME

    def lacking(self) -> frozenset[str]:
        """The parts of OPTIONAL_PARTS, and "gpu", that this machine is known not to have."""
        parts = {name for name in OPTIONAL_PARTS if self.text(name) is None and self._known_absent(name)}
        if self.snapshot.get("gpus") == []:
            parts.add("gpu")
        return frozenset(parts)

    def _known_absent(self, name: str) -> bool:
        """Whether a live snapshot looked for the part and found none (a pasted report just does not say)."""
        if not self.complete:
            return False
        if name in ("driver", "driver-cuda"):
            return self.snapshot.get("gpus") == [] and self.snapshot.get("driver") is None
        if name == "mpi":
            libraries: Any = self.snapshot.get("libraries") or {}
            return "mpi" in libraries and libraries["mpi"] is None
        place = {"cuda-toolkit": "toolkit", "cudnn": "cudnn"}.get(name)
        return place is not None and place in self.snapshot and self.snapshot[place] is None  # type: ignore[literal-required]

    def _machine_set(self, name: str) -> Intervals | None:
        text = self.text(name)
        if not text:
            return None
        key = versions.key(text)
        if key is None:
            return None
        # "Python 3.7" and "driver 470" name a series, not one release
        if text.count(".") < _SERIES.get(name, 0):
            return versions.specifier(f"=={text}.*,>={text}")  # and no pre-release of it
        return versions.specifier(f"=={text}")

    def text(self, name: str) -> str | None:
        """The value of a fact as a user would write it; None when it is unknown."""
        read = _TEXTS.get(name)
        if read:
            return self.packages.get(_CONDA_PARTS.get(name, "")) or read(self.snapshot) or None
        return self.packages.get(name) or ("of unknown version" if name in self.unversioned else None)

    def word(self, name: str, allowed: list[str]) -> int:
        """Whether a fact with one word as its value ("os", "machine", "runtime") is one of `allowed`."""
        if name == "runtime":
            held = self.snapshot.get("runtimes") or [self.snapshot.get("runtime") or ""]
            if any(word in allowed for word in held):
                return TRUE
            return FALSE if self.complete or any(held) else UNKNOWN
        text = self.text(name)
        if text is None:
            return UNKNOWN
        return TRUE if text in allowed else FALSE

    def amount(self, name: str) -> int | None:
        """A size in MiB or a count (AMOUNTS); None when it is unknown."""
        memory: Any = self.snapshot.get("memory") or {}
        value: int | None
        if name == "memory":
            value = memory.get("limit_mib") or memory.get("total_mib")
        elif name in _IN_MEMORY:
            value = memory.get(_IN_MEMORY[name])
        else:
            visible = self.snapshot.get("gpus")
            if visible is None:
                return None
            if name == "gpu-count":
                return len(visible)
            value = min((gpu["memory_mib"] for gpu in visible if gpu.get("memory_mib")), default=None)  # type: ignore[type-var]
        return value

    # GPUs

    def gpus(self) -> list[tuple[str, str | None]] | None:
        """(name, compute capability) of every visible GPU; None when it is not known which there are."""
        if self._gpus is False:
            visible = self.snapshot.get("gpus")
            self._gpus = None if visible is None else [self._gpu(gpu) for gpu in visible]  # type: ignore[arg-type]
        return self._gpus  # type: ignore[return-value]  # bool only before the first call

    def _gpu(self, gpu: dict[str, Any]) -> tuple[str, str | None]:
        name = gpu.get("name") or "a GPU"
        return name, gpu.get("compute_capability") or self._capability(name)

    def _capability(self, name: str) -> str | None:
        names: dict[str, str] = self._table("gpu-names") or {}
        bare = gpus.bare_name(name)
        if bare in names:
            return names[bare]
        # nvidia-smi cuts long names ("Tesla V100-SXM2..."); what is left may still name one capability
        if bare.endswith("..."):
            found = {value for key, value in names.items() if key.startswith(bare.rstrip("."))}
            return found.pop() if len(found) == 1 else None
        return None

    # builds

    def build(self, package: str) -> tuple[str | None, bool]:
        """(build, assumed): "cu121", "cpu", "rocm6.1" … of an installed package.

        A local tag says it; so do conda's build strings and `torch.version.cuda` in a pasted report.  A wheel without
        a tag has the build that the index serves by default; where the platform is not known, or where a report may
        have cut the tag off, that is an assumption.
        """
        version = self.packages.get(package, "")
        tag = versions.local(version)
        if tag:
            return tag, False
        if package not in self.moved:
            known: Any = self.snapshot.get("builds") or {}
            if known.get(package):
                return known[package], False
            if self.conda(package):
                return self._conda_build(), False
        return self.default_build(package, version)

    def conda(self, package: str) -> bool:
        """Whether conda put `package` there, or may have (a report from a conda environment without a tag)."""
        if "+" in self.packages.get(package, ""):
            return False  # conda's versions have no local tag
        installers: Any = self.snapshot.get("installers") or {}
        if package in installers or self.complete:
            return bool(installers.get(package) == "conda")
        return self.snapshot.get("runtime") == "conda"

    def _conda_build(self) -> str | None:
        for package in ("pytorch-cuda", "cudatoolkit", "cuda-version"):
            version = self.packages.get(package)
            if version:
                return "cu" + "".join(version.split(".")[:2])
        return "cpu" if "cpuonly" in self.packages else None

    def default_build(self, package: str, version: str) -> tuple[str | None, bool]:
        """(build, assumed): what the package index serves of a release by default on this platform."""
        rows: list[list[Any]] = (self._table("default-builds") or {}).get(package, ())
        key = versions.key(version) if rows else None
        if key is None:
            return None, False
        system, machine = self.text("os"), self.text("machine")
        for allowed, row_os, row_machine, build in rows:
            if not versions.contains(allowed, key):
                continue
            if (row_os and system and row_os != system) or (row_machine and machine and row_machine != machine):
                continue
            sure = self._tagged and (not row_os or bool(system)) and (not row_machine or bool(machine))
            return build, not sure
        return None, False


def _platform(snapshot: Snapshot, key: str) -> str:
    platform: Any = snapshot.get("platform") or {}
    return platform.get(key) or ""


def _library(snapshot: Snapshot, key: str) -> str | None:
    libraries: Any = snapshot.get("libraries") or {}
    value: str | None = libraries.get(key)
    return value


def _glibc(snapshot: Snapshot) -> str | None:
    family, _, version = _platform(snapshot, "libc").replace("-", " ").partition(" ")
    return version.strip() if family == "glibc" else None


def _machine(snapshot: Snapshot) -> str:
    machine = _platform(snapshot, "machine").lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def _numbers(text: str) -> str | None:
    """The first version-like word of a release name: "Ubuntu 22.04" gives "22.04"."""
    for word in text.split():
        if word[0].isdigit():
            return word
    return None


_TEXTS: dict[str, Callable[[Snapshot], str | None]] = {
    "python": lambda snapshot: snapshot.get("python"),
    # a forward-compatibility libcuda takes the place of the driver's own (CUDA compatibility guide)
    "driver": lambda snapshot: _library(snapshot, "compat_driver") or snapshot.get("driver"),
    "driver-cuda": lambda snapshot: snapshot.get("driver_cuda"),
    "cuda-toolkit": lambda snapshot: snapshot.get("toolkit"),
    "cudnn": lambda snapshot: snapshot.get("cudnn"),
    "nccl": lambda snapshot: _library(snapshot, "nccl"),
    "glibc": _glibc,
    "libstdcxx": lambda snapshot: _library(snapshot, "libstdcxx"),
    "mpi": lambda snapshot: _library(snapshot, "mpi"),
    "os": lambda snapshot: _platform(snapshot, "system").lower(),
    "os-version": lambda snapshot: _numbers(_platform(snapshot, "release")),
    "machine": _machine,
}
