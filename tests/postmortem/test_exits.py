"""Every way to die that was tried on two Jupyter stacks, as the flight recorder leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from envaudit.postmortem import exits
from envaudit.postmortem.cause import Cause

GIB = 1024
IMPORT_CRASH = """\
Fatal Python error: Segmentation fault

Current thread 0x00007f15a8c80740 (most recent call first):
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "<frozen importlib._bootstrap_external>", line 1176 in create_module
  File "<frozen importlib._bootstrap>", line 676 in _load_unlocked
  File "/v/lib/python3.11/site-packages/onnxruntime/capi/_pybind_state.py", line 32 in <module>
  File "/tmp/ipykernel_1/1.py", line 1 in <module>

Extension modules: numpy.core._multiarray_umath (total: 1)
"""
CALL_CRASH = """\
Fatal Python error: Segmentation fault

Thread 0x00007f15a0000000 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 324 in wait

Current thread 0x00007f15a8c80740 (most recent call first):
  File "/v/lib/python3.11/site-packages/faiss/swigfaiss.py", line 9 in search
  File "/tmp/ipykernel_1/1.py", line 1 in <module>
"""
RECURSION = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x01 (most recent call first):\n" + (
    '  File "/tmp/ipykernel_1/1.py", line 3 in f\n' * 100 + "  ...\n"
)


def dump(words: str) -> str:
    thread = "Current thread 0x01 (most recent call first):"
    return f'Fatal Python error: {words}\n\n{thread}\n  File "/tmp/1.py", line 1 in g\n'


def cell(line: str, running: bool = True) -> dict[str, Any]:
    return {"number": 3, "first_line": line, "running": running, "started": 100.0}


def rising(limit: int = 4 * GIB) -> list[dict[str, Any]]:
    return [
        {"at": float(n), "rss_mib": limit * n // 10, "available_mib": limit - limit * n // 10} for n in range(5, 11)
    ]


FLAT = [{"at": float(n), "rss_mib": 200, "available_mib": 9000} for n in range(6)]
MACHINE_ROSE = {"vm_oom_kills_before": 7, "vm_oom_kills_after": 8}
COUNTED = {"oom_kills_before": 2, "oom_kills_after": 2, "vm_oom_kills_before": 7, "vm_oom_kills_after": 7}

DEATHS: list[tuple[str, dict[str, Any], str, str]] = [
    # name, record, family, cause
    (
        "kill of itself",
        {"wait_status": 9, "cell": cell("os.kill(os.getpid(), 9)"), **COUNTED},
        "user",
        "killed_by_user_or_code",
    ),
    ("kill from outside", {"wait_status": 9, "cell": cell("train()"), "samples": FLAT, **COUNTED}, "unknown", ""),
    ("kill, nothing counted", {"wait_status": 9, "cell": cell("train()"), "samples": FLAT}, "unknown", ""),
    (
        "kill near the limit, no kill counted",
        {"wait_status": 9, "samples": rising(), "limit_mib": 4 * GIB, "limit_kind": "cgroup", **COUNTED},
        "unknown",
        "",
    ),
    (
        "out of memory in a cgroup",
        {
            "wait_status": 9,
            "samples": rising(),
            "limit_mib": 4 * GIB,
            "limit_kind": "cgroup",
            **COUNTED,
            "oom_kills_after": 3,
        },
        "memory",
        "oom_cgroup",
    ),
    (
        "out of memory of the machine",
        {
            "wait_status": 9,
            "samples": rising(),
            "limit_mib": 4 * GIB,
            "limit_kind": "physical",
            **MACHINE_ROSE,
        },
        "memory",
        "oom_host_ram",
    ),
    (
        "out of memory, no counter to be read",
        {"wait_status": 9, "samples": rising(), "limit_mib": 4 * GIB, "limit_kind": "physical"},
        "memory",
        "oom_any",
    ),
    ("crash in a call", {"wait_status": 11, "fault": CALL_CRASH}, "native-crash", "native_crash"),
    ("crash without a dump", {"wait_status": 11 | 128}, "native-crash", "native_crash"),
    ("crash in an import", {"wait_status": 11, "fault": IMPORT_CRASH}, "abi", "abi_mismatch"),
    ("endless recursion", {"wait_status": 11, "fault": RECURSION}, "program", "runaway_recursion"),
    (
        "recursion limit",
        {"wait_status": 11, "cell": cell("sys.setrecursionlimit(10**9)")},
        "program",
        "runaway_recursion",
    ),
    ("abort", {"wait_status": 6, "fault": dump("Aborted")}, "native-crash", "native_abort"),
    ("bus error", {"wait_status": 7, "fault": dump("Bus error")}, "native-crash", "mmap_backing_lost"),
    ("illegal instruction", {"wait_status": 4, "fault": dump("Illegal instruction")}, "abi", "cpu_isa_unsupported"),
    ("integer division", {"wait_status": 8, "fault": dump("Floating point exception")}, "native-crash", "native_crash"),
    ("terminated", {"wait_status": 15, "cell": cell("train()")}, "limit", "host_shutdown_or_preemption"),
    (
        "terminates itself",
        {"wait_status": 15, "cell": cell("os.kill(os.getpid(), 15)")},
        "user",
        "killed_by_user_or_code",
    ),
    ("CPU time limit", {"wait_status": 24}, "limit", "cpu_time_limit"),
    ("broken pipe", {"wait_status": 13}, "program", "signal_default_restored"),
    ("scheduler's warning", {"wait_status": 10}, "limit", "external_signal"),
    (
        "restart by the user",
        {"wait_status": 0, "clean": True, "cell": cell("x = 1", running=False)},
        "user",
        "user_restart",
    ),
    ("exit() in a cell", {"wait_status": 0, "clean": True, "cell": cell("exit()")}, "user", "user_exit_call"),
    (
        "restart that was forced",
        {"wait_status": 9, "leaving": True, "cell": cell("busy()"), **COUNTED},
        "user",
        "user_restart",
    ),
    ("os._exit(0)", {"wait_status": 0, "cell": cell("os._exit(0)")}, "user", "os_exit_call"),
    ("os._exit(1)", {"wait_status": 256, "cell": cell("os._exit(1)")}, "user", "os_exit_call"),
    ("exit() of a library", {"wait_status": 3 << 8, "cell": cell("lib.run()")}, "user", "os_exit_call"),
    ("start fails", {"wait_status": 256, "started": 100.0, "ended": 101.5}, "start-failure", "kernel_startup_failure"),
    ("filprofiler's stop", {"wait_status": 53 << 8, "cell": cell("big()")}, "memory", "host_alloc_failed"),
    ("sidecar gone, dump left", {"fault": CALL_CRASH}, "native-crash", "native_crash"),
    ("sidecar gone, other run of the machine", {"boot_id": "before"}, "limit", "host_shutdown_or_preemption"),
    ("sidecar gone, nothing left", {"boot_id": "now", "cell": cell("x()")}, "unknown", ""),
    (
        "sidecar gone, memory full and rising",
        {"boot_id": "now", "cell": cell("x()"), "samples": rising(), "limit_mib": 4 * GIB},
        "memory",
        "oom_any",
    ),
]


def judged(death: dict[str, Any]) -> tuple[list[Cause], list[str]]:
    return exits.judge(death, "now")  # type: ignore[arg-type]  # a Death, of which all keys may be missing


@pytest.mark.parametrize(("death", "family", "cause"), [row[1:] for row in DEATHS], ids=[row[0] for row in DEATHS])
def test_way_to_die(death: dict[str, Any], family: str, cause: str) -> None:
    causes, missing = judged(death)
    found = (causes[0].family, causes[0].cause) if causes else ("unknown", "")
    assert found == (family, cause)
    if causes:
        assert all(causes[0].evidence)
    else:
        assert missing, "an answer that is not known says what would have told more"


def test_a_rise_of_the_counter_is_sure_and_says_the_numbers() -> None:
    causes, _ = judged(DEATHS[4][1])
    assert causes[0].confidence() == "high"
    assert "out-of-memory kills of the memory cgroup rose from 2 to 3" in causes[0].evidence
    assert "last sample 4.0 of 4.0 GiB, rising" in causes[0].evidence
    assert causes[0].culprits == ["memory"]


def test_memory_without_a_counter_is_likely_at_most_and_says_what_is_against_it() -> None:
    causes, missing = judged(DEATHS[6][1])
    assert causes[0].confidence() == "medium"
    assert causes[0].against == ["no counter of out-of-memory kills could be read"]
    assert missing


def test_the_machines_counter_alone_may_be_another_process() -> None:
    causes, _ = judged({"wait_status": 9, "samples": FLAT, "limit_mib": 9000, **MACHINE_ROSE})
    assert causes[0].confidence() == "medium"
    assert "another process" in causes[0].against[0]


def test_the_machines_counter_says_nothing_where_that_of_the_group_did_not_rise() -> None:
    # the kernel counts a kill in the group of its victim, whoever ran out of memory
    causes, missing = judged({"wait_status": 9, "samples": FLAT, "limit_mib": 9000, **COUNTED, **MACHINE_ROSE})
    assert causes == []
    assert missing


def test_a_crash_names_the_library_that_it_was_in() -> None:
    assert judged(DEATHS[7][1])[0][0].culprits == ["faiss"]
    assert judged({"wait_status": 11, "fault": IMPORT_CRASH})[0][0].culprits == ["onnxruntime"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, None),
        (0, "exit code 0"),
        (256, "exit code 1"),
        (9, "signal 9 (SIGKILL)"),
        (139, "signal 11 (SIGSEGV)"),  # bit 7: a core file was written
        (40, "signal 40 (another one)"),
    ],
)
def test_wait_status_in_words(status: int | None, words: str | None) -> None:
    assert exits.Exit(status).words() == words
