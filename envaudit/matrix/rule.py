"""A rule of the matrix as it is written, and what must be true of it."""

from __future__ import annotations

from typing import Any

from envaudit.matrix.levels import LEVELS
from envaudit.matrix.source import Block, Fault

PROOFS = ("reproduced", "documented", "reported")
KEYS = {
    "id", "level", "certainty", "title", "over", "each", "when", "symptom", "why", "culprits", "fix", "note", "proof",
    "sources", "examples", "supersedes",
}  # fmt: skip
REQUIRED = ("id", "level", "title", "when", "symptom", "why", "proof", "sources", "examples")
_ID = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


class Rule:
    """One entry of a rule file, checked.

    over     the table whose rows the rule is expanded with, or None
    each     packages it is expanded with as `$package`
    when     alternatives, each a mapping from fact to what it must be
    fix      what may be moved, in order of preference: mappings from package to a specifier ("" is any version)
    """

    __slots__ = (
        "certainty", "culprits", "each", "examples", "fix", "id", "level", "line", "note", "over", "path", "proof",
        "sources", "supersedes", "symptom", "title", "when", "why",
    )  # fmt: skip

    def __init__(self, block: Block, path: str) -> None:
        self.path, self.line = path, block.line
        for key in block:
            if key not in KEYS:
                raise Fault(path, block.lines[key], f"unknown key '{key}' (known: {', '.join(sorted(KEYS))})")
        for key in REQUIRED:
            if block.get(key) in (None, "", []):
                raise Fault(path, block.line, f"rule '{block.get('id', '?')}' has no '{key}'")
        self.id: str = self._text(block, "id")
        if not set(self.id) <= _ID:
            raise self._fault(block, "id", f"id '{self.id}' may hold lower-case letters, digits, '-' and '.' only")
        self.level = self._one_of(block, "level", LEVELS)
        self.certainty = self._one_of(block, "certainty", ("definite", "possible"), "definite")
        self.title = self._text(block, "title")
        self.why = " ".join(self._text(block, "why").split())
        self.symptom = "\n".join(self._texts(block, "symptom"))
        self.note = " ".join(self._text(block, "note").split()) if block.get("note") else None
        self.proof = self._one_of(block, "proof", PROOFS)
        self.sources = self._texts(block, "sources")
        self.supersedes = self._texts(block, "supersedes")
        self.culprits = self._texts(block, "culprits")
        self.over = self._text(block, "over") if block.get("over") else None
        self.each = self._texts(block, "each")
        self.when = self._alternatives(block)
        self.fix = self._fix(block)
        if not self.fix and not self.note:
            raise Fault(path, block.line, f"rule '{self.id}' has neither 'fix' nor 'note': what can the user do?")
        self.examples = self._examples(block)

    def _fault(self, block: Block, key: str, reason: str) -> Fault:
        return Fault(self.path, block.lines.get(key, block.line), reason)

    def _text(self, block: Block, key: str) -> str:
        value = block[key]
        if not isinstance(value, str):
            raise self._fault(block, key, f"'{key}' must be text")
        return value.strip()

    def _texts(self, block: Block, key: str) -> list[str]:
        value = block.get(key)
        if value is None:
            return []
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) and item.strip() for item in values):
            raise self._fault(block, key, f"'{key}' must be text or a list of texts")
        return [" ".join(item.split()) if key != "symptom" else item.strip() for item in values]

    def _one_of(self, block: Block, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = block.get(key, default)
        if value not in allowed:
            raise self._fault(block, key, f"'{key}' is '{value}', must be one of: {', '.join(allowed)}")
        return str(value)

    def _alternatives(self, block: Block) -> list[Block]:
        value = block["when"]
        alternatives = value if isinstance(value, list) else [value]
        if not all(isinstance(item, Block) and item for item in alternatives):
            raise self._fault(
                block, "when", "'when' must be a mapping from facts to what they must be, or a list of such"
            )
        return alternatives

    def _fix(self, block: Block) -> list[dict[str, str]]:
        value = block.get("fix")
        if value is None:
            return []
        options: list[dict[str, str]] = []
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                options.append({item: ""})
            elif isinstance(item, Block) and item and all(isinstance(text, str) for text in item.values()):
                options.append(dict(item))
            else:
                raise self._fault(block, "fix", "'fix' lists packages, or mappings from package to specifier")
        return options

    def _examples(self, block: Block) -> dict[str, list[Block]]:
        value = block["examples"]
        if not isinstance(value, Block) or set(value) - {"bad", "good"}:
            raise self._fault(block, "examples", "'examples' holds the lists 'bad' and 'good'")
        for kind in ("bad", "good"):
            held = value.get(kind)
            if not isinstance(held, list) or not held or not all(isinstance(item, Block) for item in held):
                raise self._fault(block, "examples", f"'examples' needs at least one mapping under '{kind}'")
        return {"bad": value["bad"], "good": value["good"]}

    def card(self) -> dict[str, Any]:
        """All that a finding and `envaudit explain` say of the rule, as JSON values."""
        return {
            "id": self.id,
            "level": self.level,
            "certainty": self.certainty,
            "title": self.title,
            "symptom": self.symptom,
            "why": self.why,
            "culprits": self.culprits,
            "fix": self.fix,
            "note": self.note,
            "proof": self.proof,
            "sources": self.sources,
            "supersedes": self.supersedes,
            "over": self.over,
            "examples": self.examples,
            "file": self.path.replace("\\", "/").rpartition("rules/")[2],
        }
