"""What is known of a dead kernel: the seam between the flight recorder, which writes it down, and `envaudit why`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Sample(TypedDict, total=False):
        """One look at a kernel, by the sidecar."""

        at: float  # seconds since the epoch
        rss_mib: int  # resident memory of the kernel
        available_mib: int  # memory that the machine can still give
        cgroup_mib: int | None  # memory that the kernel's memory cgroup uses
        gpu_mib: int | None  # memory that the kernel holds on GPUs, all together
        gpu_free_mib: int | None  # least free memory of a visible GPU

    class Cell(TypedDict, total=False):
        """The last cell that the kernel ran."""

        number: int  # execution count
        first_line: str  # of its source, cut to 120 characters
        digest: str  # of its source: first 16 hex digits of SHA-256
        source: str | None  # whole, only where the user asked for it
        started: float  # seconds since the epoch
        running: bool  # True when the kernel died inside it

    class Death(TypedDict, total=False):
        """One kernel as its flight recorder left it.  A missing key is unknown."""

        kernel: str  # kernel id, or the notebook's path where an editor has no lasting id
        pid: int
        started: float  # seconds since the epoch
        ended: float | None  # when the sidecar saw the end
        wait_status: int | None  # as waitpid gives it: low 7 bits the signal, next byte the exit code
        status_by: str  # where wait_status is from: "stat" (the zombie in /proc) or "pidfd"
        notebook: str  # path of the notebook, where the host tells it to the kernel
        clean: bool  # it left by exit() or was shut down: atexit ran
        leaving: bool  # exit() was called or the server asked it to end, whether or not it got as far as atexit
        cell: Cell | None
        samples: list[Sample]  # the last ones, oldest first
        peak_rss_mib: int
        limit_mib: int | None  # least of cgroup limit, MEM_LIMIT, RLIMIT_AS and physical memory
        limit_kind: str | None  # "cgroup", "MEM_LIMIT", "RLIMIT_AS", "physical"
        oom_kills_before: int | None  # oom_kill counter of the memory cgroup while the kernel lived
        oom_kills_after: int | None  # the same after its end
        vm_oom_kills_before: int | None  # oom_kill of /proc/vmstat
        vm_oom_kills_after: int | None
        libraries: list[str]  # paths of native libraries that were loaded, newest last
        fault: str | None  # what faulthandler wrote, cut to 64 KiB
        python: str  # version of the kernel's Python
        executable: str
        boot_id: str
