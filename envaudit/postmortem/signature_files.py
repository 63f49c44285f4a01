"""rules/signatures/*.yaml to what `envaudit.postmortem.signatures` reads.  Only needed to compile."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from envaudit.matrix.source import Fault, load, yaml_files
from envaudit.postmortem.families import FAMILIES

parser: Any
opcodes: Any
try:  # where a pattern is taken apart: private, and under another name before Python 3.11
    parser, opcodes = (import_module(f"re.{name}") for name in ("_parser", "_constants"))
except ModuleNotFoundError:
    parser, opcodes = (import_module(name) for name in ("sre_parse", "sre_constants"))

LEVELS = ("error", "warning", "info", "benign")
CONFIDENCE = ("high", "medium", "low")
ROLES = ("cause", "outcome", "end", "user")
ENDS = ("yes", "sometimes", "no")
SHORTEST = 3  # characters of the plain text by which lines are found
_KEYS = {"id", "pattern", "cause", "family", "level", "role", "ends", "confidence", "culprits", "says", "samples"}
_KEYS |= {"sources"}


def compile_folder(folder: str) -> dict[str, Any]:
    """{"causes": {...}, "signatures": [...]}.  Raises Fault, with file and line, for what is not sound."""
    causes: dict[str, Any] = {}
    found: list[tuple[str, Any]] = []
    for path in yaml_files(folder):
        content: Any = load(path)
        if not isinstance(content, dict) or "entries" not in content:
            raise Fault(path, 1, "holds no entries")
        if "causes" in content:
            for name, given in content["entries"].items():
                if given.get("family") not in FAMILIES:
                    raise Fault(path, given.line, f"cause '{name}': no such family")
                causes[name] = {"family": given["family"], "title": given["title"], "next": given["next"]}
        else:
            found += [(path, entry) for entry in content["entries"]]
    signatures: dict[str, Any] = {}
    for path, entry in found:
        if entry.get("id") in signatures:
            raise Fault(path, entry.line, f"signature '{entry['id']}' stands twice")
        signatures[entry["id"]] = _signature(path, entry, causes)
    return {"causes": causes, "signatures": list(signatures.values())}


def _signature(path: str, entry: Any, causes: dict[str, Any]) -> dict[str, Any]:
    name = entry.get("id")

    def fault(reason: str) -> Fault:
        return Fault(path, entry.line, f"signature '{name}': {reason}")

    if set(entry) - _KEYS:
        raise fault(f"unknown keys {sorted(set(entry) - _KEYS)}")
    if entry.get("cause") not in causes:
        raise fault(f"no such cause '{entry.get('cause')}'")
    made = {
        "id": name,
        "pattern": entry["pattern"],
        "needles": needles(entry["pattern"]),
        "cause": entry["cause"],
        "family": entry.get("family") or causes[entry["cause"]]["family"],
        "level": entry.get("level", "error"),
        "role": entry.get("role", "cause"),
        "ends": entry.get("ends", "no"),
        "confidence": entry.get("confidence", "high"),
        "culprits": entry.get("culprits") or [],
        "says": entry["says"],
        "sources": entry["sources"],
    }
    for key, allowed in (("family", FAMILIES), ("level", LEVELS), ("role", ROLES), ("ends", ENDS)):
        if made[key] not in allowed:
            raise fault(f"{key} '{made[key]}' is none of {', '.join(allowed)}")
    if made["confidence"] not in CONFIDENCE:
        raise fault(f"confidence '{made['confidence']}' is none of {', '.join(CONFIDENCE)}")
    if not made["needles"] or min(map(len, made["needles"])) < SHORTEST:
        raise fault(f"its pattern has no plain text of {SHORTEST} characters in each of its alternatives")
    samples = entry.get("samples") or []
    if not samples:
        raise fault("has no sample line")
    for sample in samples:
        if not re.search(entry["pattern"], sample):
            raise fault(f"does not match its sample {sample!r}")
    return made


def needles(pattern: str) -> list[str]:
    """Plain texts (lower case) of which one is in every line that the pattern matches."""
    return sorted(_best(parser.parse(pattern)))


def _best(sequence: Any) -> set[str]:
    """The set of texts, of which any match holds one, whose shortest is longest."""
    found: list[set[str]] = []
    run = ""
    for code, value in sequence:
        char = _char(code, value)
        if char is not None:
            run += char
            continue
        found.append({run})
        run = ""
        inner = _inner(code, value)
        if inner:
            found.append(inner)
    found.append({run})
    return max(found, key=lambda texts: (min(map(len, texts)), -len(texts)))


def _char(code: Any, value: Any) -> str | None:
    """The one character (lower case, ASCII) that a node stands for, if it stands for one."""
    if code is opcodes.LITERAL and value < 128:
        return chr(value).lower()
    if code is opcodes.IN and all(kind is opcodes.LITERAL and item < 128 for kind, item in value):
        chars = {chr(item).lower() for _, item in value}
        return chars.pop() if len(chars) == 1 else None
    return None


def _inner(code: Any, value: Any) -> set[str] | None:
    if code is opcodes.SUBPATTERN:
        return _best(value[-1])
    if code is opcodes.BRANCH:
        texts = [_best(branch) for branch in value[1]]
        return {text for branch in texts for text in branch}
    if code in (opcodes.MAX_REPEAT, opcodes.MIN_REPEAT) and value[0] > 0:
        return _best(value[2])
    return None
