"""The snapshot: what an environment is, as the plain dictionary of `envaudit.snapshot/1`.

A snapshot is JSON on its way from one machine to another, so it stays a dictionary inside the program too: there is
no second shape to keep in step.  The classes here only tell a type checker and a reader what the keys mean; at run
time this module imports nothing, because every start of envaudit pays for its imports.

A missing or null key means *unknown*.  Only `packages` may be complete (`packages_complete`): then a package that is
not listed is not installed.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Platform(TypedDict, total=False):
        system: str  # Linux | Darwin | Windows
        release: str  # "Ubuntu 22.04", "macOS 14.4.1"
        kernel: str  # kernel release, "6.1.0-18-amd64"
        machine: str  # x86_64 | aarch64 | arm64 | AMD64
        libc: str  # "glibc 2.35" | "musl 1.2.4"

    class Gpu(TypedDict, total=False):
        name: str | None  # as NVML gives it: "Tesla T4"
        compute_capability: str | None  # "7.5"
        memory_mib: int | None  # MiB
        mig: bool | None  # True when the visible device is a MIG slice or has MIG enabled

    class Cpu(TypedDict, total=False):
        model: str | None
        flags: list[str] | None  # /proc/cpuinfo spelling: avx, avx2, sse4_2

    class Memory(TypedDict, total=False):
        total_mib: int | None  # physical memory, MiB
        limit_mib: int | None  # the limit that counts: the least of cgroup, MEM_LIMIT, RLIMIT_AS and total, MiB
        shm_mib: int | None  # size of /dev/shm, MiB
        tmp_free_mib: int | None  # room left in the folder for temporary files, MiB
        open_files: int | None  # how many files a process may have open (`ulimit -n`)

    class Libraries(TypedDict, total=False):
        libstdcxx: str | None  # newest GLIBCXX symbol version the libstdc++ in use offers: "3.4.30"
        toolkits: list[
            dict[str, str]
        ]  # every CUDA toolkit found: {"version": "12.4.1", "path": "/usr/local/cuda-12.4"}
        nccl: str | None  # system NCCL
        compat_driver: str | None  # driver version of an active forward-compatibility libcuda ("550.54.15")

    class Interpreter(TypedDict, total=False):
        path: str  # the executable
        prefix: str
        venv: bool
        externally_managed: bool  # PEP 668
        conda: bool  # the prefix holds conda-meta
        is_self: bool  # it is the interpreter that runs envaudit

    class Unknown(TypedDict):
        what: str  # "NVIDIA driver"
        because: str  # "no NVIDIA driver is loaded"

    class Problem(TypedDict, total=False):
        kind: str  # stable word that rules match: broken-metadata, duplicate-distribution, nvml-mismatch, ...
        detail: str  # one sentence with names and places
        culprits: list[str]

    class Snapshot(TypedDict, total=False):
        schema: str
        python: str | None
        platform: Platform | None
        packages: dict[str, str]  # PEP 503 name -> exact version, local tag kept
        packages_complete: bool
        packages_unversioned: list[str]  # installed, but the report does not say which version
        driver: str | None
        driver_cuda: str | None
        toolkit: str | None
        cudnn: str | None
        gpus: list[Gpu] | None  # [] = none visible, None = unknown
        cpu: Cpu | None
        memory: Memory | None
        env_vars: dict[str, str] | None
        runtime: str | None
        # ours, beyond the contract
        runtimes: list[str]  # every host marker that holds, innermost product first ("kaggle", "docker")
        installers: dict[str, str]  # "conda" for packages that conda manages; in a pasted conda report also "pip"
        builds: dict[str, str]  # "cu121", "cpu", "rocm6.1" where something other than a local tag says so
        packages_tagged: bool  # a version without a local tag has none: nobody cut it off
        hidden_gpus: int  # GPUs that the driver has and CUDA_VISIBLE_DEVICES hides
        requires: dict[str, list[str]]  # declared requirements whose marker holds here (extras left out)
        libraries: Libraries
        interpreter: Interpreter
        kernel: dict[str, object] | None  # the notebook kernel that is audited: {"pid": 12}
        unknown: list[Unknown]
        problems: list[Problem]


SCHEMA = "envaudit.snapshot/1"
