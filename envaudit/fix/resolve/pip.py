"""pip as the resolver: a dry run that reports what it would install (pip 22.2 and newer)."""

from __future__ import annotations

import json
import os
import re
import time

from envaudit.fix.candidates import TORCH_INDEX
from envaudit.fix.resolve import stub
from envaudit.fix.resolve.index import without_credentials
from envaudit.fix.resolve.interface import Answer, Broken, Impossible, Late, Unreachable
from envaudit.fix.resolve.process import environment, run, scratch
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.fix.resolve.interface import Machine, Question

_MISSING = re.compile(r"No matching distribution found for ([A-Za-z0-9][A-Za-z0-9._-]*)(?:==(\S+))?")
_OFFLINE = ("Retrying (Retry(", "NewConnectionError", "NameResolutionError", "Could not fetch URL")
_QUIET = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_NO_COLOR": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}


class Pip:
    """The pip of the interpreter `python`."""

    name = "pip"

    def __init__(self, python: str) -> None:
        self.python = python
        self._environ = environment(("PIP_TARGET", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"), _QUIET)

    def resolve(self, question: Question, seconds: float) -> Answer:
        """See Resolver.resolve.  pip has no preferences: they are tried as constraints first, then dropped."""
        end = time.monotonic() + seconds
        pins = [f"{name}=={version}" for name, version in question.preferred.items()]
        if pins:
            try:
                return self._ask(question, pins, end)
            except Impossible:
                pass
        return self._ask(question, [], end)

    def _ask(self, question: Question, pins: list[str], end: float) -> Answer:
        with scratch() as folder:
            constraints = os.path.join(folder, "constraints.txt")
            with open(constraints, "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in (*question.constraints, *pins)))
            words = [self.python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
            words += ["--retries", "1", "--timeout", "10"]
            words += ["--only-binary", ":all:", "--report", os.path.join(folder, "report.json")]
            words += ["--constraint", constraints, *_machine(question.machine, folder)]
            if question.torch_build:
                words += ["--extra-index-url", TORCH_INDEX + question.torch_build]
            if question.held:
                words += ["--find-links", stub.write(folder, question.held)]
            words += ["--", *question.requirements]
            status, _, said = run(words, folder, end - time.monotonic(), self._environ)
            if status == 0:
                with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
                    return _read(json.load(file))
        reason = _reason(said)
        if any(word in said for word in _OFFLINE):
            raise Unreachable(reason)
        if "ResolutionImpossible" in said or "No matching distribution" in said:
            raise Impossible(reason, {canonical(name): version or None for name, version in _MISSING.findall(said)})
        raise Broken(reason)


def _machine(machine: Machine, folder: str) -> list[str]:
    if machine.interpreter:
        return []
    words = ["--target", os.path.join(folder, "target"), "--implementation", "cp"]
    words += ["--python-version", ".".join(machine.python.split(".")[:2])]
    for platform in _platforms(machine):
        words += ["--platform", platform]
    return words


def _platforms(machine: Machine) -> list[str]:
    """The platform tags of wheels that run there, the newest first."""
    arm = machine.machine in ("aarch64", "arm64")
    if machine.system == "windows":
        return ["win_arm64" if arm else "win_amd64"]
    if machine.system == "darwin":
        kinds = ("arm64", "universal2") if arm else ("x86_64", "universal2")
        return [f"macosx_{number}_0_{kind}" for number in range(14, 10, -1) for kind in kinds]
    minor = int(machine.glibc.split(".")[1]) if machine.glibc else 28
    kind = "aarch64" if arm else "x86_64"
    numbered = [f"manylinux_2_{number}_{kind}" for number in range(minor, 4, -1)]
    return [*numbered, f"manylinux2014_{kind}", *([] if arm else ["manylinux2010_x86_64", "manylinux1_x86_64"])]


def _read(report: Any) -> Answer:
    """pip's installation report, version 1."""
    versions: dict[str, str] = {}
    via: dict[str, list[str]] = {}
    for item in report["install"]:
        metadata = item["metadata"]
        name = canonical(metadata["name"])
        versions[name] = metadata["version"]
        for requirement in metadata.get("requires_dist", ()):
            via.setdefault(canonical(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]), []).append(name)
    return Answer(versions, {name: askers for name, askers in via.items() if name in versions})


def _reason(said: str) -> str:
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    return without_credentials(" ".join(lines)[:600]) or "pip gave no reason"


def has_pip(python: str) -> bool:
    """Whether the interpreter `python` can run a pip that knows dry runs."""
    try:
        status, out, _ = run([python, "-m", "pip", "--version"], os.path.dirname(python) or ".", 20, os.environ)
    except (Late, Broken):
        return False
    words = out.split()
    try:
        return status == 0 and tuple(map(int, words[1].split(".")[:2])) >= (22, 2)
    except (IndexError, ValueError):
        return False
