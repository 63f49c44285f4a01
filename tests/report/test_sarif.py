"""SARIF 2.1.0, held against the schema that OASIS publishes with the standard (sarif-schema-2.1.0.json, a copy of
sarif-2.1/schema/sarif-schema-2.1.0.json of oasis-tcs/sarif-spec)."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from envaudit.report import sarif
from tests.matrices import real

SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


def finding(**more: Any) -> dict[str, Any]:
    return {
        "rule": "numpy2-abi",
        "level": "error",
        "certainty": "definite",
        "title": "pandas 1.5.3 was compiled for NumPy 1, but NumPy 2.0.2 is installed",
        "culprits": ["pandas", "numpy"],
        "symptom": "ValueError: numpy.dtype size changed",
        "fix": None,
        "where": [{"path": "a folder/requirements.txt", "line": 3}, {"path": "a folder/requirements.txt", "line": 4}],
        "tighten": {"numpy": "<2"},
        **more,
    }


def written(*findings: dict[str, Any], files: tuple[str, ...] = ("requirements.txt",)) -> dict[str, Any]:
    out = io.StringIO()
    sarif.show({"findings": list(findings), "files": [{"path": path} for path in files]}, real().card, out)
    document = json.loads(out.getvalue())
    jsonschema.validate(document, SCHEMA)
    return document["runs"][0]


def test_nothing_found_is_a_valid_run() -> None:
    assert written()["results"] == []


def test_a_result_stands_at_its_place() -> None:
    run = written(finding())
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20folder/requirements.txt", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3}
    assert result["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 4}
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "numpy2-abi"
    assert "{" not in json.dumps([run["tool"]["driver"]["rules"][0]["shortDescription"]["text"]])


@pytest.mark.parametrize(
    ("level", "certainty", "expected"),
    [
        ("crash", "definite", "error"),
        ("error", "possible", "warning"),
        ("degraded", "definite", "warning"),
        ("notice", "definite", "note"),
    ],
)
def test_levels(level: str, certainty: str, expected: str) -> None:
    assert written(finding(level=level, certainty=certainty))["results"][0]["level"] == expected


def test_without_a_place_it_stands_at_the_first_file() -> None:
    result = written(finding(where=[]))["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "requirements.txt"


def test_fingerprints_stay_where_lines_move() -> None:
    moved = finding(where=[{"path": "a folder/requirements.txt", "line": 30}])
    one, other, third = written(finding(), moved, finding(culprits=["scipy"]))["results"]
    assert one["partialFingerprints"] == other["partialFingerprints"] != third["partialFingerprints"]


def test_every_rule_can_be_described() -> None:
    rules = real().rule_ids()
    described = written(*(finding(rule=rule) for rule in rules))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in described] == rules
