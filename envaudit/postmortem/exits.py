"""What the flight recorder's record of a dead kernel says: exit status, memory, the last cell, faulthandler's dump."""

from __future__ import annotations

from envaudit.postmortem import fault
from envaudit.postmortem.cause import Cause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.postmortem.death import Cell, Death, Sample
    from envaudit.postmortem.fault import Fault

SIGNALS = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
    9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
    24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
}  # fmt: skip
FULL, NEARLY = 0.97, 0.85  # shares of the memory limit
START = 10.0  # seconds in which a kernel that dies has never really started
FIL_OUT_OF_MEMORY = 53  # exit code of filprofiler when it stops a program for memory
_FORCED = (0, 9, 15)  # how a server ends a kernel that does not leave by itself
_KILLS = ("os.kill", "kill -9", "kill -KILL", "!kill", "signal.raise_signal", "pkill", "killall")
_EXITS = ("os._exit", "_exit(")


class Exit:
    """How a process ended: `signal` (0 for none), `code` (exit code, None after a signal), `known`."""

    __slots__ = ("code", "known", "signal")

    def __init__(self, wait_status: int | None) -> None:
        self.known = wait_status is not None
        self.signal = (wait_status or 0) & 0x7F
        self.code = (wait_status >> 8) & 0xFF if wait_status is not None and not self.signal else None

    def words(self) -> str | None:
        """ "signal 9 (SIGKILL)", "exit code 1", or None where it is not known."""
        if not self.known:
            return None
        if self.signal:
            return f"signal {self.signal} ({SIGNALS.get(self.signal, 'another one')})"
        return f"exit code {self.code}"


def judge(death: Death, boot_id: str | None = None) -> tuple[list[Cause], list[str]]:
    """(causes, what would have told more).  `boot_id` is that of the machine now."""
    ended = Exit(death.get("wait_status"))
    dump = fault.read((death.get("fault") or "").splitlines())
    if death.get("clean"):
        return [_clean(death, ended)], []
    if death.get("leaving") and (ended.signal in _FORCED or not ended.known):
        # it was asked to leave and did not in time, so the server made an end of it
        return [_asked(death, ended)], []
    recorded = death.get("boot_id")
    if not ended.known and recorded and boot_id and recorded != boot_id:
        gone = Cause("limit", "host_shutdown_or_preemption", 22, ["the machine has been started anew since the record"])
        return [gone], ["what the host says of its end: a time limit, preemption, or a crash of the whole machine"]
    signal = ended.signal or (dump.signal if dump and not ended.known and dump.signal else 0)
    if signal:
        return _by_signal(signal, death, dump, ended)
    if ended.known:
        return [_by_code(death, ended)], []
    return _without_status(death, dump)


def _clean(death: Death, ended: Exit) -> Cause:
    cell: Cell | None = death.get("cell")
    first = (cell or {}).get("first_line", "").strip()
    if ended.known and (ended.signal or ended.code):
        return Cause("user", "user_exit_call", 26, ["Python left in order (atexit ran)", ended.words() or ""])
    if first.startswith(("exit", "quit", "sys.exit", "%exit", "%quit")):
        return Cause("user", "user_exit_call", 34, [f"the last cell is {first[:60]!r}", "Python left in order"])
    restart = Cause("user", "user_restart", 32, ["Python left in order (atexit ran)"])
    if ended.known:
        restart.evidence.append("exit code 0")
    return restart


def _asked(death: Death, ended: Exit) -> Cause:
    found = Cause("user", "user_restart", 30, ["it had been asked to leave (exit(), restart or shutdown)"])
    if ended.words():
        found.evidence.append(f"{ended.words()}: the server's, when it did not leave in time")
    return found


