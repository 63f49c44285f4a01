"""All evidence together: record, server's log, kernel log, counters and the audit."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envaudit.matrix import source
from envaudit.matrix.store import load, own_rules
from envaudit.options import Options
from envaudit.postmortem import signatures
from envaudit.postmortem.live import Live
from envaudit.postmortem.why import Why, of_machine, of_text
from envaudit.report.document import Report, audit

KNOWN = signatures.load()
MATRIX = load()
ID = "20e96cfc-3b1b-4233-807d-6c51dae6de3c"
RESTART = f"KernelRestarter: restarting kernel (1/5), keep random ports\nWARNING:root:kernel {ID} restarted\n"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/why.schema.json").read_text(encoding="utf-8"))
COUNTED = {"oom_kills_before": 0, "oom_kills_after": 0, "vm_oom_kills_before": 0, "vm_oom_kills_after": 0}


FOLDER = os.path.join(own_rules(), "signatures")


def samples(path: str) -> list[str]:
    content: Any = source.load(path)
    return [] if "causes" in content else [line for entry in content["entries"] for line in entry["samples"]]


def machine(death: dict[str, Any] | None = None, log: str = "", **left: Any) -> Live:
    live = Live()
    live.death = death  # type: ignore[assignment]  # a Death, of which all keys may be missing
    if log:
        live.logs = [("/var/log/colab-jupyter.log", log.encode())]
    for name, value in left.items():
        setattr(live, name, value)
    return live


def why(live: Live, report: Report | None = None) -> Why:
    found = of_machine(live, KNOWN, MATRIX, report)
    jsonschema.validate(found.to_json(), SCHEMA)
    return found


def environment(**packages: str) -> Report:
    snapshot: Any = {
        "schema": "envaudit.snapshot/1",
        "python": "3.11.4",
        "packages": packages,
        "packages_complete": True,
    }
    snapshot["platform"] = {"system": "Linux", "machine": "x86_64", "libc": "glibc 2.35"}
    return audit(snapshot, MATRIX, Options())


@pytest.mark.parametrize("left", [{"watched": True}, {"log": "[I 12:00:00 ServerApp] Kernel started\n"}])
def test_nothing_died(left: dict[str, Any]) -> None:
    found = why(machine(**left))
    assert (found.verdict, found.causes, found.missing) == ("none", [], [])


def test_old_kills_alone_are_no_death() -> None:
    assert why(machine(watched=True, oom_kills=4, vm_oom_kills=9)).verdict == "none"


@pytest.mark.parametrize(
    ("status", "pattern", "said"),
    [
        (11 | 0x80, "/tmp/core.%p", "is named /tmp/core.%p"),
        (11 | 0x80, "|/usr/share/apport/apport %p", "was given to /usr/share/apport/apport"),
        (11, "core", None),
        (11 | 0x80, "|", None),
    ],
)
def test_the_core_file(status: int, pattern: str, said: str | None) -> None:
    death = {"kernel": ID, "pid": 5, "wait_status": status, "clean": False, "leaving": False, "samples": [], **COUNTED}
    advice = " ".join(why(machine(death, core_pattern=pattern)).causes[0].next)
    assert said in advice if said else "core file" not in advice


def test_where_nothing_could_have_told_the_answer_is_not_known() -> None:
    found = why(machine(oom_kills=4, vm_oom_kills=9))
    assert (found.verdict, found.causes) == ("unknown", [])
    assert "4 out-of-memory kills" in found.missing[0]
    assert why(machine()).verdict == "unknown"


def test_a_death_without_a_record_and_old_kills_is_perhaps_memory() -> None:
    found = why(machine(log=RESTART, oom_kills=1, peak_mib=510, limit_mib=512))
    assert (found.verdict, found.causes[0].confidence()) == ("memory", "low")
    assert "its peak was 510 of 512 MiB" in found.causes[0].evidence
    assert found.causes[0].against == ["the counter tells neither when nor which process"]


def test_a_death_of_which_nothing_is_known() -> None:
    found = why(machine(log=RESTART, unread=[{"what": "the flight recorder's record", "because": "it was not on"}]))
    assert (found.verdict, found.causes) == ("unknown", [])
    assert found.missing == ["the flight recorder's record: it was not on"]


def test_where_the_cause_is_not_known_the_hosts_own_limits_are_told() -> None:
    found = why(machine(log=RESTART, hosts=["binder", "docker"]))
    assert [line.partition(" ")[0] for line in found.missing] == ["mybinder.org", "exit"]
    assert why(machine({"wait_status": 11}, hosts=["binder"])).missing == [
        "faulthandler's dump: it names the Python line that was running"
    ]


def test_the_record_says_how_and_the_servers_log_why() -> None:
    cell = {"number": 12, "first_line": "model.fit(x)", "running": True}
    death = {"kernel": ID, "pid": 4711, "wait_status": 6, "cell": cell, **COUNTED}
    found = why(machine(death, "free(): invalid pointer\n" + RESTART))
    assert (found.verdict, found.causes[0].cause) == ("native-crash", "heap_corruption")
    assert found.kernel == {"id": ID, "exit": "signal 6 (SIGABRT)", "last_cell": cell}


def test_a_line_of_the_log_that_does_not_fit_the_exit_status_does_not_count() -> None:
    log = "free(): invalid pointer\n" + RESTART
    found = why(machine({"wait_status": 9, **COUNTED}, log))
    assert found.verdict != "native-crash" or found.causes[0].confidence() == "low"
    assert all("SIGKILL" in " ".join(cause.against) for cause in found.causes if cause.family == "native-crash")


def test_of_several_kernels_in_a_log_it_is_the_recorded_one() -> None:
    other = RESTART.replace(ID, "99999999-3b1b-4233-807d-6c51dae6de3c")
    log = (
        "free(): invalid pointer\n"
        + RESTART
        + "noise\n" * 400
        + "terminate called without an active exception\n"
        + other
    )
    assert why(machine({"kernel": ID, "wait_status": 6}, log)).causes[0].cause == "heap_corruption"
    assert why(machine({"wait_status": 6}, log)).causes[0].cause == "uncaught_cpp_exception"


def test_a_user_restart_is_no_crash_whatever_the_log_says() -> None:
    found = why(machine({"wait_status": 0, "clean": True}, "free(): invalid pointer\n" + RESTART))
    assert (found.verdict, found.causes[0].cause) == ("user", "user_restart")


def test_the_kernel_log_counts_where_it_names_the_process() -> None:
    lines = [
        "Memory cgroup out of memory: Killed process 4711 (python) total-vm:1kB",
        "Memory cgroup out of memory: Killed process 99 (python) total-vm:1kB",
    ]
    assert why(machine({"pid": 4711, "wait_status": 9}, kernel_log=lines)).causes[0].cause == "oom_cgroup"
    assert why(machine({"pid": 471, "wait_status": 9}, kernel_log=lines)).verdict == "unknown"


@pytest.mark.parametrize(("free", "family"), [(0, "shared-memory"), (9000, "native-crash"), (None, "native-crash")])
def test_a_bus_error_and_the_room_in_shared_memory(free: int | None, family: str) -> None:
    assert why(machine({"wait_status": 7}, shm_free_mib=free)).verdict == family


FAULT = """\
Fatal Python error: Segmentation fault

