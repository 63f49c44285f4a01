"""The command line.  Only read when there are arguments: `envaudit` alone never pays for argparse."""

from __future__ import annotations

import argparse

from envaudit import __version__
from envaudit.options import FORMATS, LEVELS, Options

_EPILOG = """\
examples:
  envaudit                              audit this environment (in a notebook: !envaudit)
  envaudit --fix                        print the pip commands that mend it
  envaudit --python ~/venvs/old         audit another environment from outside
  pip freeze | envaudit --snapshot -    audit a recorded environment or a pasted report
  envaudit check requirements.txt       audit what files ask for, before it is installed
  envaudit why kernel.log               why did the kernel die?
  envaudit explain torchvision-torch-pair

exit status: 0 nothing at or above --fail-on; 1 something is; 2 bad usage or unreadable input"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # argparse says NoReturn; exit() does not return
        self.exit(2, f"envaudit: {message}; see envaudit --help\n")


def parse(argv: list[str]) -> Options:
    """Options from the words of a command line.  Leaves by SystemExit(2) with one line when they make no sense."""
    parser = _Parser(
        prog="envaudit",
        description="Says what in this environment will crash, why, and the pip command that mends it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"envaudit {__version__}")
    common = _Parser(add_help=False, allow_abbrev=False)
    _audit_options(parser)
    _shared_options(common)
    _shared_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    shot = commands.add_parser("snapshot", parents=[common], help="print the snapshot as JSON")
    shot.add_argument("--python", metavar="PATH", help="another interpreter or virtual environment")
    explain = commands.add_parser("explain", parents=[common], help="all about one rule")
    explain.add_argument("rule", metavar="RULE")
    commands.add_parser("rules", parents=[common], help="list the rules")
    lint = commands.add_parser("lint", parents=[common], help="check rule files")
    lint.add_argument("folder", metavar="DIR")
    undo = commands.add_parser("undo", help="put back what --apply changed")
    undo.add_argument("--python", metavar="PATH", help="another interpreter or virtual environment")
    undo.add_argument("--installer", choices=("pip", "uv"), help="install with pip (default) or uv")
    undo.add_argument("--yes", action="store_true", default=None, help="do not ask")
    undo.add_argument("--break-system-packages", action="store_true", default=None, help="also in a system's Python")
    _check_options(commands.add_parser("check", parents=[common], help="audit requirement files, locks, notebooks"))
    why = commands.add_parser("why", parents=[common], help="why did the kernel die?")
    why.add_argument(
        "log", metavar="LOG|-", nargs="?", help="a log, a traceback or an issue text; without it, this machine"
    )
    recorder = commands.add_parser("recorder", help="start the flight recorder with every IPython kernel, or not")
    recorder.add_argument("action", choices=("enable", "disable", "status"))
    commands.add_parser("targets", parents=[common], help="list the images that check can audit for")
    given = parser.parse_args(argv)
    options = Options()
    for name, value in vars(given).items():
        if value is not None and hasattr(options, name):
            setattr(options, name, value)
    if options.snapshot is not None and options.python is not None:
        parser.error("--snapshot and --python exclude each other")
    if options.command == "check":
        _check_makes_sense(parser, options)
    else:
        _needs_fix(parser, options)
        if options.format not in ("text", "json"):
            parser.error(f"--format {options.format} goes with envaudit check")
    return options


def _needs_fix(parser: _Parser, options: Options) -> None:
    """What only says how to mend says nothing without --fix."""
    said = {"--apply": options.apply, "-o": options.output, "--keep": options.keep, "--allow": options.allow}
    said |= {"--resolver": options.resolver, "--upgrade or --downgrade": options.direction}
    for name, value in said.items():
        if value and not options.fix:
            parser.error(f"{name} goes with --fix")
    if options.apply and options.snapshot is not None:
        parser.error("--apply changes an environment here; a recorded one cannot be changed")
    if options.apply and options.format != "text":
        parser.error("--apply speaks with the user; it has no other format than text")
    if options.yes and not options.apply and options.command != "undo":
        parser.error("--yes goes with --apply")


def _audit_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to audit")
    group.add_argument("--python", metavar="PATH", help="another interpreter or virtual environment, from outside")
    group.add_argument("--snapshot", metavar="FILE|-", help="a recorded snapshot or a pasted report")
    group.add_argument("--gpu", metavar="NAME", help='audit for a GPU that is not here ("Tesla T4", "sm_75", "none")')
    group = parser.add_argument_group("what to do")
    group.add_argument("--fix", action="store_true", default=None, help="print the commands that mend it, nothing else")
    _fix_options(parser.add_argument_group("how to mend it (with --fix)"))
    group.add_argument("--installer", choices=("pip", "uv"), help="write commands for pip (default) or uv")
    group.add_argument("--fail-on", dest="fail_on", choices=LEVELS, help="exit 1 from this level on (default: error)")


def _check_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="requirement files, lock files, notebooks, Dockerfiles"
    )
    group = parser.add_argument_group("where it will run")
    group.add_argument(
        "--target",
        dest="targets",
        metavar="NAME|FILE|KEY=VALUE",
        action="append",
        help='an image ("colab-gpu"; see envaudit targets), a recorded snapshot, or "gpu=T4,python=3.11" (repeat)',
    )
    group.add_argument("--gpu", metavar="NAME", help='the GPU there ("Tesla T4", "sm_75", "none")')
    group.add_argument(
        "--together", action="store_true", default=None, help="all files make one environment, wherever they lie"
    )
    group = parser.add_argument_group("what counts")
    group.add_argument("--fail-on", dest="fail_on", choices=LEVELS, help="exit 1 from this level on (default: error)")
    group.add_argument("--strict", action="store_true", default=None, help="what is only possible counts too")
    group.add_argument("--baseline", metavar="FILE", help="findings that are known already; only new ones count")
    group.add_argument(
        "--update-baseline", action="store_true", default=None, help="write today's findings to the baseline"
    )
    group = parser.add_argument_group("how to mend it")
    group.add_argument("--fix", action="store_true", default=None, help="rewrite the specifiers that must change")
    group.add_argument("--diff", action="store_true", default=None, help="show what --fix would write, write nothing")
    group.add_argument(
        "--resolver", choices=("uv", "pip", "none"), help="that confirms the changes (default: uv or pip)"
    )
    group.add_argument("--timeout", type=seconds, metavar="SECONDS", help="for the resolver (default: 60)")


def _check_makes_sense(parser: _Parser, options: Options) -> None:
    if options.update_baseline and not options.baseline:
        parser.error("--update-baseline goes with --baseline FILE")
    if options.resolver and not (options.fix or options.diff):
        parser.error("--resolver goes with --fix or --diff")
    if (options.fix or options.diff) and options.format != "text":
        parser.error("--fix and --diff have no other format than text")


def _fix_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--resolver", choices=("uv", "pip", "none"), help="default: uv where it is found, else pip")
    group.add_argument("--timeout", type=seconds, metavar="SECONDS", help="for the resolver (default: 60)")
    group.add_argument("--keep", metavar="PKG", action="append", help="leave this package as it is (repeat)")
    group.add_argument(
        "--allow", metavar="PKG", action="append", help="this framework may move like any other (repeat)"
    )
    ways = group.add_mutually_exclusive_group()
    ways.add_argument("--upgrade", dest="direction", action="store_const", const="up", help="rather newer versions")
    ways.add_argument("--downgrade", dest="direction", action="store_const", const="down", help="rather older versions")
    group.add_argument("-o", dest="output", metavar="FILE", help="write the mended environment as a constraints file")
    group.add_argument("--apply", action="store_true", default=None, help="carry the plan out here, after asking")
    group.add_argument("--yes", action="store_true", default=None, help="do not ask")
    group.add_argument(
        "--break-system-packages", action="store_true", default=None, help="also in a Python that the system manages"
    )


def seconds(text: str) -> float:
    """A time limit; ValueError where it is none."""
    limit = float(text)
    if not 0 < limit <= 86_400:
        raise ValueError
    return limit


def _shared_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, help="text (default) or json")
    parser.add_argument(
        "--rules", metavar="DIR", action="append", help="add a folder of your own rules (may be repeated)"
    )
