"""Does what happened agree with what the rule says?"""

from __future__ import annotations

import re

from lab.isolation import Outcome

_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_HOLE = re.compile(r"\{[^{}]*\}|…|\.\.\.")
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")
_QUOTED = re.compile(r"'([^']+)'")
_HANG = re.compile(r"\b(?:hangs?|never|does not (?:answer|end|start))\b")
ENOUGH = 0.7  # share of a symptom's words that must be in the output
_DEATH = re.compile(r"segmentation fault|abort|illegal instruction|core dumped|SIG[A-Z]+", re.IGNORECASE)


def disagreement(level: str, symptom: str, bad: Outcome) -> str | None:
    """Why the bad side is not what a rule of this level and symptom says, or None when it is."""
    if bad.passed:
        return "the bad side runs"
    if bad.timed_out:
        return None if _HANG.search(symptom) else "the bad side does not end"
    if level == "crash" and bad.signal is None:
        return f"level crash, but it raises (exit {bad.status})"
    if level in ("error", "degraded", "notice") and bad.signal is not None:
        return f"level {level}, but the process dies by {bad.signal}"
    if not symptom_seen(symptom, bad):
        return "another error text"
    return None


def symptom_seen(symptom: str, bad: Outcome) -> bool:
    """Whether one line of the symptom is what the output says.

    Places for versions and all numbers stand for any.  Where the wording differs, the first word (the exception), all
    quoted names and most other words must be there.
    """
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
        names = [name for piece in pieces for name in _QUOTED.findall(piece)]
        first = asked[0] if asked else ""
        if (
            asked
            and first in words
            and all(f"'{name}'" in output for name in names)
            and sum(word in words for word in asked) >= ENOUGH * len(asked)
        ):
            return True
    return False


def _plain(text: str) -> str:
    """Text without what differs from machine to machine: numbers, spacing, quotes."""
    return " ".join(_NUMBER.sub("#", text.replace("`", "'").replace('"', "'")).split())
