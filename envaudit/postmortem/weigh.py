"""What a log says: its lines weighed, the strongest cause first."""

from __future__ import annotations

from envaudit.postmortem import foretold
from envaudit.postmortem.cause import Cause, add
from envaudit.postmortem.exits import by_stack, crash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.matrix.store import Matrix
    from envaudit.postmortem.exceptions import Raised
    from envaudit.postmortem.log import Hit, Log
    from envaudit.postmortem.signatures import Signature, Signatures

# The numbers below were set by reading, so that: a sure cause beats a sure outcome; a line near the end beats the same
# line far above it; the innermost exception of a chain beats the one that it led to.
_SURE = {"high": 30, "medium": 20, "low": 10}
_LEVEL = {"error": 4, "warning": -6, "info": -12}
_OUTCOME = -12
_FORETOLD = 34  # a line that is a rule's symptom
_NEAR = ((12, 8), (60, 5), (300, 2))  # lines above the end, points
_AFTER = -10  # below the end
_ENDS, _LIVES = 6, -20  # what ends a process, and an exception that does not, above a line that tells of an end
_RAISED, _INNER, _EARLIER = 6, 3, -4
ROWS = 400  # lines that rules' symptoms are looked for in
_CORRUPT = 10**13  # bytes: no machine has them; a size that is read from the wrong place

_REPLACED = "pip-previously-imported"  # the signature of the notice that a loaded package was replaced
NOTICE = 2  # lines of that notice: the second names the packages
_LAUNCH = ("ipykernel_launcher", "colab_kernel_launcher", "ipykernel/kernelapp", "ipykernel\\kernelapp")
_DEFINITE = ("abi", "cuda", "packages")  # families whose errors at an import keep a kernel from starting


def weigh(log: Log, signatures: Signatures, matrix: Matrix | None) -> list[Cause]:
    """The causes that the log's lines speak for, the strongest first."""
    causes: list[Cause] = []
    end = log.ends[-1] if log.ends else None
    where = {raised.line: raised for raised in log.raised}
    last = max((raised.line for raised in log.raised if raised.formal), default=-1)
    strong = [hit for hit in log.hits if hit.signature.role == "cause" and hit.signature.level == "error"]
    for hit in log.hits:
        points = _points(hit, end, log) + _traceback(where.get(hit.line), last)
        signature = hit.signature
        new = Cause(signature.family, signature.cause, points, [_quote(hit.text)])
        new.culprits = hit.culprits()
        if signature.id == "tcmalloc-large-alloc" and int(hit.match["bytes"]) > _CORRUPT:
            new.family, new.cause = "abi", "abi_mismatch"
            new.evidence.append("no machine has so much memory: the size was read from the wrong place")
        add(causes, new)
    _by_kind(log, causes, end, where, last)
    if matrix is not None:
        _by_rules(log, causes, end, matrix)
    _by_dump(log, causes, end)
    _explain_kill(causes, bool(strong))
    _cannot_start(log, causes)
    _stale(log, causes)
    for cause in causes:
        _fill(cause, signatures)
        if end is not None and cause.family == "gpu-memory":
            cause.against.append("this error is raised in Python and by itself ends no kernel")
    causes.sort(key=lambda cause: -cause.points)
    return causes


def _points(hit: Hit, end: int | None, log: Log) -> int:
    signature = hit.signature
    points = _SURE[signature.confidence] + _LEVEL[signature.level]
    if signature.role == "outcome":
        points += _OUTCOME
    if signature.role == "user":
        return 30 if log.restarted else 2
    if end is None:
        return points
    if signature.role == "end":
        return points - 6  # "cannot start" tells when, not why
    if hit.line > end:
        return points + _AFTER
    points += next((bonus for distance, bonus in _NEAR if end - hit.line <= distance), 0)
    if signature.ends == "yes":
        return points + _ENDS
    return points + (_LIVES if signature.ends == "no" and signature.family not in _DEFINITE else 0)


def _traceback(raised: Raised | None, last: int) -> int:
    if raised is None:
        return 0
    return (
        (_RAISED if raised.formal else 2) + (_INNER if raised.inner else 0) + (0 if raised.line >= last else _EARLIER)
    )


def _by_kind(log: Log, causes: list[Cause], end: int | None, where: dict[int, Raised], last: int) -> None:
    """Exceptions that no signature knows, by their kind; an ordinary error of the program shows here."""
    known = {hit.line for hit in log.hits if hit.signature.level == "error"}
    for line, raised in where.items():
        guessed = raised.guess() if line not in known and line not in log.noise else None
        if guessed is None or (end is not None and line > end):
            continue
        family, cause, confidence = guessed
        points = _SURE[confidence] - 4 + _traceback(raised, last)
        points += _LIVES if end is not None and family not in _DEFINITE else 0
        new = Cause(family, cause, points, [_quote(f"{raised.name}: {raised.message}".rstrip(": "))])
        add(causes, new)


def _by_dump(log: Log, causes: list[Cause], end: int | None) -> None:
    """faulthandler's dump: where it makes the bare signal finer, it is surer than the line that names the signal."""
    if log.fault is None or not log.fault.signal:
        return
    bare = crash(log.fault.signal, f"faulthandler wrote: {log.fault.what}")
    name = bare.cause
    found = by_stack(bare, log.fault)
    found.points += _NEAR[0][1] + _ENDS if end is not None else 0
    if found.cause != name:
        found.points = max([found.points, *(cause.points + 2 for cause in causes if cause.cause == name)])
    add(causes, found)


