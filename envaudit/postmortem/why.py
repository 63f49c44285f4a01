"""Why did the kernel die?  Evidence of all kinds, weighed together."""

from __future__ import annotations

from envaudit.postmortem import exits
from envaudit.postmortem.cause import LEAST, Cause, add
from envaudit.postmortem.log import Log
from envaudit.postmortem.places import told
from envaudit.postmortem.weigh import weigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.finding import Finding
    from envaudit.matrix.store import Matrix
    from envaudit.postmortem.death import Death
    from envaudit.postmortem.live import Live
    from envaudit.postmortem.signatures import Signatures
    from envaudit.report.document import Report

SCHEMA = "envaudit.why/1"
CAUSES = 4  # that are told
_CORE = 0x80  # of a wait status: a core file was written
FARTHEST = 16  # points that a told cause may be behind the first
EVIDENCE = 6  # of one cause
# families whose cause a rule of the matrix can name
ENVIRONMENT = ("abi", "cuda", "packages", "native-crash", "start-failure", "stale-module", "shared-memory", "memory")


class Why:
    """The answer.

    verdict  family of the likeliest cause, "none" (nothing died) or "unknown"
    causes   likeliest first
    kernel   {"id", "exit", "last_cell"}: what is known of the dead kernel
    missing  what would have told more
    """

    __slots__ = ("causes", "kernel", "missing", "verdict")

    def __init__(self, verdict: str, causes: list[Cause], kernel: dict[str, Any], missing: list[str]) -> None:
        self.verdict, self.causes, self.kernel, self.missing = verdict, causes, kernel, missing

    def to_json(self) -> dict[str, Any]:
        """The why report."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "causes": [cause.to_json() for cause in self.causes],
            "kernel": self.kernel,
            "missing": self.missing,
        }


def of_text(data: bytes, signatures: Signatures, matrix: Matrix | None, report: Report | None) -> Why:
    """Why, from a pasted log, traceback or issue text; `report` is the audit of what the text says is installed."""
    log = Log(data, signatures)
    causes = weigh(log, signatures, matrix)
    if report:
        _join(causes, report, signatures)
    missing = []
    if log.rest:
        missing.append("the start of the text: only its last 32 MiB were read")
    died = bool(log.ends)
    killed = next((cause for cause in causes if cause.cause == "sigkill"), None)
    ended = "signal 9 (SIGKILL)" if killed else None
    if not _told(causes) and not died and not log.hits and not log.raised and log.noise:
        pass  # every line that is known is noise: nothing died
    elif not _told(causes) and not died and not log.hits and not log.raised:
        missing.append("a line of an error or of an end: the text has none that is known")
    elif killed and not _told(causes):
        missing += killed.next
    elif not _told(causes):
        missing.append("the lines that stand above the restart in the server's log: they hold the reason, if any")
        missing.append("the signal or exit code (137 is SIGKILL, 139 a crash in native code, 134 an abort)")
    return _answer(causes, {"id": _kernel_id(log), "exit": ended, "last_cell": None}, missing, died or bool(causes))


def of_machine(live: Live, signatures: Signatures, matrix: Matrix | None, report: Report | None) -> Why:
    """Why, from what is left on this machine."""
    death = live.death
    causes: list[Cause] = []
    missing: list[str] = []
    died = death is not None
    if death is not None:
        causes, missing = exits.judge(death, live.boot_id)
        _shared_memory(causes, live)
        _kernel_log(causes, live, death, signatures, matrix)
    for path, data in live.logs:
        log = Log(data, signatures, death.get("kernel") if death is not None else None)
        if log.ends or death is not None:
            died = died or bool(log.ends)
            for cause in weigh(log, signatures, matrix):
                _fit(cause, path, death, causes)
    if died and death is None:
        _counters(causes, live)
    for cause in causes:
        _fill(cause, signatures)
    causes.sort(key=lambda cause: -cause.points)
    if causes and death is not None:
        _core_file(causes[0], live, death)
    if report:
        _join(causes, report, signatures, crashed=_crashed(death))
    if died:
        missing += [f"{entry['what']}: {entry['because']}" for entry in live.unread]
        if not _told(causes):
            missing += told(live.hosts)
    elif not live.watched and not live.logs:
        missing = _unseen(live)
    return _answer(causes, _kernel(death), missing, died or bool(missing))


def _unseen(live: Live) -> list[str]:
    """Nothing could have told of an end: what is known all the same, and what would tell."""
    missing = [f"{entry['what']}: {entry['because']}" for entry in live.unread]
    if live.oom_kills:
        times = f"{live.oom_kills} out-of-memory kill{'s' if live.oom_kills > 1 else ''}"
        missing.insert(0, f"when it was and which process: this memory cgroup has seen {times} since it began")
    return [*missing, *told(live.hosts)] or ["a log of the notebook server, or the flight recorder's record"]


def _answer(causes: list[Cause], kernel: dict[str, Any], missing: list[str], died: bool) -> Why:
    causes.sort(key=lambda cause: -cause.points)
    best = _told(causes)
    verdict = best[0].family if best else "unknown" if died else "none"
    for cause in best:
        cause.evidence = cause.evidence[:EVIDENCE]
    if verdict == "none" and missing:
        verdict = "unknown"
    return Why(verdict, best, kernel, list(dict.fromkeys(missing)))


def _told(causes: list[Cause]) -> list[Cause]:
    claims = [cause for cause in causes if cause.family not in ("unknown", "none") and cause.points >= LEAST]
    if not claims or any(c.family == "unknown" and c.points > claims[0].points + FARTHEST // 2 for c in causes):
        return []
    return [cause for cause in claims if cause.points >= claims[0].points - FARTHEST][:CAUSES]


def _kernel(death: Death | None) -> dict[str, Any]:
    if death is None:
        return {"id": None, "exit": None, "last_cell": None}
    cell = death.get("cell") or {}
    last = {key: cell[key] for key in ("number", "first_line", "running") if key in cell}  # type: ignore[literal-required]
    return {
        "id": death.get("kernel"),
        "exit": exits.Exit(death.get("wait_status")).words(),
        "last_cell": last or None,
    }


def _kernel_id(log: Log) -> str | None:
    import re

    for line in reversed([log.lines[index] for index in log.ends]):
        match = re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", line)
        if match:
            return match[0]
    return None


def _crashed(death: Death | None) -> bool:
    return death is not None and exits.Exit(death.get("wait_status")).signal in (4, 6, 7, 8, 11)


def _fit(cause: Cause, path: str, death: Death | None, causes: list[Cause]) -> None:
    """A cause that the server's log speaks for, beside what the record says: it must fit the exit status."""
    cause.evidence = [f"{path}: {cause.evidence[0]}", *cause.evidence[1:]]
    if death is not None:
        ended = exits.Exit(death.get("wait_status"))
        if ended.known and cause.family != "unknown":
            crash = cause.family in ("native-crash", "abi", "cuda", "shared-memory")
            if ended.signal == 9 and cause.family != "memory":
                cause.points -= 20
                cause.against.append("the kernel was ended by SIGKILL, which this does not do")
            elif ended.signal in (4, 6, 7, 8, 11) and not crash:
                cause.points -= 12
                cause.against.append(f"the kernel ended by {ended.words()}")
            elif death.get("clean"):
                cause.points -= 24
                cause.against.append("the kernel left in order")
    add(causes, cause)


