"""Bad input, snapshot documents, what wins over what, and the bound on time."""

from __future__ import annotations

import contextlib
import json
import random
import time
from typing import Any

import pytest

from envaudit.recorded import MAX_INPUT, RecordedError, read


def snapshot(text: str) -> dict[str, Any]:
    return dict(read(text.encode(), "pasted.txt"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty.txt: is empty"),
        (b" \r\n\t\n", "empty.txt: is empty"),
        (b"\x7fELF\x02\x01\n\x01\x00\x00", "empty.txt: line 2: binary data; save the report as plain text"),
        (b"\xff\xfe\x00", "empty.txt: is not the utf-16 text that its first bytes promise"),
        (b"[" * 200_000, "empty.txt: is JSON that is nested too deeply"),
        (b'{"packages": {}', "empty.txt: line 1: not valid JSON: "),
        (b'[\n{"name": "x"', "empty.txt: line 2: not valid JSON: "),
        (b'{"a": 1}', "empty.txt: is JSON, but neither a snapshot nor a package list"),
        (b"[1, 2]", "empty.txt: is JSON, but neither a snapshot nor a package list"),
        (b'{"schema": "envaudit.snapshot/9"}', 'empty.txt: schema is "envaudit.snapshot/9"; only '),
        (b'{"schema": "envaudit.report/1"}', "empty.txt: is a report without its snapshot"),
        (b'{"python": "\\ud800"}', "empty.txt: is JSON with half of a character in it"),
        (b'{"memory": {"total_mib": ' + b"9" * 5000 + b"}}", "empty.txt: "),
        (
            b"Nothing here says what is installed.",
            "empty.txt: no package, driver or GPU is named in it; paste ",
        ),
        (b"x\n" * 60_000, "empty.txt: no package, driver or GPU is named in its start (50,000 lines, 4 MiB); paste "),
        (b"a" * (MAX_INPUT + 1), "empty.txt: larger than 32 MiB; cut it down to the report itself"),
    ],
)
def test_bad_input_is_one_line_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RecordedError) as error:
        read(data, "empty.txt")
    assert str(error.value).startswith(reason)
    assert "\n" not in str(error.value)


def test_hostile_file_name_stays_one_printable_line() -> None:
    with pytest.raises(RecordedError) as error:
        read(b"", "a\nb\x1b[31m")
    assert str(error.value) == "a?b?[31m: is empty"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"python": 3.11}, "python: must be text, not 3.11"),
        ({"packages": ["torch"]}, "packages: must be an object, not a list"),
        ({"packages": {"torch": 2}}, "packages.torch: must be a version, not 2"),
        ({"packages": {"torch": None}}, "packages.torch: must be a version, not null"),
        ({"packages": {"torch": "2.0; rm -rf ~"}}, "packages.torch: must be a version, not '2.0; rm -rf ~'"),
        ({"packages": {"$(reboot)": "1"}}, "packages: must be a package name, not '$(reboot)'"),
        ({"packages": {"": "1"}}, "packages: must be a package name, not ''"),
        ({"packages_complete": "yes"}, "packages_complete: must be true or false, not 'yes'"),
        ({"packages_unversioned": {"a": "1"}}, "packages_unversioned: must be a list, not an object"),
        ({"gpus": "Tesla T4"}, "gpus: must be a list, not 'Tesla T4'"),
        ({"gpus": [None]}, "gpus[0]: must be an object, not null"),
        ({"gpus": [{}, {"memory_mib": "16 GB"}]}, "gpus[1].memory_mib: must be a whole number, not '16 GB'"),
        ({"gpus": [{"memory_mib": True}]}, "gpus[0].memory_mib: must be a whole number, not True"),
        ({"memory": {"total_mib": -1}}, "memory.total_mib: must be a whole number, not -1"),
        ({"memory": {"total_mib": float("nan")}}, "memory.total_mib: must be a whole number, not nan"),
        ({"cpu": {"flags": "avx avx2"}}, "cpu.flags: must be a list, not 'avx avx2'"),
        ({"cpu": {"flags": [1]}}, "cpu.flags[0]: must be text, not 1"),
        ({"platform": "Linux"}, "platform: must be an object, not 'Linux'"),
        ({"platform": {"release": "a\x1b[2Jb"}}, "platform.release: holds a control character"),
        ({"env_vars": {"A": None}}, "env_vars.A: must be text, not null"),
        ({"requires": {"a": ["b", 1]}}, "requires.a[1]: must be text, not 1"),
        ({"libraries": {"toolkits": [{"version": 12}]}}, "libraries.toolkits[0].version: must be text, not 12"),
        ({"unknown": [{"what": 1}]}, "unknown[0].what: must be text, not 1"),
        ({"problems": [[]]}, "problems[0]: must be an object, not a list"),
    ],
)
def test_a_snapshot_with_a_wrong_type_names_the_key(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecordedError) as error:
        read(json.dumps(document).encode(), "s.json")
    assert str(error.value) == f"s.json: {reason}"


