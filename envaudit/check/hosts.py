"""Where files run: what the user says, what a file says of itself, what the project's settings say, in this order."""

from __future__ import annotations

from envaudit import targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.check.contexts import Context
    from envaudit.targets import Target


class Hosts:
    """The targets of one run.

    given     what `--target` names
    settings  what the project's settings name
    gpu       what `--gpu` names: the GPU of every target
    """

    def __init__(self, given: list[str], settings: list[str], gpu: str | None) -> None:
        self._gpu = gpu
        self._held: dict[str, Target | None] = {}
        self.given = [self._load(name) for name in given]
        self._settings = [] if given else settings

    def of(self, context: Context) -> list[Target]:
        """The targets of files that are installed together; [] where nothing is known of them.

        Raises TargetError.
        """
        if self.given:
            return self.given
        own = self._own(context.host) if context.host else None
        if own is not None:
            return [own]
        if not self._settings and self._gpu:
            return [self._load("")]
        return [self._load(name) for name in self._settings]

    def used(self) -> list[Target]:
        """Every target that files were audited for."""
        return [target for target in self._held.values() if target is not None]

    def _load(self, name: str) -> Target:
        if self._held.get(name) is None:
            parts = [name, f"gpu={self._gpu}" if self._gpu else ""]
            self._held[name] = targets.load(",".join(filter(None, parts)))
        found = self._held[name]
        assert found is not None
        return found

    def _own(self, host: str) -> Target | None:
        """The bundled target that a file names ("colab-gpu"), or what the name of its base image says."""
        if host not in self._held:
            found = targets.for_host(host)
            if found is not None and self._gpu:
                found = targets.load(f"{host},gpu={self._gpu}")
            self._held[host] = found
        return self._held[host]
