"""requirements.txt, constraints.txt and requirements.in: whatever pip reads with `-r`."""

from __future__ import annotations

from envaudit.manifest.pip_file import PipFile
from envaudit.manifest.requirement import INSTALL, Manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.manifest.source import Source


def read(source: Source) -> Manifest:
    """What the file and those that it includes ask for; complete where pip demands hashes for all of it."""
    manifest = Manifest(source.path, "requirements")
    file = PipFile(manifest)
    file.read(source)
    installs = any(requirement.kind == INSTALL for requirement in manifest.requirements)
    manifest.complete = installs and not file.left_out and (file.needs_hashes or file.every_hashed)
    return manifest