def _by_rules(log: Log, causes: list[Cause], end: int | None, matrix: Matrix) -> None:
    """Lines that rules foretell.  They join the cause that the line has already, else they make one."""
    rows = sorted({hit.line for hit in log.hits if hit.signature.role != "end"} | {r.line for r in log.raised})[-ROWS:]
    best: dict[int, Signature] = {}
    for hit in log.hits:
        held = best.get(hit.line)
        if hit.signature.level == "error" and (held is None or _rank(hit.signature) > _rank(held)):
            best[hit.line] = hit.signature
    for row, symptoms in foretold.find(log.lines, rows, matrix):
        signature = best.get(row)
        family, cause = (signature.family, signature.cause) if signature else _kind(symptoms[0])
        points = _FORETOLD if end is None or row <= end else _FORETOLD - 8
        if signature and signature.role == "outcome":  # many causes lead to this line
            points += _OUTCOME
        names = [symptom.rule for symptom in symptoms]
        new = Cause(family, cause, points, [_quote(log.lines[row].strip()), _said_by(names)])
        new.rules = names
        if len(symptoms) == 1:
            new.culprits = list(symptoms[0].culprits)
        add(causes, new)


def _rank(signature: Signature) -> tuple[bool, int]:
    return signature.role == "cause", _SURE[signature.confidence]


def _said_by(rules: list[str]) -> str:
    if len(rules) == 1:
        return f"rule {rules[0]} foretells this line"
    more = f" and {len(rules) - 3} more" if len(rules) > 3 else ""
    return f"rules {', '.join(rules[:3])}{more} foretell this line"


def _kind(symptom: foretold.Symptom) -> tuple[str, str]:
    """(family, cause) of a rule whose symptom no signature knows: by its parts, else a clash of Python packages."""
    parts = set(symptom.culprits)
    for families, family, cause in (
        ({"driver", "gpu", "cuda-toolkit", "cudnn", "nccl"}, "cuda", "cuda_lib_mismatch"),
        ({"libc", "cpu"}, "abi", "abi_mismatch"),
        ({"memory"}, "memory", "oom_any"),
        ({"shm"}, "shared-memory", "shm_exhausted"),
        ({"disk", "limits"}, "system", "disk_full"),
    ):
        if parts & families:
            return family, cause
    return "packages", "api_changed"


def _explain_kill(causes: list[Cause], caused: bool) -> None:
    """A kill is by the out-of-memory killer only where the log also speaks of memory."""
    kill = next((cause for cause in causes if cause.cause == "sigkill"), None)
    if kill is None:
        return
    for cause in causes:
        if cause.family == "memory" and cause is not kill:
            cause.points += 8
            cause.evidence += kill.evidence
            if cause.cause in ("memory_pressure", "host_alloc_failed", "worker_killed"):
                cause.against.append("no counter of out-of-memory kills is in the text")
    if caused:
        kill.points = min(kill.points, 6)


def _cannot_start(log: Log, causes: list[Cause]) -> None:
    """What breaks the start of the kernel is told as such, with the broken part as its evidence."""
    start = next((cause for cause in causes if cause.family == "start-failure"), None)
    launching = [raised for raised in log.raised if any(mark in path for path in raised.frames for mark in _LAUNCH)]
    if start is None and not launching:
        return
    if start is None:
        start = Cause(
            "start-failure", "kernel_startup_failure", 20, ["the traceback begins in the launcher of the kernel"]
        )
        causes.append(start)
    broken = [cause for cause in causes if cause.family in (*_DEFINITE, "system", "native-crash")]
    if broken:
        worst = max(broken, key=lambda cause: cause.points)
        start.points = max(start.points, worst.points + 4)
        start.evidence = list(dict.fromkeys([*worst.evidence, *start.evidence]))
        start.culprits = list(dict.fromkeys([*worst.culprits, *start.culprits]))
        start.rules = worst.rules


def _stale(log: Log, causes: list[Cause]) -> None:
    """A clash about a package that was replaced under the running kernel is the old one that is still loaded."""
    notice = next((hit for hit in log.hits if hit.signature.id == _REPLACED), None)
    stale = next((cause for cause in causes if cause.family == "stale-module"), None)
    if notice is None or stale is None:
        return
    named = " ".join(log.lines[notice.line : notice.line + NOTICE]).lower().replace("_", "-")
    clashes = [c for c in causes if c.family in ("abi", "packages") and any(name in named for name in c.culprits)]
    if clashes:
        worst = max(clashes, key=lambda cause: cause.points)
        stale.points = worst.points + 4
        stale.evidence = [*stale.evidence, *worst.evidence]
        stale.culprits = list(dict.fromkeys([*worst.culprits, *stale.culprits]))


def _fill(cause: Cause, signatures: Signatures) -> None:
    about = signatures.causes.get(cause.cause)
    if about:
        cause.title = about["title"]
        cause.next = cause.next or list(about["next"])


def _quote(line: str) -> str:
    """A line of the log, short enough to be evidence."""
    return line if len(line) <= 240 else line[:237] + "..."
