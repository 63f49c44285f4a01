"""`envaudit check`: from file names and options to an outcome."""

from __future__ import annotations

import os

from envaudit.check import audit, config, ignores
from envaudit.check.baseline import BaselineError
from envaudit.check.config import ConfigError
from envaudit.check.ignores import IgnoreError
from envaudit.manifest import ManifestError, read
from envaudit.matrix.levels import LEVELS
from envaudit.matrix.store import load
from envaudit.targets import TargetError, for_host
from envaudit.targets import load as load_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.check.audit import Checked, Checks
    from envaudit.check.config import Config
    from envaudit.check.contexts import Context
    from envaudit.check.mend import Mended
    from envaudit.manifest.requirement import Manifest
    from envaudit.matrix.store import Matrix
    from envaudit.options import Options
    from envaudit.snapshot.model import Snapshot
    from envaudit.targets import Target

WRONG_INPUT = (BaselineError, ConfigError, IgnoreError, ManifestError, TargetError)


class Outcome:
    """What one run of `envaudit check` found.

    manifests  what was read
    targets    what the files were audited for; [] where nothing says it
    checks     everything that the matrix says
    findings   those of them that are told: neither ignored nor in the baseline
    silenced   (finding, reason) of the others
    notes      (path, line or None, sentence)
    strict     whether possible findings count too
    fail_on    level from which on a finding counts
    mended     the changes that mend it; None where there is nothing to mend
    """

    def __init__(self, manifests: list[Manifest], checks: Checks, strict: bool, fail_on: str) -> None:
        self.manifests, self.checks, self.strict, self.fail_on = manifests, checks, strict, fail_on
        self.targets: list[Target] = []
        self.findings: list[Checked] = list(checks.findings)
        self.silenced: list[tuple[Checked, str]] = []
        self.notes = list(checks.notes)
        self.mended: Mended | None = None

    def counted(self) -> list[Checked]:
        """The findings that count: the definite ones, with `--strict` the possible ones too."""
        return [checked for checked in self.findings if checked.definite or self.strict]

    def fails(self) -> bool:
        """Whether one of them is at `fail_on` or worse."""
        least = LEVELS.index(self.fail_on)
        return any(LEVELS.index(checked.finding.level) >= least for checked in self.counted())

    def snapshot(self) -> Snapshot | None:
        """The target's, where there is one target."""
        return self.targets[0].snapshot if len(self.targets) == 1 else None

    @property
    def pythons(self) -> list[str]:
        """The Pythons that were looked at, oldest first."""
        from envaudit.check.pythons import fitting

        found = [name for context, _ in self.checks.worlds for name in fitting(context.pythons, None)]
        return sorted(set(found), key=lambda name: [int(part) for part in name.split(".")])

    def mending(self) -> str:
        """The line above the changes."""
        assert self.mended is not None
        how = (
            "a resolver finds versions for it"
            if self.mended.verified == "resolver"
            else "envaudit check --fix writes it"
        )
        return f"To mend it ({how})"


def run(options: Options) -> Outcome:
    """Audit `options.files`.  Raises one of WRONG_INPUT, or MatrixError, with one line for the user."""
    settings = config.read(os.curdir)
    matrix = load([*settings.rules, *options.rules])
    manifests = [read(path) for path in dict.fromkeys(options.files)]
    hosts = _Hosts(settings, options)
    targets = [hosts.load(name) for name in options.targets]

    def again(changed: list[Manifest]) -> Checks:
        return audit.check(changed, targets, hosts.of, matrix, options.together)

    checks = again(manifests)
    strict = options.strict or bool(settings.strict)
    outcome = Outcome(manifests, checks, strict, options.fail_on or settings.fail_on or "error")
    outcome.targets = targets or hosts.used()
    silence = _Silence(manifests, settings, options)
    silence.apply(outcome)
    if outcome.findings:
        from envaudit.check.mend import mend

        def wanted(found: Checks) -> list[Checked]:
            return [one for one in silence.kept(found.findings) if _to_mend(one, strict)]

        if wanted(checks):
            outcome.mended = mend(manifests, checks, wanted, again, matrix)
    return outcome


def _to_mend(checked: Checked, strict: bool) -> bool:
    """What is certain, and what an installer takes today, is mended; what only old versions do, with `--strict`."""
    serious = checked.finding.level != "notice"
    return serious and (checked.definite or strict or (checked.today and bool(checked.tighten)))


class _Hosts:
    """The targets of files that say themselves where they run, else those of the project's settings."""

    def __init__(self, settings: Config, options: Options) -> None:
        self._settings, self._gpu = settings, options.gpu
        self._held: dict[str, Target | None] = {}

    def load(self, name: str) -> Target:
        """A target by its name, with the GPU of `--gpu`."""
        found = self._held.get(name)
        if found is None:
            found = load_target(f"{name},gpu={self._gpu}" if self._gpu else name)
            self._held[name] = found
        return found

    def of(self, context: Context) -> list[Target]:
        """The targets of files that are installed together."""
        host = context.host
        if host:
            if host not in self._held:
                self._held[host] = for_host(host)
            found = self._held[host]
            if found is not None:
                return [found]
        names = self._settings.targets or ([f"gpu={self._gpu}"] if self._gpu else [])
        return (
            [load_target(names[0])] if self._gpu and not self._settings.targets else [self.load(one) for one in names]
        )

    def used(self) -> list[Target]:
        """Every target that files were audited for."""
        return [target for target in self._held.values() if target is not None]


class _Silence:
    """Ignores in files and settings, and the baseline."""

    def __init__(self, manifests: list[Manifest], settings: Config, options: Options) -> None:
        self._ignores = ignores.of_files({one.place.path for m in manifests for one in m.requirements})
        self._table = ignores.from_table(settings.ignore, settings.path or "pyproject.toml")
        self._options = options
        self._settings = settings

    def kept(self, found: list[Checked]) -> list[Checked]:
        """The findings that nothing silences."""
        return found

    def apply(self, outcome: Outcome) -> None:
        """Silence what is to be silent, and say what silences nothing."""
