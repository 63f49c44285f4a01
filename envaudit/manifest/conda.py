"""The match specs of conda ("numpy=1.24", "conda-forge::pandas >=1.5,<2") in the words of PEP 440."""

from __future__ import annotations

import re

from envaudit import versions
from envaudit.manifest.conda_names import distribution

MAX_SPEC = 2_000  # characters
MAX_ALTERNATIVES = 50
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_KEY = re.compile(r"""\s*([a-z_0-9]+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^,'"\]]*))\s*(?:,|$)""")
_ARCHIVE = (".conda", ".tar.bz2")
_CLAUSE = re.compile(r"(===|==|~=|!=|>=|<=|=|<|>|)((?:\d+!)?[^=<>!~]+)")


def match_spec(text: str) -> tuple[str, str, str]:
    """(distribution, PEP 440 specifier set, build string) of a conda match spec.

    The name is canonical as PyPI's ("pytorch" gives "torch"), and "" for what is no Python distribution; alternatives
    stand with "||" between them; the build is "" where any will do.  Raises ValueError with the reason when `text` is
    no match spec, or asks for versions that PEP 440 cannot say.
    """
    package, version, build = parts(text)
    name = distribution(package)
    return name, version_spec(version) if name else "", build


def parts(text: str) -> tuple[str, str, str]:
    """(conda's name of the package, its version spec, build string) as written in a match spec: no translation.

    Raises ValueError with the reason.
    """
    if len(text) > MAX_SPEC:
        raise ValueError(f"longer than {MAX_SPEC:,} characters")
    spec = text.partition("#")[0].strip()
    if spec.endswith(_ARCHIVE):
        return _archive(spec)
    keys: dict[str, str] = {}
    if spec.endswith("]") and "[" in spec:
        spec, _, inside = spec.partition("[")
        keys = _keys(inside[:-1])
    spec = re.sub(r"(?<=\s)\([a-z][^()]*\)$", "", spec).strip()  # "(optional)"
    spec = re.sub(r"(?<=[\w.-])\[[\w, -]*\](?=\s)", "", spec, count=1)  # extras
    spec = spec.rpartition("::")[2]  # the channel and its folder stand before the name
    found = _NAME.match(spec)
    if not found or (found.end() < len(spec) and spec[found.end()] not in " =<>!~\t"):
        raise ValueError(f"'{_short(text)}' is no package of conda")
    version, build = _version_and_build(spec[found.end() :].strip())
    version, build = keys.get("version", version), keys.get("build", build)
    return keys.get("name", found[0]), version, "" if build == "*" else build


def version_part(text: str) -> tuple[int, str] | None:
    """(where it starts, as written) of the version and the build in a match spec: (5, "=1.24=py3*") for
    "numpy=1.24=py3*", and where one would be put in and "" when there is none.

    None where it cannot be replaced by another specifier: in brackets, in the name of an archive.
    """
    start = text.rfind("::") + 2 if "::" in text else 0
    found = _NAME.match(text, start + len(text[start:]) - len(text[start:].lstrip()))
    if not found or any(mark in text for mark in "[(#") or text.strip().endswith(_ARCHIVE):
        return None
    rest = text[found.end() :].strip()
    return (text.index(rest, found.end()) if rest else found.end()), rest


def _archive(spec: str) -> tuple[str, str, str]:
    name = re.split(r"[/\\]", spec)[-1]
    for ending in _ARCHIVE:
        name = name[: -len(ending)] if name.endswith(ending) else name
    fields = name.rsplit("-", 2)
    if len(fields) < 3 or not all(fields):
        raise ValueError(f"'{_short(spec)}' is no package of conda")
    return fields[0], f"=={fields[1]}", fields[2]


def _keys(text: str) -> dict[str, str]:
    keys, at = {}, 0
    while at < len(text):
        found = _KEY.match(text, at)
        if not found:
            raise ValueError(f"'[{_short(text)}]' is not the key=value list that conda puts in brackets")
        keys[found[1]] = next(value for value in (*found.groups()[1:], "") if value is not None).strip()
        at = found.end()
    return keys


