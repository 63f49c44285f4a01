"""The `envaudit` command: arguments to calls, calls to exit status."""

from __future__ import annotations

import gc
import os
import sys

from envaudit.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.report.document import Report
    from envaudit.snapshot.model import Snapshot

FOUND, BAD_INPUT = 1, 2


class UserError(Exception):
    """Bad input or usage; `str()` is the one line that the user sees."""


def run() -> None:
    """The `envaudit` command as a process of its own.

    It ends before there is garbage worth looking for, and without taking its data apart: both would be a twentieth of
    its time.
    """
    gc.disable()
    status = main()
    sys.stderr.flush()
    os._exit(status)


def main(argv: list[str] | None = None) -> int:
    """Run envaudit with `argv` (default: the process's own arguments); returns the exit status."""
    words = sys.argv[1:] if argv is None else argv
    options = Options()
    if words:
        from envaudit.arguments import parse

        options = parse(words)
    from envaudit.matrix.store import MatrixError

    try:
        status = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return status
    except (UserError, MatrixError) as error:
        print(f"envaudit: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader has gone (envaudit | head): nothing is left to say, and Python must not try at exit either
        sys.stdout = None
        return 0
    except OSError as error:
        print(f"envaudit: the output cannot be written: {error.strerror or error}", file=sys.stderr)
        sys.stdout = None
        return BAD_INPUT


def _audit(options: Options) -> int:
    from envaudit.matrix.store import load
    from envaudit.report.document import audit

    snapshot = _snapshot(options)
    if options.keep or options.allow:
        _check_names(options, snapshot)
    report = audit(snapshot, load(options.rules), options)
    if options.output is not None:
        _write_constraints(report, options.output)
    _show(report, options)
    if options.apply:
        return _apply(report, options)
    return FOUND if report.fails(options.fail_on or "error") else 0


def _check(options: Options) -> int:
    from envaudit.check.command import WRONG, command

    try:
        return command(options, sys.stdout)
    except WRONG as error:
        raise UserError(str(error)) from error


def _targets(options: Options) -> int:
    from envaudit.report.checked import targets

    targets(options.format, sys.stdout)
    return 0


def _why(options: Options) -> int:
    from envaudit.postmortem.command import main as why

    return why(options.log, options.format, options.rules, sys.stdout)


def _recorder(options: Options) -> int:
    from envaudit.recorder.startup import command

    return command(options.action, sys.stdout)


def _apply(report: Report, options: Options) -> int:
    from envaudit.change import apply
    from envaudit.fix.apply import Refused
    from envaudit.fix.record import RecordError
    from envaudit.matrix.store import load
    from envaudit.report.document import audit
    from envaudit.snapshot.locate import find

    def again() -> Report:
        options.fix = False  # the plan has been made
        return audit(_snapshot(options), load(options.rules), options)

    try:
        after = apply(report, options, find(options.python).paths, _agreed, again, sys.stdout)
    except (Refused, RecordError) as error:
        raise UserError(str(error)) from error
    return FOUND if after is None or after.fails(options.fail_on or "error") else 0


def _agreed(options: Options, question: str) -> bool:
    """Whether the user says yes.  Raises UserError where nobody can be asked."""
    if options.yes:
        return True
    if not sys.stdin.isatty():
        raise UserError("nothing was changed: nobody can be asked here; add --yes")
    try:
        answer = input(f"{question} [y/N] ")
    except (EOFError, KeyboardInterrupt):
        print()
        answer = ""
    if answer.strip().lower() in ("y", "yes"):
        return True
    print("nothing was changed")
    return False


def _undo(options: Options) -> int:
    from envaudit.change import undo
    from envaudit.fix.apply import Refused
    from envaudit.fix.record import RecordError

    try:
        return 0 if undo(options, lambda: _live(options), _agreed, sys.stdout) else FOUND
    except (Refused, RecordError) as error:
        raise UserError(str(error)) from error


def _check_names(options: Options, snapshot: Snapshot) -> None:
    """Canonical names in --keep and --allow.  Raises UserError for what is not installed."""
    from envaudit.snapshot.metadata import canonical

    packages = snapshot.get("packages") or {}
    for option, names in (("--keep", options.keep), ("--allow", options.allow)):
        for place, name in enumerate(names):
            names[place] = canonical(name)
            if names[place] not in packages:
                raise UserError(f"{option} {name}: no package of this name is in the environment")


def _write_constraints(report: Report, path: str) -> None:
    from envaudit.fix.constraints import text, write

    try:
        write(path, text(report.plan, report.snapshot))
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error


def _snapshot(options: Options) -> Snapshot:
    snapshot = _live(options) if options.snapshot is None else _recorded(options.snapshot)
    if options.gpu is not None:
        from envaudit.snapshot.assumed import with_gpu

        try:
            snapshot = with_gpu(snapshot, options.gpu)
        except ValueError as error:
            raise UserError(str(error)) from error
    return snapshot


def _live(options: Options) -> Snapshot:
    from envaudit import snapshot
    from envaudit.snapshot.locate import LocateError, find

    try:
        return snapshot.take(find(options.python))
    except LocateError as error:
        raise UserError(str(error)) from error


def _recorded(name: str) -> Snapshot:
    from envaudit.recorded import MAX_INPUT, RecordedError, read

    try:
        if name == "-":
            return read(sys.stdin.buffer.read(MAX_INPUT + 1), "standard input")
        with open(name, "rb") as file:
            return read(file.read(MAX_INPUT + 1), name)
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror or error}") from error
    except RecordedError as error:
        raise UserError(str(error)) from error


def _show(report: Report, options: Options) -> None:
    if options.format == "json":
        from envaudit.report.document import dump

        dump(report.to_json(), sys.stdout)
    elif options.fix:
        from envaudit.report.commands import show

        show(report, sys.stdout)
    else:
        from envaudit.report.text import show

        show(report, sys.stdout)


def _print_snapshot(options: Options) -> int:
    from envaudit.report.document import dump

    dump(dict(_snapshot(options)), sys.stdout)
    return 0


def _explain(options: Options) -> int:
    from envaudit.matrix.store import load
    from envaudit.report.rules import explain

    matrix = load(options.rules)
    try:
        explain(matrix, options.rule, options.format, sys.stdout)
    except KeyError as error:
        raise UserError(str(error.args[0])) from error
    return 0


def _rules(options: Options) -> int:
    from envaudit.matrix.store import load
    from envaudit.report.rules import listing

    listing(load(options.rules), options.format, sys.stdout)
    return 0


def _lint(options: Options) -> int:
    from envaudit.matrix.lint import lint
    from envaudit.matrix.source import Fault

    try:
        faults, said = lint(options.folder)
    except Fault as error:
        raise UserError(str(error)) from error
    for fault in faults:
        print(fault)
    print(said)
    return FOUND if faults else 0


_COMMANDS = {
    None: _audit,
    "check": _check,
    "targets": _targets,
    "why": _why,
    "recorder": _recorder,
    "snapshot": _print_snapshot,
    "explain": _explain,
    "rules": _rules,
    "lint": _lint,
    "undo": _undo,
}
