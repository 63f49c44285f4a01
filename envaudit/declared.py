"""Requirements that installed distributions declare and the environment does not meet, as `pip check` finds them."""

from __future__ import annotations

from envaudit import versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from envaudit.facts import Facts
    from envaudit.finding import Finding

RULE = "requirement-not-met"
_STOPS = str.maketrans(dict.fromkeys("<>=!~;([@", " "))


class Unmet:
    """One requirement that is not met: `package` asks for `wanted` (a specifier) of `name`, and `found` is there."""

    __slots__ = ("found", "name", "package", "wanted")

    def __init__(self, package: str, name: str, wanted: str, found: str | None) -> None:
        self.package, self.name, self.wanted, self.found = package, name, wanted, found


_split: dict[str, tuple[str, str]] = {}  # the planner asks for the same lines again


def split(requirement: str) -> tuple[str, str]:
    """(canonical name, specifier) of a requirement without marker: "Foo_bar[x] (>=1)" gives ("foo-bar", ">=1")."""
    held = _split.get(requirement)
    if held is None:
        held = _split[requirement] = _split_now(requirement)
    return held


def _split_now(requirement: str) -> tuple[str, str]:
    written = requirement.translate(_STOPS).partition(" ")[0]
    rest = requirement[len(written) :].strip()
    name = written.lower().replace("_", "-").replace(".", "-")
    if rest.startswith("["):
        rest = rest.partition("]")[2].strip()
    if rest.startswith("@"):
        return name, ""
    return name, rest.strip("()")


def unmet(facts: Facts) -> list[Unmet]:
    """Every declared requirement that the packages of `facts` do not meet."""
    missing: list[Unmet] = []
    judged: dict[str, tuple[str, str, bool]] = {}
    packages = facts.packages
    requires: Any = facts.snapshot.get("requires") or {}
    for package, lines in requires.items():
        if package not in packages:
            continue
        for line in lines:
            verdict = judged.get(line)
            if verdict is None:
                verdict = judged[line] = _judge(line, facts)
            name, wanted, met = verdict
            if not met and name != package:
                missing.append(Unmet(package, name, wanted, packages.get(name)))
    return missing


class Asked:
    """Which installed distributions ask for a package, and with which requirement."""

    __slots__ = ("_lines", "_now")

    def __init__(self, facts: Facts) -> None:
        self._now = facts
        self._lines: dict[str, list[tuple[str, str]]] = {}  # package -> who asks, and the requirement
        requires: Any = facts.snapshot.get("requires") or {}
        for package, lines in requires.items():
            for line in lines:
                self._lines.setdefault(split(line)[0], []).append((package, line))

    def broken(self, moves: Mapping[str, str | None], after: Facts) -> int:
        """How many requirements that are met now are not met after `moves`.

        Those of a moved package are left out: what its other version requires is not known here.
        """
        return sum(
            _judge(line, self._now)[2] and not _judge(line, after)[2]
            for name in moves
            for package, line in self._lines.get(name, ())
            if package not in moves
        )


def _judge(line: str, facts: Facts) -> tuple[str, str, bool]:
    name, wanted = split(line)
    found = facts.packages.get(name)
    if found is None:
        return name, wanted, name in facts.unversioned
    if not wanted:
        return name, wanted, True
    key = facts.key(name)
    try:
        return name, wanted, key is None or versions.meets(wanted, key)
    except ValueError:
        return name, wanted, True  # a specifier of the time before PEP 440: nobody can say that it is not met


def findings(missing: list[Unmet], known: list[Finding], card: dict[str, Any]) -> list[Finding]:
    """A notice for each unmet requirement that no finding says more about."""
    from envaudit.finding import Finding

    said = [set(finding.culprits) for finding in known]
    result = []
    for entry in missing:
        if any({entry.package, entry.name} <= culprits for culprits in said):
            continue
        option = {entry.name: entry.wanted}
        finding = Finding(card, "definite", [entry.package, entry.name], [option])
        held = f"{entry.name} {entry.found} is installed" if entry.found else f"{entry.name} is not installed"
        finding.title = f"{entry.package} declares {entry.name}{entry.wanted}, but {held}"
        result.append(finding)
    return result
