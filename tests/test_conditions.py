"""What conditions say of known, unknown and partly known facts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.conditions import fits, holds
from envaudit.facts import Facts
from envaudit.matrix.clauses import _Written
from envaudit.matrix.rule import Rule
from envaudit.matrix.source import Block, _Builder
from envaudit.truth import FALSE, SOME, TRUE, UNKNOWN
from tests.matrices import rule

TABLES: dict[str, Any] = {
    "gpu-names": {"t4": "7.5", "rtx5090": "12.0"},
    "default-builds": {
        "torch": [[[[None, None]], "linux", "x86_64", "cu121"], [[[None, None]], "windows", None, "cpu"]]
    },
}


def compiled(when: str) -> list[Any]:
    block: Block = _Builder("test.yaml").build(rule(when))[0]
    held = Rule(block, "test.yaml")
    return ["all", _Written(held, set()).conditions(held.when[0], {})]


def truth(when: str, snapshot: dict[str, Any]) -> int:
    return holds(compiled(when), Facts(snapshot, TABLES.get), set())  # type: ignore[arg-type]


LIVE: dict[str, Any] = {"packages_complete": True, "platform": {"system": "Linux", "machine": "x86_64"}}
PASTED: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("when", "snapshot", "expected"),
    [
        ("{numpy: '>=2'}", {**LIVE, "packages": {"numpy": "2.1.0"}}, TRUE),
        ("{numpy: '>=2'}", {**LIVE, "packages": {"numpy": "1.26.4"}}, FALSE),
        ("{numpy: '>=2'}", {**LIVE, "packages": {}}, FALSE),
        ("{numpy: '>=2'}", {**PASTED, "packages": {}}, UNKNOWN),
        ("{numpy: '>=2'}", {**LIVE, "packages": {"numpy": "unheard of"}}, UNKNOWN),
        ("{numpy: '*'}", {**LIVE, "packages": {"numpy": "unheard of"}}, TRUE),
        ("{numpy: '>=2'}", {**PASTED, "packages_unversioned": ["numpy"]}, UNKNOWN),
        ("{numpy: absent}", {**LIVE, "packages": {}}, TRUE),
        ("{numpy: absent}", {**PASTED, "packages": {}}, UNKNOWN),
        ("{numpy: absent}", {**PASTED, "packages": {"numpy": "1.0"}}, FALSE),
        ("{numpy: unlisted}", {**LIVE, "packages": {}}, TRUE),
        ("{numpy: unlisted}", {**PASTED, "packages": {}}, SOME),
        ("{numpy: unlisted}", {**PASTED, "packages": {"numpy": "1.0"}}, FALSE),
        ("{torch: {not: 2.4.*}}", {**LIVE, "packages": {"torch": "2.5.1+cu121"}}, TRUE),
        ("{torch: {not: 2.4.*}}", {**LIVE, "packages": {"torch": "2.4.1"}}, FALSE),
        ("{torch: {not: 2.4.*}}", {**LIVE, "packages": {}}, FALSE),  # "not" still asks for the package
        ("{torch: {build: 'cu12*'}}", {**LIVE, "packages": {"torch": "2.5.1+cu121"}}, TRUE),
        ("{torch: {build: 'cu12*'}}", {**LIVE, "packages": {"torch": "2.5.1+cpu"}}, FALSE),
        ("{torch: {build: 'cu12*'}}", {**LIVE, "packages": {"torch": "2.5.1"}}, TRUE),  # the index's default build
        ("{torch: {build: 'cu12*'}}", {**PASTED, "packages": {"torch": "2.5.1"}}, SOME),  # a tag may have been cut off
        ("{torch: {build: 'cu12*'}}", {**LIVE, "packages": {"torch": "2.5.1"}, "builds": {"torch": "cpu"}}, FALSE),
        (
            "{torch: {build: 'cu12*'}}",
            {**LIVE, "packages": {"torch": "2.5.1"}, "installers": {"torch": "conda"}},
            UNKNOWN,
        ),
        ("{torch: {build: cpu}}", {**PASTED, "packages": {"torch": "2.5.1"}}, UNKNOWN),
        ("{torch: {not-build: cpu}}", {**PASTED, "packages": {"torch": "2.5.1"}}, SOME),
        ("{torch: {not-build: 'cu*'}}", {**PASTED, "packages": {"torch": "2.5.1"}}, UNKNOWN),
        ("{torch: {not-build: cpu}}", {**LIVE, "packages": {"torch": "2.5.1"}}, TRUE),
        ("{python: '>=3.8'}", {"python": "3.8"}, TRUE),
        ("{python: '>=3.8.5'}", {"python": "3.8"}, SOME),
        ("{python: '<3.8'}", {"python": "3.8"}, FALSE),
        ("{python: '<3.8'}", {}, UNKNOWN),
        ("{driver: '<525.60.13'}", {**LIVE, "driver": "470.57.02"}, TRUE),
        ("{driver: '<525.60.13'}", {**LIVE, "driver": "525"}, SOME),
        ("{driver: '<525.60.13'}", {**LIVE, "driver": None, "gpus": []}, FALSE),
        ("{driver: '<525.60.13'}", {**PASTED, "gpus": []}, UNKNOWN),
        ("{gpu: '7.5'}", {"gpus": [{"name": "Tesla T4"}]}, TRUE),
        ("{gpu: '7.5'}", {"gpus": [{"name": "Some GPU"}]}, UNKNOWN),
        ("{gpu: '7.5'}", {"gpus": []}, FALSE),
        ("{gpu: '7.5'}", {"gpus": None}, UNKNOWN),
        ("{gpu: {without: ['8.0', '9.0']}}", {"gpus": [{"name": "NVIDIA GeForce RTX 5090"}]}, TRUE),
        ("{gpu: {without: ['8.0', '9.0+PTX']}}", {"gpus": [{"name": "NVIDIA GeForce RTX 5090"}]}, FALSE),
        ("{gpu: present}", {"gpus": [{"name": None}]}, TRUE),
        ("{gpu: absent}", {"gpus": []}, TRUE),
        ("{gpu: assumed}", {"gpus": []}, FALSE),
        ("{gpu: assumed}", {}, SOME),
        ("{gpu: assumed}", {"gpus": [{"name": "Tesla T4"}]}, TRUE),
        ("{shm: '<65'}", {"memory": {"shm_mib": 64}}, TRUE),
        ("{shm: '<65'}", {"memory": {"shm_mib": None}}, UNKNOWN),
        ("{memory: '>=2000'}", {"memory": {"total_mib": 2000}}, TRUE),
        ("{cpu: {lacks: [avx2]}}", {"cpu": {"flags": ["avx"]}}, TRUE),
        ("{cpu: {lacks: [avx2]}}", {"cpu": {"flags": None}}, UNKNOWN),
        ("{os: linux}", {"platform": {"system": "Linux"}}, TRUE),
        ("{os: {not: linux}}", {"platform": {"system": "Windows"}}, TRUE),
        ("{os: linux}", {}, UNKNOWN),
        ("{machine: aarch64}", {"platform": {"machine": "arm64"}}, TRUE),
        ("{runtime: kaggle}", {"runtime": "kaggle"}, TRUE),
        ("{runtime: docker}", {"runtime": "kaggle", "runtimes": ["kaggle", "docker"]}, TRUE),
        ("{runtime: kaggle}", LIVE, FALSE),
        ("{runtime: kaggle}", PASTED, UNKNOWN),
        ("{'env:CUDA_HOME': absent}", {**LIVE, "env_vars": {}}, TRUE),
        ("{'env:CUDA_HOME': absent}", {**PASTED, "env_vars": {}}, UNKNOWN),
        ("{'env:CUDA_HOME': '*12.4*'}", {**PASTED, "env_vars": {"CUDA_HOME": "/usr/local/cuda-12.4"}}, TRUE),
        ("{problem: nvml-mismatch}", {"problems": [{"kind": "nvml-mismatch", "detail": ""}]}, TRUE),
        ("{problem: nvml-mismatch}", {}, FALSE),
        ("{not: {numpy: '>=2'}}", {**PASTED, "packages": {}}, UNKNOWN),
        ("{any: [{numpy: '>=2'}, {pandas: '>=2'}]}", {**PASTED, "packages": {"pandas": "2.0"}}, TRUE),
        ("{any: [{numpy: '>=2'}, {pandas: '>=2'}]}", {**PASTED, "packages": {"pandas": "1.0"}}, UNKNOWN),
        ("{numpy: '>=2', pandas: '>=2'}", {**PASTED, "packages": {"pandas": "1.0"}}, FALSE),
    ],
)
def test_truth(when: str, snapshot: dict[str, Any], expected: int) -> None:
    assert truth(when, snapshot) == expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("cu12*", "cu121", True),
        ("cu12*", "cu118", False),
        ("*/stubs*", "/usr/lib/stubs:/x", True),
        ("*torch2.8*", "cu12torch2.8cxx11abitrue", True),
        ("cpu", "cpu", True),
        ("cpu", "cpux", False),
        ("*a*a", "a", False),
        ("a*a", "a", False),
        ("*", "", True),
    ],
)
def test_fits(pattern: str, text: str, expected: bool) -> None:
    assert fits(pattern, text) == expected


# The engine is monotone: taking knowledge away turns an answer into "unknown" or "some", never into its opposite.
names = st.sampled_from(["numpy", "torch", "pandas"])
versions = st.sampled_from(["1.0", "1.26.4", "2.0.1", "2.4.0+cu121", "2.4.0+cpu", "odd version"])
snapshots = st.fixed_dictionaries(
    {
        "python": st.sampled_from(["3.8.10", "3.12.1"]),
        "platform": st.fixed_dictionaries(
            {"system": st.sampled_from(["Linux", "Windows"]), "machine": st.sampled_from(["x86_64", "aarch64"])}
        ),
        "packages": st.dictionaries(names, versions),
        "driver": st.sampled_from(["470.57.02", "535.183.01"]),
        "gpus": st.lists(st.sampled_from([{"name": "Tesla T4"}, {"name": "RTX 5090"}]), max_size=2),
        "cpu": st.just({"flags": ["avx"]}),
        "memory": st.fixed_dictionaries({"total_mib": st.sampled_from([1000, 64000]), "shm_mib": st.just(64)}),
        "env_vars": st.dictionaries(st.just("CUDA_HOME"), st.just("/usr/local/cuda")),
        "runtime": st.sampled_from(["colab", "kaggle"]),
    }
).map(lambda snapshot: {**snapshot, "packages_complete": True})
single = st.sampled_from(
    [
        "{numpy: '>=2'}",
        "{numpy: absent}",
        "{torch: {version: '>=2', build: 'cu12*'}}",
        "{torch: {not: 2.4.*}}",
        "{torch: {not-build: cpu}}",
        "{torch: {build: cpu}}",
        "{python: '<3.9'}",
        "{driver: '<525.60.13'}",
        "{gpu: {without: ['7.0', '9.0']}}",
        "{gpu: present}",
        "{cpu: {lacks: [avx2]}}",
        "{memory: '<2000'}",
        "{shm: '<65'}",
        "{os: linux}",
        "{machine: {not: x86_64}}",
        "{runtime: colab}",
        "{'env:CUDA_HOME': absent}",
    ]
).map(compiled)
conditions = st.recursive(
    single,
    lambda inner: st.one_of(
        inner.map(lambda condition: ["not", condition]),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: ["any", some]),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: ["all", some]),
    ),
    max_leaves=5,
)


@given(
    snapshots,
    conditions,
    st.sets(st.sampled_from(["python", "platform", "driver", "gpus", "cpu", "memory", "env_vars", "runtime"])),
    st.booleans(),
)
def test_less_knowledge_never_turns_an_answer_round(
    snapshot: dict[str, Any], condition: list[Any], forgotten: set[str], pasted: bool
) -> None:
    known = holds(condition, Facts(snapshot, TABLES.get), set())  # type: ignore[arg-type]
    if not pasted:
        forgotten = forgotten - {"runtime"}  # a snapshot that names no host says that there is none
    partial = {key: value for key, value in snapshot.items() if key not in forgotten}
    if pasted:
        del partial["packages_complete"]
        partial["packages"] = dict(list(snapshot["packages"].items())[:1])
    asked: set[str] = set()
    less = holds(condition, Facts(partial, TABLES.get), asked)  # type: ignore[arg-type]
    assert less in (UNKNOWN, SOME) or less == known
    if less == UNKNOWN:
        assert asked or known == UNKNOWN or "build" in str(condition)  # it can be said what was not known