def test_a_live_snapshot_keeps_what_conda_calls_its_own() -> None:
    document = {"packages": {"_libgcc_mutex": "0.1", "Foo.Bar": "1.0~rc1"}, "packages_complete": True, "gpus": []}
    assert snapshot(json.dumps(document)) == {
        "packages": {"_libgcc_mutex": "0.1", "foo-bar": "1.0~rc1"},
        "packages_complete": True,
        "gpus": [],
        "schema": "envaudit.snapshot/1",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, ends: str) -> None:
    text = ends.join(["# für alle", "numpy==1.26.4", "torch==2.1.0+cu118", ""])
    assert read(text.encode(encoding), "x")["packages"] == {"numpy": "1.26.4", "torch": "2.1.0+cu118"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a block wins over a sentence before it
        (
            "I use Python 3.9.1 and torch 1.0.0 here.\n\nPackage Version\n------- -------\ntorch   2.1.0\n",
            {"torch": "2.1.0"},
        ),
        # what says more makes it more precise
        ("torch==2.1.0\n>>> torch.__version__\n'2.1.0+cu118'\n", {"torch": "2.1.0+cu118"}),
        # among equals the first stays
        ("- torch: 2.1.0\n\nx\n\nx\n\nx\n- torch: 2.2.0\n", {"torch": "2.1.0"}),
        # install commands say what was tried
        ("pip install torch==2.2.0\nconda install numpy=1.2.3\nnumpy==1.26.4", {"numpy": "1.26.4"}),
        ("RUN python -m pip install \\\n  torch==2.2.0 \\\n  numpy==1.0.0\n\njax==0.4.1", {"jax": "0.4.1"}),
        # the message of pip's resolver
        (
            "foo 1.0 requires numpy<2, but you have numpy 2.0.1 which is incompatible.",
            {"foo": "1.0", "numpy": "2.0.1"},
        ),
        (
            "tensorflow 2.1.0 has requirement gast==0.2.2, but you'll have gast 0.3.3.",
            {"tensorflow": "2.1.0", "gast": "0.3.3"},
        ),
        ("Successfully installed numpy-1.26.4 torch-2.1.0+cu118", {"numpy": "1.26.4", "torch": "2.1.0+cu118"}),
        # names that a shell would act on are no packages
        ("$(reboot)==1.0\n`id`==2\na;b==1\nnumpy==1.0;reboot\n-rf==1", {"id": "2", "numpy": "1.0"}),
        ("numpy==1.0'\njax==0.4.1&&id\npandas==$(id)\nscipy==1.0", {"numpy": "1.0", "scipy": "1.0"}),
    ],
)
def test_what_counts(text: str, expected: dict[str, str]) -> None:
    assert snapshot(text)["packages"] == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "It requires torch 2.1.0.",
        "Works with numpy 1.26.4 on my laptop.",
        "You should upgrade to TensorFlow 2.15.0.",
        "Since torch 2.3.0 this is gone.",
        "Do I need Python 3.12.1?",
        "CUDA 11.8 and cuDNN are there.",
        "It does not happen with jax 0.4.1",
        "See https://example.org/torch/2.1.0 for more.",
        "torch-2.1.0-cp310-cp310-linux_x86_64.whl",
        "pandas 2 is great",
        "Collecting torch==2.1.0",
        "ERROR: No matching distribution found for torch==1.4.0",
        "ERROR: Could not find a version that satisfies the requirement jaxlib==0.4.14 (from versions: 0.4.17)",
        "The conflict is caused by: foo 1.0 depends on numpy==1.2.0",
        "- torch: 2.1 or 2.2",
        "- OS: [e.g. Ubuntu 18.04]",
        "+torch==2.1.0",
    ],
)
def test_what_says_nothing_of_an_environment(sentence: str) -> None:
    with pytest.raises(RecordedError):
        read(sentence.encode(), "x")


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("GPU: 2x RTX 3090", "gpus", [{"name": "RTX 3090"}] * 2),
        ("GPU: NVIDIA A100-SXM4-80GB (x2)", "gpus", [{"name": "NVIDIA A100-SXM4-80GB"}] * 2),
        ("GPU: A10", "gpus", [{"name": "A10"}]),
        ("I have a Tesla T4.", "gpus", [{"name": "Tesla T4"}]),
        ("My machine has an RTX 4070 Ti SUPER with Ubuntu 24.04", "gpus", [{"name": "RTX 4070 Ti SUPER"}]),
        ("GPU: none", "gpus", []),
        ("GPU model: CPU only", "gpus", []),
        ("torch==1.0\nGPU: N/A", "gpus", None),
        ("torch==1.0\nGPU: yes", "gpus", None),
        ("Driver: 470.82.01", "driver", "470.82.01"),
        ("NVIDIA driver version is 535.54", "driver", "535.54"),
        ("torch==1.0\nCUDA: 12.2", "toolkit", None),
        ("torch==1.0\nCUDA version: 12.2", "toolkit", None),
        ("CUDA toolkit: 12.2", "toolkit", "12.2"),
        ("nvcc: release 11.8, V11.8.89", "toolkit", "11.8"),
        ("torch==1.0\ntorch.version.cuda: 11.8", "builds", {"torch": "cu118"}),
        ("torch==1.0\nOS: Windows 11 WSL2, Ubuntu 22.04", "runtime", "wsl"),
        ("torch==1.0\nroot@0123456789ab:/workspace# ls", "runtime", "docker"),
        ("torch==1.0\nOS: Ubuntu 20.04 and Windows 10", "platform", None),
        ("torch==1.0\nPython: 3.10", "python", "3.10"),
        ("torch==1.0\nPython: >=3.8", "python", None),
        ('torch==1.0\n  File "/usr/lib/python3.11/site-packages/x.py"', "python", "3.11"),
        ("torch==1.0\nPython 3.11.2\n/usr/lib/python3.9/site-packages/", "python", "3.11.2"),
    ],
)
def test_single_statements(text: str, key: str, expected: object) -> None:
    assert snapshot(text).get(key) == expected


