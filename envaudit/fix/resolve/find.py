"""Which resolver there is."""

from __future__ import annotations

import os
import shutil
import sys

from envaudit.fix.resolve.interface import Broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.fix.resolve.interface import Resolver


def find(wanted: str | None, interpreter: str | None) -> Resolver:
    """uv where it is found, else the pip of `interpreter` or of the Python that runs envaudit; `wanted` ("uv", "pip")
    leaves no choice.  Raises Broken with what to do where there is none."""
    uv = uv_path() if wanted in (None, "uv") else None
    if uv:
        from envaudit.fix.resolve.uv import Uv

        return Uv(uv)
    if wanted == "uv":
        raise Broken("uv is not installed: python -m pip install uv")
    from envaudit.fix.resolve.pip import Pip, has_pip

    for python in dict.fromkeys(filter(None, (interpreter, sys.executable))):
        if has_pip(python):
            return Pip(python)
    raise Broken("neither uv nor pip (22.2 or newer) is here: python -m pip install uv")


def uv_path() -> str | None:
    """The uv beside the interpreter that runs envaudit, or the first on PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "uv.exe" if os.name == "nt" else "uv")
    return beside if os.access(beside, os.X_OK) else shutil.which("uv")
