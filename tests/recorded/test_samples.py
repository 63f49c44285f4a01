"""Every sample of pasted text gives exactly the snapshot that is stored beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from envaudit.recorded import read

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(
    path.name for path in SAMPLES.iterdir() if path.name != "README.md" and not path.name.endswith(".expected.json")
)


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    expected = json.loads((SAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
    assert read((SAMPLES / name).read_bytes(), name) == expected


def test_no_expectation_without_its_sample() -> None:
    stored = {path.name.removesuffix(".expected.json") for path in SAMPLES.glob("*.expected.json")}
    assert stored == set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith((".json", "powershell.txt"))])
def test_sample_in_a_quoted_mail(name: str) -> None:
    """Markdown quotes and Windows line ends around the whole text change nothing but line numbers."""
    expected = json.loads((SAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
    quoted = b"\r\n".join(b"> " + line for line in (SAMPLES / name).read_bytes().split(b"\n"))
    assert read(quoted, name) == expected


if __name__ == "__main__":
    for sample in sys.argv[1:]:
        print(json.dumps(read((SAMPLES / sample).read_bytes(), sample), indent=2))
