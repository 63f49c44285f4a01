"""Lines of a log that a rule of the matrix foretells: its symptom, with anything where the symptom has placeholders."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.matrix.store import Matrix

SHORTEST = 24  # characters of plain text in a symptom that tells one rule from another
_PLACE = re.compile(r"\{[^{}]{1,60}\}|\.\.\.|(?<=version )\d[\d.]*\d|(?<=[ '(])\d+\.\d[\d.]*|\b[Xx]\b")
# what the end of a process looks like, whoever is to blame
_ENDS = ("segmentation fault", "illegal ", "zsh: ", "aborted", "bus error", "killed", "fatal python error", "process ")
_PATH = re.compile(r"^(?:\w+(?:\.\w+)*(?:Error|Exception|Warning): )")


class Symptom:
    """One line of a rule's symptom: `rule` its id, `parts` the plain texts that must follow each other in a line."""

    __slots__ = ("culprits", "line", "parts", "rule", "title")

    def __init__(self, card: dict[str, Any], line: str) -> None:
        self.rule: str = card["id"]
        self.title: str = card["title"]
        self.culprits: list[str] = card["culprits"] or card["packages"][:4]
        self.line = line
        bare = _PATH.sub("", line).rstrip(".")
        self.parts = [part.strip().lower() for part in _PLACE.split(bare) if part.strip()]

    def size(self) -> int:
        """How much plain text it has."""
        return sum(map(len, self.parts))

    def fits(self, line: str) -> bool:
        """Whether a line (in lower case) shows it."""
        at = 0
        for part in self.parts:
            at = line.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return True


def symptoms(matrix: Matrix) -> list[Symptom]:
    """Every line of every rule's symptom that says enough to be known again, of rules for what fails."""
    found = []
    for rule in matrix.rule_ids():
        card = matrix.card(rule)
        if card["level"] == "notice":
            continue
        for line in card["symptom"].splitlines():
            symptom = Symptom(card, line)
            if symptom.size() >= SHORTEST and not symptom.parts[0].startswith(_ENDS):
                found.append(symptom)
    return found


def find(lines: list[str], rows: list[int], matrix: Matrix) -> list[tuple[int, list[Symptom]]]:
    """(index of the line, symptoms that fit it best) for the lines of which `rows` are the indexes."""
    known = symptoms(matrix)
    found: list[tuple[int, list[Symptom]]] = []
    for row in rows:
        low = lines[row].lower()
        fitting = [symptom for symptom in known if symptom.fits(low)] if len(low) >= SHORTEST else []
        if fitting:
            longest = max(symptom.size() for symptom in fitting)
            found.append((row, [symptom for symptom in fitting if symptom.size() == longest]))
    return found
