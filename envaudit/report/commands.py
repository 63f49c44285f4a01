"""`envaudit --fix`: the commands and nothing else that a shell would run; what they do not mend is a comment."""

from __future__ import annotations

from envaudit.report.layout import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from envaudit.report.document import Report


def show(report: Report, out: TextIO) -> None:
    """Write the commands to `out`, ready for a shell or a notebook cell."""
    plan = report.plan
    if plan is None:
        out.write("# nothing to mend\n")
        return
    for finding in report.audit.findings:
        if finding.pins:
            out.write(clean(f"# {finding.level}: {finding.title}") + "\n")
    for command in plan.commands:
        out.write(clean(command) + "\n")
    if plan.restart:
        out.write("# then restart the kernel: it has the old versions loaded\n")
    for finding in plan.left:
        out.write(clean(f"# no package change mends: {finding.title}") + "\n")
        if finding.note:
            out.write(clean(f"#   {finding.note}") + "\n")
