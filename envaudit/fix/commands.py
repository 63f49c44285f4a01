"""A plan as commands that can be pasted as they are."""

from __future__ import annotations

from envaudit import versions
from envaudit.fix.candidates import TORCH_FAMILY, is_index_build

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Snapshot

_TORCH_INDEX = "https://download.pytorch.org/whl/"


def commands(pins: dict[str, str], remove: list[str], snapshot: Snapshot, installer: str) -> list[str]:
    """Lines for a shell, or for a notebook cell where the audit was started from one.

    Builds of the PyTorch family come from the index of their CUDA build, everything else from the configured index.
    Every word that came from outside is quoted.
    """
    lines = []
    if remove:
        lines.append(_line(snapshot, installer, "uninstall", remove, None))
    plain: list[str] = []
    tagged: dict[str, list[str]] = {}
    for name, version in pins.items():
        tag = versions.local(version)
        if tag and name in TORCH_FAMILY and is_index_build(tag):
            tagged.setdefault(tag, []).append(f"{name}=={version}")
        else:
            plain.append(f"{name}=={version}")
    for tag, requirements in tagged.items():
        lines.append(_line(snapshot, installer, "install", requirements, _TORCH_INDEX + tag))
    if plain:
        lines.append(_line(snapshot, installer, "install", plain, None))
    return lines


def _line(snapshot: Snapshot, installer: str, verb: str, words: list[str], index: str | None) -> str:
    quoted = " ".join(quote(word) for word in words)
    options = f" --index-url {index}" if index else ""
    notebook = bool(snapshot.get("kernel"))
    if installer == "uv":
        interpreter: Any = snapshot.get("interpreter") or {}
        where = f" --python {_path(interpreter)}" if interpreter.get("path") else ""
        return f"{'!' if notebook else ''}uv pip {verb}{where} {quoted}{options}"
    yes = " -y" if verb == "uninstall" else ""
    if notebook:
        return f"%pip {verb}{yes} {quoted}{options}"
    return f"{_python(snapshot)} -m pip {verb}{yes} {quoted}{options}"


def _python(snapshot: Snapshot) -> str:
    interpreter: Any = snapshot.get("interpreter") or {}
    # the interpreter that runs envaudit is the one that `python` means to its user
    if interpreter.get("path") and not interpreter.get("is_self"):
        return _path(interpreter)
    return "python"


def _path(interpreter: dict[str, Any]) -> str:
    path = str(interpreter["path"])
    return path if path.isascii() and path.replace("/", "").replace("_", "").replace(".", "").isalnum() else quote(path)


def quote(word: str) -> str:
    """`word` in quotes, out of which nothing in it gets (`shlex` imports `re`, which costs as much as an audit)."""
    return "'" + word.replace("'", "'\"'\"'") + "'"
