"""`envaudit why [LOG|-]`: input to evidence, evidence to the answer."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from envaudit.matrix.store import Matrix
    from envaudit.report.document import Report

BAD_INPUT = 2


def main(log: str | None, format: str, rules: list[str], out: TextIO) -> int:
    """Answer, from a log (a path, or "-" for standard input), or from what is left on this machine where it is None.

    `format` is "text" or "json".  Returns 0, whatever the answer is: there is one, and "unknown" is one; 2 when the log
    cannot be read or is empty (one line on standard error).  Raises MatrixError where the rules cannot be had.
    """
    from envaudit.matrix.store import load
    from envaudit.postmortem import signatures
    from envaudit.postmortem.why import of_machine, of_text

    known = signatures.load()
    matrix = load(rules)
    if log is None:
        from envaudit.postmortem.live import look

        live = look()
        why = of_machine(live, known, matrix, _audit_here(matrix))
    else:
        name = "standard input" if log == "-" else log
        try:
            data = _read(log)
        except OSError as error:
            print(f"envaudit: {name}: cannot be read: {error.strerror or error}", file=sys.stderr)
            return BAD_INPUT
        if not data.strip():
            print(f"envaudit: {name}: is empty; paste the server's log or the traceback", file=sys.stderr)
            return BAD_INPUT
        why = of_text(data, known, matrix, _audit_text(data, name, matrix))
    if format == "json":
        from envaudit.report.document import dump

        dump(why.to_json(), out)
    else:
        from envaudit.report.why import show

        show(why, out)
    return 0


def _read(log: str) -> bytes:
    """The last MAX_INPUT bytes and one more, so that the reader sees that there was more."""
    from envaudit.postmortem.text import MAX_INPUT

    if log == "-":
        kept = b""
        while chunk := sys.stdin.buffer.read(MAX_INPUT):
            kept = (kept + chunk)[-MAX_INPUT - 1 :]
        return kept
    with open(log, "rb") as file:
        if file.seekable():
            size = file.seek(0, 2)
            file.seek(max(0, size - MAX_INPUT - 1))
        return file.read(MAX_INPUT + 1)


def _audit_text(data: bytes, name: str, matrix: Matrix) -> Report | None:
    """The audit of the environment that a text states; None where it states none."""
    from envaudit.options import Options
    from envaudit.recorded import MAX_INPUT, RecordedError, read
    from envaudit.report.document import audit

    try:
        snapshot = read(data[-MAX_INPUT:], name)
    except RecordedError:
        return None
    return audit(snapshot, matrix, Options())


def _audit_here(matrix: Matrix) -> Report | None:
    """The audit of the environment at hand; None where there is none to be found."""
    from envaudit import snapshot
    from envaudit.options import Options
    from envaudit.report.document import audit
    from envaudit.snapshot.locate import LocateError, find

    try:
        return audit(snapshot.take(find(None)), matrix, Options())
    except LocateError:
        return None