def _core_file(cause: Cause, live: Live, death: Death) -> None:
    """Where the core file went, if the status says that one was written."""
    pattern = live.core_pattern or ""
    words = pattern.lstrip("|").split()
    if (death.get("wait_status") or 0) & _CORE and words:
        where = f"was given to {words[0]}" if pattern.startswith("|") else f"is named {pattern}"
        cause.next.append(f"The core file {where} (core_pattern): gdb PYTHON CORE, then bt, names the native function")


def _shared_memory(causes: list[Cause], live: Live) -> None:
    """SIGBUS with a full /dev/shm is the full /dev/shm."""
    for cause in list(causes):
        if cause.cause == "mmap_backing_lost" and live.shm_free_mib is not None and live.shm_free_mib < 8:
            full = Cause("shared-memory", "shm_exhausted", cause.points + 6, list(cause.evidence))
            full.evidence.append(f"shared memory has {live.shm_free_mib} MiB left")
            full.culprits = ["shm"]
            causes.append(full)


def _kernel_log(causes: list[Cause], live: Live, death: Death, signatures: Signatures, matrix: Matrix | None) -> None:
    """Lines of the system's kernel log count where they name the process of the dead kernel."""
    pid = death.get("pid")
    marks = (
        f"process {pid} (", f"pid={pid},", f"(pid {pid})", f"[{pid}]: segfault", f"[{pid}] trap",
        f"[{pid}] general protection",
    )  # fmt: skip
    named = [line for line in live.kernel_log or [] if any(mark in line for mark in marks)]
    if not named or pid is None:
        return
    for cause in weigh(Log("\n".join(named).encode(), signatures), signatures, matrix):
        cause.evidence = [f"kernel log: {line}" for line in cause.evidence]
        add(causes, cause)


