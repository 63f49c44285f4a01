"""`envaudit --fix`: the commands and nothing else that a shell would run; all that is said of them is a comment."""

from __future__ import annotations

from envaudit.fix.project import advice
from envaudit.report.layout import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from envaudit.fix.plan import Choice, Plan
    from envaudit.report.document import Report

_VERIFIED = {
    "resolver": "# a resolver found these versions, and no rule fires on them",
    "matrix": "# no rule fires on these versions; they were not resolved",
}


def show(report: Report, out: TextIO) -> None:
    """Write the commands to `out`, ready for a shell or a notebook cell."""
    for line in lines(report):
        out.write(clean(line) + "\n")


def lines(report: Report) -> list[str]:
    """The commands and their comments, worst findings first."""
    plan = report.plan
    if plan is None:
        return ["# nothing to mend"]
    said = [f"# {finding.level}: {finding.title}" for finding in report.audit.findings if finding.pins]
    said += [f"# {line}" for line in moves(plan, report.snapshot.get("packages") or {})]
    said += plan.commands
    if plan.commands:
        said.append(_VERIFIED[plan.verified])
    if plan.restart:
        said.append("# then restart the kernel: it has the old versions loaded")
    said += [f"# {line}" for line in advice(report.snapshot, plan.pins)]
    said += [f"# {note}" for note in plan.notes]
    for choice in plan.choices:
        said.append(f"# or {about(choice)}:")
        said += [f"#   {command}" for command in choice.commands]
    for finding in plan.left:
        said.append(f"# no package change mends: {finding.title}")
        if finding.note:
            said.append(f"#   {finding.note}")
    return said


def moves(plan: Plan, packages: dict[str, str]) -> list[str]:
    """Each package that moves, from where, to where and why: "numpy 2.1.3 -> 1.26.4 (numpy2-abi)"."""
    found = [
        f"{name} {packages.get(name, '(new)')} -> {version} ({plan.reasons[name]})"
        for name, version in plan.pins.items()
    ]
    return found + [f"{name} {packages.get(name, '')} goes ({plan.reasons[name]})" for name in plan.remove]


def about(choice: Choice) -> str:
    """What a choice costs: "without vllm (2 packages, 1 of them to another major version)"."""
    count = len(choice.pins) + len(choice.remove)
    words = f"{count} package{'' if count == 1 else 's'}"
    if choice.majors:
        words += f", {choice.majors} to another major version"
    return f"{choice.what} ({words})" if choice.what else words
