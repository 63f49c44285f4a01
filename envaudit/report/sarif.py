"""SARIF 2.1.0 (an OASIS standard) for code scanning: rules, and results at their lines."""

from __future__ import annotations

from envaudit import __version__
from envaudit.report.github import message, severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "notice": "note"}
_DEFAULT = {"crash": "error", "error": "error", "degraded": "warning", "notice": "note"}


def show(document: dict[str, Any], card: Callable[[str], dict[str, Any]], out: TextIO) -> None:
    """Write a report document as one run; `card` gives all that is written about a rule."""
    from envaudit.report.document import dump

    rules = list(dict.fromkeys(finding["rule"] for finding in document["findings"]))
    files = [entry["path"] for entry in document.get("files") or ()]
    run = {
        "tool": {
            "driver": {"name": "envaudit", "version": __version__, "rules": [_rule(card(rule)) for rule in rules]}
        },
        "results": [_result(finding, rules.index(finding["rule"]), files) for finding in document["findings"]],
        "columnKind": "unicodeCodePoints",
    }
    dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, out)


def _rule(card: dict[str, Any]) -> dict[str, Any]:
    symptom, title, why = (_general(card[key]) for key in ("symptom", "title", "why"))
    symptom = symptom.splitlines()[0]
    said = {
        "id": card["id"],
        "name": "".join(part.capitalize() for part in card["id"].split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": why},
        "help": {
            "text": f"{symptom}\n{why}\nSources: {', '.join(card['sources'])}",
            "markdown": f"`{symptom.replace('`', chr(39))}`\n\n{why}\n\n"
            + "\n".join(f"- {source}" for source in card["sources"]),
        },
        "defaultConfiguration": {"level": _DEFAULT[card["level"]]},
        "properties": {"tags": [card["level"], card["proof"]], "precision": "high"},
    }
    address = next((source for source in card["sources"] if source.startswith("https://")), None)
    if address and " " not in address:
        said["helpUri"] = address
    return said


def _general(text: str) -> str:
    """A rule's text with words where a finding has versions: "{row.package} {torch}" gives "<package> <torch>"."""
    import re

    return re.sub(r"\{(?:row\.)?([^{}]*)\}", r"<\1>", text)


def _result(finding: dict[str, Any], index: int, files: list[str]) -> dict[str, Any]:
    # code scanning shows no result without a place
    places = finding.get("where") or [{"path": path, "line": 1} for path in files[:1]]
    result = {
        "ruleId": finding["rule"],
        "ruleIndex": index,
        "level": _LEVELS[severity(finding)],
        "message": {"text": message(finding)},
        "locations": [_location(place) for place in places[:1]],
        "partialFingerprints": {"envaudit/v1": _fingerprint(finding, places)},
    }
    if places[1:]:
        result["relatedLocations"] = [
            {**_location(place), "id": number, "message": {"text": "together with this"}}
            for number, place in enumerate(places[1:20], 1)
        ]
    return result


def _location(place: dict[str, Any]) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(place["path"]), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": place["line"]},
        }
    }


def _uri(path: str) -> str:
    """A path as a relative URI; one outside of the current folder stays absolute."""
    import os
    from urllib.parse import quote

    inside = os.path.relpath(path) if os.path.isabs(path) else os.path.normpath(path)
    return quote((path if inside.startswith("..") else inside).replace(os.sep, "/"))


def _fingerprint(finding: dict[str, Any], places: list[dict[str, Any]]) -> str:
    """The same however lines move."""
    import hashlib

    parts = [finding["rule"], *(place["path"] for place in places[:1]), *sorted(finding["culprits"])]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
