"""A snapshot from what somebody recorded: snapshot JSON, the output of a tool, or a whole issue text with it inside.

    >>> from envaudit.recorded import read
    >>> read(b"torch==2.1.0+cu118\\nnumpy==1.26.4\\n", "freeze.txt")["packages"]
    {'torch': '2.1.0+cu118', 'numpy': '1.26.4'}

Each format is a module in `envaudit.recorded.formats`; the format is recognised by itself.
"""

from __future__ import annotations

from envaudit.recorded.error import RecordedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.snapshot.model import Snapshot

__all__ = ["MAX_INPUT", "RecordedError", "read"]

MAX_INPUT = 32 << 20  # bytes

# a text that says none of these says nothing that could be checked
_ENOUGH = ("packages", "packages_unversioned", "driver", "driver_cuda", "gpus", "toolkit", "cudnn", "problems")
_HINT = "paste pip freeze, pip list, conda list, nvidia-smi or python -m torch.utils.collect_env"


def read(data: bytes, name: str) -> Snapshot:
    """The snapshot that `data` records; `name` is what messages call it.

    Whatever is not stated is left out (unknown).  Raises RecordedError, and nothing else, when nothing can be read.
    """
    from envaudit.recorded import commands, page, structured
    from envaudit.recorded.formats import READERS
    from envaudit.recorded.found import Found

    if len(data) > MAX_INPUT:
        raise RecordedError(name, f"larger than {MAX_INPUT >> 20} MiB; cut it down to the report itself")
    text = page.decode(data, name)
    if text.lstrip()[:1] in ("{", "["):
        snapshot = structured.read(text, name)
        if snapshot is not None:
            return snapshot
    pasted = page.Page(text)
    found = Found()
    for reader in READERS:
        reader(pasted, found)
    snapshot = found.snapshot()
    if not _says(snapshot):
        commands.read(pasted, found)
        snapshot = found.snapshot()
    if pasted.rest:
        because = f"only its first {page.MAX_LINES:,} lines ({page.MAX_CHARACTERS >> 20} MiB) are looked at"
        snapshot.setdefault("unknown", []).append({"what": "the rest of the text", "because": because})
    if not _says(snapshot):
        where = f"its start ({page.MAX_LINES:,} lines, {page.MAX_CHARACTERS >> 20} MiB)" if pasted.rest else "it"
        raise RecordedError(name, f"no package, driver or GPU is named in {where}; {_HINT}")
    return snapshot


def _says(snapshot: Snapshot) -> bool:
    return any(snapshot.get(key) is not None for key in _ENOUGH)
