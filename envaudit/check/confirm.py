"""Whether a resolver finds versions for changed files, and whether those are clean."""

from __future__ import annotations

from envaudit import versions
from envaudit.check import pythons
from envaudit.check.world import ASSUMED, pinned
from envaudit.fix.candidates import TORCH_FAMILY
from envaudit.fix.resolve.interface import Broken, Impossible, Late, Machine, Question, Unreachable
from envaudit.manifest.requirement import CONSTRAINT, INSTALL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.check.contexts import Context
    from envaudit.fix.resolve.interface import Answer, Resolver
    from envaudit.manifest.requirement import Requirement
    from envaudit.matrix.store import Matrix
    from envaudit.snapshot.model import Snapshot
    from envaudit.targets import Target


MOST_MISSING = 12  # releases that no index has a wheel of, and questions about one file


class Refused(Exception):
    """A resolver finds no versions for the changed files; `str()` is its reason."""


def confirm(
    before: Context,
    after: Context,
    target: Target | None,
    python: str,
    resolver: Resolver,
    seconds: float,
    matrix: Matrix,
) -> tuple[bool, str]:
    """(True, "") when the resolver finds versions for `after` under `python`; (True, a warning) when a rule fires for
    certain on what comes along; (False, why it cannot be told) when it could not be asked, or finds none for the
    requirements `before` the changes either.  Raises Refused."""
    snapshot = target.snapshot if target else None
    if any(one.conda for one in after.requirements):
        return False, "conda installs it"
    ask = _Asking(resolver, python, snapshot, seconds)
    try:
        answer = ask.about(after)
    except Impossible as error:
        try:
            ask.about(before)
        except Impossible:
            return False, f"{resolver.name} finds no versions for the file as it was either: {error}"
        except (Late, Unreachable, Broken):
            pass  # the refusal stands
        raise Refused(str(error)) from None
    except Late:
        return False, f"{resolver.name} did not answer within {seconds:.0f} s"
    except (Unreachable, Broken) as error:
        return False, str(error)
    return True, _fires(answer.versions, python, snapshot, matrix)


class _Asking:
    """Questions about requirements for one Python on one platform."""

    def __init__(self, resolver: Resolver, python: str, snapshot: Snapshot | None, seconds: float) -> None:
        self._resolver, self._seconds = resolver, seconds
        self._holds = pythons.markers(python, snapshot)
        platform = pythons.environment(python, snapshot)
        system = {"Darwin": "darwin", "Windows": "windows"}.get(platform["platform_system"], "linux")
        self._machine = Machine(python, None, system, platform["platform_machine"], None)
        self._held: dict[tuple[str, str], list[str]] = {}
        self._with_builds = True

    def about(self, context: Context) -> Answer:
        """Versions for what is installed together.

        A pinned release that no index has a wheel of is reckoned with as it is named.  Raises as Resolver.resolve.
        """
        applying = [one for one in context.requirements if not one.marker or self._holds(one.marker)]
        wanted = [_line(one) for one in applying if one.kind == INSTALL and not one.url]
        bounds = [_line(one) for one in applying if one.kind == CONSTRAINT and not one.url]
        pins = {one.name: pin for one in applying if (pin := pinned(one.specifier))}
        tags = {versions.local(pins[name]) for name in TORCH_FAMILY if name in pins} - {None}
        for _ in range(MOST_MISSING):
            build = tags.copy().pop() if len(tags) == 1 and self._with_builds else None
            question = Question(wanted, bounds, {}, self._machine, self._held, build)
            try:
                return self._resolver.resolve(question, self._seconds)
            except Unreachable:
                if build is None:
                    raise
                self._with_builds = False  # the index of that build cannot be asked: the usual one can
            except Impossible as error:
                missing = {(name, pins[name]) for name in error.missing if name in pins} - self._held.keys()
                if not missing:
                    raise
                self._held.update({which: [] for which in missing})
        raise Broken("too many releases are in no index")


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