Current thread 0x01 (most recent call first):
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "<frozen importlib._bootstrap_external>", line 1176 in create_module
  File "/v/lib/python3.11/site-packages/onnxruntime/capi/_pybind_state.py", line 32 in <module>
"""


def test_the_audit_names_the_rule_that_foretold_it_and_the_pins_come_first() -> None:
    report = environment(onnxruntime="1.16.3", numpy="2.0.2")
    assert "onnxruntime-numpy2-segfault" in [finding.rule for finding in report.audit.findings]
    found = why(machine({"wait_status": 11, "fault": FAULT}), report)
    assert found.verdict == "abi"
    assert "onnxruntime-numpy2-segfault" in found.causes[0].rules
    assert found.causes[0].next[0].startswith("python -m pip install '")
    assert found.causes[0].next[0].endswith(", then restart the kernel")


def test_findings_about_other_parts_do_not_join() -> None:
    report = environment(pandas="2.0.3", numpy="2.1.3")
    found = why(machine({"wait_status": 11, "fault": FAULT}), report)
    assert found.causes[0].rules == []


def test_a_sound_environment_changes_nothing() -> None:
    death = {"wait_status": 11, "fault": FAULT}
    with_audit = why(machine(death), environment(numpy="2.1.3"))
    assert with_audit.to_json() == why(machine(death)).to_json()


def test_a_text_with_its_environment_in_it_is_audited() -> None:
    text = "RuntimeError: operator torchvision::nms does not exist\n"
    found = of_text(text.encode(), KNOWN, MATRIX, environment(torch="2.4.0", torchvision="0.15.2"))
    jsonschema.validate(found.to_json(), SCHEMA)
    assert any(line.startswith("audit, rule torchvision-torch-pair") for line in found.causes[0].evidence)
    assert "torchvision==" in found.causes[0].next[0]


@pytest.mark.parametrize(
    "text", ["", "x", RESTART, "Killed\n", "MemoryError\n", "Segmentation fault\n", "ImportError: a\n"]
)
def test_every_answer_is_of_the_schema(text: str) -> None:
    jsonschema.validate(of_text(text.encode(), KNOWN, MATRIX, None).to_json(), SCHEMA)


LINES = [line for path in source.yaml_files(FOLDER) for line in samples(path)] + RESTART.splitlines()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=60)), max_size=12))
def test_no_text_breaks_it(lines: list[str]) -> None:
    found = of_text("\n".join(lines).encode("utf-8", "surrogatepass"), KNOWN, MATRIX, None)
    jsonschema.validate(found.to_json(), SCHEMA)
