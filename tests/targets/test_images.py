"""What image names say, and that they say no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.targets import for_image, load

UBUNTU_22 = {"system": "Linux", "release": "Ubuntu 22.04", "libc": "glibc 2.35"}
LINUX = {"system": "Linux"}


@pytest.mark.parametrize(
    ("image", "facts"),
    [
        ("nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04", {"platform": UBUNTU_22, "toolkit": "12.1.0"}),
        ("nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04", {"platform": UBUNTU_22, "toolkit": "12.4.1"}),
        ("nvidia/cuda:12.4.1-base-ubuntu22.04", {"platform": UBUNTU_22}),
        (
            "pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime",
            {"platform": LINUX, "packages": {"torch": "2.1.0"}, "builds": {"torch": "cu121"}},
        ),
        (
            "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel",
            {"platform": LINUX, "packages": {"torch": "2.6.0"}, "builds": {"torch": "cu124"}, "toolkit": "12.4"},
        ),
        (
            "pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime",
            {"platform": LINUX, "packages": {"torch": "2.5.1"}, "builds": {"torch": "cu124"}, "python": "3.11.10"},
        ),
        ("pytorch/pytorch", {"platform": LINUX, "packages_unversioned": ["torch"]}),
        ("tensorflow/tensorflow:2.15.0-gpu", {"platform": LINUX, "packages": {"tensorflow": "2.15.0"}}),
        ("tensorflow/tensorflow:2.15.0", {"platform": LINUX}),
        ("tensorflow/tensorflow:latest-gpu", {"platform": LINUX, "packages_unversioned": ["tensorflow"]}),
        ("python:3.11-slim", {"platform": LINUX, "python": "3.11"}),
        (
            "docker.io/library/python:3.12.4-slim-bookworm",
            {"platform": {"system": "Linux", "release": "Debian 12", "libc": "glibc 2.36"}, "python": "3.12.4"},
        ),
        (
            "python:3.12-alpine3.19",
            {"platform": {"system": "Linux", "release": "Alpine Linux", "libc": "musl"}, "python": "3.12"},
        ),
        ("python:3.11-windowsservercore-ltsc2022", {"platform": {"system": "Windows"}, "python": "3.11"}),
        ("python:3", {"platform": LINUX}),
        ("ubuntu:22.04@sha256:0123", {"platform": UBUNTU_22}),
        ("ubuntu:jammy", {"platform": UBUNTU_22}),
        ("fedora:41", {"platform": {"system": "Linux", "release": "Fedora 41"}}),
        ("continuumio/miniconda3", {"platform": LINUX, "runtimes": ["docker", "conda"]}),
        (
            "quay.io/jupyter/pytorch-notebook:cuda12-python-3.11.8",
            {
                "platform": LINUX,
                "python": "3.11.8",
                "packages_unversioned": ["torch"],
                "runtimes": ["docker", "conda"],
            },
        ),
        (
            "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.6.0-gpu-py312-cu126-ubuntu22.04-sagemaker",
            {
                "platform": UBUNTU_22,
                "python": "3.12",
                "toolkit": "12.6",
                "packages": {"torch": "2.6.0"},
                "runtime": "sagemaker",
                "runtimes": ["sagemaker", "docker"],
            },
        ),
        (
            "us-docker.pkg.dev/deeplearning-platform-release/gcr.io/pytorch-cu121.2-2.py310",
            {"platform": LINUX, "python": "3.10", "toolkit": "12.1", "packages_unversioned": ["torch"]},
        ),
        (
            "rocm/pytorch:rocm6.1_ubuntu22.04_py3.10_pytorch_2.1.2",
            {
                "platform": UBUNTU_22,
                "python": "3.10",
                "packages": {"torch": "2.1.2"},
                "builds": {"torch": "rocm6.1"},
            },
        ),
        (
            "gcr.io/kaggle-images/python:v150",
            {"platform": LINUX, "runtime": "kaggle", "runtimes": ["kaggle", "docker"]},
        ),
    ],
)
def test_facts(image: str, facts: dict[str, Any]) -> None:
    target = for_image(image)
    assert target is not None
    assert (target.name, target.date) == (image, None)
    said = {key: value for key, value in target.snapshot.items() if key != "unknown"}
    assert said == {"schema": "envaudit.snapshot/1", "runtime": "docker", "runtimes": ["docker"], **facts}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("nvcr.io/nvidia/pytorch:24.01-py3", "ngc-pytorch@24.01"),
        ("gcr.io/kaggle-gpu-images/python", "kaggle-gpu"),
        ("gcr.io/kaggle-images/python:latest", "kaggle-cpu"),
        ("us-docker.pkg.dev/colab-images/public/runtime", "colab-gpu"),
    ],
)
def test_bundled(image: str, name: str) -> None:
    target, bundled = for_image(image), load(name)
    assert target is not None
    assert (target.name, target.date, target.snapshot) == (image, bundled.date, bundled.snapshot)


def test_cudnn_of_a_tag_is_no_version() -> None:
    target = for_image("nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04")
    assert target is not None
    assert "cudnn" not in target.snapshot
    assert [entry["what"] for entry in target.snapshot["unknown"]] == ["cuDNN"]


@pytest.mark.parametrize(
    "image",
    ["node:20", "scratch", "${BASE}", "", "localhost:5000/python", "me/pytorch:2.1.0", "nvidia/cuda:latest", "::"],
)
def test_unknown_images(image: str) -> None:
    assert for_image(image) is None


@given(
    st.text(max_size=400) | st.from_regex(r"(python|ubuntu|nvidia/cuda|pytorch/pytorch):[ -~]{0,40}", fullmatch=True)
)
def test_any_text_is_an_image_or_not(text: str) -> None:
    target = for_image(text)
    assert target is None or target.snapshot["schema"] == "envaudit.snapshot/1"
