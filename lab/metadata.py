"""The run requirements that a project's packaging files state, read without building it.

Understood are pyproject.toml (PEP 621, Poetry, flit), setup.cfg, setup.py as far as its values are plain, and the text
files that these read.
"""

from __future__ import annotations

import configparser
import posixpath
import re
import sys
from collections.abc import Callable
from typing import Any

from packaging.markers import UndefinedComparison
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lab.setup_py import setup_arguments
from lab.setup_values import Maybe, plain

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Read = Callable[[str], "str | None"]
MINORS = range(6, 16)


class Unreadable(Exception):
    """The files do not tell the requirements; `str()` says why."""


def requirements(read: Read, others: set[str]) -> list[Requirement]:
    """What a project asks of `others` at run time.  `read` gives the text of a file of it, None where there is none.

    Raises Unreadable.
    """
    try:
        project = tomllib.loads(read("pyproject.toml") or "")
    except tomllib.TOMLDecodeError as error:
        raise Unreadable("pyproject.toml is not TOML") from error
    stated = _of_pyproject(project, read)
    if stated is None:
        stated = _of_setuptools(project, read)
    found = []
    for text in stated:
        requirement = parsed(text)
        if requirement is not None and requirement.name in others:
            if isinstance(text, Maybe):
                raise Unreadable(f"setup.py asks for {text} under a condition that cannot be read")
            found.append(requirement)
    return found


def parsed(text: str) -> Requirement | None:
    """One requirement, its marker without what is about other systems; None where it never holds on Linux x86_64.

    Raises Unreadable where it is none.
    """
    try:
        requirement = Requirement(re.sub(r"\s+#.*", "", text).strip())
    except InvalidRequirement as error:
        raise Unreadable(f"'{text}' is no requirement") from error
    requirement.name = canonicalize_name(requirement.name)
    if requirement.marker is not None:
        marker = str(requirement.marker)
        try:
            holds = [requirement.marker.evaluate(_linux(minor)) for minor in MINORS]
        except UndefinedComparison as error:
            raise Unreadable(f"'{text}' has a marker that cannot be read") from error
        if not any(holds):
            return None
        if all(holds) and not re.search(r"sys_platform|platform_|os_name|implementation", marker):
            requirement.marker = None
    return requirement


def _linux(minor: int) -> dict[str, str]:
    return {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.9",
        "implementation_name": "cpython",
        "implementation_version": f"3.{minor}.9",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "sys_platform": "linux",
        "extra": "",
    }


def _of_pyproject(project: dict[str, Any], read: Read) -> list[str] | None:
    tool = project.get("tool", {})
    if "project" in project:
        dynamic = project["project"].get("dynamic", [])
        if "dependencies" in project["project"]:
            return list(project["project"]["dependencies"])
        if "dependencies" not in dynamic:
            return []
        files = tool.get("setuptools", {}).get("dynamic", {}).get("dependencies", {}).get("file")
        if files:
            return [line for name in ([files] if isinstance(files, str) else files) for line in _lines(name, read)]
        hooks = tool.get("hatch", {}).get("metadata", {}).get("hooks", {})
        if "requirements_txt" in hooks:
            files = hooks["requirements_txt"].get("files") or [hooks["requirements_txt"].get("filename", "")]
            return [line for name in files for line in _lines(name, read)]
        if read("setup.py") is None:
            raise Unreadable("dependencies are dynamic")
        return None
    if "dependencies" in tool.get("poetry", {}):
        return _of_poetry(tool["poetry"]["dependencies"])
    if "metadata" in tool.get("flit", {}):
        return list(tool["flit"]["metadata"].get("requires", []))
    return None


def _of_poetry(stated: dict[str, Any]) -> list[str]:
    found = []
    for name, value in stated.items():
        for one in value if isinstance(value, list) else [value]:
            fields = {"version": one} if isinstance(one, str) else one
            if name.lower() == "python" or fields.get("optional"):
                continue
            markers = [fields["markers"]] if "markers" in fields else []
            if "python" in fields:
                markers += [
                    f"python_version {sign[1]} '{sign[2]}'"
                    for clause in _pep440(fields["python"]).split(",")
                    if (sign := re.match(r"([<>=!~]+)\s*(.+)", clause.strip()))
                ]
            if "platform" in fields:
                markers.append(f"sys_platform == '{fields['platform']}'")
            tail = " ; " + " and ".join(f"({marker})" for marker in markers) if markers else ""
            found.append(f"{name} {_pep440(fields.get('version', '*'))}{tail}")
    return found


