"""Does what happened agree with what the rule says?"""

from __future__ import annotations

import re
from typing import Any

from lab.isolation import Outcome

_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_HOLE = re.compile(r"\{[^{}]*\}|…|\.\.\.")
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")
ENOUGH = 0.7  # share of a symptom's words that must be in the output
_DEATH = re.compile(r"segmentation fault|abort|illegal instruction|core dumped|SIG[A-Z]+", re.IGNORECASE)


def disagreement(rule: dict[str, Any], bad: Outcome) -> str | None:
    """Why the bad side is not what the rule (its card) says, or None when it is."""
    level = rule["level"]
    if bad.passed:
        return "the bad side runs"
    if bad.timed_out:
        return None if "hang" in rule["symptom"] or "never" in rule["symptom"] else "the bad side does not end"
    if level == "crash" and bad.signal is None:
        return f"level crash, but it raises (exit {bad.status})"
    if level in ("error", "degraded", "notice") and bad.signal is not None:
        return f"level {level}, but the process dies by {bad.signal}"
    if not symptom_seen(rule["symptom"], bad):
        return "another error text"
    return None


def symptom_seen(symptom: str, bad: Outcome) -> bool:
    """Whether one line of the symptom is what the output says: places for versions and all numbers stand for any."""
    if bad.signal is not None and _DEATH.search(symptom):
        return True
    output = _plain(bad.output)
    words = set(_WORD.findall(output))
    for line in symptom.splitlines():
        pieces = [piece for piece in (_plain(part).strip() for part in _HOLE.split(line)) if piece]
        if not pieces:
            continue
        if re.search(".*".join(re.escape(piece) for piece in pieces), output):
            return True
        asked = [word for piece in pieces for word in _WORD.findall(piece)]
        first = asked[0] if asked else ""
        if asked and first in words and sum(word in words for word in asked) >= ENOUGH * len(asked):
            return True
    return False


def _plain(text: str) -> str:
    """Text without what differs from machine to machine: numbers, spacing, quotes."""
    return " ".join(_NUMBER.sub("#", text.replace("`", "'").replace('"', "'")).split())
