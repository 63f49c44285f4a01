"""The journal and the table of reproductions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from envaudit.matrix.source import load
from envaudit.matrix.table import Table
from lab.records import Journal, write_measured, write_table

ROOT = Path(__file__).resolve().parents[2]


def entry(rule: str, pins: str, verdict: str = "agrees") -> dict[str, Any]:
    return {
        "rule": rule, "pins": pins, "verdict": verdict, "key": f"{rule}: {pins}", "digest": "d", "date": "2026-01-01",
        "python": "3.11.7", "outcome": "exit 1", "error": "ImportError: it's \"so\": …", "probe": "import a\nimport b",
        "fixed": "a 2", "fixed-outcome": "exit 0", "output": "long",
    }  # fmt: skip


def test_the_journal_is_taken_up_again(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.jsonl"
    journal = Journal(path)
    journal.add(entry("r", "a 1", "skipped"))
    journal.add(entry("r", "a 1"))
    again = Journal(path)
    known = again.known("r: a 1", "d")
    assert known is not None and known["verdict"] == "agrees"
    assert again.known("r: a 1", "other text of the rule") is None
    assert again.known("r: a 2", "d") is None


def test_the_table_can_be_read_by_the_matrix_and_is_kept_up(tmp_path: Path) -> None:
    path = tmp_path / "reproductions.yaml"
    assert (
        write_table(path, [entry("r", "a 1"), entry("gone", "a 1"), entry("s", "b 1", "disagrees")], lambda: {"r", "s"})
        == 1
    )
    assert write_table(path, [entry("s", "b 1")], lambda: {"r", "s"}) == 2
    table = Table(load(str(path)), str(path))
    assert [(row["rule"], row["pins"]) for row in table.rows] == [("r", "a 1"), ("s", "b 1")]
    assert table.rows[0]["error"] == 'ImportError: it\'s "so": …'
    assert table.rows[0]["probe"] == "import a\nimport b"
    # what no longer agrees goes
    assert write_table(path, [entry("s", "b 1", "disagrees")], lambda: {"r", "s"}) == 1


def test_nothing_to_write(tmp_path: Path) -> None:
    assert write_table(tmp_path / "t.yaml", [], set) == 0
    assert not (tmp_path / "t.yaml").exists()


def test_boundaries_are_kept_up(tmp_path: Path) -> None:
    path = tmp_path / "measured.yaml"
    one = {"other": "b", "release": "2.10", "package": "a", "python": "3.10", "works": ["1.10"], "date": "2026-01-01"}
    two = {**one, "release": "2.2", "fails": ["1.0"], "errors": ["ImportError: it's: so"]}
    assert write_measured(path, [one, two]) == 2
    assert write_measured(path, [{**one, "works": ["1.10", "2.0"]}, {**one, "python": "3.9"}]) == 3
    table = Table(load(str(path)), str(path))
    assert [(row["python"], row["release"], row["works"]) for row in table.rows] == [
        ("3.10", "2.10", ["1.10", "2.0"]),
        ("3.10", "2.2", ["1.10"]),
        ("3.9", "2.10", ["1.10"]),
    ]
    assert table.rows[1]["errors"] == ["ImportError: it's: so"]


def test_the_readme_says_what_is_on_record() -> None:
    path = ROOT / "rules" / "tables" / "reproductions.yaml"
    rows = Table(load(str(path)), str(path)).rows
    said = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"{len({row['rule'] for row in rows})} of them are on record as run: {len(rows)} environments" in said
