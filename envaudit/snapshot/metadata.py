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
        end = data.find(b"\n\n")
        if end < 0:
            data = _more(descriptor, data)
            end = len(data)
    finally:
        os.close(descriptor)
    return parse(data[:end])


def _more(descriptor: int, data: bytes) -> bytes:
    """The header part of a file whose first read is `data`, in which no empty line was found."""
    if len(data) == FIRST_READ:
        while len(data) < LARGEST:
            more = os.read(descriptor, LARGEST - len(data))
            if not more:
                break
            data += more
    for empty_line in (b"\n\n", b"\n\r\n"):
        end = data.find(empty_line)
        if end >= 0:
            return data[:end]
    return data if len(data) < LARGEST else data[: data.rfind(b"\n")]  # the last line may be half a line


def parse(headers: bytes) -> tuple[str, str, list[str]]:
    """As `read`, of the header part."""
    text = f"\n{headers.decode('utf-8', 'replace')}\n"
    if "\r" in text:
        text = text.replace("\r\n", "\n").partition("\n\n")[0] + "\n"
    at = text.find("\nName:")
    name = canonical(text[at + 6 : text.find("\n", at + 6)].strip()) if at >= 0 else ""
    at = text.find("\nVersion:")
    version = sane_version(text[at + 9 : text.find("\n", at + 9)].strip()) if at >= 0 else ""
    pieces = text.split("\nRequires-Dist:")
    del pieces[0]
    return name, version, [piece.partition("\n")[0] for piece in pieces]


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
