"""Findings that a project does not want to hear of, each with its reason.

    numpy==2.0.2  # envaudit: ignore[numpy2-abi] the image patches pandas

On the requirement's own line, or on a line of its own right above; several rules stand with commas between them.  For
the whole project, `[tool.envaudit.ignore]` in pyproject.toml maps rules to reasons.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from envaudit.manifest.requirement import Place

_COMMENT = re.compile(r"#\s*envaudit:\s*ignore\b\s*(?:\[([^\]\n]{0,2000})\])?([^\n]{0,2000})")
_MARK = "envaudit:"
_RULE = re.compile(r"[a-z0-9][a-z0-9-]*")


class IgnoreError(Exception):
    """A table of ignores that makes no sense; `str()` is one line that names the file."""


class Ignore:
    """One rule that is to be silent.

    rule    its id
    reason  why, in the user's words
    path    file that says so
    line    line of the file that says so; None for the project's table
    lines   lines whose requirements it is about; empty for all of the project
    """

    __slots__ = ("line", "lines", "path", "reason", "rule")

    def __init__(self, rule: str, reason: str, path: str, line: int | None, lines: tuple[int, ...]) -> None:
        self.rule, self.reason, self.path, self.line, self.lines = rule, reason, path, line, lines

    def silences(self, rule: str, where: list[Place]) -> bool:
        """Whether it speaks of a finding of `rule` at the places `where`."""
        if rule != self.rule:
            return False
        return not self.lines or any(place.path == self.path and place.line in self.lines for place in where)


def read(path: str, text: str) -> tuple[list[Ignore], list[tuple[int, str]]]:
    """(ignores, faults) in the comments of a file; a fault is (line, what is wrong with it)."""
    found: list[Ignore] = []
    faults: list[tuple[int, str]] = []
    if _MARK not in text:
        return found, faults
    for number, line in enumerate(text.split("\n"), 1):
        comment = _COMMENT.search(line) if _MARK in line else None
        if comment is None:
            continue
        rules = [rule.strip() for rule in (comment[1] or "").split(",") if rule.strip()]
        reason = _reason(comment[2])
        alone = not line[: comment.start()].strip().strip('"')
        if not rules or not all(_RULE.fullmatch(rule) for rule in rules):
            faults.append((number, "an ignore names its rules: # envaudit: ignore[rule-id] reason"))
        elif not reason:
            faults.append((number, f"an ignore says why: # envaudit: ignore[{', '.join(rules)}] reason"))
        else:
            lines = (number, number + 1) if alone else (number,)
            found += [Ignore(rule, reason, path, number, lines) for rule in rules]
    return found, faults


def _reason(text: str) -> str:
    # in a notebook the comment ends with the JSON string that it stands in
    return re.sub(r'(?:\\n)?",?\s*$', "", text.strip()).strip()


def from_table(table: object, path: str) -> list[Ignore]:
    """The ignores of `[tool.envaudit.ignore]`.  Raises IgnoreError."""
    return list(_entries(table, path))


def _entries(table: object, path: str) -> Iterator[Ignore]:
    if not isinstance(table, dict):
        raise IgnoreError(f'{path}: tool.envaudit.ignore is a table: rule-id = "reason"')
    for rule, reason in table.items():
        if not isinstance(reason, str) or not reason.strip():
            raise IgnoreError(f'{path}: tool.envaudit.ignore.{rule} needs a reason: {rule} = "reason"')
        yield Ignore(str(rule), reason.strip(), path, None, ())
