"""`envaudit --fix --apply` and `envaudit undo`: shown first, done when the user agrees, looked at afterwards."""

from __future__ import annotations

from envaudit.fix.apply import Back, Hand, carry_out, moved_along, not_from_an_index, put_back, warnings
from envaudit.fix.record import newest
from envaudit.report.layout import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

    from envaudit.options import Options
    from envaudit.report.document import Report
    from envaudit.snapshot.model import Snapshot

    Ask = Callable[[Options, str], bool]


def apply(
    report: Report, options: Options, paths: Iterable[str], ask: Ask, again: Callable[[], Report], out: TextIO
) -> Report | None:
    """Carry out the plan that `report` has shown; gives the report on what is there then (`again` makes it), None when
    nothing was done or a step failed.  `paths`: the interpreter's `sys.path`.

    Raises Refused or RecordError, with nothing changed.
    """
    plan = report.plan
    if plan is None or not plan.commands:
        return report
    hand = Hand(report.snapshot, options.installer, options.break_system_packages)
    own = not_from_an_index(report.snapshot, paths)
    for line in warnings(plan, report.snapshot, own):
        out.write(f"# {clean(line)}\n")
    if not ask(options, "Do this now?") or not carry_out(plan, report.snapshot, own, hand, out):
        return None
    after = again()
    for line in moved_along(plan, report.snapshot, after.snapshot):
        out.write(f"# moved along: {clean(line)}\n")
    left = [finding for finding in after.audit.findings if finding.level != "notice"]
    for finding in left:
        out.write(f"# {finding.level} left: {clean(finding.title)}\n")
    out.write("# done, and this is left\n" if left else "# done: nothing fires any more\n")
    if plan.restart:
        out.write("# now restart the kernel: it has the old versions loaded\n")
    return after


def undo(options: Options, taken: Callable[[], Snapshot], ask: Ask, out: TextIO) -> bool:
    """Put back what the last `--apply` changed; False when the user does not want it or not all is back.  `taken` takes
    a snapshot of the environment.

    Raises Refused or RecordError, with nothing changed.
    """
    snapshot = taken()
    packages = snapshot.get("packages") or {}
    held = newest(str((snapshot.get("interpreter") or {}).get("prefix")))
    back = Back(held, packages)
    out.write(f"# as it was on {held.date}:\n")
    for line in back.lines(packages):
        out.write(f"# {clean(line)}\n")
    hand = Hand(snapshot, options.installer, options.break_system_packages)
    if not ask(options, "Put this back?"):
        return False
    done = put_back(hand, held, back, taken, out)
    if snapshot.get("kernel"):
        out.write("# now restart the kernel: it has the other versions loaded\n")
    return done