def _pep440(text: str) -> str:
    """Poetry's constraint as a specifier set.  Raises Unreadable for alternatives."""
    if "|" in text:
        raise Unreadable(f"Poetry's '{text}' is no specifier set")
    clauses = []
    for clause in re.split(r"\s*,\s*|(?<=[\w*])\s+(?=[<>=!~^])", text.strip()):
        sign, version = re.fullmatch(r"([<>=!~^]*)\s*v?(.*)", clause).groups()  # type: ignore[union-attr]  # fits all
        if version in ("", "*"):
            continue
        numbers = [int(number) for number in re.findall(r"\d+", re.match(r"[\d.]*", version)[0])]  # type: ignore[index]
        if sign == "^":
            at = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
            clauses += [f">={version}", "<" + ".".join(map(str, [*numbers[:at], numbers[at] + 1]))]
        elif sign == "~":
            at = min(1, len(numbers) - 1)
            clauses += [f">={version}", "<" + ".".join(map(str, [*numbers[:at], numbers[at] + 1]))]
        else:
            clauses.append(f"{sign or '=='}{version}")
    return ",".join(clauses)


def _of_setuptools(project: dict[str, Any], read: Read) -> list[str]:
    of_cfg = _of_setup_cfg(read)
    text = read("setup.py")
    if text is None:
        if of_cfg is None:
            raise Unreadable("no file states requirements")
        return of_cfg
    try:
        arguments = setup_arguments(text, read)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable(f"setup.py: {error}") from error
    if of_cfg is not None and (arguments is None or "install_requires" not in arguments):
        return of_cfg
    if of_cfg or arguments is None:
        raise Unreadable("setup.py calls setup() in a way that cannot be read")
    if "*" in arguments and "install_requires" not in arguments:
        raise Unreadable("setup.py hands on arguments that cannot be read")
    stated = arguments.get("install_requires") or []
    if isinstance(stated, str):
        stated = stated.splitlines()
    if not isinstance(stated, (list, tuple)) or not plain(stated):
        raise Unreadable("setup.py makes its requirements in a way that cannot be read")
    found = _flat(stated)
    extras = arguments.get("extras_require")
    for key, lines in extras.items() if isinstance(extras, dict) else ():
        if isinstance(key, str) and key.startswith(":"):
            if not plain(lines):
                raise Unreadable("setup.py has conditional requirements that cannot be read")
            found += [f"{line} ; {key[1:]}" for line in _flat([lines])]
    return found


def _flat(stated: Any) -> list[str]:
    """Lines of requirements as setuptools takes them: lists may be nested, texts hold several lines."""
    found: list[str] = []
    for item in stated:
        if isinstance(item, Maybe):
            found.append(item)
        elif isinstance(item, str):
            found += [line for line in item.splitlines() if line.strip() and not line.strip().startswith("#")]
        elif isinstance(item, (list, tuple)):
            found += _flat(item)
        else:
            raise Unreadable("setup.py hands on requirements that are no text")
    return found


def _of_setup_cfg(read: Read) -> list[str] | None:
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(read("setup.cfg") or "")
    except configparser.Error as error:
        raise Unreadable("setup.cfg cannot be read") from error
    if not config.has_option("options", "install_requires"):
        return [] if config.has_section("options") and config.has_option("options", "packages") else None
    text = config.get("options", "install_requires").strip()
    if text.startswith("file:"):
        return [line for name in text[5:].split(",") for line in _lines(name.strip(), read)]
    found = [line.strip() for line in re.split(r"[\n]", text) if line.strip() and not line.strip().startswith("#")]
    if config.has_section("options.extras_require"):
        for key, lines in config.items("options.extras_require"):
            if key.startswith(":"):
                found += [f"{line.strip()} ; {key[1:]}" for line in lines.splitlines() if line.strip()]
    return found


def _lines(name: str, read: Read) -> list[str]:
    """The requirements of a text file, with those of the files that it includes."""
    text = read(posixpath.normpath(name))
    if text is None:
        raise Unreadable(f"there is no {name}")
    found = []
    for written in text.replace("\\\n", "").splitlines():
        line = re.sub(r"(^|\s)#.*", "", written).strip()
        include = re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", line)
        if include:
            found += _lines(posixpath.join(posixpath.dirname(name), include[1]), read)
        elif line and not line.startswith("-"):
            found.append(line)
    return found
