"""Log signatures: what lines of a log mean.  Data, from rules/signatures, compiled like the rules."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any


class Signature:
    """One kind of line.

    role        cause; outcome (says what happened, seldom why); end (proves the end of a process and no more);
                user (somebody asked for it)
    level       error, warning, info, benign (noise)
    ends        yes, sometimes, no: whether the process ends with it
    confidence  high, medium, low: how surely the cause follows from this line alone
    """

    __slots__ = (
        "_compiled", "cause", "confidence", "culprits", "ends", "family", "id", "level", "needles", "pattern", "role",
        "says", "sources",
    )  # fmt: skip

    def __init__(self, given: dict[str, Any]) -> None:
        self.id: str = given["id"]
        self.pattern: str = given["pattern"]
        self.needles: list[bytes] = [needle.encode() for needle in given["needles"]]
        self.cause: str = given["cause"]
        self.family: str = given["family"]
        self.level: str = given["level"]
        self.role: str = given["role"]
        self.ends: str = given["ends"]
        self.confidence: str = given["confidence"]
        self.culprits: list[str] = given["culprits"]
        self.says: str = given["says"]
        self.sources: list[str] = given["sources"]
        self._compiled: re.Pattern[str] | None = None

    def match(self, line: str) -> re.Match[str] | None:
        """Where the pattern stands in a line, compiled when it is first needed."""
        if self._compiled is None:
            import re

            self._compiled = re.compile(self.pattern)
        return self._compiled.search(line)


class Signatures:
    """All signatures, and the causes that they name: {cause: {"family", "title", "next"}}."""

    __slots__ = ("all", "causes")

    def __init__(self, content: dict[str, Any]) -> None:
        self.causes: dict[str, dict[str, Any]] = content["causes"]
        self.all = [Signature(given) for given in content["signatures"]]


def load() -> Signatures:
    """The signatures: compiled in the wheel, or compiled now from a checkout and kept in the cache folder.

    Raises MatrixError when they cannot be had.
    """
    import json

    from envaudit.matrix.store import MatrixError, own_rules

    shipped = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "signatures.json")
    try:
        with open(shipped, encoding="utf-8") as file:
            return Signatures(json.load(file))
    except FileNotFoundError:
        pass  # a checkout
    except (OSError, ValueError) as error:
        raise MatrixError(f"{shipped}: cannot be read: {error}; reinstall envaudit") from error
    return Signatures(_compiled(os.path.join(own_rules(), "signatures")))


def _compiled(folder: str) -> dict[str, Any]:
    import json

    from envaudit.matrix.store import MatrixError, fingerprint
    from envaudit.snapshot import cache

    if not os.path.isdir(folder):
        raise MatrixError(f"{folder}: there is no such folder of signatures")
    name = f"signatures-{fingerprint([folder, os.path.dirname(os.path.abspath(__file__))])}.json"
    held = cache.read_bytes(name)
    if held is not None:
        content: dict[str, Any] = json.loads(held)
        return content
    from envaudit.matrix.source import Fault
    from envaudit.postmortem.signature_files import compile_folder

    try:
        content = compile_folder(folder)
    except Fault as error:
        raise MatrixError(str(error)) from error
    cache.write_bytes(name, json.dumps(content, ensure_ascii=False).encode())
    return content
