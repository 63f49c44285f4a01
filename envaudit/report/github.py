"""GitHub's workflow commands: each finding as an annotation at its line.

The escapes are those of actions/toolkit (packages/core/src/command.ts).
"""

from __future__ import annotations

from envaudit.report.layout import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

# GitHub shows ten annotations of a kind for each step (its documentation of workflow limits); the summary counts all


def show(document: dict[str, Any], out: TextIO) -> None:
    """Write the annotations of a report document, and a last line with the counts."""
    counts = {"error": 0, "warning": 0, "notice": 0}
    for finding in document["findings"]:
        kind = severity(finding)
        counts[kind] += 1
        properties = {}
        places = finding.get("where") or []
        if places:
            properties = {"file": places[0]["path"], "line": str(places[0]["line"])}
        properties["title"] = f"envaudit: {finding['rule']}"
        settings = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        out.write(f"::{kind} {settings}::{_data(message(finding))}\n")
    said = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items() if count]
    out.write(f"envaudit: {', '.join(said) or 'nothing found'} in {len(document.get('files') or ())} files\n")


def severity(finding: dict[str, Any]) -> str:
    """error, warning or notice."""
    serious = finding["level"] in ("crash", "error")
    if finding["certainty"] == "definite" and serious:
        return "error"
    return "warning" if serious or finding["level"] == "degraded" else "notice"


def message(finding: dict[str, Any]) -> str:
    """What is wrong, where else, and what to do."""
    from envaudit.report.checked import foreseen

    lines = [foreseen(finding["title"]), finding["symptom"].splitlines()[0]]
    others = [f"{place['path']}:{place['line']}" for place in (finding.get("where") or [])[1:6]]
    if others:
        lines.append(f"together with {', '.join(others)}")
    tighter = finding.get("tighten") or {}
    if tighter:
        lines.append(f"tighten: {', '.join(f'{name}{specifier}' for name, specifier in tighter.items())}")
    note = (finding.get("fix") or {}).get("note")
    if note:
        lines.append(note)
    return clean("\n".join(lines))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
