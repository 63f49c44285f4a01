"""The headers of METADATA and PKG-INFO files, and what the name of a metadata folder tells.

Only the three headers that envaudit uses are looked for, by searching the text instead of parsing it line by line:
an environment has tens of thousands of header lines, and every start would pay for them.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

FIRST_READ: Final = 8192  # bytes; holds the headers of nearly every distribution
LARGEST: Final = 512 * 1024  # bytes; headers beyond that are cut
_LONGEST: Final = 128  # characters of a name or a version
# O_NONBLOCK: somebody may have put a pipe there, and nobody writes to it
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def read(path: str) -> tuple[str, str, list[str]]:
    """(canonical name, version, values of `Requires-Dist`) of the metadata file at `path`.

    Name and version are "" when they are missing or cannot be one.  Raises OSError when it cannot be read.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        data = os.read(descriptor, FIRST_READ)
        end = _end(data)
        if end < 0 and len(data) == FIRST_READ:
            while len(data) < LARGEST:
                more = os.read(descriptor, LARGEST - len(data))
                if not more:
                    break
                data += more
            end = _end(data)
            if end < 0 and len(data) >= LARGEST:
                end = data.rfind(b"\n")  # the last line may be half a line
    finally:
        os.close(descriptor)
    return parse(data if end < 0 else data[:end])


def _end(data: bytes) -> int:
    """Where the first empty line begins, or -1."""
    # a file with Windows line ends has one in its first line
    return data.find(b"\n\r\n" if data.find(b"\r\n", 0, 100) >= 0 else b"\n\n")


def parse(headers: bytes) -> tuple[str, str, list[str]]:
    """As `read`, of the header part."""
    text = "\n" + headers.decode("utf-8", "replace") + "\n"
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    name = canonical(_header(text, "\nName:"))
    version = sane_version(_header(text, "\nVersion:"))
    pieces = text.split("\nRequires-Dist:")
    del pieces[0]
    return name, version, [piece.partition("\n")[0] for piece in pieces]


def _header(text: str, start: str) -> str:
    """The value of the first header that begins with `start`, or ""."""
    at = text.find(start)
    return text[at + len(start) : text.index("\n", at + len(start))].strip() if at >= 0 else ""


def canonical(name: str) -> str:
    """PEP 503: "Foo._Bar" gives "foo-bar".  "" when `name` cannot be a distribution's name."""
    name = name.lower()
    if not name.isalnum():
        name = name.replace("_", "-").replace(".", "-")
        while "--" in name:
            name = name.replace("--", "-")
        if not name.replace("-", "").isalnum() or name[0] == "-" or name[-1] == "-":
            return ""
    return name if name.isascii() and len(name) <= _LONGEST else ""


def sane_version(version: str) -> str:
    """`version`, or "" when it holds characters that no version has."""
    bare = version.replace(".", "")
    if not bare.isalnum():
        for mark in "+-_!":
            bare = bare.replace(mark, "")
        if not bare.isalnum():
            return ""
    return version if bare.isascii() and len(version) <= _LONGEST else ""


def from_folder_name(folder: str) -> tuple[str, str]:
    """(name, version) that the name of a metadata folder or an egg says; the version may be "".

    "torch-2.4.0+cu121.dist-info", "six-1.16.0-py3.8.egg-info", "mine.egg-info", "six-1.16.0-py3.8.egg".
    """
    name, _, rest = folder.rpartition(".")[0].partition("-")
    version = rest.partition("-py")[0]
    return canonical(name), sane_version(version)
