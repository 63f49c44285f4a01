"""Builds the bad side of a case, runs it, lets envaudit mend it, runs it again."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from envaudit import snapshot
from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.finding import Finding
from envaudit.fix.plan import Plan
from envaudit.fix.resolve.find import find as find_resolver
from envaudit.fix.resolved import make_resolved_plan
from envaudit.fix.wishes import Wishes
from envaudit.matrix.store import Matrix
from envaudit.snapshot.locate import LocateError, find
from lab import isolation
from lab.compare import disagreement
from lab.recipe import PYTHONS, Case, Recipes
from lab.systems import System
from lab.wheels import WAIT, Refused, Uv, Wheel

TORCH = ("torch", "torchvision", "torchaudio", "triton")
RESOLVE = 120.0  # seconds for a plan
TRIES = 3  # Pythons tried for one case


class Lab:
    """What all cases share."""

    def __init__(
        self,
        uv: Uv,
        matrix: bytes,
        recipes: Recipes,
        pythons: dict[str, str],
        systems: list[System],
        scratch: Path | None,
        say: Callable[[str], None],
    ) -> None:
        self.uv, self.recipes, self.scratch, self.say = uv, recipes, scratch, say
        self.pythons, self.systems = pythons, systems
        self._matrix = matrix
        os.environ["UV_CACHE_DIR"] = str(uv.cache)  # for the resolver of plans
        self._own = threading.local()

    @property
    def matrix(self) -> Matrix:
        """The matrix, one reader a thread."""
        if not hasattr(self._own, "matrix"):
            self._own.matrix = Matrix(BytesIO(self._matrix))
        held: Matrix = self._own.matrix
        return held

    def reproduce(self, case: Case) -> dict[str, Any]:
        """The result of one case: verdict (agrees, disagrees, skipped), reason, and what was seen.

        Raises Budget when nothing more may be downloaded.
        """
        folder = Path(tempfile.mkdtemp(prefix="lab-env-", dir=self.scratch))
        entry: dict[str, Any] = {
            "rule": case.rule,
            "date": datetime.date.today().isoformat(),
            "platform": f"{platform.system()} {platform.machine()} {' '.join(platform.libc_ver())}",
            "probe": case.probe,
            "host": str(case.host),
        }
        try:
            self._reproduce(case, folder, entry)
        except (Refused, LocateError) as error:
            entry.update(verdict="skipped", reason=str(error))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        place = str(folder)
        home = str(Path.home())
        return {
            name: value.replace(place, "…").replace(home, "~") if isinstance(value, str) else value
            for name, value in entry.items()
        }

    def _reproduce(self, case: Case, folder: Path, entry: dict[str, Any]) -> None:
        pythons = self._pythons(case)
        python, wheels = self._resolved(case, pythons, folder)
        interpreter = self.uv.build(folder, pythons[python], wheels, case.sdist)
        system = next((one for one in self.systems if pythons[python] in one.pythons.values()), None)
        if system:
            entry["platform"] = f"Linux {system.machine} {system.libc}"
            entry["host"] = f"Debian {system.name}, played by qemu"
        held = {wheel.name: wheel.version for wheel in wheels}
        stand_ins = self._stand_ins(case)
        stands = {stand_ins.get(name, name): name for name in case.wanted}
        entry["python"] = self._version(interpreter)
        entry["pins"] = ", ".join(f"{name} {held[name]}" for name in stands if name in held)
        limits = isolation.Limits(seconds=case.seconds, memory_mib=case.memory_mib)
        if case.prepare:
            _alter(interpreter, case.prepare)
        bad = isolation.run(interpreter, case.probe, limits, case.env, case.host)
        entry.update(outcome=str(bad), error=bad.error, output=bad.output[-4000:], isolation=bad.isolation)
        taken = self._snapshot(interpreter, case, system)
        matrix = self.matrix
        card = matrix.card(case.rule)
        missing = _not_installed(bad)
        if (
            bad.passed
            and not case.own_probe
            and (card["certainty"] == "possible" or card["level"] in ("degraded", "notice"))
        ):
            raise Refused("nothing fails at import; a probe of its own is needed (lab/recipes.yaml)")
        if missing and missing not in card["symptom"] and missing in TORCH:
            raise Refused(f"needs {missing}, of which the index has builds for CUDA only")
        audit = evaluate(Facts(taken, matrix.table), matrix)
        fired = {finding.rule for finding in audit.findings}
        symptom = next((finding.symptom for finding in audit.findings if finding.rule == case.rule), card["symptom"])
        silenced = {name for finding in audit.findings for name in finding.supersedes}
        entry["others"] = sorted(
            finding.rule
            for finding in audit.findings
            if finding.level in ("error", "crash") and finding.rule != case.rule
        )
        if bad.passed and case.rule not in fired | silenced:
            raise Refused("nothing fails here, and envaudit does not say so either: this Python or system is not meant")
        said = disagreement("error" if case.kernel else card["level"], symptom, bad)
        if said is None and case.rule not in fired | silenced:
            said = "envaudit is silent on the environment"
        plan = self._plan(taken, audit.findings, case.keep)
        moves, remove = (dict(plan.pins), list(plan.remove)) if plan else ({}, [])
        entry["fixed-by"] = "resolver" if plan and plan.verified == "resolver" else "plan"
        if not moves and not remove:
            moves, entry["fixed-by"] = dict(case.good), "example"
        if case.mend:
            moves, remove, entry["fixed-by"] = {}, [], "hand"
        elif not moves and not remove and any(case.host):
            self._elsewhere(case, interpreter, limits, entry, said)
            return
        elif not moves and not remove:
            entry.update(
                verdict="disagrees" if said else "skipped", reason=said or "envaudit has no plan that mends it"
            )
            return
        moves = {stand_ins.get(name, name): version for name, version in moves.items()}
        entry["fixed"] = (
            ", ".join(
                [*(f"{name} {version}" for name, version in moves.items()), *(f"without {name}" for name in remove)]
            )
            or "as the rule's note says"
        )
        # what clashes and is to stay is named too, or the resolver moves it along where it need not
        keep = {name: held[name] for name in stands if name in held and name not in moves and name not in remove}
        try:
            if case.mend:
                _alter(interpreter, case.mend)
            else:
                self._mend(case, interpreter, moves, remove, keep, folder)
        except Refused as error:
            entry.update(
                verdict="disagrees", reason="; ".join(filter(None, [said, f"the fix cannot be installed: {error}"]))
            )
            return
        good = isolation.run(interpreter, case.probe, limits, case.env, case.host)
        entry.update({"fixed-outcome": str(good), "fixed-error": good.error, "fixed-output": good.output[-4000:]})
        mended = self._snapshot(interpreter, case, system)
        along = [f"{name} {mended['packages'][stands[name]]}" for name in keep if stands[name] in mended["packages"]]
        moved = [item for item in along if item not in entry["pins"].split(", ")]
        if moved:
            entry["fixed"] += f", and with it {', '.join(moved)}"
        after = evaluate(Facts(mended, matrix.table), matrix)
        reasons = [said] if said else []
        if not good.passed:
            reasons.append(f"the fixed side fails ({good}: {good.error[:160]})")
        elif any(finding.rule == case.rule for finding in after.findings):
            reasons.append("the rule still fires after the fix")
        entry.update(verdict="disagrees" if reasons else "agrees", reason="; ".join(reasons))

    def _plan(self, taken: Any, findings: list[Finding], keep: tuple[str, ...]) -> Plan | None:
        """What `envaudit --fix` says: a plan that a resolver has confirmed, where one can be asked."""
        return make_resolved_plan(
            taken,
            findings,
            self.matrix,
            installer="uv",
            wishes=Wishes(keep),
            resolver=lambda: find_resolver("uv", None),
            live=True,
            seconds=RESOLVE,
            tell=lambda text: None,
        )

    def _mend(
        self,
        case: Case,
        interpreter: Path,
        moves: dict[str, str],
        remove: list[str],
        keep: dict[str, str],
        folder: Path,
    ) -> None:
        """Install the fix: with what clashes and stays where it is, else with that moved along."""
        without = [name for name in self._left_out(case) if name not in moves]
        try:
            self.uv.change(interpreter, {**moves, **keep}, remove, case.sdist, without, folder, case.cuda)
        except Refused:
            if not keep:
                raise
            self.uv.change(interpreter, moves, remove, case.sdist, without, folder, case.cuda)

    def _stand_ins(self, case: Case) -> dict[str, str]:
        """What is built in place of what, in this case."""
        return {name: other for name, other in self.recipes.stand_ins.items() if name not in case.as_named}

    def _left_out(self, case: Case) -> list[str]:
        """Packages that neither side holds, whatever asks for them."""
        stand_ins = self._stand_ins(case)
        wanted = {stand_ins.get(name, name) for name in case.wanted}
        stood_for = [name for name in stand_ins if name not in wanted]
        # nothing that the index has for ARM is a build for CUDA, up to torch 2.10
        asked = any(item.startswith("torch") for item in case.also) or (case.system or "").endswith("arm64")
        torch = [] if asked else list(TORCH)
        return [*case.without, *torch, *stood_for]

    def _elsewhere(
        self, case: Case, interpreter: Path, limits: isolation.Limits, entry: dict[str, Any], said: str | None
    ) -> None:
        """The same environment on this machine, where the fix is another machine."""
        good = isolation.run(interpreter, case.probe, limits, case.env)
        entry.update({"fixed": "on a machine that has it", "fixed-by": "machine", "fixed-outcome": str(good)})
        entry.update({"fixed-error": good.error, "fixed-output": good.output[-4000:]})
        if not good.passed:
            said = "; ".join(filter(None, [said, f"it fails on this machine too ({good}: {good.error[:160]})"]))
        entry.update(verdict="disagrees" if said else "agrees", reason=said or "")

    def _pythons(self, case: Case) -> dict[str, str]:
        """Python series to interpreter, of the system that the case runs on."""
        if case.system is None:
            return self.pythons
        systems = [one for one in self.systems if case.system in (one.name, one.name.partition("-")[2])]
        if not systems:
            raise Refused(f"needs the system {case.system} (python -m lab systems, then --systems)")
        return {series: python for one in systems for series, python in one.pythons.items()}

    def _resolved(self, case: Case, pythons: dict[str, str], folder: Path) -> tuple[str, list[Wheel]]:
        """The first Python that the case's wheels can be had for, and the wheels."""
        reasons = []
        names = [case.python] if case.python else [name for name in PYTHONS if name in pythons]
        wanted = {self._stand_ins(case).get(name, name): spec for name, spec in case.wanted.items()}
        without = [*self._left_out(case), *case.absent]
        for name in names:
            if name not in pythons:
                raise Refused(f"needs Python {name}, which is not here")
        dates: dict[str, str | None] = {}
        for name in names:
            try:
                dates[name] = case.date or self.uv.newest_upload(wanted, pythons[name], folder, case.sdist)
            except Refused as error:
                reasons.append(f"Python {name}: {error}")
            if len(dates) == TRIES or (len(dates) + len(reasons) == TRIES + 2 and not dates):
                break
        # a Python on which the companions of that day can be had goes before one on which only later ones can
        for hidden in (True, False):
            for name, date in dates.items():
                also = list(case.also)
                if name in ("3.7", "3.8", "3.9", "3.10", "3.11") and "setuptools" not in wanted:
                    also.append("setuptools<81")  # environments of these Pythons came with it
                try:
                    day = date if hidden else None
                    return name, self.uv.resolve(
                        wanted, also, pythons[name], folder, without=without, sdist=case.sdist, date=day, cuda=case.cuda
                    )
                except Refused as error:
                    reasons.append(f"Python {name}: {error}")
        raise Refused(reasons[0] if reasons else "no Python to run it on")

    def _snapshot(self, interpreter: Path, case: Case, system: System | None) -> Any:
        """What envaudit sees with the case's variables set; a stand-in is called by the name it stands for."""
        taken: dict[str, Any] = dict(snapshot.take(find(str(interpreter))))
        if system:
            taken["platform"] = {"system": "Linux", "machine": system.machine, "libc": system.libc}
            taken.pop("cpu", None)
        taken["env_vars"] = {**(taken.get("env_vars") or {}), **case.env}
        for key, told in case.facts.items():
            taken[key] = {**(taken.get(key) or {}), **told}
        for name, stand_in in self._stand_ins(case).items():
            for key in ("packages", "requires"):
                held = taken.get(key)
                if name in case.wanted and isinstance(held, dict) and stand_in in held:
                    taken[key] = {name if own == stand_in else own: value for own, value in held.items()}
        return taken

    def _version(self, interpreter: Path) -> str:
        lines = (interpreter.parent.parent / "pyvenv.cfg").read_text("utf-8").splitlines()
        return next((line.partition("=")[2].strip() for line in lines if line.startswith("version")), "?")


def _alter(interpreter: Path, code: str) -> None:
    """Run a recipe's own code in the site-packages of an environment.  Raises Refused when it fails."""
    folder = next(interpreter.parent.parent.glob("lib/python3.*/site-packages"))
    try:
        done = subprocess.run(  # noqa: S603
            [str(interpreter), "-c", code], cwd=folder, capture_output=True, text=True, timeout=WAIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise Refused(f"its own code did not end in {WAIT} s") from None
    if done.returncode:
        raise Refused(f"its own code failed: {done.stderr.strip()[-200:]}")


def _not_installed(bad: isolation.Outcome) -> str | None:
    """The package whose absence ended the probe; a module that is missing inside a package is another matter."""
    found = bad.error.partition("No module named '")[2].partition("'")[0]
    return None if "." in found else found or None
