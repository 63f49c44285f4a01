"""What the recorder says in a notebook, each in one line: that the last kernel died, and that memory runs out."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.postmortem.death import Death

SIGNALS = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
    10: "SIGUSR1", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM", 24: "SIGXCPU",
}  # fmt: skip
_LAST = 5  # samples that tell of the end: the very last one may have found an empty process
_FULL = 0.85  # share of a limit from which the memory is worth a word


def died(death: Death) -> str | None:
    """What the record proves of a kernel's end; None when it left in order or was asked to leave."""
    if death.get("clean") or death.get("leaving"):
        return None
    cell = death.get("cell")
    where = "died"
    if cell:
        where += f" {'in' if cell.get('running') else 'after'} cell {cell['number']}"
    return f"The last kernel {where}{_memory(death)}: {_how(death)}. `envaudit why` for more."


def _how(death: Death) -> str:
    status = death.get("wait_status")
    if status is None:
        return "nothing was left that tells how"
    signal = status & 0x7F
    if not signal:
        return f"exit code {status >> 8 & 0xFF}, without leaving in order"
    name = f"signal {signal} ({SIGNALS[signal]})" if signal in SIGNALS else f"signal {signal}"
    if signal != 9:
        return name
    risen = _risen(death, "oom_kills")
    if risen:
        return "out of memory"
    if risen is None and _risen(death, "vm_oom_kills"):
        # the counter is of the whole machine: it may have been another process
        return "out of memory" if share(death) >= _FULL else f"{name}, while the machine was out of memory"
    if risen is None:
        return f"{name}; no counter tells whether for memory"
    return f"{name}, and not by the out-of-memory killer"


def _risen(death: Death, counter: str) -> bool | None:
    before, after = death.get(f"{counter}_before"), death.get(f"{counter}_after")
    if not isinstance(before, int) or not isinstance(after, int):
        return None
    return after > before


def _used(death: Death) -> list[int]:
    """MiB that counted against the limit in each sample, oldest first."""
    limit, kind = death.get("limit_mib"), death.get("limit_kind")
    found = []
    for sample in death.get("samples") or []:
        value = sample.get("rss_mib")
        if kind == "cgroup":
            value = sample.get("cgroup_mib") or value
        elif kind == "physical" and limit and "available_mib" in sample:
            value = limit - sample["available_mib"]
        if value:
            found.append(value)
    return found


def share(death: Death) -> float:
    """How much of the limit was used in the end; 0 where it is not known."""
    limit = death.get("limit_mib")
    return max([*_used(death)[-_LAST:], 0]) / limit if limit else 0.0


def _memory(death: Death) -> str:
    """ " at 12.4 of 12.7 GiB, still growing" where memory was nearly full or ran out."""
    limit, used = death.get("limit_mib"), _used(death)
    if not limit or not used or (share(death) < _FULL and not _risen(death, "oom_kills")):
        return ""
    top = max(used[-_LAST:])
    growing = ", still growing" if top - used[max(0, len(used) - 2 * _LAST)] > limit // 50 else ""
    return f" at {top / 1024:.1f} of {limit / 1024:.1f} GiB{growing}"


def warning(line: str) -> str | None:
    """The sidecar's numbers (MiB used, limit, MiB a second, seconds left) as a line for the user."""
    words = line.split()
    if len(words) != 4 or not all(word.isdecimal() for word in words):
        return None
    used, limit, rate, left = map(int, words)
    return (
        f"envaudit: memory is at {used / 1024:.1f} of {limit / 1024:.1f} GiB and grows by {rate} MiB a second: "
        f"full in about {left} s. Interrupt the cell to keep the kernel."
    )
