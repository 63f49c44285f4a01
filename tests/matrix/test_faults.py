"""Whatever is wrong in a rule file is said with file, line and reason; nothing in it can do harm."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.matrix import source
from envaudit.matrix.lint import lint
from envaudit.matrix.store import own_rules
from tests.matrices import rule

GOOD = rule("{a: 1}", id="good-rule")


def faults(folder: Path, text: str | bytes) -> list[str]:
    folder.mkdir(exist_ok=True)
    (folder / "it.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    said, _ = lint(str(folder))
    return [fault.replace(str(folder) + os.sep, "") for fault in said]


def test_a_sound_file_has_no_faults(tmp_path: Path) -> None:
    assert faults(tmp_path / "rules", GOOD) == []


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("- id: [", 2, "is not valid YAML"),
        ("a: &x [1]\nb: *x\n", 2, "aliases are not allowed"),
        ("- &a [*a]\n", 1, "aliases are not allowed"),
        ("a: 1\na: 2\n", 2, "key 'a' stands twice"),
        ("just text", 1, "is neither a list of rules nor a table"),
        ("- text\n", 1, "a rule file is a list of rules"),
        ("[" * 40 + "]" * 40, 1, "too deeply nested"),
        ("---\n[]\n---\n[]\n", 3, "more than one YAML document"),
        (b"- id: \xff\n", 1, "is not UTF-8"),
        (b"\x00\x01", 1, "is not valid YAML"),
        (GOOD.replace("level: error", "level: awful"), 3, "'level' is 'awful', must be one of"),
        (GOOD.replace("  why: Because.\n", ""), 2, "has no 'why'"),
        (GOOD.replace("why:", "because:"), 7, "unknown key 'because'"),
        (GOOD.replace("good-rule", "Good Rule"), 2, "may hold lower-case letters"),
        (GOOD.replace("  fix: [a]\n", ""), 2, "neither 'fix' nor 'note'"),
        (GOOD.replace("{a: 1}\n  symptom", "{a: '>=x'}\n  symptom"), 5, "'x' is not a version"),
        (GOOD.replace("  fix: [a]\n", "  fix: [{a: never}]\n"), 2, "the fix of a: 'never' is not a version"),
        (GOOD.replace("{a: 1}\n  symptom", "{Big_Name: 1}\n  symptom"), 5, "no known fact and no canonical package"),
        (GOOD.replace("{a: 1}\n  symptom", "{a: {veersion: 1}}\n  symptom"), 5, "unknown key 'veersion'"),
        (GOOD.replace("{a: 1}\n  symptom", "{shm: lots}\n  symptom"), 5, "is no bound"),
        (GOOD.replace("{a: 1}\n  symptom", "{gpu: {name: 7, colour: red}}\n  symptom"), 5, "'gpu' knows the keys"),
        (GOOD.replace("{a: 1}\n  symptom", "{any: {a: 1}}\n  symptom"), 5, "'any' holds a list"),
        (GOOD.replace("  when:", "  over: no-table\n  when:"), 2, "is over table 'no-table', which does not exist"),
        (GOOD.replace("bad: [{a: 1}]", "bad: [{a: 3}]"), 11, "is silent on its bad example"),
        (GOOD.replace("good: [{a: 2}]", "good: [{a: 1}]"), 11, "fires on its good example"),
        (GOOD.replace("good: [{a: 2}]", "good: [{a: [1]}]"), 11, "must be a version"),
        (GOOD.replace("good: [{a: 2}]", "good: []"), 11, "at least one mapping under 'good'"),
        (GOOD + GOOD, 13, "rule 'good-rule' is already in"),
        ("table: t\nabout: x\ncolumns: {a: b}\nrows: [{c: 1}]\n", 4, "column 'c' is not explained"),
        ("table: t\nabout: x\ncolumns: {a: b}\nrows: [{a: 1}]\n", 4, "has no source"),
        ("table: t\nabout: x\n", 1, "has no 'columns'"),
        ("releases: x\nsource: y\nversions: {odd one: 3.9-}\n", 1, "'odd one' of x is not a version"),
        ("releases: x\nsource: y\nversions: {1.0: }\n", 3, "each version needs its Pythons"),
    ],
)
def test_faults_name_file_line_and_reason(tmp_path: Path, text: str | bytes, line: int, reason: str) -> None:
    said = faults(tmp_path / "rules", text)
    assert any(fault.startswith(f"it.yaml:{line}: ") and reason in fault for fault in said), said


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    said = faults(tmp_path / "rules", "#" * (source.MAX_FILE + 1))
    assert "is larger than 4 MiB" in said[0]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("this is no rule")
    folder = tmp_path / "rules"
    assert faults(folder, GOOD) == []
    (folder / "link.yaml").symlink_to(outside)
    assert lint(str(folder))[0] == []


def test_an_unreadable_file_is_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "folder.yaml").mkdir()
    (folder / "broken.yaml").symlink_to(folder / "gone.yaml")
    said, _ = lint(str(folder))
    assert len(said) == 1 and "broken.yaml:1: cannot be read" in said[0]


def test_a_missing_folder_is_said() -> None:
    with pytest.raises(source.Fault, match="no such folder"):
        lint("/nowhere/at/all")


@given(st.text(max_size=200))
def test_any_text_is_a_value_or_a_fault(text: str) -> None:
    with contextlib.suppress(source.Fault, source.yaml.YAMLError):
        source._Builder("it.yaml").build(text)


def test_a_copy_of_our_own_rules_is_checked_by_itself(tmp_path: Path) -> None:
    copy = tmp_path / "rules"
    shutil.copytree(own_rules(), copy)
    said, summary = lint(str(copy))
    assert said == []
    assert "all sound" in summary
