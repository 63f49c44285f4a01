"""Logs of both servers, of Colab, of editors and of plain terminals: which cause they tell, and when they tell none."""

from __future__ import annotations

import json

import pytest

from envaudit.matrix.store import load
from envaudit.postmortem import exceptions, fault, signatures, text
from envaudit.postmortem.why import Why, of_text

KNOWN = signatures.load()
MATRIX = load()
ID = "20e96cfc-3b1b-4233-807d-6c51dae6de3c"
NOISE = """\
0.00s - Debugger warning: It seems that frozen modules are being used, which may
0.00s - make the debugger miss breakpoints. Please pass -Xfrozen_modules=off
[I 10:00:09.000 NotebookApp] Saving file at /a.ipynb
"""
# notebook 6, as Colab runs it, and jupyter_server
CLASSIC = f"KernelRestarter: restarting kernel (1/5), keep random ports\nWARNING:root:kernel {ID} restarted\n{NOISE}"
MODERN = f"""\
[I 2026-11-22 10:14:17.279 ServerApp] AsyncIOLoopKernelRestarter: restarting kernel (1/5), keep random ports
[W 2026-11-22 10:14:17.280 ServerApp] kernel {ID} restarted
[W 2026-11-22 10:14:17.280 ServerApp] kernel {ID} restarted
{NOISE}"""
LOOP = "".join(
    f"/v/bin/python: No module named ipykernel_launcher\nKernelRestarter: restarting kernel ({n}/5), new random ports\n"
    for n in range(1, 6)
)


def why(log: str) -> Why:
    return of_text(log.encode(), KNOWN, MATRIX, None)


def colab(log: str) -> str:
    """The same lines as Colab writes its server's log."""
    return "".join(
        json.dumps({"pid": 8, "type": "jupyter", "level": 40, "msg": line}) + "\n" for line in log.splitlines()
    )


BEFORE = [
    # what stands above the restart, family, cause
    ("free(): double free detected in tcache 2\n", "native-crash", "heap_corruption"),
    ("terminate called without an active exception\n", "native-crash", "uncaught_cpp_exception"),
    (
        "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n",
        "memory",
        "host_alloc_failed",
    ),
    ("tcmalloc: large alloc 12884901888 bytes == 0x7f8880000000 @\n", "memory", "memory_pressure"),
    ("tcmalloc: large alloc 140251233091584 bytes == (nil) @\n", "abi", "abi_mismatch"),
    (
        "Unable to load any of {libcudnn_ops.so.9.1.0, libcudnn_ops.so.9.1, libcudnn_ops.so.9, libcudnn_ops.so}\n"
        "Invalid handle. Cannot load symbol cudnnCreateTensorDescriptor\n",
        "cuda",
        "cudnn_mismatch",
    ),
    ("OMP: Error #15: Initializing libiomp5.so, but found libomp.so already initialized.\n", "abi", "duplicate_openmp"),
    (
        "The TensorFlow library was compiled to use AVX2 instructions, but these aren't available on your machine.\n",
        "abi",
        "cpu_isa_unsupported",
    ),
    (
        "Memory cgroup out of memory: Killed process 28565 (python3) total-vm:1kB, anon-rss:444876kB\n",
        "memory",
        "oom_cgroup",
    ),
    ("Fatal Python error: boom\n", "native-crash", "interpreter_fatal"),
]


@pytest.mark.parametrize("server", [CLASSIC, MODERN, colab(CLASSIC)], ids=["notebook 6", "jupyter_server", "Colab"])
@pytest.mark.parametrize(("above", "family", "cause"), BEFORE, ids=[row[2] + str(n) for n, row in enumerate(BEFORE)])
def test_the_nearest_line_above_the_restart_that_is_not_noise(above: str, family: str, cause: str, server: str) -> None:
    above = colab(above) if server.startswith("{") else above
    found = why(above + NOISE + server)
    assert (found.verdict, found.causes[0].cause) == (family, cause)
    assert found.kernel["id"] == ID


@pytest.mark.parametrize("server", [CLASSIC, MODERN, colab(CLASSIC)], ids=["notebook 6", "jupyter_server", "Colab"])
def test_the_restart_line_alone_proves_an_end_and_no_more(server: str) -> None:
    found = why(NOISE + server)
    assert (found.verdict, found.causes) == ("unknown", [])
    assert found.missing


