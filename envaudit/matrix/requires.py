"""What releases declare of each other."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.matrix.store import Matrix
    from envaudit.versions import Key


class Declares:
    """A stand-in until the table is there."""

    def __init__(self, matrix: Matrix, environment: dict[str, str]) -> None:
        pass

    def of(self, package: str, key: Key) -> dict[str, str] | None:
        """Nothing is known."""
        return None