def test_recorded_text_is_never_complete() -> None:
    assert "packages_complete" not in snapshot("Package Version\n------- -------\nnumpy   1.26.4\n")


def test_absurd_versions_are_kept_or_left_out_but_never_break() -> None:
    long = "1" * 5000
    text = f"numpy==1!2.0rc1.post3.dev4+local.7\ntorch=={long}\njax==not.a.version\nflax==1.2.*\n"
    assert snapshot(text)["packages"] == {
        "numpy": "1!2.0rc1.post3.dev4+local.7",
        "jax": "not.a.version",
        "flax": "1.2.*",
    }


WORDS = """
    the torch numpy 1.2 version: == PyTorch NVIDIA RTX CUDA with is 2.1.0 python | - > # = / site-packages requires
    but you have installed
"""


def junk(kind: str) -> bytes:
    """30 MiB of text that looks like what readers look for."""
    chance, words = random.Random(20), WORDS.split()
    parts = {
        "words": " ".join(chance.choice(words) for _ in range(20_000)),
        "lines": "\n".join(" ".join(chance.choice(words) for _ in range(8)) for _ in range(20_000)),
        "reports": "PyTorch version: 1\nIs debug build: x\n",
        "gpus": "NVIDIA RTX GTX " * 60 + "\n",
        "messages": "a 1 requires " * 100 + ", but you\n",
        "comments": "<!--",
        "quotes": ">",
        "escapes": "\x1b]aa",
        "spaces": "torch" + " " * 8000 + "1.0 x y z w\n",
        "urls": "http://x/noarch/" + "a-1-" * 2000 + "\n",
        "json": '\n[{"name": ',
        "tables": "Package Version\na 1\n",
    }
    part = parts[kind].encode()
    return part * ((30 << 20) // len(part))


KINDS = "words lines reports gpus messages comments quotes escapes spaces urls json tables"


@pytest.mark.parametrize("kind", KINDS.split())
def test_thirty_megabytes_of_junk_take_seconds(kind: str) -> None:
    data = junk(kind)
    start = time.process_time()
    with contextlib.suppress(RecordedError):
        read(data, "junk")
    assert time.process_time() - start < 8  # 0.2 to 1.7 where this was written


@pytest.mark.parametrize(
    ("text", "python", "packages"),
    [
        (
            "pip install 'grpcio-tools==1.73.0' \"protobuf==6.30.0\"",
            None,
            {"grpcio-tools": "1.73.0", "protobuf": "6.30.0"},
        ),
        ("!pip3 install -q jax[cuda]==0.3.16 brax==0.0.13", None, {"jax": "0.3.16", "brax": "0.0.13"}),
        ("mamba create -n bug python=3.9 traitlets=4.3.3 jupyterlab", "3.9", {"traitlets": "4.3.3"}),
        ("I ran pip install torch==1.0.0\nPyTorch version: 2.1.0", None, {"torch": "2.1.0"}),  # it says what is there
        (
            "torch==2.7.0+cu128, flash_attn==2.7.4.post1 and python 3.10.",
            "3.10",
            {"torch": "2.7.0+cu128", "flash-attn": "2.7.4.post1"},
        ),
    ],
)
def test_what_commands_ask_for_counts_where_nothing_else_is_stated(
    text: str, python: str | None, packages: dict[str, str]
) -> None:
    found = read(text.encode(), "x")
    assert (found.get("python"), found["packages"]) == (python, packages)
