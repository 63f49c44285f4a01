"""Which findings are told: those that no ignore and no baseline silences; and which of these silence nothing."""

from __future__ import annotations

from collections import Counter

from envaudit.check import baseline, ignores
from envaudit.manifest.requirement import ManifestError
from envaudit.manifest.source import open_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from envaudit.check.audit import Checked
    from envaudit.check.baseline import Entry
    from envaudit.check.config import Config
    from envaudit.check.ignores import Ignore
    from envaudit.manifest.requirement import Manifest

    Note = tuple[str, Optional[int], str]  # path, line, sentence

KNOWN = "in the baseline"


class Silence:
    """What a project does not want to hear of.  Making one raises IgnoreError and BaselineError."""

    def __init__(self, manifests: list[Manifest], settings: Config, known: str | None) -> None:
        self._table = ignores.from_table(settings.ignore, settings.path or "pyproject.toml")
        self._comments: list[Ignore] = []
        self._faults: list[tuple[str, int | None, str]] = []
        read = {manifest.path for manifest in manifests}
        read |= {one.place.path for manifest in manifests for one in manifest.requirements}
        for path in sorted(read):
            try:
                found, faults = ignores.read(path, open_source(path).text)
            except ManifestError:
                continue  # it was read before, and whoever took it away meanwhile has no ignores in it
            self._comments += found
            self._faults += [(path, line, text) for line, text in faults]
        self._path = known
        self._known: Counter[Entry] = baseline.read(known) if known else Counter()

    def kept(self, found: list[Checked]) -> list[Checked]:
        """The findings that are told."""
        left = Counter(self._known)
        return [checked for checked in found if self._reason(checked, left) is None]

    def silenced(self, found: list[Checked]) -> list[tuple[Checked, str]]:
        """The others, with the reason of each."""
        return self._split(found)[0]

    def notes(self, found: list[Checked]) -> list[Note]:
        """Ignores that cannot be read, and those, and entries of the baseline, that silence nothing."""
        said = list(self._faults)
        for ignore in (*self._comments, *self._table):
            if not any(ignore.silences(checked.rule, checked.where) for checked in found):
                said.append((ignore.path, ignore.line, f"nothing here to ignore: {ignore.rule} does not fire"))
        gone = sum(self._split(found)[1].values())
        if gone and self._path:
            said.append((self._path, None, f"{gone} of its findings are gone: --update-baseline drops them"))
        return said

    def _split(self, found: list[Checked]) -> tuple[list[tuple[Checked, str]], Counter[Entry]]:
        """(silenced findings with reasons, entries of the baseline that silence none of them)."""
        left = Counter(self._known)
        said = [(checked, reason) for checked in found if (reason := self._reason(checked, left)) is not None]
        return said, left

    def _reason(self, checked: Checked, left: Counter[Entry]) -> str | None:
        """Why a finding is not told; None when it is.  Takes its entry from `left`."""
        for ignore in (*self._comments, *self._table):
            if ignore.silences(checked.rule, checked.where):
                return ignore.reason
        which = baseline.entry(checked)
        if left[which] > 0:
            left[which] -= 1
            return KNOWN
        return None
