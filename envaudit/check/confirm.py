"""Whether a resolver finds versions for changed files, and whether those are clean."""

from __future__ import annotations

from envaudit.check import pythons
from envaudit.check.world import ASSUMED
from envaudit.fix.resolve.interface import Broken, Impossible, Late, Machine, Question, Unreachable
from envaudit.manifest.requirement import CONSTRAINT, INSTALL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.check.contexts import Context
    from envaudit.fix.resolve.interface import Resolver
    from envaudit.manifest.requirement import Requirement
    from envaudit.matrix.store import Matrix
    from envaudit.snapshot.model import Snapshot
    from envaudit.targets import Target


class Refused(Exception):
    """A resolver finds no versions for the changed files; `str()` is its reason."""


def confirm(
    context: Context, target: Target | None, python: str, resolver: Resolver, seconds: float, matrix: Matrix
) -> tuple[bool, str]:
    """(True, "") when the resolver finds versions for `context` under `python`; (True, a warning) when a rule fires for
    certain on what comes along; (False, why it cannot be told) when it could not be asked.  Raises Refused."""
    snapshot = target.snapshot if target else None
    holds = pythons.markers(python, snapshot)
    applying = [one for one in context.requirements if not one.marker or holds(one.marker)]
    if any(one.conda for one in applying):
        return False, "conda installs it"
    wanted = [_line(one) for one in applying if one.kind == INSTALL and not one.url]
    bounds = [_line(one) for one in applying if one.kind == CONSTRAINT and not one.url]
    platform = pythons.environment(python, snapshot)
    system = {"Darwin": "darwin", "Windows": "windows"}.get(platform["platform_system"], "linux")
    machine = Machine(python, None, system, platform["platform_machine"], None)
    try:
        answer = resolver.resolve(Question(wanted, bounds, {}, machine), seconds)
    except Impossible as error:
        raise Refused(str(error)) from None
    except Late:
        return False, f"{resolver.name} did not answer within {seconds:.0f} s"
    except (Unreachable, Broken) as error:
        return False, str(error)
    return True, _fires(answer.versions, python, snapshot, matrix)


def _line(requirement: Requirement) -> str:
    extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _fires(found: dict[str, str], python: str, snapshot: Snapshot | None, matrix: Matrix) -> str:
    """What fires for certain on what was resolved, at error or crash, with what was taken; "" for nothing."""
    from envaudit.engine import clashes
    from envaudit.facts import Facts

    after: Snapshot = {**(snapshot or ASSUMED)}
    after["python"], after["packages"] = python, {**(after.get("packages") or {}), **found}
    for finding in clashes(Facts(after, matrix.table), matrix)[0]:
        sure = finding.certainty == "definite" and finding.level in ("crash", "error")
        if sure and not found.keys().isdisjoint(finding.culprits):
            taken = " and ".join(f"{name} {found[name]}" for name in finding.culprits if name in found)
            return f"an installer takes {taken} today, on which {finding.rule} fires: bound what comes along too"
    return ""
