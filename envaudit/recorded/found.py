"""What was found in a text: statements, each with the line it stands on and how much weight it has."""

from __future__ import annotations

from envaudit.recorded.names import canonical, is_version
from envaudit.snapshot.model import SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Gpu, Snapshot

# how much weight a statement has: what a tool printed as a whole, single machine-made or labelled lines, a sentence,
# what follows from a path in a traceback
BLOCK, LINE, SENTENCE, TRACE = 3, 2, 1, 0

_TAGS = ("cu", "cpu", "rocm", "xpu")
_HOSTS = ("kaggle", "colab", "databricks", "sagemaker", "slurm", "jetson", "wsl", "docker", "conda")
_NOTED = ("packages", "python", "driver", "toolkit", "cudnn")  # where two answers are worth a word
_MAX_NOTES = 5


class Found:
    """Collects statements about one environment; `snapshot()` makes one of the strongest, first ones.

    Lines that a reader has understood (or leaves out on purpose) are claimed, so that the readers for loose lines and
    sentences, which come last, do not read them again.
    """

    __slots__ = ("_claimed", "_gpus", "_hosts", "_notes", "_problems", "_said")

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], list[tuple[int, int, Any]]] = {}
        self._gpus: list[tuple[int, int, list[Gpu]]] = []
        self._hosts: set[str] = set()
        self._notes: list[dict[str, str]] = []
        self._problems: dict[str, dict[str, Any]] = {}
        self._claimed: set[int] = set()

    # what readers call

    def say(self, line: int, key: str, value: Any, strength: int = BLOCK, part: str = "") -> None:
        """State that the snapshot's `key` (its member `part`, where it is an object) is `value`."""
        if value not in (None, ""):
            self._said.setdefault((key, part), []).append((-strength, line, value))

    def package(self, line: int, name: str, version: str | None, strength: int = BLOCK) -> str | None:
        """State that a package is installed (version None: of unknown version); gives its canonical name."""
        known = canonical(name)
        if known == "python":
            self.say(line, "python", version, strength)
        elif known is not None and (version is None or is_version(version)):
            self.say(line, "packages", version or False, strength, known)
        return known

    def gpus(self, line: int, gpus: list[Gpu], strength: int = BLOCK) -> None:
        """State which GPUs there are, in order."""
        self._gpus.append((-strength, line, gpus))

    def host(self, name: str) -> None:
        """State what the environment runs in: colab, kaggle, wsl, docker, conda."""
        self._hosts.add(name)

    def problem(self, kind: str, detail: str, culprits: list[str]) -> None:
        """State a problem that the text shows, by the word that rules know it by."""
        self._problems.setdefault(kind, {"kind": kind, "detail": detail, "culprits": culprits})

    def note(self, what: str, because: str) -> None:
        """Say what is not known although the text may seem to tell."""
        if len(self._notes) < _MAX_NOTES:
            self._notes.append({"what": what, "because": because})

    def claim(self, start: int, end: int) -> None:
        """Keep lines (indices, `end` not included) from the readers that come later."""
        self._claimed.update(range(start, end))

    def claimed(self, line: int) -> bool:
        return line in self._claimed

    def has(self, key: str, part: str = "", strength: int = TRACE) -> bool:
        """Whether something of at least `strength` was said about `key`."""
        return any(-said[0] >= strength for said in self._said.get((key, part), ()))

    # the result

    def snapshot(self) -> Snapshot:
        """The snapshot that the statements make."""
        if "conda" in self._hosts:
            self._wheels_of_conda()
        result: dict[str, Any] = {"schema": SCHEMA}
        unversioned = []
        for (key, part), said in self._said.items():
            value = self._choose(key, part, said)
            if key == "packages" and value is False:
                unversioned.append(part)
            elif part:
                result.setdefault(key, {})[part] = value
            else:
                result[key] = value
        if unversioned:
            result["packages_unversioned"] = sorted(unversioned)
        if self._gpus:
            result["gpus"] = self._choose_gpus()
        hosts = [name for name in _HOSTS if name in self._hosts]
        if "kaggle" in hosts and "colab" in hosts:
            hosts.remove("colab")  # Kaggle's image is built on Colab's
        if hosts:
            result["runtime"], result["runtimes"] = hosts[0], hosts
        if self._problems:
            result["problems"] = list(self._problems.values())
        if self._notes:
            result["unknown"] = self._notes
        return result  # type: ignore[return-value]  # built key by key

    def _wheels_of_conda(self) -> None:
        """Versions like "2.1.0+cu118" are pip's: what conda builds has no local tag."""
        for (key, part), said in list(self._said.items()):
            if key == "packages" and any(str(version).partition("+")[2].startswith(_TAGS) for *_, version in said):
                self.say(said[0][1], "installers", "pip", TRACE, part)

    def _choose(self, key: str, part: str, said: list[tuple[int, int, Any]]) -> Any:
        """The first of the strongest statements, made more precise where another one says the same and more."""
        said.sort(key=lambda statement: statement[:2])
        strength, line, value = said[0]
        for other_strength, other_line, other in said[1:]:
            if other == value or other is False or not isinstance(other, str):
                continue
            if value is False or _says_more(other, value):
                strength, line, value = other_strength, other_line, other
            elif key in _NOTED and other_strength == strength == -BLOCK and not _says_more(value, other):
                because = f"line {line + 1} says {value}, line {other_line + 1} says {other}; the first is taken"
                self.note(part or key, because)
        return value

    def _choose_gpus(self) -> list[Gpu]:
        self._gpus.sort(key=lambda statement: statement[:2])
        chosen = [gpu.copy() for gpu in self._gpus[0][2]]
        for _, _, others in self._gpus[1:]:
            if len(others) == len(chosen) and all(map(_may_be_same, chosen, others)):
                for gpu, other in zip(chosen, others):
                    _add(gpu, other)
        return chosen


def _says_more(text: str, than: str) -> bool:
    """Whether `text` is `than` and more: "3.10.12" is more than "3.10", "2.1.0+cu118" more than "2.1.0"."""
    return len(text) > len(than) and text.startswith(than) and text[len(than)] in ".+"


def _may_be_same(gpu: Gpu, other: Gpu) -> bool:
    one, two = (str(each.get("name") or "").rstrip(".").rstrip() for each in (gpu, other))
    return one.startswith(two) or two.startswith(one)


def _add(gpu: Gpu, other: Gpu) -> None:
    for key, value in other.items():
        cut = key == "name" and str(gpu.get("name")).endswith("...") and not str(value).endswith("...")
        if value is not None and (gpu.get(key) is None or cut):
            gpu[key] = value  # type: ignore[literal-required]  # the keys of one Gpu in another