def _by_signal(signal: int, death: Death, dump: Fault | None, ended: Exit) -> tuple[list[Cause], list[str]]:
    how = ended.words() or f"faulthandler wrote: {dump.what}" if dump else ended.words() or ""
    if signal == 9:
        return _kill(death, how)
    cell = death.get("cell") or {}
    source = f"{cell.get('source') or ''}\n{cell.get('first_line') or ''}"
    missing = [] if dump else ["faulthandler's dump: it names the Python line that was running"]
    if any(words in source for words in _KILLS) and signal in (1, 2, 3, 10, 12, 14, 15):
        return [Cause("user", "killed_by_user_or_code", 30, [how, "the last cell sends a signal"])], []
    simple = {
        24: ("limit", "cpu_time_limit", 32),
        10: ("limit", "external_signal", 20),
        12: ("limit", "external_signal", 20),
        13: ("program", "signal_default_restored", 18),
        1: ("limit", "server_gone", 20),
        2: ("user", "user_interrupt", 22),
    }
    if signal in simple:
        family, name, points = simple[signal]
        return [Cause(family, name, points, [how])], []
    if signal == 15:
        host = Cause("limit", "host_shutdown_or_preemption", 16, [how])
        person = Cause("user", "killed_by_user_or_code", 14, [how])
        for sender in (host, person):
            sender.against = ["SIGTERM tells not who sent it"]
        return [host, person], ["the log of the server or scheduler at that moment: did it end too?"]
    if signal == 7:
        missing.append("how full /dev/shm and the disk were")
    elif signal in (3, 6):
        missing.append("the line on the kernel's standard error just before it (in the server's log)")
    return [by_stack(crash(signal, how), dump, source)], missing


def crash(signal: int, how: str) -> Cause:
    """What a signal that native code brings upon itself says by itself."""
    if signal == 4:
        cause = Cause("abi", "cpu_isa_unsupported", 24, [how])
        cause.culprits = ["cpu"]
        return cause
    name, points = {7: ("mmap_backing_lost", 24), 3: ("native_abort", 24), 6: ("native_abort", 24)}.get(
        signal, ("native_crash", 26)
    )
    return Cause("native-crash", name, points, [how])


def by_stack(cause: Cause, dump: Fault | None, source: str = "") -> Cause:
    """The cause, made finer by the Python stack at the moment of death; `source` is that of the last cell."""
    if dump is None:
        if "setrecursionlimit" in source and cause.cause == "native_crash":
            return Cause(
                "program", "runaway_recursion", 26, [*cause.evidence, "the last cell raises the recursion limit"]
            )
        return cause
    if dump.recursive:
        found = Cause("program", "runaway_recursion", 34, [*cause.evidence, "the stack is one function over and over"])
        found.evidence.append(f"the function is {dump.frames[0][1] or '?'}")
        return found
    where = dump.frames[0] if dump.frames else None
    if dump.importing and cause.cause in ("native_crash", "native_abort"):
        package = f" of {dump.package}" if dump.package else ""
        found = Cause("abi", "abi_mismatch", 26, [f"it died while a compiled module{package} was being imported"])
        found.evidence += cause.evidence
        found.culprits = [dump.package.replace("_", "-").lower()] if dump.package else []
        return found
    if dump.package:
        cause.evidence.append(f"it died inside {dump.package} ({where[1]})" if where else f"inside {dump.package}")
        cause.culprits = list(dict.fromkeys([*cause.culprits, dump.package.replace("_", "-").lower()]))
        cause.points += 4
    elif where:
        cause.evidence.append(f"the Python line that ran: {where[0].rpartition('/')[2]}, in {where[1] or '?'}")
    return cause


def _kill(death: Death, how: str) -> tuple[list[Cause], list[str]]:
    """SIGKILL is out of memory only where a counter rose, or nothing could be counted and memory was full."""
    cell = death.get("cell") or {}
    source = f"{cell.get('source') or ''}\n{cell.get('first_line') or ''}"
    found, counted = _memory(death, how)
    if found:
        return [found], [] if counted else [
            "the counter of out-of-memory kills before and after (the recorder keeps it)"
        ]
    if any(words in source for words in _KILLS):
        return [Cause("user", "killed_by_user_or_code", 28, [how, "the last cell sends a signal"])], []
    return [], ["who sent SIGKILL: no counter of out-of-memory kills rose, so it was a person, a program or the host"]


