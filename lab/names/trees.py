"""The sources of one release: its modules as syntax trees."""

from __future__ import annotations

import ast
import io
import urllib.request
import warnings
import zipfile
from pathlib import Path
from typing import Any

LARGEST = 400 << 20  # bytes of a wheel that is looked into
COMPILED = (".so", ".pyd")


class Tree:
    """The modules of one release.

    sources   module ("scipy.integrate") to its source
    packages  those that are packages (their file is an `__init__.py`)
    compiled  modules that exist as machine code, of which nothing is known but their name
    names     what was found out of a module (`lab.names.exports`)
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._files: dict[str, str] = {}
        self.packages: set[str] = set()
        self.compiled: set[str] = set()
        self._parsed: dict[str, ast.Module | None] = {}
        self.names: dict[str, Any] = {}
        for name in archive.namelist():
            if "-" in name.partition("/")[0]:  # metadata, or data beside the packages
                continue
            words = name.split("/")
            if words[-1] == "__init__.py" and len(words) > 1:
                self._files[".".join(words[:-1])] = name
                self.packages.add(".".join(words[:-1]))
            elif name.endswith(".py"):
                self._files[".".join(words)[:-3]] = name
            elif name.endswith(COMPILED):
                self.compiled.add(".".join([*words[:-1], words[-1].partition(".")[0]]))
        self._folders = {name[:at] for name in self._files for at in range(len(name)) if name[at] == "."}

    @property
    def roots(self) -> list[str]:
        """The top-level packages and modules."""
        return sorted(
            {name.partition(".")[0] for name in self._files} | {name for name in self.compiled if "." not in name}
        )

    def __contains__(self, module: str) -> bool:
        return module in self._files or module in self.compiled or self.is_folder(module)

    def is_folder(self, module: str) -> bool:
        """Whether it is a folder without `__init__.py`."""
        return module in self._folders

    def parsed(self, module: str) -> ast.Module | None:
        """Its syntax tree, None where there is no source or none that can be read."""
        if module not in self._parsed:
            found = None
            if module in self._files:
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        found = ast.parse(self._archive.read(self._files[module]))
                except (SyntaxError, ValueError, RecursionError):
                    found = None
            self._parsed[module] = found
        return self._parsed[module]


def fetch(url: str, kept: Path) -> Tree:
    """The tree of the wheel at `url`; `kept` is where its sources stay.  Raises OSError, zipfile.BadZipFile."""
    if not kept.is_file():
        with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310  # an index's own address
            data = answer.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise OSError(f"{url} is larger than {LARGEST >> 20} MiB")
        part = kept.with_suffix(".part")
        with zipfile.ZipFile(io.BytesIO(data)) as wheel, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as sources:
            for item in wheel.infolist():
                if item.filename.endswith(".py") and item.file_size < 4 << 20:
                    sources.writestr(item.filename, wheel.read(item))
                elif item.filename.endswith(COMPILED):
                    sources.writestr(item.filename, b"")  # its name tells that the module exists
                elif item.filename.endswith(".dist-info/METADATA"):
                    sources.writestr(item.filename, wheel.read(item))
        part.replace(kept)
    return Tree(zipfile.ZipFile(kept))