def view(log: str, newest_first: bool) -> str:
    """The lines as Colab's log view shows them, and as people paste them from there."""
    rows = [
        f"|Apr 24, 2023, {1 + n // 60}:{n % 60:02}:48 AM|WARNING|{line}|".replace("(", "\\(")
        for n, line in enumerate(log.splitlines())
    ]
    return "\n".join(["|Timestamp|Level|Message|", "|---|---|---|", *(rows[::-1] if newest_first else rows)])


@pytest.mark.parametrize("newest_first", [True, False])
def test_colabs_log_view_shows_the_newest_line_first(newest_first: bool) -> None:
    log = "E0000 unrelated\n" + "RuntimeError: CUDA error: out of memory\n" * 2 + "free(): invalid pointer\n" + CLASSIC
    found = why(view(log, newest_first))
    assert (found.verdict, found.causes[0].evidence[0]) == ("native-crash", "free(): invalid pointer")


def test_colabs_log_as_csv() -> None:
    rows = [
        "Timestamp,Level,Message",
        f'"Feb 14, 2025, 4:32:36 PM",WARNING,WARNING:root:kernel {ID} restarted',
        '"Feb 14, 2025, 4:32:36 PM",INFO,"KernelRestarter: restarting kernel (1/5), keep random ports"',
        '"Feb 14, 2025, 4:32:34 PM",WARNING,"corrupted size vs. prev_size"',
        '"Feb 14, 2025, 3:26:47 PM",WARNING,"RuntimeError: CUDA error: out of memory"',
    ]
    assert why("\n".join(rows)).causes[0].evidence[0] == "corrupted size vs. prev_size"


def test_one_row_of_the_view_proves_no_more_than_the_line() -> None:
    assert why(f"Aug 1, 2023, 1:12:13 PM | WARNING | WARNING:root:kernel {ID} restarted").verdict == "unknown"


def test_an_old_error_far_above_is_less_sure_than_one_near_by() -> None:
    far = why("RuntimeError: CUDA error: device-side assert triggered\n" + "epoch\n" * 400 + CLASSIC)
    near = why("RuntimeError: CUDA error: device-side assert triggered\n" + CLASSIC)
    assert far.causes[0].points < near.causes[0].points


def test_gpu_memory_by_itself_ends_no_kernel_and_that_is_said() -> None:
    found = why("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 6.30 GiB.\n" + MODERN)
    assert found.verdict == "gpu-memory"
    assert "ends no kernel" in found.causes[0].against[0]


@pytest.mark.parametrize(
    ("log", "family"),
    [
        (f"[I 10:00:00.000 ServerApp] Kernel restarted: {ID}\n", "user"),
        (CLASSIC + f"[I 10:20:00.000 ServerApp] Kernel restarted: {ID}\n", "user"),
        ("KeyboardInterrupt\n", "user"),
        (LOOP + f"KernelRestarter: restart failed\nERROR:root:kernel {ID} restarted failed!\n", "start-failure"),
        (
            "The kernel has died, and the automatic restart has failed. It is possible that it cannot be restarted.\n",
            "start-failure",
        ),
        ("nbclient.exceptions.DeadKernelError: Kernel died\n", "unknown"),
        (
            "nbclient.exceptions.CellTimeoutError: A cell timed out while it was being executed, after 600 seconds.\n",
            "limit",
        ),
        (
            "error 10:11:12.345: Disposing session as kernel process died ExitCode: 3221225477, Reason: \n",
            "native-crash",
        ),
        ("The Kernel crashed while executing code in the current cell or a previous cell.\n", "unknown"),
        ("python train.py\nSegmentation fault (core dumped)\n", "native-crash"),
        ("Process finished with exit code 139 (interrupted by signal 11: SIGSEGV)\n", "native-crash"),
        ("Process finished with exit code 134 (interrupted by signal 6: SIGABRT)\n", "native-crash"),
        ("python train.py\nKilled\n", "unknown"),
        ("Process finished with exit code 137 (interrupted by signal 9: SIGKILL)\n", "unknown"),
        ("2026-01-01 W tensorflow: Allocation of 8000000000 exceeds 10% of free system memory.\nKilled\n", "memory"),
        ("  State: Terminated\n    Reason: OOMKilled\n    Exit Code: 137\n", "memory"),
        ("all is well\n", "unknown"),
        (NOISE + "TF-TRT Warning: Could not find TensorRT\n", "none"),
        (f"import os; os._exit(0)\n{CLASSIC}", "user"),
        ("try os._exit(0) instead\n", "unknown"),
        (f"WARNING: Upgrading ipython, ipykernel, tornado, prompt-toolkit or pyzmq can\n{CLASSIC}", "start-failure"),
    ],
)
def test_other_logs(log: str, family: str) -> None:
    assert why(log).verdict == family


