"""The report as people read it: plain when piped, coloured on a terminal, one screen, no control characters."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from typing import Any

import pytest

from envaudit.matrix.store import Matrix
from envaudit.options import Options
from envaudit.report import terminal, text
from envaudit.report.document import Report, audit
from envaudit.report.layout import clean, paragraph
from tests.matrices import matrix, rule, snapshot

LEVELS = ("crash", "error", "degraded", "notice")


def report(snap: dict[str, Any], held: Matrix) -> Report:
    return audit(snap, held, Options())  # type: ignore[arg-type]


def shown(snap: dict[str, Any], held: Matrix) -> str:
    out = io.StringIO()
    text.show(report(snap, held), out)
    return out.getvalue()


def test_a_clean_environment_is_two_lines() -> None:
    snap = snapshot(a="2", python="3.11.4")
    snap["gpus"] = []
    assert (
        shown(snap, matrix(rule("{a: 1}")))
        == "Linux, Python 3.11.4, 1 package, no GPU\nok nothing here is known to crash\n"
    )


def test_nothing_known_is_not_ok() -> None:
    assert "nothing to check" in shown({"packages": {}}, matrix(rule("{a: 1}")))


def test_a_finding_says_what_why_and_what_to_type() -> None:
    held = matrix(
        rule("{a: '>=2'}", title="a {a} is too new"), "releases: a\nsource: x\nversions: {1.0: 3.8-, 2.0: 3.8-}\n"
    )
    page = shown(snapshot(a="2.0"), held)
    for part in ("a 2.0 is too new", "ImportError: it fails", "Because.", "a==1.0", "https://example.org", "some-rule"):
        assert part in page
    assert "    python -m pip install 'a==1.0'\n" in page


def test_findings_of_one_rule_are_explained_once() -> None:
    table = (
        "table: t\nabout: x\ncolumns: {package: x}\nsources: [x]\nrows: [{package: a}, {package: b}, {package: c}]\n"
    )
    held = matrix(table, rule("{$package: 1}", title="'{row.package} fails'").replace("  when:", "  over: t\n  when:"))
    page = shown(snapshot(a="1", b="1"), held)
    assert "a fails" in page
    assert "b fails" in page
    assert page.count("Because.") == 1


def test_many_findings_fit_on_one_screen() -> None:
    held = matrix(*(rule("{a: 1}", id=f"rule-{number}", level=LEVELS[number % 4]) for number in range(60)))
    page = shown(snapshot(a="1"), held)
    assert page.count("\n") < 90
    assert "38 more findings" in page
    assert page.index(" crash ") < page.index("notice")


def test_lines_keep_the_width_and_commands_are_never_broken() -> None:
    lines = paragraph([("word " * 100, "")], 60, 4)
    assert max(len("".join(part for part, _ in line)) for line in lines) <= 60


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "a\rb", "\x9b1m", "\x07", "\u009d"])
def test_control_characters_do_not_reach_the_terminal(hostile: str) -> None:
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in clean(hostile))
    held = matrix(rule("{a: '*'}", title="a {a}"))
    snap = snapshot(a=hostile)
    snap["platform"]["release"] = hostile
    assert "\x1b" not in shown(snap, held)
    assert "\r" not in shown(snap, held)


def test_both_ways_to_draw_write_the_same_words() -> None:
    lines = [[("error", "error"), (" a \u2026", "title")], [("  plain", ""), (" quiet", "quiet")], []]
    pages = []
    for draw in (terminal.draw, terminal._draw_by_console):
        out = io.StringIO()
        draw(lines, out)
        assert "\x1b[1;31merror\x1b[0m" in out.getvalue()
        pages.append([re.sub("\x1b\\[[0-9;]*m", "", line) for line in out.getvalue().splitlines()])
    assert pages[0] == pages[1] == ["error a \u2026", "  plain quiet", ""]


COLOUR = """
import os, sys, json
os.environ.pop("NO_COLOR", None)
if {force}: os.environ["FORCE_COLOR"] = "1"
from envaudit.cli import main
main(["rules"])
sys.stderr.write(str("rich" in sys.modules))
"""


@pytest.mark.parametrize("force", [True, False])
def test_rich_draws_on_terminals_only(force: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLOUR.replace("{force}", str(force))],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == str(force)
    assert ("\x1b[" in done.stdout) == force
