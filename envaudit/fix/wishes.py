"""What the user wants to stay, lets move, and which way."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# moving one of these is moving what the user came for
FRAMEWORKS = ("torch", "tensorflow", "jax", "jaxlib", "tensorflow-cpu", "tensorflow-gpu", "paddlepaddle-gpu", "mxnet")


class Wishes:
    """The user's say in a plan.

    keep       packages that stay as they are
    allow      packages that may move like any other, although they are frameworks
    direction  "up" or "down": where moves should go if they can; None for the nearest
    """

    __slots__ = ("allow", "direction", "keep")

    def __init__(self, keep: Iterable[str] = (), allow: Iterable[str] = (), direction: str | None = None) -> None:
        self.keep, self.allow, self.direction = frozenset(keep), frozenset(allow), direction

    def holds_back(self, name: str) -> bool:
        """Whether `name` should only move where nothing else helps."""
        return name in FRAMEWORKS and name not in self.allow

    def keeping(self, name: str) -> Wishes:
        """The same, and `name` stays too."""
        return Wishes((*self.keep, name), self.allow, self.direction)