def _version_and_build(text: str) -> tuple[str, str]:
    """("=1.24", "") of "=1.24", ("==1.24", "py3*") of "=1.24=py3*" and of "1.24 py3*": with a build, the version is
    that one and no series."""
    at = max(text.rfind("="), text.rfind(" "))
    build = text[at + 1 :]
    before = text[:at].rstrip()
    if at <= 0 or not before.strip("= ") or before[-1] in "=!|,<>~" or any(mark in build for mark in "-=,|<>~"):
        build, before = "", text.rstrip("=") if text.strip("=") else text
    version = "".join(before.split())
    if build and version.startswith("=") and not any(mark in version[1:] for mark in "=,|"):
        version = f"={version}"
    elif not build and version.startswith("==") and version.endswith(".*"):
        version = version[1:]  # conda reads "numpy==1.24.*" as the series
    return version, build


def version_spec(text: str) -> str:
    """The PEP 440 specifier set of a conda version spec: ">=1.24,<2|2.1.*" gives ">=1.24,<2||==2.1.*".

    "" is any version.  Raises ValueError with the reason when it is none, or PEP 440 has no such versions.
    """
    if len(text) > MAX_SPEC:
        raise ValueError(f"longer than {MAX_SPEC:,} characters")
    alternatives, rest = _any(text.replace(" ", "").replace("\t", ""), 0)
    if rest < len(text.replace(" ", "").replace("\t", "")):
        raise ValueError(f"'{_short(text)}' is no version of conda")
    return "" if "" in alternatives else "||".join(dict.fromkeys(alternatives))


def _any(text: str, at: int) -> tuple[list[str], int]:
    """The alternatives (each a specifier set) of what stands at `at` up to a closing bracket, and where that is."""
    alternatives: list[str] = []
    while True:
        found, at = _all(text, at)
        alternatives += found
        if len(alternatives) > MAX_ALTERNATIVES:
            raise ValueError(f"more than {MAX_ALTERNATIVES} alternatives in a version")
        if text[at : at + 1] != "|":
            return alternatives, at
        at += 2 if text[at : at + 2] == "||" else 1


def _all(text: str, at: int) -> tuple[list[str], int]:
    """As `_any`, of clauses with commas between them, which bind closer than "|"."""
    result = [""]
    while True:
        if text[at : at + 1] == "(":
            found, at = _any(text, at + 1)
            if text[at : at + 1] != ")":
                raise ValueError(f"a bracket is open in the version '{_short(text)}'")
            at += 1
        else:
            end = at
            while end < len(text) and text[end] not in ",|()":
                end += 1
            found, at = [_clause(text[at:end])], end
        result = [",".join(filter(None, (one, other))) for one in result for other in found]
        if len(result) > MAX_ALTERNATIVES:
            raise ValueError(f"more than {MAX_ALTERNATIVES} alternatives in a version")
        if text[at : at + 1] != ",":
            return result, at
        at += 1


def _clause(text: str) -> str:
    if text in ("", "*", "=*", "==*", "=="):
        return ""
    found = _CLAUSE.fullmatch(text)
    if not found:
        raise ValueError(f"'{_short(text)}' is no version of conda")
    operator, version = found[1], found[2]
    series = version.endswith("*")
    version = version.rstrip("*").rstrip(".") if series else version
    if versions.key(version) is None:
        raise ValueError(f"'{_short(version)}' is not a version as Python packages have them")
    if operator == "~=":
        if series or len(versions.key_release(version)) < 2:
            raise ValueError(f"'{_short(text)}' is no version of conda: ~= needs at least two numbers")
    elif operator == "=" or (series and operator in ("", "==")):
        return f"=={version}.*" if _is_final(version) else f"=={version}"
    elif series and operator == "!=":
        return f"!={version}.*"
    return f"{operator or '=='}{version}"  # "*" after another operator says nothing more, as in conda


def _is_final(version: str) -> bool:
    return re.fullmatch(r"(?:\d+!)?\d+(?:\.\d+)*", version) is not None


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
