"""`%envaudit`: the audit inside the kernel, and what goes with it."""

from __future__ import annotations

import os
import sys

from IPython.core.magic import Magics, line_magic, magics_class  # type: ignore[import-not-found,unused-ignore]

from envaudit.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.report.document import Report

USAGE = "%envaudit, %envaudit --fix, %envaudit memory, %envaudit why"


@magics_class
class EnvauditMagics(Magics):  # type: ignore[misc,unused-ignore]  # IPython is no dependency, so its types are not at hand
    """The magics of `%load_ext envaudit`."""

    @line_magic  # type: ignore[misc,unused-ignore]
    def envaudit(self, line: str) -> None:
        """Audit this kernel.

        %envaudit          what does not go together here
        %envaudit --fix    a new cell with the commands that mend it
        %envaudit memory   the most memory that each of the last cells had
        %envaudit why      why the kernel before this one died
        """
        words = line.split()
        action = {(): self._audit, ("--fix",): self._fix, ("memory",): self._memory, ("why",): self._why}.get(
            tuple(words)
        )
        if action is None:
            print(f"envaudit: %envaudit {line.strip()[:80]!r} is not known; there are {USAGE}")
            return
        from envaudit.matrix.store import MatrixError

        try:
            action()
        except MatrixError as error:
            print(f"envaudit: {error}")

    def _audit(self) -> None:
        from io import StringIO

        from IPython.display import display  # type: ignore[import-not-found,unused-ignore]

        from envaudit.notebook import html, loaded
        from envaudit.report import layout, text

        report, stale = _report(fix=False), loaded.here()
        plain = StringIO()
        layout.write(text.lines(report, layout.MAX_WIDTH), plain, plain=True)
        if stale:
            plain.write("\nRestart the kernel:\n" + "".join(f"    {one.words()}\n" for one in stale))
        if hasattr(self.shell, "kernel"):
            display({"text/plain": plain.getvalue(), "text/html": html.page(report, stale)}, raw=True)
        else:
            print(plain.getvalue(), end="")

    def _fix(self) -> None:
        from envaudit.report.commands import lines

        report = _report(fix=True)
        said = lines(report)
        for row in said:
            print(row)
        if report.plan and report.plan.commands:
            commands = set(report.plan.commands)
            rows = [f"!{row}" if row in commands and not row.startswith(("%", "!")) else row for row in said]
            self.shell.set_next_input("\n".join(rows))

    def _memory(self) -> None:
        from time import time

        from envaudit import notebook
        from envaudit.notebook.memory import table
        from envaudit.recorder.read import read

        record = read(notebook.recorder.name) if notebook.recorder else None
        if record is None:
            print("envaudit: the flight recorder is not on in this process: it needs a notebook kernel")
            return
        print(table(record, time()))

    def _why(self) -> None:
        from envaudit.postmortem.command import main

        main(None, "text", [], sys.stdout)


def _report(fix: bool) -> Report:
    """The report on this process.  Raises MatrixError."""
    from envaudit import snapshot
    from envaudit.matrix.store import load
    from envaudit.report.document import audit
    from envaudit.snapshot.target import this_interpreter

    options = Options()
    options.fix = fix
    kernel = os.getpid() if "ipykernel" in sys.modules else None
    return audit(snapshot.take(this_interpreter(kernel_pid=kernel)), load(options.rules), options)
