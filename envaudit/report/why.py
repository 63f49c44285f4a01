"""Why the kernel died, as a person reads it: the likeliest cause, what it rests on, and what to do."""

from __future__ import annotations

from envaudit.report.layout import paragraph, width_of, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from envaudit.postmortem.cause import Cause
    from envaudit.postmortem.why import Why
    from envaudit.report.layout import Line

FAMILIES = {
    "memory": "Out of memory",
    "gpu-memory": "Out of GPU memory",
    "shared-memory": "Out of shared memory",
    "native-crash": "A crash in native code",
    "cuda": "CUDA, driver or GPU do not fit",
    "abi": "Compiled parts do not fit each other",
    "packages": "Python packages do not fit each other",
    "stale-module": "The kernel must be restarted",
    "start-failure": "The kernel cannot start",
    "limit": "A limit of the host",
    "user": "Ended on purpose",
    "program": "An error of the program, not of the environment",
    "system": "A fault of the system",
}
_SURE = {"high": "", "medium": "Probably: ", "low": "Perhaps: "}
_STYLE = {"high": "crash", "medium": "error", "low": "degraded"}


def show(why: Why, out: TextIO) -> None:
    """Write the answer to `out`."""
    write(lines(why, width_of(out)), out)


def lines(why: Why, width: int) -> list[Line]:
    """The answer as styled lines."""
    page = _kernel(why, width)
    if why.verdict == "none":
        page += paragraph([("Nothing died", "ok"), (" as far as can be seen here.", "")], width)
    elif not why.causes:
        page += paragraph([("Not known", "degraded"), (": nothing that was found tells the cause.", "")], width)
    for number, cause in enumerate(why.causes):
        if number:
            page.append([])
            page += paragraph([("Less likely", "quiet")], width)
        page += _cause(cause, width, brief=number > 0)
    if why.missing and (not why.causes or why.causes[0].confidence() != "high"):
        page.append([])
        page += paragraph([("What would tell more:", "title")], width)
        for text in why.missing:
            page += paragraph([("- " + text, "quiet")], width, 2, 4)
    return page


def _kernel(why: Why, width: int) -> list[Line]:
    cell = why.kernel.get("last_cell") or {}
    parts = []
    if why.kernel.get("id"):
        parts.append(f"kernel {why.kernel['id']}")
    if why.kernel.get("exit"):
        parts.append(f"ended by {why.kernel['exit']}")
    if cell.get("number") is not None:
        inside = "inside" if cell.get("running") else "after"
        parts.append(f"{inside} cell {cell['number']}: {cell.get('first_line', '')}".rstrip(": "))
    return paragraph([(", ".join(parts), "quiet")], width) if parts else []


def _cause(cause: Cause, width: int, brief: bool) -> list[Line]:
    sure = cause.confidence()
    name = FAMILIES.get(cause.family, cause.family)
    head = [(_SURE[sure] + name, _STYLE[sure])]
    if cause.title:
        head.append((f" ({cause.title})", ""))
    page = paragraph(head, width, 0, 4)
    for text in cause.evidence[: 1 if brief else None]:
        page += paragraph([("+ " + text, "")], width, 2, 4)
    for text in cause.against:
        page += paragraph([("- " + text, "quiet")], width, 2, 4)
    if cause.next and not brief:
        page += paragraph([("What to do:", "title")], width, 2)
        for number, text in enumerate(cause.next, 1):
            page += paragraph([(f"{number}. {text}", "")], width, 4, 7)
    return page
