"""The formats: which module reads a file of which name."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from importlib import import_module

from envaudit.manifest.requirement import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source

# pattern of the file's name in lower case -> module; the first that fits
_FORMATS = (
    ("*.ipynb", "notebook"),
    ("pyproject.toml", "pyproject"),
    ("pylock.toml", "pylock"),
    ("pylock.*.toml", "pylock"),
    ("uv.lock", "uv_lock"),
    ("poetry.lock", "poetry_lock"),
    ("pdm.lock", "pdm_lock"),
    ("pipfile", "pipfile"),
    ("pipfile.lock", "pipfile_lock"),
    ("setup.cfg", "setup_cfg"),
    ("pixi.toml", "pixi"),
    ("pixi.lock", "pixi_lock"),
    ("*conda-lock.y*ml", "conda_lock"),
    ("*.yml", "conda_environment"),
    ("*.yaml", "conda_environment"),
    ("dockerfile*", "dockerfile"),
    ("*.dockerfile", "dockerfile"),
    ("*dockerfile", "dockerfile"),
    ("containerfile*", "dockerfile"),
    ("*.txt", "requirements"),
    ("*.in", "requirements"),
)
_KNOWN = (
    "requirements files (*.txt, *.in), pyproject.toml, lock files, Pipfile, setup.cfg, environment.yml, pixi.toml, "
    "Dockerfiles and notebooks"
)


def reader(path: str) -> Callable[[Source], Manifest]:
    """What reads the file at `path`, by its name.  Raises ManifestError for a name that says no format."""
    name = os.path.basename(path).lower()
    for pattern, module in _FORMATS:
        if fnmatchcase(name, pattern):
            read: Callable[[Source], Manifest] = import_module(f"{__name__}.{module}").read
            return read
    raise ManifestError(path, f"no known format; known are {_KNOWN}")
