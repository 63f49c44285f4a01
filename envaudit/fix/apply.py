"""Carries a plan out in the audited environment, and puts things back."""

from __future__ import annotations

import os
import subprocess

from envaudit import versions
from envaudit.fix import record
from envaudit.fix.commands import Step, steps
from envaudit.fix.resolve.find import uv_path
from envaudit.fix.resolve.pip import has_pip
from envaudit.snapshot.metadata import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TextIO

    from envaudit.fix.plan import Plan
    from envaudit.snapshot.model import Snapshot

# what undo leaves alone: the tools that do the work
TOOLS = ("envaudit-ml", "pip", "uv", "setuptools", "wheel")


class Refused(Exception):
    """The environment must not or cannot be changed; `str()` is one line: why, and what to do."""


class Hand:
    """Does steps in one environment with pip or uv.

    Raises Refused when that environment is not to be touched.
    """

    def __init__(self, snapshot: Snapshot, installer: str, break_system_packages: bool) -> None:
        interpreter: Any = snapshot.get("interpreter") or {}
        self.python = str(interpreter.get("path") or "")
        prefix = str(interpreter.get("prefix") or "")
        if not self.python:
            raise Refused("there is no interpreter here to change")
        if interpreter.get("externally_managed") and not break_system_packages:
            raise Refused(
                f"{self.python} is managed by the system (PEP 668): make a virtual environment, or add "
                "--break-system-packages"
            )
        if not os.access(prefix, os.W_OK):
            raise Refused(f"{prefix} cannot be written: run as its owner, or make a virtual environment")
        self.uv = uv_path() or ""
        pip = has_pip(self.python) if installer == "pip" or not self.uv else False
        if not pip and not self.uv:
            raise Refused(f"neither pip nor uv can install into {self.python}: python -m pip install uv")
        self.installer = "pip" if pip else "uv"
        self._extra = ["--break-system-packages"] if break_system_packages else []

    def do(self, todo: Iterable[Step], out: TextIO) -> bool:
        """Run the steps; the installer speaks to the user itself.  False at the first that fails or is interrupted."""
        for step in todo:
            words = step.argv(self.installer, self.uv, self.python, self._extra)
            out.write("+ " + " ".join(words) + "\n")
            out.flush()
            try:
                process = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=_environment())  # noqa: S603  # no shell
            except OSError as error:
                out.write(f"this step cannot be started: {error.strerror or error}\n")
                return False
            try:
                status = process.wait()
            except KeyboardInterrupt:
                process.wait()  # it has been interrupted too, and puts back what it has half done
                out.write("interrupted\n")
                return False
            if status:
                out.write(f"this step failed (exit status {status})\n")
                return False
        return True


def _environment() -> dict[str, str]:
    """This process's variables without those that put other folders on the installer's path."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def carry_out(plan: Plan, snapshot: Snapshot, own: Iterable[str], hand: Hand, out: TextIO) -> bool:
    """Record what is there, and which of it came from no index (`own`), then do what `plan` says.  False when a step
    failed.  Raises record.RecordError."""
    path = record.write(snapshot, plan, own)
    out.write(f"what was installed is recorded in {path}\n")
    if hand.do(steps(plan.pins, plan.remove, snapshot), out):
        return True
    out.write("the environment may be half changed: `envaudit undo` puts it back\n")
    return False


def moved_along(plan: Plan, before: Snapshot, after: Snapshot) -> list[str]:
    """What moved besides the plan: "six 1.15.0 -> 1.16.0"."""
    then, now = before.get("packages") or {}, after.get("packages") or {}
    names = sorted(name for name in {**then, **now} if then.get(name) != now.get(name))
    return [
        f"{name} {then.get(name, '(new)')} -> {now.get(name, '(gone)')}"
        for name in names
        if name not in plan.pins and name not in plan.remove
    ]


def warnings(plan: Plan, snapshot: Snapshot, own: set[str]) -> list[str]:
    """What the user should know before: what undo cannot bring back, and what conda manages."""
    moved = {*plan.pins, *plan.remove}
    conda: Any = snapshot.get("installers") or {}
    lines = []
    managed = sorted(name for name in moved if conda.get(name) == "conda")
    if managed:
        lines.append(f"conda manages {', '.join(managed)}: it does not know of what pip changes")
    lost = sorted(moved & own)
    if lost:
        lines.append(f"{', '.join(lost)} came from no index: envaudit undo cannot bring that back")
    return lines


def not_from_an_index(snapshot: Snapshot, paths: Iterable[str]) -> set[str]:
    """Distributions that conda manages, or that were installed from a folder, a file or a repository (PEP 610)."""
    installers: Any = snapshot.get("installers") or {}
    found = {name for name, installer in installers.items() if installer == "conda"}
    for path in paths:
        try:
            entries = os.listdir(path)
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(".dist-info") and os.path.exists(os.path.join(path, entry, "direct_url.json")):
                found.add(canonical(entry.partition("-")[0]))
    return found


class Back:
    """What undo has to do.

    install    package -> version to put back
    uninstall  packages that were not there
    lost       packages that it cannot bring back: no index has them
    """

    __slots__ = ("install", "lost", "uninstall")

    def __init__(self, held: record.Record, now: dict[str, str]) -> None:
        then = held.packages
        different = {
            name: version
            for name, version in sorted(then.items())
            if now.get(name) != version and name != "envaudit-ml"
        }
        self.install = {
            name: version
            for name, version in different.items()
            if name not in held.own and versions.key(version) is not None
        }
        self.lost = sorted(name for name in different if name not in self.install)
        self.uninstall = sorted(name for name in now if name not in then and name not in TOOLS)

    def lines(self, now: dict[str, str]) -> list[str]:
        """What changes, a line each."""
        said = [f"{name} {now.get(name, '(not there)')} -> {version}" for name, version in self.install.items()]
        said += [f"{name} {now[name]} goes" for name in self.uninstall]
        return said + [f"{name} cannot be brought back: it came from no index" for name in self.lost]

    def steps(self) -> list[Step]:
        """Exactly the recorded versions: nothing that they require is looked at."""
        todo = steps(self.install, self.uninstall, {})
        for step in todo:
            step.deps = False
        return todo


def same(one: str | None, other: str | None) -> bool:
    """Whether two versions are of one release and build."""
    if one is None or other is None:
        return one == other
    return versions.key(one) == versions.key(other) and versions.local(one) == versions.local(other)


def put_back(hand: Hand, held: record.Record, back: Back, taken: Callable[[], Snapshot], out: TextIO) -> bool:
    """Do `back`, look whether everything is as recorded, and forget the record when it is.  `taken` takes a snapshot of
    the environment anew."""
    done = hand.do(back.steps(), out)
    now = taken().get("packages") or {}
    wrong = [
        f"{name} is {now.get(name, 'not there')}, it was {version}"
        for name, version in back.install.items()
        if not same(now.get(name), version)
    ]
    wrong += [f"{name} is still there" for name in back.uninstall if name in now]
    for line in wrong:
        out.write(line + "\n")
    if not done or wrong:
        return False
    os.unlink(held.path)
    out.write(f"as it was on {held.date}{', but for ' + ', '.join(back.lost) if back.lost else ''}\n")
    return not back.lost
