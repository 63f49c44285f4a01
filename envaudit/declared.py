"""Requirements that installed distributions declare and the environment does not meet, as `pip check` finds them."""

from __future__ import annotations

from envaudit import versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.facts import Facts
    from envaudit.finding import Finding

RULE = "requirement-not-met"
_STOPS = frozenset("<>=!~;([ @")


class Unmet:
    """One requirement that is not met: `package` asks for `wanted` (a specifier) of `name`, and `found` is there."""

    __slots__ = ("found", "name", "package", "wanted")

    def __init__(self, package: str, name: str, wanted: str, found: str | None) -> None:
        self.package, self.name, self.wanted, self.found = package, name, wanted, found


def split(requirement: str) -> tuple[str, str]:
    """(canonical name, specifier) of a requirement without marker: "Foo_bar[x] (>=1)" gives ("foo-bar", ">=1")."""
    end = next((at for at, char in enumerate(requirement) if char in _STOPS), len(requirement))
    name = requirement[:end].lower().replace("_", "-").replace(".", "-")
    rest = requirement[end:].strip()
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


def _judge(line: str, facts: Facts) -> tuple[str, str, bool]:
    name, wanted = split(line)
    found = facts.packages.get(name)
    if found is None:
        return name, wanted, name in facts.unversioned
    if not wanted:
        return name, wanted, True
    key = versions.key(found)
    try:
        allowed = versions.specifier(wanted)
    except ValueError:
        return name, wanted, True  # a specifier of the time before PEP 440: nobody can say that it is not met
    return name, wanted, key is None or versions.contains(allowed, key)


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
