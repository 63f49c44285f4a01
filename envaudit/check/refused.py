"""What an installer refuses because no file of it is for this Python, told as a finding."""

from __future__ import annotations

from envaudit import versions
from envaudit.engine import written
from envaudit.facts import Facts
from envaudit.truth import TRUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.check.choices import Clause
    from envaudit.check.world import World
    from envaudit.finding import Finding
    from envaudit.matrix.store import Matrix

_PYTORCH = "://download.pytorch.org/"
RULE = KIND = "no-wheel-for-python"


def refused(world: World, python: str, matrix: Matrix, indexes: list[str]) -> dict[str, tuple[Finding, Clause]]:
    """package -> the finding and its clause, of the pinned packages that are published as wheels only.

    For all others a missing Python means no more than that nobody wrote it down: they are built from source.  conda's
    channels and indexes that are not PyTorch's own have other builds.
    """
    if any(_PYTORCH not in address for address in indexes):
        return {}
    only = set(matrix.table("wheels-only") or ())
    found: dict[str, tuple[Finding, Clause]] = {}
    for name, version in world.homeless:
        if name not in only or not version or any(one.conda for one in world.parts[name].stated):
            continue
        detail = f"{name} {version} has no wheel for Python {python}, and it has no other files"
        near, bound = _nearest(world, name, version)
        if near:
            detail += f"; the {near}"
        facts = Facts(
            {**world.snapshot, "problems": [{"kind": KIND, "detail": detail, "culprits": [name]}]}, matrix.table
        )
        clause = next(clause for clause in matrix.clauses(()) if clause["r"] == RULE)
        finding = next(written(matrix.card(RULE), clause, TRUE, facts))
        finding.options = [{name: bound}] if bound else []
        found[name] = finding, clause
    return found


def _nearest(world: World, name: str, version: str) -> tuple[str, str]:
    """The next release with a wheel for this Python, else the last before, in words and as a specifier; "" for none."""
    there = world.releases.of(name)
    pin = versions.key(version)
    if not there or pin is None:
        return "", ""
    later = next((release for key, release in there if key > pin), None)
    if later:
        return f"next release that has is {later}", f">={later}"
    return f"last release that has is {there[-1][1]}", f"<={there[-1][1]}"
