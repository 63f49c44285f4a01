"""What releases declare of each other."""

from __future__ import annotations

from envaudit.conditions import fits
from envaudit.snapshot.markers import evaluator
from envaudit.versions import contains

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.matrix.store import Matrix
    from envaudit.versions import Key


class Declares:
    """The requirements of releases in one marker environment (PEP 508), as far as the matrix knows them.

    It knows those between packages that some rule names together.
    """

    __slots__ = ("_holds", "_matrix", "_said")

    def __init__(self, matrix: Matrix, environment: dict[str, str]) -> None:
        self._matrix, self._holds = matrix, evaluator(environment)
        self._said: dict[tuple[Any, ...], dict[str, str] | None] = {}

    def of(self, package: str, key: Key) -> dict[str, str] | None:
        """Other packages that the release with sort key `key` asks for, with their specifiers ("" for any version);
        {} when it is known to ask for none, None when that is not known."""
        which = package, key[0], *key[1], None, *key[2:]
        if which not in self._said:
            self._said[which] = self._asks(package, key)
        return self._said[which]

    def _asks(self, package: str, key: Key) -> dict[str, str] | None:
        table: dict[str, Any] | None = self._matrix.table(f"requires:{package}")
        if table is None or not contains(table["known"], key):
            return None
        found: dict[str, str] = {}
        for allowed, other, asks, marker in table["rows"]:
            if contains(allowed, key) and (not marker or self._holds(marker)):
                found[other] = ",".join(filter(None, (found.get(other), asks)))
        return found

    def tells(self, package: str, key: Key, other: str) -> bool:
        """Whether it is known what the release asks of `other`, be it nothing."""
        said = self.of(package, key)
        if said is None or other in said:
            return said is not None
        return not any(fits(pattern, other) for pattern in self._matrix.table(f"requires:{package}")["unsaid"])

    def guess(self, package: str, key: Key) -> dict[str, str] | None:
        """As `of`; a release newer than those that are known is taken to ask for at least what the newest of them asks
        for, be it this version or a later one."""
        said = self.of(package, key)
        table: dict[str, Any] | None = None if said is not None else self._matrix.table(f"requires:{package}")
        end = table["known"][-1][1] if table and table["known"] else None
        if end is None or key < end:
            return said
        asked = self.of(package, [*end[:5], end[5] - 1])
        return None if asked is None else {name: _least(text) for name, text in asked.items()}

    def bounds(self, package: str) -> list[Key]:
        """Where what releases of `package` ask for changes, or begins or ends to be known."""
        table: dict[str, Any] | None = self._matrix.table(f"requires:{package}")
        if table is None:
            return []
        sets = [table["known"], *(row[0] for row in table["rows"])]
        return [bound for intervals in sets for pair in intervals for bound in pair if bound is not None]


def _least(specifier: str) -> str:
    """The lower bounds of a specifier: ">=1.2" for "~=1.2,<3"."""
    clauses = [clause.strip() for clause in specifier.split(",")]
    lower = [clause.lstrip("~=>") for clause in clauses if clause.startswith((">", "~", "==")) and "*" not in clause]
    return ",".join(f">={version}" for version in lower)
