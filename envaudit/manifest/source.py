"""Files as readers get them: bounded, decoded, and only from folders that the user asked about."""

from __future__ import annotations

import os

from envaudit.manifest.requirement import ManifestError

MAX_FILE = 64 << 20  # bytes; notebooks carry pictures
MAX_FILES = 200  # that one manifest may include


class Source:
    """The text of one file and the way to those that it includes.

    path   as messages call it
    text   decoded, line ends as they are
    """

    __slots__ = ("_opened", "_roots", "path", "text")

    def __init__(self, path: str, text: str, roots: list[str], opened: list[str]) -> None:
        self.path, self.text, self._roots, self._opened = path, text, roots, opened

    def include(self, name: str) -> Source:
        """The file `name`, relative to this one.

        Raises ManifestError where it cannot be read, lies outside of the folders asked about, was opened before on the
        way here (a circle), or is one too many.
        """
        path = os.path.normpath(os.path.join(os.path.dirname(self.path), name))
        real = os.path.realpath(path)
        if not any(real == root or real.startswith(root.rstrip(os.sep) + os.sep) for root in self._roots):
            raise ManifestError(path, "lies outside of the folder that is checked; it was not read")
        if real in self._opened:
            raise ManifestError(path, "was read already; it was not read again")
        if len(self._opened) >= MAX_FILES:
            raise ManifestError(path, f"more than {MAX_FILES} files are included; it was not read")
        self._opened.append(real)
        return Source(path, _text(path), self._roots, self._opened)


def open_source(path: str) -> Source:
    """The file at `path`.  Raises ManifestError where it cannot be read.

    It may include files of its own folder and of the current one, and of what lies in them.
    """
    real = os.path.realpath(path)
    return Source(path, _text(path), [os.path.dirname(real), os.path.realpath(os.curdir)], [real])


def _text(path: str) -> str:
    try:
        if not os.path.isfile(path):
            raise ManifestError(path, "is a folder" if os.path.isdir(path) else "there is no such file")
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ManifestError(path, f"cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_FILE:
        raise ManifestError(path, f"is larger than {MAX_FILE >> 20} MiB")
    return decode(data, path)


def decode(data: bytes, path: str) -> str:
    """Text of a file: by its byte order mark, else UTF-8, else Latin-1 as pip reads what is not UTF-8 on most systems.

    Raises ManifestError for what is no text.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise ManifestError(path, f"is not the {encoding} text that its first bytes say") from error
    if b"\0" in data:
        raise ManifestError(path, "is not a text file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
