"""Compiled conditions and what the facts say of them.

A condition is a JSON list, its kind first.  The kinds are few on purpose: tables and rules are expanded into them when
the matrix is compiled, so that an audit only compares.

    ["version", NAME, INTERVALS]          package or machine part of a version in the set
    ["absent", PACKAGE]                   known not to be installed
    ["unlisted", PACKAGE]                 not installed; SOME where a report just does not name it
    ["build", PACKAGE, [PATTERN…]]        "cu121", "cu12*", "cpu", "rocm*"
    ["installer", PACKAGE, "conda"|"pip"]
    ["word", NAME, [WORD…]]               os, machine, runtime
    ["amount", NAME, LOW|None, HIGH|None] LOW <= value < HIGH
    ["gpu", {…}]                          some visible GPU: "capability" in intervals, "name" pattern, and no kernels
                                          for it in "without"
    ["gpu-assumed"]                       a GPU is visible; SOME where that is not known
    ["cpu", [FLAG…]]                      the CPU lacks one of the flags
    ["env", NAME, PATTERN|None]           variable is set (to a value that fits); None = not set
    ["problem", KIND]                     the snapshot met this problem
    ["not", CONDITION], ["any", [CONDITION…]], ["all", [CONDITION…]]
"""

from __future__ import annotations

from envaudit import gpus, versions
from envaudit.truth import FALSE, SOME, TRUE, UNKNOWN, negate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.facts import Facts

    Condition = list[Any]


def holds(condition: Condition, facts: Facts, unknown: set[str]) -> int:
    """TRUE, SOME, UNKNOWN or FALSE; names of facts that are not known are added to `unknown`."""
    kind = condition[0]
    if kind == "version":
        value = facts.version(condition[1], condition[2])
        if value == UNKNOWN:
            unknown.add(condition[1])
        return value
    if kind == "all":
        return _conjunction(condition[1], facts, unknown)
    if kind == "any":
        return _disjunction(condition[1], facts, unknown)
    if kind == "not":
        if condition[1][0] == "build":
            return _not_build(condition[1], facts)
        return negate(holds(condition[1], facts, unknown))
    value = _KINDS[kind](condition, facts)
    if value == UNKNOWN:
        unknown.add(_ASKED.get(kind) or condition[1])
    return value


def _conjunction(conditions: list[Condition], facts: Facts, unknown: set[str]) -> int:
    result = TRUE
    for condition in conditions:
        value = holds(condition, facts, unknown)
        if value < result:
            if value == FALSE:
                return FALSE
            result = value
    return result


def _disjunction(conditions: list[Condition], facts: Facts, unknown: set[str]) -> int:
    result = FALSE
    asked: set[str] = set()
    for condition in conditions:
        result = max(result, holds(condition, facts, asked))
        if result == TRUE:
            return TRUE
    if result == UNKNOWN:
        unknown |= asked
    return result


def _absent(condition: Condition, facts: Facts) -> int:
    return negate(facts.installed(condition[1]))


def _unlisted(condition: Condition, facts: Facts) -> int:
    return {TRUE: FALSE, FALSE: TRUE}.get(facts.installed(condition[1]), SOME)


def _build(condition: Condition, facts: Facts) -> int:
    package, patterns = condition[1], condition[2]
    build, assumed = facts.build(package)
    if build is None:
        return UNKNOWN
    fit = any(fits(pattern, build) for pattern in patterns)
    if assumed:
        # what is assumed may make a finding possible, but it denies nothing
        return SOME if fit else UNKNOWN
    return TRUE if fit else FALSE


def _not_build(condition: Condition, facts: Facts) -> int:
    value = _build(condition, facts)
    if facts.build(condition[1])[1]:
        return UNKNOWN if value == SOME else SOME
    return negate(value)


def _installer(condition: Condition, facts: Facts) -> int:
    package, wanted = condition[1], condition[2]
    return TRUE if facts.conda(package) == (wanted == "conda") else FALSE


def _word(condition: Condition, facts: Facts) -> int:
    return facts.word(condition[1], condition[2])


def _amount(condition: Condition, facts: Facts) -> int:
    _, name, low, high = condition
    value = facts.amount(name)
    if value is None:
        return UNKNOWN
    return TRUE if (low is None or value >= low) and (high is None or value < high) else FALSE


def _gpu(condition: Condition, facts: Facts) -> int:
    return TRUE if gpus_meant(condition, facts) else _gpu_unknown(facts, condition[1])


def gpus_meant(condition: Condition, facts: Facts) -> list[str]:
    """The names of the visible GPUs that a "gpu" condition speaks of."""
    wanted = condition[1]
    meant = []
    for name, capability in facts.gpus() or ():
        if "name" in wanted and not fits(wanted["name"], name.lower()):
            continue
        if capability is None:
            if "capability" in wanted or "without" in wanted:
                continue
        else:
            key = versions.key(capability)
            if "capability" in wanted and (key is None or not versions.contains(wanted["capability"], key)):
                continue
            if "without" in wanted and gpus.runs(capability, wanted["without"]):
                continue
        meant.append(name)
    return meant


def _gpu_assumed(condition: Condition, facts: Facts) -> int:
    count = facts.amount("gpu-count")
    if count is None:
        return SOME
    return TRUE if count else FALSE


def _gpu_unknown(facts: Facts, wanted: dict[str, Any]) -> int:
    known = facts.gpus()
    if known is None:
        return UNKNOWN
    asks_capability = "capability" in wanted or "without" in wanted
    return UNKNOWN if asks_capability and any(capability is None for _, capability in known) else FALSE


def _cpu(condition: Condition, facts: Facts) -> int:
    cpu: Any = facts.snapshot.get("cpu") or {}
    flags = cpu.get("flags")
    if not flags:
        return UNKNOWN
    return TRUE if any(flag not in flags for flag in condition[1]) else FALSE


def _env(condition: Condition, facts: Facts) -> int:
    variables = facts.snapshot.get("env_vars")
    if variables is None:
        return UNKNOWN
    _, name, pattern = condition
    value = variables.get(name)
    if value is None:
        if not facts.complete:
            return UNKNOWN
        return TRUE if pattern is None else FALSE
    return TRUE if pattern is not None and fits(pattern, value) else FALSE


def _problem(condition: Condition, facts: Facts) -> int:
    return TRUE if any(p.get("kind") == condition[1] for p in facts.snapshot.get("problems") or ()) else FALSE


def fits(pattern: str, text: str) -> bool:
    """Whether `text` fits `pattern`, where * stands for anything: "cu12*", "*/stubs*"."""
    head, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    if not text.startswith(head):
        return False
    at = len(head)
    for part in rest[:-1]:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(text) - at >= len(rest[-1]) and text.endswith(rest[-1])


def packages_in(conditions: list[Condition]) -> set[str]:
    """Every name that the conditions speak of, nested ones included."""
    names: set[str] = set()
    for condition in conditions:
        if condition[0] in ("any", "all"):
            names |= packages_in(condition[1])
        elif condition[0] == "not":
            names |= packages_in([condition[1]])
        elif condition[0] in ("version", "absent", "unlisted", "build", "installer"):
            names.add(condition[1])
    return names


_KINDS = {
    "absent": _absent,
    "unlisted": _unlisted,
    "build": _build,
    "installer": _installer,
    "word": _word,
    "amount": _amount,
    "gpu": _gpu,
    "gpu-assumed": _gpu_assumed,
    "cpu": _cpu,
    "env": _env,
    "problem": _problem,
}
# what a user is told could not be checked, where it is not the condition's first argument
_ASKED = {"gpu": "gpu", "cpu": "cpu", "env": "environment variables"}
