"""Clear statements in sentences: "I use PyTorch 2.1.0 with Python 3.10 on Ubuntu 22.04 and an RTX 4090"."""

from __future__ import annotations

import re

from envaudit.recorded import machine, names
from envaudit.recorded.found import SENTENCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_PAIR = re.compile(
    r"(?<![\w./=<>~+-])([A-Za-z][A-Za-z_-]{0,30}\d?)(?:\s+(?:version|ver\.?|v\.))?"
    r"(?:\s*(?:==|=|:)\s*|\s+(?:is\s+)?)v?(\d+\.\d[^\s,;()]{0,40})"
)
_SENTENCES = re.compile(r"(?<=[.!?;])\s+")
# a sentence with one of these speaks of what was tried, is wanted, or holds elsewhere
_HEDGE_WORDS = """
    tried try trying should would could might need needs needed require requires required support supports
    supported install upgrade upgrading upgraded downgrade downgrading downgraded update updating updated work
    works worked working fix fixes fixed instead compatible incompatible compiled built build before previous
    previously after older newer later earlier latest release released releases since until if unless not cannot
    never without between than other another both either switch switching switched change changed changing move
    moved want expect expected recommend recommended minimum least example doc docs wheel wheels from deprecated
    remove removed added uninstall uninstalled reinstall reinstalled pin pinned only also collecting downloading
    matching ignored ignoring satisfies requirement requirements requested conflict conflicts conflicting
    depends constraint yanked candidate candidates attempting
"""
_HEDGES = frozenset(_HEDGE_WORDS.split())
_WORD = re.compile(r"[a-z]+")
_GPU_WORDS = ("RTX", "GTX", "TESLA", "NVIDIA", "QUADRO", "TITAN", "GEFORCE")
_LONGEST = 1000  # characters of a line; what is longer is no prose
_CUE = re.compile(r"\b(?:using|use|running|run|on|with|have|has|am|environment|env|setup|system|machine|my)\b", re.I)


def read(page: Page, found: Found) -> None:
    for line, raw in enumerate(page.lines):
        if len(raw) < 6 or len(raw) > _LONGEST or found.claimed(line):
            continue
        has_digit = "." in raw or "indows 1" in raw or any(word in raw.upper() for word in _GPU_WORDS)
        if not has_digit or page.is_command(line):
            continue
        for sentence in _SENTENCES.split(page.bare[line]):
            _sentence(found, line, sentence)


def _sentence(found: Found, line: int, text: str) -> None:
    lowered = text.lower()
    if any(mark in lowered for mark in "<>~?") or "n't" in lowered or not _HEDGES.isdisjoint(_WORD.findall(lowered)):
        return
    rest = text
    matches = list(_PAIR.finditer(text))
    for match in matches:
        rest = rest.replace(match[0], "")
    pairs = [(match[1], match[2].rstrip(".:!'\"`")) for match in matches]
    if len(rest) > 60 and not _CUE.search(text):
        return  # versions in passing, in a sentence that does not speak of an environment
    for name, version in pairs:
        _pair(found, line, name.lower(), version)
    _machine(found, line, text)


def _pair(found: Found, line: int, name: str, version: str) -> None:
    if name == "python":
        found.say(line, "python", machine.python(version), SENTENCE)
    elif name in ("nvcc", "toolkit"):
        found.say(line, "toolkit", machine.cuda(version), SENTENCE)
    elif name in ("driver", "nvidia"):
        found.say(line, "driver", machine.driver(version), SENTENCE)
    elif name == "cudnn":
        found.say(line, "cudnn", version if re.fullmatch(r"\d{1,2}(?:\.\d+)+", version) else None, SENTENCE)
    elif name == "glibc":
        found.say(line, "platform", machine.libc(f"glibc {version}"), SENTENCE, "libc")
    elif (known := names.from_label(name)) and names.is_release(version):
        found.package(line, known, version, SENTENCE)


def _machine(found: Found, line: int, text: str) -> None:
    gpus = machine.gpu_names(text) if any(word in text.upper() for word in _GPU_WORDS) else []
    if gpus:
        found.gpus(line, gpus, SENTENCE)
    if re.search(r"\b(?:Ubuntu|Debian|CentOS|Fedora|Manjaro|RHEL|mac ?OS|Windows|WSL)\b", text, re.I):
        machine.system(found, line, text, SENTENCE)
