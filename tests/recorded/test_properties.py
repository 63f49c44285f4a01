"""Whatever the bytes, a snapshot or a RecordedError; and what was written is what is read."""

from __future__ import annotations

import json
import string

from hypothesis import example, given, settings
from hypothesis import strategies as st

from envaudit.recorded import RecordedError, read
from tests.recorded.test_samples import NAMES, SAMPLES

WORD = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
NAME = st.builds("-".join, st.lists(WORD, min_size=1, max_size=3)).map(str.lower).filter(lambda name: name != "python")
NUMBER = st.integers(0, 10**6).map(str)
RELEASE = st.builds(".".join, st.lists(NUMBER, min_size=1, max_size=4))
TAIL = st.sampled_from(["", "a1", "rc2", ".post3", ".dev4", "+cu118", "+local.7", ".post1+cpu"])
VERSION = st.builds(str.__add__, RELEASE, TAIL)
PACKAGES = st.dictionaries(NAME, VERSION, min_size=1, max_size=30)
PROSE = st.lists(
    st.sampled_from(
        [
            "",
            "Hello, the kernel dies when I import it.",
            "## Environment",
            "Thanks for the great work!",
            "I expected that it runs.",
            "cc @someone",
            "- [x] I have searched the issues",
            "import torch",
        ]
    ),
    max_size=6,
)


def survives(data: bytes) -> None:
    try:
        snapshot = read(data, "x")
    except RecordedError as error:
        assert "\n" not in str(error)
    else:
        json.dumps(snapshot, ensure_ascii=False).encode()
        assert read(json.dumps(snapshot).encode(), "again") == snapshot


@settings(deadline=None)
@given(st.binary(max_size=400))
@example(b"\xff\xfe\xd8\x00")
def test_any_bytes(data: bytes) -> None:
    survives(data)


@settings(deadline=None)
@given(st.text(max_size=400))
@example("GPU 0: ")
@example("0" * 300 + "==1")
@example('{"packages": {"a": "\ud7ff"}}')
def test_any_text(text: str) -> None:
    survives(text.encode("utf-8", "replace"))


LINES = sorted(
    {
        line
        for name in NAMES
        if not name.endswith("powershell.txt")
        for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()
    }
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=30)), max_size=40))
def test_any_mix_of_lines_of_real_formats(lines: list[str]) -> None:
    survives("\n".join(lines).encode("utf-8", "replace"))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([name for name in NAMES if not name.endswith("powershell.txt")]), st.data())
def test_a_damaged_sample(name: str, data: st.DataObject) -> None:
    """A piece cut out of a sample, and some bytes overwritten."""
    content = bytearray((SAMPLES / name).read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    del content[start : start + data.draw(st.integers(0, 200))]
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 255)), max_size=5)):
        if content:
            content[place % len(content)] = byte
    survives(bytes(content))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
WRITTEN = """
    schema python platform packages packages_unversioned gpus cpu memory env_vars runtimes builds requires libraries
    unknown problems kernel hidden_gpus later
"""
KEYS = st.sampled_from(WRITTEN.split())


@settings(deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=5))
def test_any_json_under_the_keys_of_a_snapshot(document: dict[str, object]) -> None:
    survives(json.dumps(document).encode())


@settings(deadline=None)
@given(PACKAGES)
def test_a_freeze_is_read_back(packages: dict[str, str]) -> None:
    text = "".join(f"{name}=={version}\n" for name, version in packages.items())
    assert read(text.encode(), "x")["packages"] == packages


@settings(deadline=None)
@given(PACKAGES, PROSE, PROSE, st.sampled_from(["", "> ", "> > ", "  "]), st.booleans())
def test_a_freeze_in_an_issue_is_read_back(
    packages: dict[str, str], before: list[str], after: list[str], mark: str, fenced: bool
) -> None:
    lines = [f"{name}=={version}" for name, version in packages.items()]
    if fenced:
        lines = ["```", *lines, "```"]
    text = "\n".join([*before, *(mark + line for line in lines), *after])
    assert read(text.encode(), "x")["packages"] == packages


@settings(deadline=None)
@given(PACKAGES)
def test_a_pip_list_is_read_back(packages: dict[str, str]) -> None:
    width = max(len("Package"), *map(len, packages))
    rows = [f"{name:{width}} {version}" for name, version in packages.items()]
    text = "\n".join([f"{'Package':{width}} Version", "-" * width + " -------", *rows])
    assert read(text.encode(), "x")["packages"] == packages


@settings(deadline=None)
@given(PACKAGES)
def test_json_listings_are_read_back(packages: dict[str, str]) -> None:
    rows = [{"name": name, "version": version} for name, version in packages.items()]
    assert read(json.dumps(rows).encode(), "x")["packages"] == packages
    issue = f"My list:\n```json\n{json.dumps(rows, indent=1)}\n```\n"
    assert read(issue.encode(), "x")["packages"] == packages


TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=12)
GPU = st.fixed_dictionaries({}, optional={"name": TEXT, "memory_mib": st.integers(0, 10**6), "mig": st.booleans()})


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {"schema": st.just("envaudit.snapshot/1"), "packages": PACKAGES},
        optional={
            "python": TEXT,
            "platform": st.none() | st.fixed_dictionaries({}, optional={"system": TEXT, "release": TEXT}),
            "packages_complete": st.booleans(),
            "packages_unversioned": st.lists(NAME, max_size=3),
            "driver": st.none() | TEXT,
            "gpus": st.none() | st.lists(GPU, max_size=3),
            "cpu": st.fixed_dictionaries({}, optional={"flags": st.lists(TEXT, max_size=3)}),
            "memory": st.fixed_dictionaries({}, optional={"limit_mib": st.integers(0, 10**7)}),
            "env_vars": st.dictionaries(TEXT, TEXT, max_size=3),
            "requires": st.dictionaries(NAME, st.lists(TEXT, max_size=2), max_size=3),
            "kernel": st.fixed_dictionaries({"pid": st.integers()}),
            "later": JSON.filter(lambda value: json.dumps(value) == json.dumps(value) and value == value),
        },
    )
)
def test_a_snapshot_round_trips(document: dict[str, object]) -> None:
    text = json.dumps(document)
    if "NaN" not in text:
        assert read(text.encode(), "x") == document
    assert (
        dict(read(json.dumps({"schema": "envaudit.report/1", "snapshot": document}).encode(), "x")).keys()
        == document.keys()
    )
