"""A plan as commands: lines that can be pasted as they are, and argument lists that can be run."""

from __future__ import annotations

from envaudit import versions
from envaudit.fix.candidates import TORCH_FAMILY, TORCH_INDEX, is_index_build
from envaudit.fix.variants import extra

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Snapshot

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class Step:
    """One call of the installer.

    verb   "install" or "uninstall"
    words  requirements, or package names
    index  the index that all of `words` come from; None for the configured one
    deps   whether what `words` require is installed too
    """

    __slots__ = ("deps", "index", "verb", "words")

    def __init__(self, verb: str, words: list[str], index: str | None = None) -> None:
        self.verb, self.words, self.index, self.deps = verb, words, index, True

    def argv(self, installer: str, uv: str, python: str, more: list[str]) -> list[str]:
        """The argument list that does the step with "pip" or "uv" in the environment of the interpreter `python`;
        `more` are further options."""
        options = ["--index-url", self.index] if self.index else []
        options += ["--no-deps"] if not self.deps and self.verb == "install" else []
        options += more
        if installer == "uv":
            return [uv, "pip", self.verb, "--python", python, *options, "--", *self.words]
        yes = ["-y"] if self.verb == "uninstall" else []
        return [python, "-m", "pip", self.verb, *yes, *options, "--", *self.words]

    def line(self, installer: str, snapshot: Snapshot) -> str:
        """The line for a shell, or for a notebook cell where the audit was started from one."""
        quoted = " ".join(quote(word) for word in self.words)
        options = f" --index-url {self.index}" if self.index else ""
        notebook = bool(snapshot.get("kernel"))
        if installer == "uv":
            interpreter: Any = snapshot.get("interpreter") or {}
            where = f" --python {_path(interpreter)}" if interpreter.get("path") else ""
            return f"{'!' if notebook else ''}uv pip {self.verb}{where} {quoted}{options}"
        yes = " -y" if self.verb == "uninstall" else ""
        if notebook:
            return f"%pip {self.verb}{yes} {quoted}{options}"
        return f"{_python(snapshot)} -m pip {self.verb}{yes} {quoted}{options}"


def steps(pins: dict[str, str], remove: list[str], snapshot: Snapshot) -> list[Step]:
    """What has to be done in an environment, in order: what goes, then builds of the PyTorch family from the index of
    their CUDA build, then everything else from the configured index."""
    packages = snapshot.get("packages") or {}
    found = []
    if remove:
        found.append(Step("uninstall", remove))
    plain: list[str] = []
    tagged: dict[str, list[str]] = {}
    for name, version in pins.items():
        tag = versions.local(version)
        if tag and name in TORCH_FAMILY and is_index_build(tag):
            tagged.setdefault(tag, []).append(f"{name}=={version}")
        else:
            plain.append(f"{name}{extra(name, version, packages)}=={version}")
    found += [Step("install", words, TORCH_INDEX + tag) for tag, words in tagged.items()]
    if plain:
        found.append(Step("install", plain))
    return found


def commands(pins: dict[str, str], remove: list[str], snapshot: Snapshot, installer: str) -> list[str]:
    """`steps` as lines.  Every word that came from outside is quoted."""
    return [step.line(installer, snapshot) for step in steps(pins, remove, snapshot)]


def sound(name: str, version: str | None) -> bool:
    """Whether name and version can stand in a requirements file: they may come from a pasted text."""
    return bool(name) and set(name) <= _NAME and version is not None and versions.key(version) is not None


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