def _memory(death: Death, how: str) -> tuple[Cause | None, bool]:
    """(out of memory, or None; whether a counter could tell)."""
    counted = False
    for key, cause, points in (("oom_kills", "oom_cgroup", 36), ("vm_oom_kills", "oom_host_ram", 24)):
        before, after = death.get(f"{key}_before"), death.get(f"{key}_after")
        if not isinstance(before, int) or not isinstance(after, int):
            continue
        counted = True
        if after > before:
            name = "of the memory cgroup" if key == "oom_kills" else "of the machine"
            found = Cause("memory", cause, points, [f"out-of-memory kills {name} rose from {before} to {after}", how])
            _samples(found, death)
            if key == "vm_oom_kills" and _share(death) < NEARLY:
                found.against.append("the counter is of the whole machine: it may have been another process")
            elif key == "vm_oom_kills":
                found.points += 8
            found.culprits = ["memory"]
            return found, True
        if key == "oom_kills":
            return (
                None,
                True,
            )  # it counts every kill in the group, whoever ran out: the rest of the machine says no more
    if not counted and _share(death) >= NEARLY and _rising(death):
        found = Cause("memory", "oom_any", 22, [how])
        _samples(found, death)
        found.against = ["no counter of out-of-memory kills could be read"]
        found.culprits = ["memory"]
        return found, False
    return None, counted


def _share(death: Death) -> float:
    """How much of its limit the kernel used in the end, 0 where it is not known."""
    limit = death.get("limit_mib")
    samples: list[Sample] = death.get("samples") or []
    # the very last look may find an empty process: the greatest of the last ones counts
    used = max([sample.get("rss_mib") or 0 for sample in samples[-5:]] + [0])
    cgroup = max([sample.get("cgroup_mib") or 0 for sample in samples[-5:]] + [0])
    share = max(used, cgroup if death.get("limit_kind") == "cgroup" else 0) / limit if limit else 0.0
    available = min([s["available_mib"] for s in samples[-3:] if "available_mib" in s], default=None)
    if available is not None and limit and available < (1 - FULL) * limit:
        return max(share, FULL)
    return share


def _rising(death: Death) -> bool:
    used = [sample.get("rss_mib") or 0 for sample in (death.get("samples") or [])[-8:]]
    used = [value for value in used if value]
    return len(used) >= 2 and max(used[-3:]) > used[0]


def _samples(cause: Cause, death: Death) -> None:
    limit, samples = death.get("limit_mib"), death.get("samples") or []
    used = max([sample.get("rss_mib") or 0 for sample in samples[-5:]] + [0])
    if used and limit:
        rising = ", rising" if _rising(death) else ""
        cause.evidence.append(f"last sample {used / 1024:.1f} of {limit / 1024:.1f} GiB{rising}")
        if death.get("limit_kind"):
            cause.evidence.append(f"the limit is that of {death['limit_kind']}")


def _by_code(death: Death, ended: Exit) -> Cause:
    how = ended.words() or ""
    cell, started, over = death.get("cell"), death.get("started"), death.get("ended")
    if ended.code == FIL_OUT_OF_MEMORY:
        return Cause("memory", "host_alloc_failed", 22, [f"{how}: filprofiler's stop for memory"])
    young = isinstance(started, float) and isinstance(over, float) and over - started < START
    if ended.code and not cell and young:
        return Cause("start-failure", "kernel_startup_failure", 28, [how, "it ended within seconds and ran no cell"])
    found = Cause("user", "os_exit_call", 24, [how, "Python did not leave in order (atexit did not run)"])
    source = f"{(cell or {}).get('source') or ''}\n{(cell or {}).get('first_line') or ''}"
    if any(words in source for words in _EXITS):
        found.points = 34
        found.evidence.append("the last cell calls os._exit")
    elif cell and cell.get("running"):
        found.evidence.append("it happened inside a cell, by its code or by a native library that calls exit()")
    return found


def _without_status(death: Death, dump: Fault | None) -> tuple[list[Cause], list[str]]:
    missing = ["the exit status of the kernel: the recorder's sidecar had ended before it, or was not running"]
    if dump is not None:
        found = Cause("native-crash", "native_abort", 20, [f"faulthandler wrote: {dump.what}"])
        return [by_stack(found, dump, "")], missing
    found_memory, _ = _memory(death, "the process is gone without a trace")
    if found_memory:
        found_memory.points = min(found_memory.points, 26)
        return [found_memory], missing
    return [], missing
