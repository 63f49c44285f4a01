"""Facts and matrix to findings.  Pure: nothing is read, written or imported from the audited environment."""

from __future__ import annotations

from envaudit import versions
from envaudit.conditions import gpus_meant, holds
from envaudit.facts import AMOUNTS, MACHINE_VERSIONS, WORDS, Facts
from envaudit.truth import FALSE, TRUE, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from envaudit.finding import Audit, Finding
    from envaudit.matrix.store import Matrix

# a fact of a condition -> the culprit that a report names; facts that are nobody's fault are left out
_CULPRITS = {
    "driver-cuda": "driver",
    "glibc": "libc",
    "libstdcxx": "libc",
    "memory-total": "memory",
    "tmp-free": "disk",
    "open-files": "limits",
    "gpu-memory": "gpu",
    "gpu-count": "gpu",
    "os-version": "os",
    "nccl": "nccl",
    "mpi": "mpi",
}
_LABELS = {
    "gpu": "GPU and its compute capability",
    "gpu-count": "GPU and its compute capability",
    "driver": "NVIDIA driver",
    "driver-cuda": "CUDA version of the NVIDIA driver",
    "cuda-toolkit": "system CUDA toolkit",
    "cudnn": "system cuDNN",
    "python": "Python version",
    "glibc": "glibc version",
    "libstdcxx": "libstdc++ version",
    "mpi": "MPI library of the system",
    "cpu": "CPU instructions",
    "os": "operating system",
    "machine": "processor architecture",
    "memory": "memory limit",
    "shm": "size of /dev/shm",
    "tmp-free": "room for temporary files",
    "open-files": "limit of open files",
}

_NO_PACKAGES = frozenset((*MACHINE_VERSIONS, *WORDS, *AMOUNTS, "gpu", "cpu", "environment variables"))


def evaluate(facts: Facts, matrix: Matrix) -> Audit:
    """Everything that the matrix says of an environment."""
    from envaudit.finding import Audit

    findings, unknown = clashes(facts, matrix)
    if facts.snapshot.get("requires"):
        from envaudit import declared

        unmet = declared.unmet(facts)
        if unmet:
            findings += declared.findings(unmet, findings, matrix.card(declared.RULE))
    findings.sort(key=lambda finding: finding.rank())
    return Audit(findings, _unchecked(unknown, facts), coverage(facts, matrix))


def clashes(facts: Facts, matrix: Matrix) -> tuple[list[Finding], set[str]]:
    """What the rules say, and the facts that they would have needed to say more."""
    fired, unknown = fire(concerning(facts, matrix), facts)
    return (_findings(fired, facts, matrix) if fired else []), unknown


def concerning(facts: Facts, matrix: Matrix) -> list[dict[str, Any]]:
    """The clauses that could hold in this environment."""
    return matrix.clauses((*facts.packages, *facts.unversioned), facts.key, facts.lacking())


def fire(candidates: list[dict[str, Any]], facts: Facts) -> tuple[list[tuple[dict[str, Any], int]], set[str]]:
    """The clauses that hold (with SOME or TRUE), and the facts that were not known where nothing else decided."""
    fired: list[tuple[dict[str, Any], int]] = []
    unknown: set[str] = set()
    for clause in candidates:
        result = TRUE
        asked: set[str] = set()
        for condition in clause["c"]:
            value = holds(condition, facts, asked)
            if value < result:
                result = value
                if value == FALSE:
                    break
        if result > UNKNOWN:
            fired.append((clause, result))
        elif result == UNKNOWN:
            unknown |= asked
    return fired, unknown


def _findings(fired: list[tuple[dict[str, Any], int]], facts: Facts, matrix: Matrix) -> list[Finding]:
    best: dict[tuple[str, frozenset[str]], tuple[dict[str, Any], int]] = {}
    for clause, value in fired:
        which = clause["r"], frozenset(culprits_of(clause["c"]))
        if which not in best or value > best[which][1]:
            best[which] = clause, value
    found = [
        finding
        for clause, value in best.values()
        for finding in written(matrix.card(clause["r"]), clause, value, facts)
    ]
    silent = {rule for finding in found for rule in finding.supersedes}
    return [finding for finding in found if finding.rule not in silent]


