"""`envaudit check`: from file names and options to an outcome."""

from __future__ import annotations

import os

from envaudit.check import audit, config
from envaudit.check.baseline import BaselineError
from envaudit.check.config import ConfigError
from envaudit.check.hosts import Hosts
from envaudit.check.ignores import IgnoreError
from envaudit.check.mend import matrix_planner, mend
from envaudit.check.silence import Silence
from envaudit.check.world import ASSUMED
from envaudit.manifest import ManifestError, read
from envaudit.matrix.levels import LEVELS
from envaudit.matrix.store import load
from envaudit.targets import TargetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from envaudit.check.audit import Checked, Checks
    from envaudit.check.mend import Mended, Planner
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
    matrix     the matrix
    again      what checks other manifests in the same way
    findings   those of them that are told: neither ignored nor in the baseline
    silenced   (finding, reason) of the others
    notes      (path, line or None, sentence)
    strict     whether possible findings count too
    fail_on    level from which on a finding counts
    mend       what finds changes with another planner
    mended     the changes that mend it; both None where there is nothing to mend
    """

    def __init__(
        self, manifests: list[Manifest], checks: Checks, matrix: Matrix, again: Callable[[list[Manifest]], Checks]
    ) -> None:
        self.manifests, self.checks, self.matrix, self.again = manifests, checks, matrix, again
        self.targets: list[Target] = []
        self.findings: list[Checked] = list(checks.findings)
        self.silenced: list[tuple[Checked, str]] = []
        self.notes = list(checks.notes)
        self.strict = False
        self.fail_on = "error"
        self.mend: Callable[[Planner], Mended] | None = None
        self.mended: Mended | None = None

    def counted(self) -> list[Checked]:
        """The findings that count: the definite ones, with `--strict` the possible ones too."""
        return [checked for checked in self.findings if checked.definite or self.strict]

    def told(self) -> list[Checked]:
        """The findings that a person is told one by one: not those that only old versions make possible."""
        return [checked for checked in self.findings if checked.definite or checked.today or self.strict]

    def fails(self) -> bool:
        """Whether one of them is at `fail_on` or worse."""
        return self.matters(self.counted())

    def matters(self, findings: list[Checked]) -> bool:
        """Whether one of `findings` is at `fail_on` or worse."""
        return any(LEVELS.index(checked.finding.level) >= LEVELS.index(self.fail_on) for checked in findings)

    def snapshot(self) -> Snapshot:
        """The target's, where there is one target; else what is the same for all."""
        return self.targets[0].snapshot if len(self.targets) == 1 else ASSUMED

    def pythons(self) -> list[str]:
        """The Pythons that were looked at, oldest first."""
        worlds = [world for _, _, worlds in self.checks.installs for world in worlds]
        found = {python for world in worlds if (python := world.snapshot.get("python"))}
        return sorted(found, key=lambda name: [int(part) for part in name.split(".") if part.isdecimal()])


def run(options: Options) -> Outcome:
    """Audit `options.files` and find what mends them.  Raises one of WRONG_INPUT, or MatrixError, with one line."""
    settings = config.read(os.curdir)
    matrix = load([*settings.rules, *options.rules])
    manifests = [read(path) for path in dict.fromkeys(options.files)]
    hosts = Hosts(options.targets, settings.targets, options.gpu)
    silence = Silence(manifests, settings, options.baseline)

    def again(changed: list[Manifest]) -> Checks:
        return audit.check(changed, hosts.of, matrix, options.together)

    checks = again(manifests)
    outcome = Outcome(manifests, checks, matrix, again)
    outcome.targets = hosts.used()
    outcome.strict = options.strict or bool(settings.strict)
    outcome.fail_on = options.fail_on or settings.fail_on or "error"
    outcome.findings = silence.kept(checks.findings)
    outcome.silenced = silence.silenced(checks.findings)
    outcome.notes += silence.notes(checks.findings)

    def wanted(found: Checks) -> list[Checked]:
        return [one for one in silence.kept(found.findings) if to_mend(one, outcome.strict)]

    if wanted(checks):
        outcome.mend = lambda plan: mend(manifests, checks, wanted, again, plan)
        outcome.mended = outcome.mend(matrix_planner(matrix))
    return outcome


def to_mend(checked: Checked, strict: bool) -> bool:
    """What is certain, and what an installer takes today, is mended; what only old versions do, with `--strict`."""
    if checked.finding.level == "notice":
        return False
    return checked.definite or bool(checked.tighten and (strict or checked.sure))
