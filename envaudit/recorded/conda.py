"""A package as conda describes it, to statements."""

from __future__ import annotations

import re

from envaudit.recorded import names
from envaudit.recorded.found import TRACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found


def package(found: Found, line: int, name: str, version: str, build: str, channel: str | None, strength: int) -> None:
    """State one package as conda describes it."""
    if build in ("<pip>", "pypi_0", "pypi") or channel == "pypi":
        known = found.package(line, name, version, strength)
        if known:
            found.say(line, "installers", "pip", strength, known)
        return
    distribution = names.from_conda(name)
    if distribution is None:
        return
    found.host("conda")
    found.package(line, distribution, version, strength)
    if distribution == "python":
        return
    found.say(line, "installers", "conda", strength, distribution)
    if build:
        python = re.search(r"(?:^|_|cuda\d{2,3})py([23])\.?(\d{1,2})(?=[h_]|$)", build)
        if python:
            found.say(line, "python", f"{python[1]}.{python[2]}", TRACE)
        known_build = names.conda_build(build)
        if name == "pytorch-cpu" or (name == "tensorflow-base" and build.startswith(("mkl_", "eigen_"))):
            known_build = "cpu"
        found.say(line, "builds", known_build, strength, distribution)
