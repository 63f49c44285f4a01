"""The bundled targets as they are, and how they are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from envaudit import targets
from envaudit.engine import evaluate
from envaudit.facts import Facts
from envaudit.targets import TargetError, for_host, load
from tests.matrices import real

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "envaudit" / "targets" / "data"
NAMES = [name for name, _, _ in targets.names()]

# What truly fails in an official image as it is published, and why.
BROKEN = {
    # conda-forge's tensorboard 2.19.0 is the public wheel, which does not start beside the setuptools 84 of the list
    ("sagemaker-studio-gpu", "pkg-resources-gone"),
    ("sagemaker-studio-cpu", "pkg-resources-gone"),
    # the lock of the image puts tensorflow-io 0.37.1 (compiled for TensorFlow 2.16) beside TensorFlow 2.21
    ("sagemaker-tensorflow", "tensorflow-io-abi"),
}


def test_every_file_is_in_the_index_and_small() -> None:
    files = {path.stem for path in DATA.glob("*.json")} - {"index"}
    index: dict[str, list[list[str]]] = json.loads((DATA / "index.json").read_text("utf-8"))
    assert files == {f"{name}@{version}" for name, versions in index.items() for version, _, _ in versions}
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 400 << 10
    for versions in index.values():
        dates = [date for _, date, _ in versions]
        assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize("name", NAMES)
def test_snapshot_follows_its_schema_and_says_where_it_is_from(name: str) -> None:
    target = load(name)
    schema = json.loads((ROOT / "docs" / "snapshot.schema.json").read_text("utf-8"))
    jsonschema.validate(target.snapshot, schema)
    assert target.name == name
    assert target.date and len(target.date) == 10
    assert target.about and "\n" not in target.about
    assert " at " in target.source or target.source.startswith("https://")


@pytest.mark.parametrize("name", NAMES)
def test_official_image_has_no_definite_crash_or_error(name: str) -> None:
    snapshot = load(name).snapshot
    found = evaluate(Facts(snapshot, real().table), real()).findings
    bad = {(name, one.rule) for one in found if one.certainty == "definite" and one.level in ("crash", "error")}
    assert bad == {entry for entry in BROKEN if entry[0] == name}


@pytest.mark.parametrize(
    ("name", "package", "version"),
    [
        ("colab-gpu", "torch", "2.11.0+cu128"),
        ("colab-cpu", "torch", "2.11.0+cpu"),
        ("colab-gpu@2025.07", "torch", "2.6.0+cu124"),
        ("kaggle-gpu", "torch", "2.10.0+cu128"),
        ("kaggle-cpu", "protobuf", "5.29.5"),
        ("sagemaker-studio-gpu", "torch", "2.8.0"),
        ("aws-pytorch", "torch", "2.13.0+cu130"),
        ("ngc-pytorch@24.01", "torch", "2.2.0a0+81ea7a4"),
    ],
)
def test_states_what_its_source_states(name: str, package: str, version: str) -> None:
    assert load(name).snapshot["packages"][package] == version


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("colab-")])
def test_what_pip_freeze_may_leave_out_is_not_absent(name: str) -> None:
    snapshot = load(name).snapshot
    assert snapshot["packages_complete"]
    assert {"pip", "setuptools"} <= {*snapshot["packages"], *snapshot["packages_unversioned"]}


def test_kaggle_does_not_claim_versions_that_are_not_published() -> None:
    snapshot = load("kaggle-gpu").snapshot
    assert not snapshot.get("packages_complete")
    assert "pandas" in snapshot["packages_unversioned"]
    assert "google-cloud-bigquery-storage" not in {*snapshot["packages"], *snapshot["packages_unversioned"]}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("colab-gpu", "colab-gpu"),
        ("Colab-GPU", "colab-gpu"),
        ("colab-gpu@2026.08", "colab-gpu"),
        ("colab-gpu@2026-08-19", "colab-gpu"),
        ("colab-gpu@2025-07", "colab-gpu@2025.07"),
        ("colab-gpu@2025-08", "colab-gpu@2025.07"),  # the month of its date
        ("colab-gpu@2025", "colab-gpu@2025.10"),
        ("ngc-pytorch@24.01", "ngc-pytorch@24.01"),
        ("colab-cpu, gpu=T4", "colab-cpu,gpu=T4"),
        ("python:3.11-slim", "python:3.11-slim"),
        ("gpu=T4,driver=535", "gpu=T4,driver=535"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert load(text).name == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "envaudit targets"),
        ("colab-gp", "did you mean colab-gpu"),
        ("kagle-gpu", "did you mean kaggle-gpu"),
        ("qwerty", "`envaudit targets` lists"),
        ("no/such/file.txt", "no target or file 'no/such/file.txt'"),
        ("colab-gpu@2019.01", "bundled are 2026.08, 2026.07"),
        ("colab-gpu,", "is no property"),
        ("colab-gpu\n", None),
        ("a\nb", "envaudit targets"),
        ("x" * 5000, "envaudit targets"),
    ],
)
def test_wrong_names_say_what_to_type(text: str, said: str | None) -> None:
    if said is None:
        assert load(text).name == "colab-gpu"
        return
    with pytest.raises(TargetError, match=r"\A[^\n]+\Z") as caught:
        load(text)
    assert said in str(caught.value)


def test_a_file_is_a_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "freeze.txt"
    path.write_text("torch==2.1.0+cu118\nnumpy==1.26.4\n")
    target = load(str(path))
    assert target.snapshot["packages"] == {"torch": "2.1.0+cu118", "numpy": "1.26.4"}
    assert (target.name, target.date) == (str(path), None)
    assert load(f"{path},gpu=T4").snapshot["gpus"] == [{"name": "T4"}]
    path.write_text("hello\n")
    with pytest.raises(TargetError, match=r"freeze\.txt"):
        load(str(path))


def test_properties_leave_the_bundled_snapshot_as_it_is() -> None:
    laid = load("colab-gpu,gpu=A100,driver=550").snapshot
    assert laid["gpus"] == [{"name": "A100"}]
    assert load("colab-gpu").snapshot["gpus"] == [
        {"name": "Tesla T4", "compute_capability": "7.5", "memory_mib": 15360}
    ]


@pytest.mark.parametrize(
    ("host", "name"), [("colab-tpu", "colab-tpu"), ("ubuntu:22.04", "ubuntu:22.04"), ("colab-cpux", None)]
)
def test_for_host(host: str, name: str | None) -> None:
    found: Any = for_host(host)
    assert (found and found.name) == name
