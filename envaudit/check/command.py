"""The command `envaudit check`: audit, tell, rewrite."""

from __future__ import annotations

from envaudit.check import baseline, edit, pythons
from envaudit.check.confirm import Refused, confirm
from envaudit.check.edit import EditError
from envaudit.check.mend import resolved_planner
from envaudit.check.run import WRONG_INPUT, run
from envaudit.check.silence import KNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from envaudit.check.edit import Edited
    from envaudit.check.mend import Mended
    from envaudit.check.run import Outcome
    from envaudit.fix.resolve.interface import Resolver
    from envaudit.options import Options

# what a user may have written wrong; each says in one line what, where and why
WRONG = (*WRONG_INPUT, EditError)


def command(options: Options, out: TextIO) -> int:
    """Do what `options` say and return the exit status.  Raises one of WRONG, or MatrixError."""
    outcome = run(options)
    if options.update_baseline:
        assert options.baseline is not None
        told = [*outcome.findings, *(checked for checked, reason in outcome.silenced if reason == KNOWN)]
        baseline.write(options.baseline, told)
        out.write(f"{len(told)} finding{'' if len(told) == 1 else 's'} written to {options.baseline}\n")
        return 0
    if options.fix or options.diff:
        return _rewrite(outcome, options, out)
    _show(outcome, options.format, out)
    return 1 if outcome.fails() else 0


def _show(outcome: Outcome, format: str, out: TextIO) -> None:
    from envaudit.report import checked

    if format == "text":
        checked.show(outcome, out)
        return
    document = checked.document(outcome, outcome.findings if format == "json" else outcome.told())
    if format == "json":
        from envaudit.report.document import dump

        dump(document, out)
    elif format == "github":
        from envaudit.report import github

        github.show(document, out)
    else:
        from envaudit.report import sarif

        sarif.show(document, outcome.matrix.card, out)


def _rewrite(outcome: Outcome, options: Options, out: TextIO) -> int:
    """Make the changes, or show them; 1 where something is left that fails."""
    mended = outcome.mended
    if mended is None or not mended.changes:
        _show(outcome, "text", out)
        return 1 if outcome.fails() else 0
    refused = None
    if options.resolver != "none":
        mended, refused = _confirmed(outcome, mended, options)
    files = [
        edit.edit(path, format, changes)
        for path, (format, changes) in edit.by_file(outcome.manifests, mended.changes).items()
    ]
    for file in files:
        out.write(file.diff())
    if refused:
        mended.notes.append(f"nothing was written: {refused}")
    elif options.fix:
        _write(files)
    from envaudit.report.checked import show_mended

    show_mended(mended, bool(options.fix and not refused), out)
    left = outcome.matters(mended.left)
    if options.fix and not refused:
        return 1 if left else 0
    return 1 if outcome.fails() else 0


def _write(files: list[Edited]) -> None:
    done: list[Edited] = []
    try:
        for file in files:
            file.write()
            done.append(file)
    except EditError:
        for file in done:
            file.restore()  # all of them or none
        raise


def _confirmed(outcome: Outcome, mended: Mended, options: Options) -> tuple[Mended, str | None]:
    """Changes that a resolver finds versions for, the first ones if it does; with the reason where it finds none."""
    from envaudit.fix.resolve.find import find
    from envaudit.fix.resolve.interface import Broken
    from envaudit.report.progress import status

    try:
        resolver = find(options.resolver, None)
    except Broken as error:
        mended.notes.append(f"not resolved: {error}")
        return mended, None
    with status("asking a resolver for versions that meet the changed files"):
        refused = _ask(outcome, mended, resolver, options.timeout)
        if refused and outcome.mend:
            other = outcome.mend(resolved_planner(outcome.matrix, resolver, options.timeout))
            if other.changes and not _ask(outcome, other, resolver, options.timeout):
                return other, None
    return mended, refused


def _ask(outcome: Outcome, mended: Mended, resolver: Resolver, seconds: float) -> str | None:
    """Ask about every way of installing the changed files; the reason where one is refused."""
    reasons: dict[str, None] = {}
    paths = {change.place.path for change in mended.changes}
    installs = zip(outcome.checks.installs, outcome.again(mended.files).installs)
    for (before, _, _), (context, target, worlds) in installs:
        if context.complete or paths.isdisjoint(one.place.path for one in context.requirements):
            continue
        python = worlds[-1].snapshot.get("python") or pythons.SERIES[-1]
        try:
            found, reason = confirm(before, context, target, python, resolver, seconds, outcome.matrix)
        except Refused as error:
            return f"{resolver.name} finds no versions for it: {error}"
        if not found:
            reasons[reason] = None
        elif reason and reason not in mended.notes:
            mended.notes.append(reason)
    if reasons:
        mended.notes.append(f"not resolved: {'; '.join(reasons)}")
    else:
        mended.verified = "resolver"
    return None