def test_a_kill_without_a_counter_says_what_to_look_at() -> None:
    found = why("python train.py\nKilled\n")
    assert found.kernel["exit"] == "signal 9 (SIGKILL)"
    assert any("dmesg" in line for line in found.missing)


def test_a_kill_beside_words_of_memory_is_likely_and_says_what_is_against_it() -> None:
    found = why("Allocation of 8000000000 exceeds 10% of free system memory.\nKilled\n")
    assert found.causes[0].against == ["no counter of out-of-memory kills is in the text"]


USER_CODE = """\
Traceback (most recent call last):
  File "/home/u/train.py", line 9, in <module>
    rows[key]
KeyError: 'lable'
"""
LIBRARIES = """\
Traceback (most recent call last):
  File "/home/u/app.py", line 3, in <module>
    client = OpenAI()
  File "/v/lib/python3.11/site-packages/openai/_client.py", line 123, in __init__
    super().__init__(
  File "/v/lib/python3.11/site-packages/httpx/_client.py", line 9, in __init__
    f()
TypeError: f() got an unexpected keyword argument 'newname'
"""
CHAIN = """\
Traceback (most recent call last):
  File "/v/lib/python3.11/site-packages/a/__init__.py", line 1, in <module>
    import b
ImportError: /v/b.so: undefined symbol: _ZN3c104cuda9SetDeviceEi

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/home/u/x.py", line 1, in <module>
    import a
RuntimeError: could not start
"""


@pytest.mark.parametrize(
    ("log", "family"),
    [
        (USER_CODE, "program"),
        (LIBRARIES, "packages"),
        (CHAIN, "abi"),
        (
            LIBRARIES.replace("openai", "httpx").replace("an unexpected keyword argument 'newname'", "no list"),
            "program",
        ),
        ("TypeError: op() got an unexpected keyword argument 'tag'\n", "packages"),
        (
            USER_CODE.replace("/home/u/", "/v/lib/python3.11/site-packages/a/"),
            "unknown",
        ),  # nobody's code but a package's
        (USER_CODE.replace("KeyError: 'lable'", "RuntimeError: no"), "program"),
        ("RuntimeError: Engine core initialization failed. See root cause above.\n", "unknown"),
        ("E   ImportError: cannot import name 'a' from 'b' (/v/b.py)\n", "packages"),
    ],
)
def test_the_environments_fault_and_the_programs(log: str, family: str) -> None:
    assert why(log).verdict == family


def test_a_chain_gives_its_innermost_exception() -> None:
    first, last = exceptions.find(CHAIN.splitlines())
    assert (first.name, first.inner, last.name, last.inner) == ("ImportError", True, "RuntimeError", False)
    assert first.frames == ["/v/lib/python3.11/site-packages/a/__init__.py"]


def test_a_package_that_breaks_the_start_is_named() -> None:
    found = why(
        "Traceback (most recent call last):\n"
        '  File "/v/lib/python3.7/site-packages/ipykernel_launcher.py", line 15, in <module>\n'
        "    from ipykernel import kernelapp as app\n"
        "ImportError: cannot import name 'create_prompt_application' from 'prompt_toolkit.shortcuts'\n"
        f"WARNING:root:kernel {ID} restarted\n"
    )
    assert found.verdict == "start-failure"
    assert "prompt-toolkit" in found.causes[0].culprits


