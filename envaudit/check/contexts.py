"""Which requirements are installed together."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from envaudit.manifest.requirement import Manifest, Requirement

# what people write by hand and install side by side; a lock, a notebook and an image stand for themselves
_SIDE_BY_SIDE = ("requirements", "pyproject", "setup.cfg", "Pipfile", "environment.yml", "pixi.toml")


class Context:
    """Requirements that are installed together.

    manifests     the files that they are from
    group         the extra or dependency group that is installed too; "" for none
    requirements  in the order of the files
    """

    __slots__ = ("group", "manifests", "requirements")

    def __init__(self, manifests: list[Manifest], group: str, requirements: list[Requirement]) -> None:
        self.manifests, self.group, self.requirements = manifests, group, requirements

    @property
    def pythons(self) -> list[str]:
        """What the files say of the Pythons that they are for."""
        return [manifest.python for manifest in self.manifests if manifest.python]

    @property
    def indexes(self) -> list[str]:
        """The package indexes that the files name."""
        return [address for manifest in self.manifests for address in manifest.indexes]

    @property
    def complete(self) -> bool:
        """Whether nothing else is installed."""
        return all(manifest.complete for manifest in self.manifests)

    @property
    def host(self) -> str | None:
        """The image or host that a file names."""
        return next((manifest.host for manifest in self.manifests if manifest.host), None)


def bundles(manifests: list[Manifest], together: bool) -> list[list[Manifest]]:
    """The files that make one environment: those of one folder that people write by hand, every other one alone.

    `together`: all of them, wherever they lie.
    """
    if together:
        return [manifests] if manifests else []
    folders: dict[str, list[Manifest]] = {}
    alone = []
    for manifest in manifests:
        if manifest.format in _SIDE_BY_SIDE:
            folders.setdefault(os.path.dirname(os.path.abspath(manifest.path)), []).append(manifest)
        else:
            alone.append([manifest])
    return [*folders.values(), *alone]


def contexts(manifests: list[Manifest]) -> Iterator[Context]:
    """What of a bundle is installed together: what is always installed, and that with each group."""
    every = [requirement for manifest in manifests for requirement in manifest.requirements]
    groups = dict.fromkeys(requirement.group for requirement in every)
    base = [requirement for requirement in every if not requirement.group]
    if base or not groups:
        yield Context(manifests, "", base)
    for group in groups:
        if group:
            yield Context(manifests, group, [requirement for requirement in every if requirement.group in ("", group)])
