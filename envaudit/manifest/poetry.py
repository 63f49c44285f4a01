"""Poetry's version constraints (^1.2, ~1.2, 1.*, "a || b") and its python and platform keys, in the words of PEP 440
and PEP 508."""

from __future__ import annotations

import re

MAX_CONSTRAINT = 2_000  # characters
_ANY = re.compile(r"v?[xX*](?:\.[xX*])*")
_CLAUSE = re.compile(r"(\^|~=|~|===|==|=|!=|>=|<=|>|<|)v?((?:\d+!)?[^=<>!~^]+)", re.IGNORECASE)
_SPACED = re.compile(r"([=<>!~^])\s+")
_BETWEEN = re.compile(r"[,\s]+")


def constraint(text: str) -> str:
    """The PEP 440 specifier set of a constraint: "^1.2 || ~3.0" gives ">=1.2,<2||>=3.0,<3.1"; "" is any version.

    Raises ValueError with the reason when `text` is none.
    """
    if len(text) > MAX_CONSTRAINT:
        raise ValueError(f"longer than {MAX_CONSTRAINT:,} characters")
    alternatives = []
    for alternative in re.split(r"\|\|?", text):
        clauses = _BETWEEN.split(_SPACED.sub(r"\1", alternative.strip(" \t\r\n,")))
        if clauses == [""]:
            raise ValueError(f"'{_short(text)}' is not a version constraint")
        alternatives.append(",".join(filter(None, map(_clause, clauses))))
    return "" if "" in alternatives else "||".join(dict.fromkeys(alternatives))


def _clause(text: str) -> str:
    from packaging.version import InvalidVersion, Version

    if _ANY.fullmatch(text):
        return ""
    found = _CLAUSE.fullmatch(text)
    operator, written = found.groups() if found else ("", "")
    bare = written
    while bare.endswith(".*"):
        bare = bare[:-2]
    try:
        version = Version(bare)
    except InvalidVersion:
        raise ValueError(f"'{_short(text)}' is not a version constraint") from None
    if operator in ("", "=", "==", "!=", "==="):
        if bare != written and not (version.is_prerelease or version.is_postrelease or version.local):
            return f"{'!=' if operator == '!=' else '=='}{version}.*"
        return f"{operator if operator in ('!=', '===') else '=='}{version}"
    if operator not in ("^", "~", "~="):
        return f"{operator}{version.public}"
    release = version.release
    if operator == "~=" and len(release) > 1:
        return f"~={version.public}"
    fixed = _fixed(release) if operator == "^" else min(2, len(release))
    if operator == "~=":
        fixed = 1
    above = [*release[: fixed - 1], release[fixed - 1] + 1]
    epoch = f"{version.epoch}!" if version.epoch else ""
    return f">={version.public},<{epoch}{'.'.join(map(str, above))}"


def _fixed(release: tuple[int, ...]) -> int:
    """How many numbers "^" keeps: up to the first that is not 0, of the first three."""
    for index, number in enumerate(release[:3]):
        if number:
            return index + 1
    return min(3, len(release))


def python_marker(text: str) -> str:
    """The marker of a dependency's `python` key: "^3.8" gives 'python_version >= "3.8" and python_version < "4"'.

    "" is any Python.  Raises ValueError as `constraint`.
    """
    alternatives = []
    for alternative in filter(None, constraint(text).split("||")):
        clauses = [_python_clause(clause) for clause in alternative.split(",")]
        alternatives.append(" and ".join(clauses))
    return _joined(alternatives)


def _python_clause(clause: str) -> str:
    operator = clause[: len(clause) - len(clause.lstrip("=<>!~"))]
    version = clause[len(operator) :]
    series = version.endswith(".*")
    # python_version has two numbers: it answers only what asks for no more ("==3.8" is any 3.8 for Poetry here)
    short = (version[:-2] if series else version).count(".") < 2 and (series or operator in (">=", "<", "=="))
    return f'python_{"" if short else "full_"}version {operator} "{version}"'


def platform_marker(text: str) -> str:
    """The marker of a dependency's `platform` key: "linux || darwin", "!=win32".  Raises ValueError when it is none."""
    alternatives = []
    for alternative in re.split(r"\s*\|\|?\s*", text.strip()):
        clauses = []
        for clause in _BETWEEN.split(alternative):
            found = re.fullmatch(r"(==|!=|=|)([A-Za-z0-9_.-]{1,40})", clause)
            if not found:
                raise ValueError(f"'{_short(text)}' is not a platform")
            clauses.append(f'sys_platform {"!=" if found[1] == "!=" else "=="} "{found[2]}"')
        alternatives.append(" and ".join(clauses))
    return _joined(alternatives)


def marker(text: str) -> str:
    """A marker in the usual spelling.  Raises ValueError when `text` is none."""
    from packaging.markers import InvalidMarker, Marker

    if len(text) > MAX_CONSTRAINT:
        raise ValueError(f"a marker longer than {MAX_CONSTRAINT:,} characters")
    try:
        return str(Marker(text))
    except InvalidMarker:
        raise ValueError(f"'{_short(text)}' is not a marker") from None


def both(*markers: str) -> str:
    """The marker that holds where all of `markers` do; "" always does."""
    given = [marker for marker in markers if marker]
    if len(given) < 2:
        return "".join(given)
    return " and ".join(f"({marker})" if re.search(r"\bor\b", marker) else marker for marker in given)


def _joined(alternatives: list[str]) -> str:
    if len(alternatives) < 2:
        return "".join(alternatives)
    return " or ".join(f"({marker})" if " and " in marker else marker for marker in alternatives)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
