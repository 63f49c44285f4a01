"""What a file asks for: requirements, each with the file and line it stands at."""

from __future__ import annotations

INSTALL, CONSTRAINT, REMOVE = "install", "constraint", "remove"


class ManifestError(Exception):
    """A file that cannot be read as what it is; `str()` is one line with the file, the line where known, and why."""

    def __init__(self, path: str, reason: str, line: int | None = None) -> None:
        place = path if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {reason}")


class Place:
    """Where a requirement stands, so that it can be shown, silenced and rewritten.

    path     the file, as messages call it
    line     from 1
    column   where `written` starts in the line, in characters from 0; None where it cannot be rewritten in place (a
             lock file, a version that another file states)
    written  the version part as the file has it (">= 1.24, <2", "^1.24", "*"); "" where there is none, and one would
             be put in at `column`
    """

    __slots__ = ("column", "line", "path", "written")

    def __init__(self, path: str, line: int, column: int | None = None, written: str = "") -> None:
        self.path, self.line, self.column, self.written = path, line, column, written


class Requirement:
    """One requirement as a file states it.

    name       canonical name of the distribution (PEP 503)
    specifier  PEP 440 specifier set; "" is any version, a pin is "==1.2.3" (local tag kept: "==2.1.0+cu121")
    place      where it stands
    marker     PEP 508 marker, or ""
    extras     canonical names of extras
    url        direct reference (a URL, a path, a VCS address), or ""; the version is then known only where the name of
               a wheel says it
    group      "" for what is always installed, else the extra, dependency group or environment that asks for it
    kind       INSTALL, CONSTRAINT (binds the version, installs nothing) or REMOVE (`pip uninstall`)
    conda      True where conda installs it
    hashed     True where hashes stand with it: another version would need others
    step       which install command of a notebook or Dockerfile, from 0 in order; 0 elsewhere
    upgrade    True where the command upgrades what already satisfies it (`pip install -U`)
    """

    __slots__ = (
        "conda", "extras", "group", "hashed", "kind", "marker", "name", "place", "specifier", "step", "upgrade", "url",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        specifier: str,
        place: Place,
        *,
        marker: str = "",
        extras: tuple[str, ...] = (),
        url: str = "",
        group: str = "",
        kind: str = INSTALL,
        conda: bool = False,
        hashed: bool = False,
        step: int = 0,
        upgrade: bool = False,
    ) -> None:
        self.name, self.specifier, self.place = name, specifier, place
        self.marker, self.extras, self.url, self.group, self.kind = marker, extras, url, group, kind
        self.conda, self.hashed, self.step, self.upgrade = conda, hashed, step, upgrade


class Manifest:
    """What one file asks for, with what it includes.

    path          the file, as messages call it
    format        name of the format: "requirements", "pyproject", "uv.lock"
    requirements  in the order of the file
    python        specifier set of the Pythons that it is for (">=3.9,<3.13", "==3.11.*"); "" where it does not say
    complete      True for a lock: what it does not name is not installed
    host          image or host that it is for, where the file says it: "colab-gpu", "kaggle-gpu", or the base image of
                  a Dockerfile ("nvidia/cuda:12.1.0-base-ubuntu22.04"); else None
    indexes       addresses of the package indexes that the file names, as they stand
    notes         what could not be read or was left out: (line or None, what and why in one sentence)
    """

    __slots__ = ("complete", "format", "host", "indexes", "notes", "path", "python", "requirements")

    def __init__(self, path: str, format: str) -> None:
        self.path, self.format = path, format
        self.requirements: list[Requirement] = []
        self.python = ""
        self.complete = False
        self.host: str | None = None
        self.indexes: list[str] = []
        self.notes: list[tuple[int | None, str]] = []

    def note(self, line: int | None, text: str) -> None:
        """Remember something that the user should know of how the file was read."""
        self.notes.append((line, text))
