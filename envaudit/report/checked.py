"""What `envaudit check` found, as a person reads it and as the report document."""

from __future__ import annotations

from envaudit.matrix.levels import LEVELS
from envaudit.report.layout import paragraph, verbatim, width_of, write
from envaudit.report.text import PROOF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

    from envaudit.check.audit import Checked
    from envaudit.check.mend import Mended
    from envaudit.check.run import Outcome
    from envaudit.report.layout import Line

SCHEMA = "envaudit.report/1"
DETAILED = 6  # findings that are explained in full
LISTED = 12  # further ones, a line each
PLACES = 4  # of one finding
_UNSEEN = {
    "what": "packages that the requirements bring along",
    "because": "only a resolver knows them; audit the environment, or a lock file",
}
_NOWHERE = {"what": "GPU, driver and CUDA", "because": "no --target says where it will run"}


def document(outcome: Outcome, findings: list[Checked]) -> dict[str, Any]:
    """The report document about `findings`, with what `check` adds to it."""
    levels = [checked.finding.level for checked in outcome.counted()]
    read = sum(len(manifest.requirements) for manifest in outcome.manifests)
    return {
        "schema": SCHEMA,
        "verdict": max(levels, key=LEVELS.index) if levels else "ok" if read else "unknown",
        "snapshot": outcome.snapshot(),
        "files": [
            {"path": one.path, "format": one.format, "requirements": len(one.requirements)} for one in outcome.manifests
        ],
        "targets": [{"name": one.name, "date": one.date} for one in outcome.targets],
        "findings": [_finding(checked) for checked in findings],
        "fix": _fix(outcome),
        "unchecked": _unchecked(outcome),
        "coverage": outcome.checks.coverage,
        "notes": [{"path": path, "line": line, "text": text} for path, line, text in outcome.notes],
        "silenced": [
            {"rule": checked.rule, "where": _where(checked), "reason": reason} for checked, reason in outcome.silenced
        ],
    }


def _finding(checked: Checked) -> dict[str, Any]:
    finding = checked.finding
    said = finding.to_json()
    said["where"] = _where(checked)
    said["today"] = checked.today
    said["tighten"] = checked.tighten
    if checked.targets:
        said["targets"] = checked.targets
    return said


def _where(checked: Checked) -> list[dict[str, Any]]:
    return [{"path": place.path, "line": place.line} for place in checked.where]


def _fix(outcome: Outcome) -> dict[str, Any] | None:
    mended = outcome.mended
    if mended is None or not mended.changes:
        return None
    return {
        "pins": mended.pins(),
        "commands": mended.commands(),
        "verified": mended.verified,
        "restart_kernel": False,
        "edits": [
            {"path": one.place.path, "line": one.place.line, "package": one.name, "was": one.was, "now": one.specifier}
            for one in mended.changes
        ],
        "notes": mended.notes,
    }


def _unchecked(outcome: Outcome) -> list[dict[str, str]]:
    entries = []
    if not outcome.targets:
        entries.append(_NOWHERE)
    if not all(manifest.complete for manifest in outcome.manifests):
        entries.append(_UNSEEN)
    return entries


def show(outcome: Outcome, out: TextIO) -> None:
    """Write everything that was found to `out`."""
    page = lines(outcome, width_of(out))
    write(page, out, plain=not outcome.findings)


def lines(outcome: Outcome, width: int) -> list[Line]:
    """The report as styled lines."""
    page = paragraph([(_summary(outcome), "quiet")], width)
    told = outcome.told()
    rest = [one for one in outcome.findings if one not in told]
    if not told:
        page += paragraph([("ok", "ok"), (" nothing that an installer takes is known to crash", "")], width)
    for checked in told[:DETAILED]:
        page.append([])
        page += _detailed(checked, width)
    if told[DETAILED:]:
        page.append([])
        for checked in told[DETAILED : DETAILED + LISTED]:
            page += _one_line(checked, width)
        if len(told) > DETAILED + LISTED:
            more = f"and {len(told) - DETAILED - LISTED} more: --format json lists them all"
            page += paragraph([(more, "quiet")], width, 2)
    mended = outcome.mended
    if mended is not None and (mended.changes or mended.notes):
        page.append([])
        page += _mending(outcome, width)
    page.append([])
    if rest:
        page += paragraph([(_older(rest), "quiet")], width, 0, 4)
    for path, line, text in outcome.notes:
        page += paragraph([(f"{path if line is None else f'{path}:{line}'}: {text}", "quiet")], width, 0, 4)
    for checked, reason in outcome.silenced:
        page += paragraph([(f"ignored: {checked.rule} ({reason})", "quiet")], width, 0, 4)
    for entry in _unchecked(outcome):
        page += paragraph([(f"not checked: {entry['what']} ({entry['because']})", "quiet")], width, 0, 4)
    if outcome.checks.coverage:
        newer = ", ".join(
            f"{row['package']} {row['version']} (known up to {row['newest_known']})"
            for row in outcome.checks.coverage[:6]
        )
        page += paragraph([(f"newer than the matrix knows, so not covered: {newer}", "quiet")], width, 0, 4)
    return page if page[-1] else page[:-1]


