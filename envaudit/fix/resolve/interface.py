"""What a resolver is asked and what it answers; uv.py and pip.py are the two there are."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Resolver(Protocol):
        """A resolver with the user's own configuration of indexes."""

        name: str  # "uv" or "pip"

        def resolve(self, question: Question, seconds: float) -> Answer:
            """The versions that meet `question`, within `seconds`.

            Raises Impossible when no versions do, Unreachable when the index cannot be asked, Late when time is up,
            Broken when the resolver cannot be run.
            """


class Impossible(Exception):
    """No set of releases meets the question; `str()` is the resolver's reason in one line.

    missing  package -> the version that the index has no usable wheel of, None where it is more than one
    """

    def __init__(self, reason: str, missing: dict[str, str | None]) -> None:
        super().__init__(reason)
        self.missing = missing


class Unreachable(Exception):
    """The package index cannot be asked; `str()` says why, in one line and without credentials."""


class Late(Exception):
    """The resolver did not answer in time."""


class Broken(Exception):
    """The resolver itself fails; `str()` says why in one line."""


class Machine:
    """The Python and the platform that is resolved for.

    python       "3.11.4" or "3.11"
    interpreter  path of the interpreter when it is on this machine; None resolves by the other fields
    system       "linux", "darwin" or "windows"
    machine      "x86_64", "aarch64", "arm64", "amd64"
    glibc        "2.35"; None where it is not known
    """

    __slots__ = ("glibc", "interpreter", "machine", "python", "system")

    def __init__(self, python: str, interpreter: str | None, system: str, machine: str, glibc: str | None) -> None:
        self.python, self.interpreter = python, interpreter
        self.system, self.machine, self.glibc = system, machine, glibc


class Question:
    """What is to be resolved.

    requirements  what must be there, as "name" or "name==1.2"
    constraints   what must hold of a package if it is there, as "name>=1,<2"
    preferred     package -> version to take where nothing speaks against it
    held          (package, version) -> what it requires, of releases to reckon with that no index has a wheel of
    machine       where it is to run
    torch_build   "cu121": the build of the PyTorch index that the torch family comes from; None for the usual index
    """

    __slots__ = ("constraints", "held", "machine", "preferred", "requirements", "torch_build")

    def __init__(
        self,
        requirements: list[str],
        constraints: list[str],
        preferred: dict[str, str],
        machine: Machine,
        held: dict[tuple[str, str], list[str]] | None = None,
        torch_build: str | None = None,
    ) -> None:
        self.requirements, self.constraints, self.preferred = requirements, constraints, preferred
        self.machine, self.held, self.torch_build = machine, held or {}, torch_build


class Answer:
    """A set of versions that fits together.

    versions  package -> version, with everything that the requirements require
    via       package -> the packages of `versions` that require it
    """

    __slots__ = ("versions", "via")

    def __init__(self, versions: dict[str, str], via: dict[str, list[str]]) -> None:
        self.versions, self.via = versions, via
