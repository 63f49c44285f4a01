"""What releases declare of each other."""

from __future__ import annotations

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

    __slots__ = ("_holds", "_matrix")

    def __init__(self, matrix: Matrix, environment: dict[str, str]) -> None:
        self._matrix, self._holds = matrix, evaluator(environment)

    def of(self, package: str, key: Key) -> dict[str, str] | None:
        """Other packages that the release with sort key `key` asks for, with their specifiers ("" for any version);
        {} when it is known to ask for none, None when that is not known."""
        table: dict[str, Any] | None = self._matrix.table(f"requires:{package}")
        if table is None or not contains(table["known"], key):
            return None
        found: dict[str, str] = {}
        for allowed, other, asks, marker in table["rows"]:
            if contains(allowed, key) and (not marker or self._holds(marker)):
                found[other] = ",".join(filter(None, (found.get(other), asks)))
        return found
