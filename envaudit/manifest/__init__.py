"""What is asked for: requirements from files of many formats, each with the file and line it stands at.

    >>> from envaudit.manifest import read
    >>> [requirement.name for requirement in read("requirements.txt").requirements]  # doctest: +SKIP
    ['numpy', 'pandas']

A format is a module in `envaudit.manifest.formats` with `read(source) -> Manifest`, and a line in its list.
"""

from __future__ import annotations

from envaudit.manifest.requirement import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.requirement import Manifest

__all__ = ["ManifestError", "read"]


def read(path: str) -> Manifest:
    """What the file at `path` asks for.  Raises ManifestError, and nothing else, where it cannot be read."""
    from envaudit.manifest.formats import reader
    from envaudit.manifest.source import open_source

    try:
        return reader(path)(open_source(path))
    except RecursionError:
        raise ManifestError(path, "is nested too deeply") from None