def _summary(outcome: Outcome) -> str:
    files = []
    for manifest in outcome.manifests[:5]:
        count = len(manifest.requirements)
        files.append(f"{manifest.path} ({count} requirement{'' if count == 1 else 's'})")
    if len(outcome.manifests) > 5:
        files.append(f"and {len(outcome.manifests) - 5} more files")
    text = ", ".join(files)
    if outcome.targets:
        names = [f"{one.name}{f' of {one.date}' if one.date else ''}" for one in outcome.targets]
        text += f"; on {', '.join(names)}"
    pythons = outcome.pythons()
    if pythons and not outcome.targets:
        first, last = pythons[0], pythons[-1]
        text += f"; for Python {first}" if first == last else f"; for Python {first} to {last}"
    return text


def _detailed(checked: Checked, width: int) -> list[Line]:
    finding = checked.finding
    page = paragraph([(f" {_level(checked)} ", finding.level), (" " + foreseen(finding.title), "title")], width, 0, 4)
    for one in checked.stated[:PLACES]:
        page += verbatim(f"{one.place.path}:{one.place.line}: {one.name}{one.specifier}", "code", 4)
    if len(checked.stated) > PLACES:
        page += paragraph([(f"and {len(checked.stated) - PLACES} more places", "quiet")], width, 4)
    if checked.targets:
        page += paragraph([(f"on {', '.join(checked.targets)}", "")], width, 4)
    page += verbatim(finding.symptom.splitlines()[0], "symptom", 4)
    page += paragraph([(finding.why, "")], width, 4)
    if finding.note:
        page += paragraph([(finding.note, "")], width, 4)
    if checked.tighten:
        page += paragraph([("tighten: ", "title"), (_tighter(checked), "code")], width, 4, 9)
    page += paragraph([(f"{finding.rule} ({PROOF[finding.proof]}): {finding.sources[0]}", "quiet")], width, 4)
    return page


def _one_line(checked: Checked, width: int) -> list[Line]:
    finding = checked.finding
    place = f"{checked.where[0].path}:{checked.where[0].line}: " if checked.where else ""
    parts = [(_level(checked), finding.level), (f" {place}{foreseen(finding.title)} ", "")]
    if checked.tighten:
        parts.append((f"({_tighter(checked)}) ", "code"))
    return paragraph([*parts, (f"[{finding.rule}]", "quiet")], width, 2, 4)


def _level(checked: Checked) -> str:
    return checked.finding.level if checked.definite else f"possible {checked.finding.level}"


def _tighter(checked: Checked) -> str:
    return ", ".join(f"{name}{specifier}" for name, specifier in checked.tighten.items())


def foreseen(title: str) -> str:
    """A rule's title speaks of what is installed; here nothing is yet."""
    return title.replace(" is installed", " would be installed").replace(" are installed", " would be installed")


def _older(rest: list[Checked]) -> str:
    tighter = {name: specifier for checked in rest for name, specifier in checked.tighten.items()}
    text = f"{len(rest)} more only with older versions than an installer takes today"
    if tighter:
        some = [f"{name}{specifier}" for name, specifier in list(tighter.items())[:3]]
        text += f"; tighter requirements leave them out ({', '.join(some)}{', …' if len(tighter) > 3 else ''})"
    return f"{text}: --strict tells them"


def _mending(outcome: Outcome, width: int) -> list[Line]:
    mended = outcome.mended
    assert mended is not None
    page: list[Line] = []
    if mended.changes:
        page += paragraph([("To mend it (envaudit check --fix writes it):", "title")], width)
    for one in mended.changes:
        was = f"{one.name}{one.was}" if one.was else one.name
        page += verbatim(f"{one.place.path}:{one.place.line}: {was} -> {one.name}{one.specifier}", "code", 4)
    for note in mended.notes:
        page += paragraph([(note, "")], width, 4)
    return page


def show_mended(mended: Mended, written: bool, out: TextIO) -> None:
    """Say what was written, or would be."""
    count = len({change.place.path for change in mended.changes})
    files = f"{count} file{'' if count == 1 else 's'}"
    page: list[Line] = [[]]
    if written:
        how = "; a resolver finds versions for them" if mended.verified == "resolver" else ""
        page += paragraph([(f"{files} changed{how}", "title")], width_of(out))
    else:
        page += paragraph([(f"{files} would change: envaudit check --fix writes it", "title")], width_of(out))
    for note in mended.notes:
        page += paragraph([(note, "")], width_of(out), 0, 4)
    for checked in mended.left:
        page += paragraph(
            [("left: ", "title"), (f"{foreseen(checked.finding.title)} [{checked.rule}]", "")], width_of(out), 0, 4
        )
    write(page, out)


def targets(format: str, out: TextIO) -> None:
    """List the bundled targets."""
    from envaudit.targets import names

    rows = names()
    if format == "json":
        from envaudit.report.document import dump

        dump({"targets": [{"name": name, "date": date, "about": about} for name, date, about in rows]}, out)
        return
    page: list[Line] = []
    for name, date, about in rows:
        page += paragraph([(f"{name} ", "title"), (f"{date} ", "quiet"), (about, "")], width_of(out), 0, 4)
    write(page, out)