STALE = """\
WARNING: The following packages were previously imported in this runtime:
  [numpy]
You must restart the runtime in order to use newly installed versions.
ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88
"""


def test_a_package_replaced_under_the_kernel() -> None:
    found = why(STALE)
    assert (found.verdict, found.causes[0].culprits) == ("stale-module", ["numpy"])
    assert why(STALE.replace("[numpy]", "[wheel]")).verdict == "abi"


def test_a_rule_that_foretells_the_line_is_named() -> None:
    found = why("RuntimeError: operator torchvision::nms does not exist\n")
    assert "torchvision-torch-pair" in found.causes[0].rules
    assert any("foretell" in line for line in found.causes[0].evidence)


def test_no_escape_code_of_the_log_comes_through() -> None:
    found = why("\x1b[31mRuntimeError\x1b[0m: CUDA error: out of memory\x1b]0;title\x07 \x9b2J\n")
    assert found.verdict == "gpu-memory"
    assert found.causes[0].evidence[0].isprintable()


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        ("a\r\nb\rc", ["a", "b", "c"]),
        ('{"pid": 1, "msg": "a\\nb"}', ["a", "b"]),
        ('{"msg": [1]}', ['{"msg": [1]}']),
        ('{"msg":' + "[" * 5000, [('{"msg":' + "[" * 5000)[: text.MAX_LINE]]),
        ("2024-01-01T00:00:00.0000000Z Killed", ["Killed"]),
        ("> > quoted", ["quoted"]),
        ("[rank0]: Traceback", ["Traceback"]),
        ("a" * 9000, ["a" * text.MAX_LINE]),
        ("x\x00y", ["x y"]),
    ],
)
def test_lines_as_a_person_reads_them(raw: str, lines: list[str]) -> None:
    assert text.lines_of(raw) == lines


def test_only_the_end_of_a_long_log_is_read() -> None:
    found = why("a\n" * (text.MAX_LINES + 10) + "RuntimeError: CUDA error: out of memory\n")
    assert found.verdict == "gpu-memory"
    assert len(text.lines_of("\n" * (text.MAX_LINES * 2))) == text.MAX_LINES


@pytest.mark.parametrize(
    "data", [b"\xff\xfe" + "Segmentation fault".encode("utf-16-le"), b"\xff Segmentation fault \x80"]
)
def test_any_bytes_are_a_log(data: bytes) -> None:
    assert of_text(data, KNOWN, None, None).verdict == "native-crash"


IMPORTING = """\
Fatal Python error: Segmentation fault

Current thread 0x01 (most recent call first):
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "<frozen importlib._bootstrap_external>", line 1176 in create_module
  File "/v/lib/python3.11/site-packages/cv2/__init__.py", line 32 in <module>

Extension modules: numpy.core._multiarray_umath (total: 1)
"""
RECURSIVE = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x01 (most recent call first):\n"
RECURSIVE += '  File "/tmp/ipykernel_1/1.py", line 3 in f\n' * 100 + "  ...\n"


@pytest.mark.parametrize("after", ["", CLASSIC, MODERN], ids=["alone", "notebook 6", "jupyter_server"])
@pytest.mark.parametrize(
    ("dump", "family"),
    [
        (IMPORTING, "abi"),
        (RECURSIVE, "program"),
        (IMPORTING.replace("create_module", "x").replace("_call_with", "y"), "native-crash"),
    ],
    ids=["in an import", "recursion", "in a call"],
)
def test_faulthandlers_dump_in_a_log(dump: str, family: str, after: str) -> None:
    assert why(dump + after).verdict == family


def test_a_dump_of_threads_gives_the_one_that_died() -> None:
    found = fault.read(
        [
            "noise",
            "Fatal Python error: Bus error",
            "",
            "Thread 0x02 (most recent call first):",
            '  File "/a/site-packages/wrong/x.py", line 1 in w',
            "",
            "Current thread 0x01 (most recent call first):",
            '  File "/a/site-packages/right/x.py", line 2 in r',
            '  File "/home/u/y.py", line 3 in <module>',
        ]
    )
    assert found is not None
    assert (found.signal, found.package, found.frames[0][1], found.importing) == (7, "right", "r", False)
    assert fault.read(["no dump"]) is None
