"""Commands are one copy-paste, and no word from outside gets out of its quotes."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.fix.commands import commands

KERNEL: dict[str, Any] = {"kernel": {"pid": 7}, "interpreter": {"path": "/usr/bin/python3", "is_self": True}}
OTHER: dict[str, Any] = {"interpreter": {"path": "/home/a b/bin/python", "is_self": False}}


@pytest.mark.parametrize(
    ("pins", "remove", "snapshot", "installer", "expected"),
    [
        ({"numpy": "1.26.4"}, [], {}, "pip", ["python -m pip install 'numpy==1.26.4'"]),
        ({"numpy": "1.26.4"}, [], {}, "uv", ["uv pip install 'numpy==1.26.4'"]),
        ({"numpy": "1.26.4"}, [], KERNEL, "pip", ["%pip install 'numpy==1.26.4'"]),
        ({"numpy": "1.26.4"}, [], KERNEL, "uv", ["!uv pip install --python /usr/bin/python3 'numpy==1.26.4'"]),
        ({"numpy": "1.26.4"}, [], OTHER, "pip", ["'/home/a b/bin/python' -m pip install 'numpy==1.26.4'"]),
        ({"numpy": "1.26.4"}, [], OTHER, "uv", ["uv pip install --python '/home/a b/bin/python' 'numpy==1.26.4'"]),
        (
            {"jax": "0.4.30"},
            [],
            {"packages": {"jax": "0.4.20", "jax-cuda12-plugin": "0.4.20"}},
            "pip",
            ["python -m pip install 'jax[cuda12]==0.4.30'"],
        ),
        (
            {"tensorflow": "2.16.2"},
            [],
            {"packages": {"nvidia-cudnn-cu12": "8.9.2.26"}},
            "pip",
            ["python -m pip install 'tensorflow[and-cuda]==2.16.2'"],
        ),
        (
            {"tensorflow": "2.16.2"},
            [],
            {"packages": {"nvidia-cudnn-cu12": "8.9.2.26", "torch": "2.2.0"}},
            "pip",
            ["python -m pip install 'tensorflow==2.16.2'"],
        ),
        ({}, ["keras"], {}, "pip", ["python -m pip uninstall -y 'keras'"]),
        ({}, ["keras"], {}, "uv", ["uv pip uninstall 'keras'"]),
        (
            {"numpy": "1.26.4", "torch": "2.4.0+cu121", "torchvision": "0.19.0+cu121"},
            ["a", "b"],
            {},
            "pip",
            [
                "python -m pip uninstall -y 'a' 'b'",
                "python -m pip install 'torch==2.4.0+cu121' 'torchvision==0.19.0+cu121'"
                " --index-url https://download.pytorch.org/whl/cu121",
                "python -m pip install 'numpy==1.26.4'",
            ],
        ),
    ],
)
def test_commands(
    pins: dict[str, str], remove: list[str], snapshot: dict[str, Any], installer: str, expected: list[str]
) -> None:
    assert commands(pins, remove, snapshot, installer) == expected  # type: ignore[arg-type]


@given(
    st.text(min_size=1, max_size=20),
    st.text(min_size=1, max_size=20),
    st.sampled_from(["pip", "uv"]),
    st.text(max_size=20),
)
def test_hostile_words_stay_one_word(name: str, version: str, installer: str, path: str) -> None:
    snapshot: Any = {"interpreter": {"path": path}}
    for line in commands({name: version}, [name], snapshot, installer):
        words = shlex.split(line)
        assert words[-1] in (name, f"{name}=={version}") or words[-2] == "--index-url"
        assert line.count("\n") == (name + version + path).count("\n") or "'" in line


def test_a_hostile_tag_does_not_reach_the_index_url() -> None:
    lines = commands({"torch": "2.4.0+cu121;rm -rf ~", "torchvision": "0.19.0+../../evil"}, [], {}, "pip")
    for line in lines:
        words = shlex.split(line)
        assert "rm" not in words
        assert not any("evil" in word for word in words if word.startswith("http"))
