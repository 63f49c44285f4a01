"""The compiled matrix, read: an index, and blobs that are parsed when they are asked for."""

from __future__ import annotations

import marshal
import os

from envaudit.versions import contains

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, BinaryIO

    from envaudit.versions import Key

HEAD = b"envaudit matrix 4\n"  # the first line of a compiled matrix; the number changes with the format
ALWAYS = ""  # where clauses lie that need no package


class MatrixError(Exception):
    """The matrix cannot be had; `str()` is one line for the user."""


class Matrix:
    """The compiled rules and tables in `file`, of which an audit reads the parts that it needs.

    Raises MatrixError when it is not a matrix of this format.
    """

    def __init__(self, file: BinaryIO) -> None:
        if file.read(len(HEAD)) != HEAD:
            raise MatrixError("the compiled matrix is of another format; reinstall envaudit")
        length = int(file.read(13))
        index = marshal.loads(file.read(length))  # noqa: S302  # our own file, like a .pyc
        self._file = file
        self._body = len(HEAD) + 13 + length
        self._packages: dict[str, list[int]] = index["packages"]
        self._blobs: dict[str, list[int]] = index["blobs"]
        self._lists: dict[int, list[Any]] = {}
        self._cards: dict[str, list[int]] | None = None
        self._read: dict[str, Any] = {}
        self.known: dict[str, str] = index["known"]  # package -> newest release that the tables know

    def _at(self, place: list[int]) -> Any:
        self._file.seek(self._body + place[0])
        return marshal.loads(self._file.read(place[1]))  # noqa: S302

    def clauses(
        self,
        packages: Iterable[str],
        key: Callable[[str], Key | None] | None = None,
        lacking: frozenset[str] = frozenset(),
    ) -> list[dict[str, Any]]:
        """The clauses that could say something about an environment with `packages` (names).

        `key` gives the sort key of a package's installed version, None where it cannot be compared; without it, the
        clauses about all versions come.  `lacking` names parts that the machine is known not to have.
        """
        found: list[dict[str, Any]] = []
        held = self._packages
        for name in dict.fromkeys((ALWAYS, *packages)):
            if name in held:
                installed = key(name) if key and name else None
                for allowed, parts, place in self._kept(held[name]):
                    if (installed is None or contains(allowed, installed)) and lacking.isdisjoint(parts):
                        found += self._kept(place)
        return found

    def _kept(self, place: list[int]) -> list[Any]:
        """The list at `place`, the same objects each time: the planner tells clauses apart by identity."""
        held = self._lists.get(place[0])
        if held is None:
            held = self._lists[place[0]] = self._at(place)
        return held

    def places(self, package: str) -> list[str]:
        """The packages with which the clauses lie that speak of `package`."""
        mentions: dict[str, list[str]] = self.table("mentions")
        return [package, *mentions.get(package, ())]

    def table(self, name: str) -> Any:
        """A table that facts are derived with, or None: gpu-names, default-builds, releases:NAME."""
        if name not in self._read:
            self._read[name] = self._at(self._blobs[name]) if name in self._blobs else None
        return self._read[name]

    def rule_ids(self) -> list[str]:
        """The ids of all rules."""
        return [rule_id for rule_id, _ in self.table("rules")]

    def card(self, rule: str) -> dict[str, Any]:
        """Everything written about one rule.  KeyError when there is no such rule."""
        if self._cards is None:
            cards: dict[str, list[int]] = self.table("cards")
            self._cards = cards
        card: dict[str, Any] = self._at(self._cards[f"card:{rule}"])
        return card


def load(rule_folders: list[str] | None = None) -> Matrix:
    """The matrix: compiled in the wheel, or compiled now from a checkout and kept in the cache folder.

    `rule_folders` adds a user's own rules.  Raises MatrixError, with file, line and reason where a rule is at fault.
    """
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    shipped = os.path.join(here, "matrix.bin")
    if not rule_folders:
        try:
            return Matrix(open(shipped, "rb"))  # read bit by bit as long as the process lives
        except FileNotFoundError:
            pass  # a checkout
        except OSError as error:
            raise MatrixError(f"{shipped}: cannot be read: {error.strerror or error}; reinstall envaudit") from error
    from io import BytesIO

    return Matrix(BytesIO(_compiled([own_rules(), *(rule_folders or [])])))


def own_rules() -> str:
    """The folder of envaudit's own rules: inside the installed package, or beside it in a checkout."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(here, "rules")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(here), "rules")


def _compiled(folders: list[str]) -> bytes:
    from envaudit.snapshot import cache

    for folder in folders:
        if not os.path.isdir(folder):
            raise MatrixError(f"{folder}: there is no such folder of rules")
    name = "matrix-" + fingerprint(folders) + ".bin"
    held = cache.read_bytes(name)
    if held is not None and held.startswith(HEAD):
        return held
    from envaudit.matrix.compiler import compile_matrix, read

    source, faults = read(folders)
    data, more = compile_matrix(source)
    if faults or more:
        raise MatrixError(str((faults + more)[0]))
    cache.write_bytes(name, data)
    return data


def fingerprint(folders: list[str]) -> str:
    """A word that changes whenever a file of the folders, or the code that compiles them, changes."""
    import hashlib

    digest = hashlib.sha256()
    code = os.path.dirname(os.path.abspath(__file__))
    for folder in [*folders, code, os.path.dirname(code)]:
        for base, inner, names in os.walk(folder):
            inner.sort()
            if folder not in folders:
                inner.clear()
            for name in sorted(names):
                if name.endswith((".yaml", ".yml", ".py")):
                    state = os.stat(os.path.join(base, name))
                    digest.update(f"{base}/{name} {state.st_size} {state.st_mtime_ns}\n".encode("utf-8", "replace"))
    return digest.hexdigest()[:32]
