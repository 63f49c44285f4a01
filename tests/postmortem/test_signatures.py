"""The log signatures: sound data, each matches its samples and is found in a log, none is slow on hostile lines."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from envaudit.matrix import source
from envaudit.matrix.source import Fault
from envaudit.matrix.store import own_rules
from envaudit.postmortem import signatures
from envaudit.postmortem.families import FAMILIES
from envaudit.postmortem.log import Log
from envaudit.postmortem.signature_files import compile_folder, needles

FOLDER = os.path.join(own_rules(), "signatures")
KNOWN = signatures.load()
HOSTILE = [
    "a" * 2000, "a " * 1000, "0x" + "0" * 1998, "requires " * 222, "a-1 " * 500, "error " * 333, '"' * 2000,
    "lib" + "a" * 1990, "/" * 2000, "cannot " * 280, "CUDA " * 400, "`" * 2000, "_ZN" * 666, "(pid " * 400,
    "1 1 requires a " * 130, "DataLoader worker (pid(s) " + "1, " * 650, "module compiled against " * 80, " " * 2000,
    "exit code " * 200, "undefined symbol: " * 110, "from " * 400, "depends on " * 180, "failed to load lib" * 110,
]  # fmt: skip


def entries() -> list[Any]:
    found: list[Any] = []
    for path in source.yaml_files(FOLDER):
        content: Any = source.load(path)
        if "signatures" in content:
            found += content["entries"]
    return found


def test_there_are_hundreds_of_all_families() -> None:
    assert len(KNOWN.all) > 300
    # nothing in a log proves that nothing died
    assert {signature.family for signature in KNOWN.all} == set(FAMILIES)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["id"])
def test_each_sample_is_found_in_a_log(entry: Any) -> None:
    made = next(signature for signature in KNOWN.all if signature.id == entry["id"])
    for sample in entry["samples"]:
        alone = signatures.Signatures({"causes": KNOWN.causes, "signatures": []})
        alone.all = [made]
        log = Log(f"before\n{sample}\nafter\n".encode(), alone)
        seen = log.ends or log.hits or log.noise
        assert seen, f"{sample!r} is not found: needles {made.needles}"
    assert entry["sources"]


def test_no_pattern_is_slow_on_a_hostile_line() -> None:
    slow = []
    for signature in KNOWN.all:
        for line in HOSTILE:
            start = time.perf_counter()
            signature.match(line)
            if time.perf_counter() - start > 0.25:
                slow.append((signature.id, line[:30]))
    assert not slow


def test_every_cause_is_used_or_has_a_title_and_advice() -> None:
    for name, cause in KNOWN.causes.items():
        assert cause["title"], name
        assert cause["next"] or cause["family"] in ("unknown", "none"), name


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("out of memory", ["out of memory"]),
        ("(?i)CUDA out of (?:the )?memory", ["cuda out of "]),
        ("segfault|bus error", ["bus error", "segfault"]),
        (r"x\d+ kernel [0-9a-f]{8} restarted", [" restarted"]),
        ("[Ff]ailed call", ["failed call"]),
        (r"\d+", [""]),
    ],
)
def test_plain_text_of_a_pattern(pattern: str, expected: list[str]) -> None:
    assert needles(pattern) == expected


GOOD = "signatures: t\nentries:\n- {id: a, pattern: some text, cause: c, says: s, samples: [some text], sources: [x]}\n"
CAUSES = "causes: t\nentries:\n  c: {family: memory, title: t, next: [do]}\n"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("cause: c", "cause: d"), "no such cause"),
        (("samples: [some text]", "samples: [other]"), "does not match its sample"),
        (("samples: [some text]", "samples: []"), "no sample"),
        (("pattern: some text", 'pattern: "\\\\d+"'), "no plain text"),
        (("says: s", "says: s, colour: red"), "unknown keys"),
        (("says: s", "says: s, level: loud"), "level 'loud'"),
    ],
)
def test_what_is_not_sound_is_refused_with_file_and_line(tmp_path: Path, change: tuple[str, str], reason: str) -> None:
    (tmp_path / "causes.yaml").write_text(CAUSES)
    (tmp_path / "t.yaml").write_text(GOOD)
    assert len(compile_folder(str(tmp_path))["signatures"]) == 1
    (tmp_path / "t.yaml").write_text(GOOD.replace(*change))
    with pytest.raises(Fault, match=reason) as fault:
        compile_folder(str(tmp_path))
    assert str(fault.value).startswith(f"{tmp_path}/t.yaml:3: ")
