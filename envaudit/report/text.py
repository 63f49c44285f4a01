"""The report as a person reads it: what was looked at, what is wrong, worst first, and what to type."""

from __future__ import annotations

from envaudit.report.layout import paragraph, verbatim, width_of, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

    from envaudit.finding import Finding
    from envaudit.fix.plan import Plan
    from envaudit.report.document import Report
    from envaudit.report.layout import Line
    from envaudit.snapshot.model import Snapshot

DETAILED = 7  # findings that are explained in full: about one screen
NOTICES = 5
PROOF = {
    "reproduced": "reproduced with the real wheels",
    "documented": "documented by the vendor or in the wheels",
    "reported": "reported by users",
}


def show(report: Report, out: TextIO) -> None:
    """Write the whole report to `out`; two plain lines are not worth the time that colour takes."""
    write(lines(report, width_of(out)), out, plain=not report.audit.findings)


def lines(report: Report, width: int) -> list[Line]:
    """The report as styled lines."""
    page = paragraph([(summary(report.snapshot), "quiet")], width)
    findings = report.audit.findings
    serious = [finding for finding in findings if finding.level != "notice"]
    notices = [finding for finding in findings if finding.level == "notice"]
    if not serious:
        page += _clean(report, width)
    groups = _groups(serious)
    for group in groups[:DETAILED]:
        page.append([])
        page += _detailed(group, width)
    rest = [finding for group in groups[DETAILED:] for finding in group]
    if rest:
        page.append([])
        page += paragraph([(f"{len(rest)} more findings: ", "title")], width)
        for finding in rest:
            page += _one_line(finding, width)
    if notices:
        page.append([])
        for finding in notices[:NOTICES]:
            page += _one_line(finding, width)
        if len(notices) > NOTICES:
            more = f"and {len(notices) - NOTICES} more notices: envaudit --format json lists them all"
            page += paragraph([(more, "quiet")], width, 2)
    if report.plan:
        page.append([])
        page += plan_lines(report.plan, report.snapshot, width)
    page += _unknown(report, width)
    return page


def summary(snapshot: Snapshot) -> str:
    """One line: host, Python, packages, GPUs, driver."""
    platform: Any = snapshot.get("platform") or {}
    parts = []
    place = {"colab": "Colab", "kaggle": "Kaggle", "wsl": "WSL", "jetson": "Jetson"}.get(snapshot.get("runtime") or "")
    system = platform.get("release") or platform.get("system")
    if system:
        parts.append(f"{system} on {place}" if place else str(system))
    elif place:
        parts.append(place)
    if snapshot.get("python"):
        parts.append(f"Python {snapshot['python']}")
    count = len(snapshot.get("packages") or {})
    parts.append(f"{count} package{'' if count == 1 else 's'}")
    visible = snapshot.get("gpus")
    if visible:
        parts.append(_gpus(visible))  # type: ignore[arg-type]  # a list of mappings
    elif visible is not None and snapshot.get("packages_complete"):
        parts.append("no GPU")
    if snapshot.get("driver"):
        speaks = f" (CUDA {snapshot['driver_cuda']})" if snapshot.get("driver_cuda") else ""
        parts.append(f"driver {snapshot['driver']}{speaks}")
    if snapshot.get("toolkit"):
        parts.append(f"CUDA toolkit {snapshot['toolkit']}")
    hidden = snapshot.get("hidden_gpus")
    if hidden:
        parts.append(f"{hidden} GPUs hidden by CUDA_VISIBLE_DEVICES")
    return ", ".join(parts)


def _gpus(visible: list[dict[str, Any]]) -> str:
    names = [str(gpu.get("name") or "GPU") for gpu in visible]
    words = []
    for name in dict.fromkeys(names):
        count = names.count(name)
        gpu = visible[names.index(name)]
        detail = [str(gpu["compute_capability"])] if gpu.get("compute_capability") else []
        if gpu.get("memory_mib"):
            detail.append(f"{gpu['memory_mib'] / 1024:.0f} GiB")
        words.append(f"{f'{count} x ' if count > 1 else ''}{name}{' (' + ', '.join(detail) + ')' if detail else ''}")
    return ", ".join(words)


def _clean(report: Report, width: int) -> list[Line]:
    verdict = report.verdict()
    if verdict == "unknown":
        return paragraph(
            [("nothing to check", "degraded"), (" the snapshot names no package, driver or GPU", "")], width
        )
    return paragraph([("ok", "ok"), (" nothing here is known to crash", "")], width)


def _groups(findings: list[Finding]) -> list[list[Finding]]:
    """The findings of one rule and certainty together, in the order of their first."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.certainty), []).append(finding)
    return list(groups.values())


def _detailed(group: list[Finding], width: int) -> list[Line]:
    first = group[0]
    page: list[Line] = []
    for finding in group:
        page += paragraph([(f" {_level(finding)} ", finding.level), (" " + finding.title, "title")], width, 0, 4)
    page += verbatim(first.symptom.splitlines()[0], "symptom", 4)
    page += paragraph([(first.why, "")], width, 4)
    if first.note:
        page += paragraph([(first.note, "")], width, 4)
    pins = {name: version for finding in group for name, version in (finding.pins or {}).items()}
    if pins:
        page += paragraph([("fix: ", "title"), (_pins(pins), "code")], width, 4, 9)
    proof = f"{first.rule} ({PROOF[first.proof]}): "
    page += paragraph([(proof, "quiet"), (first.sources[0], "quiet")], width, 4)
    return page


def _level(finding: Finding) -> str:
    return finding.level if finding.certainty == "definite" else f"possible {finding.level}"


def _one_line(finding: Finding, width: int) -> list[Line]:
    return paragraph(
        [(_level(finding), finding.level), (f" {finding.title} ", ""), (f"[{finding.rule}]", "quiet")], width, 2, 4
    )


def _pins(pins: dict[str, str]) -> str:
    return ", ".join(f"{name}=={version}" for name, version in pins.items())


def plan_lines(plan: Plan, snapshot: Snapshot, width: int) -> list[Line]:
    """The plan: the commands, what they do not mend, and the restart."""
    page: list[Line] = []
    if plan.commands:
        count = len(plan.pins) + len(plan.remove)
        page += paragraph([(f"To mend it ({count} package{'s' if count > 1 else ''}):", "title")], width)
        for command in plan.commands:
            page += verbatim(command, "code", 4)
        if plan.restart:
            page += paragraph([("Then restart the kernel: it has the old versions loaded.", "")], width, 4)
    if plan.left:
        names = ", ".join(dict.fromkeys(finding.rule for finding in plan.left))
        page += paragraph([(f"No package change mends: {names}", "title")], width)
    return page


def _unknown(report: Report, width: int) -> list[Line]:
    page: list[Line] = []
    reasons: dict[str, list[str]] = {}
    for entry in report.audit.unchecked:
        reasons.setdefault(entry["because"], []).append(entry["what"])
    for because, parts in reasons.items():
        page += paragraph([(f"not checked: {', '.join(parts)} ({because})", "quiet")], width, 0, 4)
    if report.audit.coverage:
        newer = ", ".join(
            f"{row['package']} {row['version']} (known up to {row['newest_known']})"
            for row in report.audit.coverage[:6]
        )
        page += paragraph([("newer than the matrix knows, so not covered: ", "quiet"), (newer, "quiet")], width, 0, 4)
    return [[], *page] if page else []
