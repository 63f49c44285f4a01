"""uv as the resolver: `uv pip compile`, which keeps preferred versions where it can."""

from __future__ import annotations

import os
import re
import sys
import time

from envaudit.fix.resolve import stub
from envaudit.fix.resolve.index import for_uv, without_credentials
from envaudit.fix.resolve.interface import Answer, Broken, Impossible, Unreachable
from envaudit.fix.resolve.process import environment, run, scratch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.fix.resolve.interface import Machine, Question

_QUIET = {"UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_HTTP_RETRIES": "1", "NO_COLOR": "1"}
LAST_PATCH = 99
NO_SOLUTION = 1  # uv's exit status when the requirements cannot be met; 2 is any other failure
# glibc versions that uv has a platform for
_GLIBC = (17, 28, *range(31, 41))
_MISSING = (
    re.compile(
        r"(?<![\w.<>=~!-])([a-z0-9][a-z0-9-]*)(?:([=<>]=?)(\S+))?"
        r" (?:(?:has|have) no (?:usable )?wheels|was not found in)"
    ),
    re.compile(r"there is no version of ([a-z0-9][a-z0-9-]*)(?:(==)([^\s,]+))?"),
)
_OFFLINE = ("Failed to fetch", "error sending request", "Failed to download", "timed out", "network was disabled")
_PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==(\S+)")


class Uv:
    """The uv at `path`."""

    name = "uv"

    def __init__(self, path: str) -> None:
        self.path = path
        found, self._options = for_uv(os.environ)
        self._environ = environment(("VIRTUAL_ENV", "FORCE_COLOR"), {**_QUIET, **found})
        self._extra = None
        if "UV_INDEX" in found:
            # of one release that two indexes hold, uv sees the wheels of the extra index only, and pip those of both:
            # the extra one is asked when the main one does not do
            self._extra = self._environ
            self._environ = {name: value for name, value in self._environ.items() if name != "UV_INDEX"}

    def resolve(self, question: Question, seconds: float) -> Answer:
        """See Resolver.resolve."""
        end = time.monotonic() + seconds
        try:
            return self._ask(question, seconds, self._environ)
        except Impossible as refusal:
            if self._extra is None:
                raise
            try:
                return self._ask(question, end - time.monotonic(), self._extra)
            except Impossible:
                raise refusal from None

    def _ask(self, question: Question, seconds: float, environ: dict[str, str]) -> Answer:
        with scratch() as folder:
            # no source distribution is built: that would run code of a package that nobody has installed
            words = [self.path, "pip", "compile", "--quiet", "--no-header", "--only-binary", ":all:"]
            words += [*self._options, *_machine(question.machine)]
            if question.torch_build:
                words += ["--torch-backend", question.torch_build]
            if question.held:
                # an option would take the place of the user's own folders
                places = [environ.get("UV_FIND_LINKS"), stub.write(folder, question.held)]
                environ = {**environ, "UV_FIND_LINKS": ",".join(filter(None, places))}
            _write(folder, "wanted.in", question.requirements)
            _write(folder, "constraints.txt", question.constraints)
            # uv takes what stands in its output file as its preferences
            _write(folder, "pins.txt", [f"{name}=={version}" for name, version in question.preferred.items()])
            words += ["--constraints", "constraints.txt", "--output-file", "pins.txt", "wanted.in"]
            status, _, said = run(words, folder, seconds, environ)
            if status == 0:
                with open(os.path.join(folder, "pins.txt"), encoding="utf-8") as file:
                    return _read(file.read())
        reason = _reason(said)
        if any(word in said for word in _OFFLINE):
            raise Unreachable(_address(reason))
        if status == NO_SOLUTION:
            found = [match for form in _MISSING for match in form.findall(said)]
            missing = {name: version if sign == "==" else None for name, sign, version in found}
            raise Impossible(reason, missing)
        raise Broken(reason)


def _machine(machine: Machine) -> list[str]:
    if machine.interpreter:
        return ["--python", machine.interpreter]
    # "3.6" is a series, and its last release is the best guess
    python = machine.python if machine.python.count(".") > 1 else f"{machine.python}.{LAST_PATCH}"
    # without an interpreter named, uv asks every Python of this machine whether it is the one
    return ["--python", sys.executable, "--python-version", python, "--python-platform", _platform(machine)]


def _platform(machine: Machine) -> str:
    arm = machine.machine in ("aarch64", "arm64")
    if machine.system == "darwin":
        return f"{'aarch64' if arm else 'x86_64'}-apple-darwin"
    if machine.system == "windows":
        return f"{'aarch64' if arm else 'x86_64'}-pc-windows-msvc"
    minor = int(machine.glibc.split(".")[1]) if machine.glibc else 28
    fitting = [number for number in _GLIBC if number <= minor] or [_GLIBC[0]]
    return f"{'aarch64' if arm else 'x86_64'}-manylinux_2_{fitting[-1]}"


def _write(folder: str, name: str, lines: list[str]) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def _read(text: str) -> Answer:
    """uv's requirements file: pins, each followed by comments that name who requires it."""
    versions: dict[str, str] = {}
    via: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        found = _PIN.match(line)
        if found:
            name = found.group(1)
            versions[name] = found.group(2)
        elif line.startswith("    #") and name:
            word = line.strip("# ").removeprefix("via").strip()
            if word and not word.startswith("-"):  # "-r wanted.in" is no package
                via.setdefault(name, []).append(word)
    return Answer(versions, via)


def _address(reason: str) -> str:
    """What could not be fetched, without the chain of causes."""
    found = re.search(r"Failed to (?:fetch|download)[^ ]* \S+", reason)
    return found.group(0) if found else "uv has no network"


def _reason(said: str) -> str:
    """uv's reason in one line."""
    kept = []
    for line in said.splitlines():
        text = line.strip(" \u2570\u2500\u25b6\u2502\u251c\u00d7")
        if text.startswith("hint:"):
            break
        if text and not text.startswith(("warning:", "error: No solution found")):
            kept.append(text.removeprefix("cause: "))
    return without_credentials(" ".join(kept)[:600]) or "uv gave no reason"
