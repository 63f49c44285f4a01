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


def open_source(path: str, text: str | None = None) -> Source:
    """The file at `path`, or `text` in its place.  Raises ManifestError where it cannot be read.

    It may include files of its own folder and of the current one, and of what lies in them.
    """
    real = os.path.realpath(path)
    held = _text(path) if text is None else text
    return Source(path, held, [os.path.dirname(real), os.path.realpath(os.curdir)], [real])


class Encoded:
    """The text of a file and how it is encoded.  Making one raises ManifestError where it cannot be read."""

    __slots__ = ("_codec", "_mark", "path", "text")

    def __init__(self, path: str) -> None:
        self.path = path
        self.text, self._codec, self._mark = _decoded(_bytes(path), path)

    def encode(self, text: str) -> bytes:
        """`text` in the encoding of the file.  Raises UnicodeEncodeError."""
        return self._mark + text.encode(self._codec)


def _text(path: str) -> str:
    return _decoded(_bytes(path), path)[0]


def _bytes(path: str) -> bytes:
    try:
        if not os.path.isfile(path):
            raise ManifestError(path, "is a folder" if os.path.isdir(path) else "there is no such file")
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ManifestError(path, f"cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_FILE:
        raise ManifestError(path, f"is larger than {MAX_FILE >> 20} MiB")
    return data


def _decoded(data: bytes, path: str) -> tuple[str, str, bytes]:
    """(text, codec, byte order mark): by the mark, else UTF-8, else Latin-1 as pip reads what is not UTF-8 on most
    systems.  Raises ManifestError for what is no text."""
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(codec), codec, mark
            except UnicodeDecodeError as error:
                raise ManifestError(path, f"is not the {codec} text that its first bytes say") from error
    if b"\0" in data:
        raise ManifestError(path, "is not a text file")
    try:
        return data.decode("utf-8"), "utf-8", b""
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1", b""