def _counters(causes: list[Cause], live: Live) -> None:
    """Without a record the counters only say that some process was killed, at some time."""
    for kills, where in ((live.oom_kills, "this memory cgroup"), (live.vm_oom_kills, "this machine since it started")):
        if kills:
            evidence = [f"{kills} out-of-memory kill{'s' if kills > 1 else ''} in {where}"]
            if live.peak_mib and live.limit_mib and where.startswith("this memory"):
                evidence.append(f"its peak was {live.peak_mib} of {live.limit_mib} MiB")
            new = Cause("memory", "oom_any", 16 if where.startswith("this memory") else 8, evidence)
            new.against = ["the counter tells neither when nor which process"]
            new.culprits = ["memory"]
            add(causes, new)
            return


def _fill(cause: Cause, signatures: Signatures) -> None:
    about = signatures.causes.get(cause.cause)
    if about:
        cause.title = cause.title or about["title"]
        cause.next = cause.next or list(about["next"])


def _join(causes: list[Cause], report: Report, signatures: Signatures, crashed: bool = False) -> None:
    """Findings of the audit that fit a cause become its evidence, and their pins its first advice."""
    findings = [finding for finding in report.audit.findings if finding.level != "notice"]
    for cause in causes:
        if cause.family not in ENVIRONMENT:
            continue
        wanted = {_name(part) for part in cause.culprits}
        for finding in findings:
            foretold = finding.rule in cause.rules
            if foretold or (wanted & {_name(part) for part in finding.culprits} and _fits(cause, finding)):
                cause.evidence.append(f"audit, rule {finding.rule}: {finding.title}")
                cause.points += 6 if finding.certainty == "definite" else 3
                cause.rules = list(dict.fromkeys([*cause.rules, finding.rule]))
                cause.culprits = list(dict.fromkeys([*cause.culprits, *finding.culprits]))
                _advise(cause, finding)
    crashes = [f for f in findings if f.level == "crash" and f.certainty == "definite"]
    if crashed and crashes and not any(cause.rules for cause in causes):
        first = crashes[0]
        new = Cause("abi", "abi_mismatch", 22, [f"audit, rule {first.rule}: {first.title}"])
        new.culprits, new.rules = list(first.culprits), [first.rule]
        _advise(new, first)
        _fill(new, signatures)
        causes.append(new)
    causes.sort(key=lambda cause: -cause.points)


def _fits(cause: Cause, finding: Finding) -> bool:
    """Whether a finding about the same part is about the same kind of fault."""
    dies = finding.level == "crash"
    return dies or cause.family not in ("native-crash", "memory", "shared-memory") or "memory" in finding.culprits


def _name(part: str) -> str:
    return part.lower().replace("_", "-").replace(".", "-")


def _advise(cause: Cause, finding: Finding) -> None:
    if finding.pins:
        pins = " ".join(f"'{name}=={version}'" for name, version in finding.pins.items())
        advice = f"python -m pip install {pins}, then restart the kernel"
    elif finding.note:
        advice = finding.note
    else:
        return
    cause.next = list(dict.fromkeys([advice, *cause.next]))