def written(card: dict[str, Any], clause: dict[str, Any], value: int, facts: Facts) -> Iterator[Finding]:
    """The findings that a clause which holds with `value` makes, in words."""
    from envaudit.finding import Finding

    culprits = culprits_of(clause["c"])
    certainty = "definite" if value == TRUE and card["certainty"] == "definite" else "possible"
    options = clause.get("f") or card["fix"]
    kinds = {condition[1] for condition in clause["c"] if condition[0] == "problem"}
    problems: list[Any] = [p for p in facts.snapshot.get("problems") or () if p.get("kind") in kinds] or [None]
    for problem in problems:
        words = _Words(clause, facts, problem, card["packages"])
        finding = Finding(card, certainty, card["culprits"] or culprits, options)
        if problem and not card["culprits"]:
            finding.culprits = list(problem.get("culprits") or []) + culprits
        finding.title = words.fill(finding.title)
        finding.why = words.fill(finding.why)
        finding.symptom = words.fill(finding.symptom)
        finding.note = words.fill(finding.note) if finding.note else None
        yield finding


def culprits_of(conditions: list[Any]) -> list[str]:
    """The parts that a clause says clash, in the order they are written."""
    parts: list[str] = []
    for condition in conditions:
        kind = condition[0]
        if kind in ("any", "all"):
            parts += culprits_of(condition[1])
        elif kind == "env":
            parts.append(f"env:{condition[1]}")
        elif kind in ("gpu", "cpu"):
            parts.append(kind)
        elif (kind == "amount" and condition[1] in AMOUNTS) or kind in ("version", "absent", "unlisted", "build"):
            parts.append(_CULPRITS.get(condition[1], condition[1]))
    return list(dict.fromkeys(parts))


class _Words:
    """Fills {torch}, {row.column}, {gpu}, {torch.build} and {problem} in a rule's texts."""

    def __init__(self, clause: dict[str, Any], facts: Facts, problem: Any, packages: list[str]) -> None:
        self.clause, self.facts, self.problem, self.packages = clause, facts, problem, packages

    def fill(self, text: str) -> str:
        head, *parts = text.split("{")
        for part in parts:
            name, closed, rest = part.partition("}")
            value = self.value(name) if closed else None
            head += value + rest if value is not None else "{" + part
        return head

    def value(self, name: str) -> str | None:
        first, dot, second = name.partition(".")
        if name == "problem":
            return str(self.problem.get("detail")) if self.problem else None
        if dot and first == "row":
            return str(self.clause.get("v", {}).get(second, "?"))
        if first == "package":
            package = str(self.clause.get("v", {}).get("package", "?"))
            return self.facts.text(package) if second == "version" else package
        if dot and second == "build":
            return self.facts.build(first)[0] or "of unknown build"
        if first == "gpu":
            return self._gpu(second)
        if name in AMOUNTS:
            amount = self.facts.amount(name)
            return None if amount is None else str(amount)
        if name.startswith("env:"):
            return str((self.facts.snapshot.get("env_vars") or {}).get(name[4:], "not set"))
        text = self.facts.text(name)
        if text is None and name in MACHINE_VERSIONS:
            return "of unknown version"
        return "(not installed)" if text is None and name in self.packages else text

    def _gpu(self, part: str) -> str:
        conditions = [c for c in self.clause["c"] if c[0] == "gpu"]
        known = self.facts.gpus() or []
        meant = gpus_meant(conditions[0], self.facts) if conditions else [name for name, _ in known]
        if part == "capability":
            return ", ".join(dict.fromkeys(cc for name, cc in known if cc and name in meant)) or "unknown"
        return ", ".join(dict.fromkeys(meant)) or "the GPU"


def _unchecked(unknown: set[str], facts: Facts) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = [dict(entry) for entry in facts.snapshot.get("unknown") or ()]  # type: ignore[arg-type]
    said = {entry["what"] for entry in entries}
    for name in sorted(unknown):
        label = _LABELS.get(name)
        if label and label not in said:
            said.add(label)
            because = "not known on this machine" if facts.complete else "not stated in the report"
            entries.append({"what": label, "because": because})
    unnamed = sorted(name for name in unknown if name not in _NO_PACKAGES and facts.installed(name) == UNKNOWN)
    if unnamed and facts.packages:
        names = ", ".join(unnamed[:3]) + (f" and {len(unnamed) - 3} more" if len(unnamed) > 3 else "")
        entries.append({"what": f"clashes with {names}", "because": "the report does not name these packages"})
    return entries


def coverage(facts: Facts, matrix: Matrix) -> list[dict[str, Any]]:
    """The packages that are newer than the matrix knows."""
    newer = []
    for name, newest in matrix.known.items():
        version = facts.packages.get(name)
        if version is None or version == newest:
            continue
        key, known = versions.key(version), versions.key(newest)
        if key is not None and known is not None and key > known:
            newer.append({"package": name, "version": version, "known": False, "newest_known": newest})
    return newer
