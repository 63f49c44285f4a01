"""CUDA toolkits, cuDNN, NCCL, C and C++ libraries in made-up systems and in the real one."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from envaudit.snapshot import libraries
from envaudit.snapshot.target import this_interpreter
from tests.snapshot.trees import Folder, Link, plant

JSON = '{{"cuda": {{"name": "CUDA SDK", "version": "{}"}}, "cuda_cudart": {{"version": "12.4.127"}}}}'
CUDNN8 = "#define CUDNN_MAJOR 8\n#define CUDNN_MINOR 9\n#define CUDNN_PATCHLEVEL 7\n"
CUDNN7 = "/* */\n#define CUDNN_MAJOR     7\n#define CUDNN_MINOR     6\n#define CUDNN_PATCHLEVEL 5\n"
NCCL = '#define NCCL_MAJOR 2\n#define NCCL_MINOR 18\n#define NCCL_PATCH 3\n#define NCCL_SUFFIX ""\n'
CUDA = "/usr/local/cuda-12.4"


def read(tmp_path: Path, content: dict[str, Any], variables: dict[str, str] | None = None, prefix: str = "/usr") -> Any:
    return libraries.read(variables or {}, prefix, plant(tmp_path, content), "linux")


def test_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, {"/usr/local/bin/tool": ""})
    assert found["toolkit"] is None
    assert found["cudnn"] is None
    assert found["libraries"] == {"toolkits": [], "mpi": None}
    assert "unknown" not in found


@pytest.mark.parametrize(
    ("content", "version"),
    [
        ({f"{CUDA}/version.json": JSON.format("12.4.1")}, "12.4.1"),
        ({f"{CUDA}/version.txt": "CUDA Version 10.2.89\nCUDA Patch Version 10.2.1\n"}, "10.2.89"),
        ({f"{CUDA}/include/cuda.h": "// x\n#define CUDA_VERSION 11080\n"}, "11.8"),
        ({f"{CUDA}/targets/x86_64-linux/include/cuda.h": "#define CUDA_VERSION 12000"}, "12.0"),
        ({f"{CUDA}/lib64/libcudart.so.11.0": "", f"{CUDA}/lib64/libcudart.so.11.2.152": ""}, "11.2"),
        ({f"{CUDA}/version.json": "{broken", f"{CUDA}/include/cuda.h": "#define CUDA_VERSION 12040"}, "12.4"),
        ({f"{CUDA}/version.json": "[]", f"{CUDA}/include/cuda.h": "#define CUDA_VERSION 12040"}, "12.4"),
        (
            {f"{CUDA}/version.json": '{"cuda": {"version": 1, "a": "b"}}', f"{CUDA}/version.txt": "CUDA Version 9.0"},
            "9.0",
        ),
        ({f"{CUDA}/version.json": '{"cuda": {"version": 12}}', f"{CUDA}/version.txt": "CUDA Version 12.4"}, "12.4"),
    ],
)
def test_version_of_a_toolkit(tmp_path: Path, content: dict[str, Any], version: str) -> None:
    found = read(tmp_path, {**content, "/usr/local/cuda": Link("cuda-12.4")})
    assert found["toolkit"] == version
    assert found["libraries"]["toolkits"] == [{"version": version, "path": CUDA}]


def test_toolkit_without_a_version_is_unknown(tmp_path: Path) -> None:
    found = read(tmp_path, {"/usr/local/cuda/bin": Folder()})
    assert "toolkit" not in found
    assert [entry["what"] for entry in found["unknown"]] == ["version of the system's toolkit"]


THREE = {
    "/usr/local/cuda": Link("cuda-12.4"),
    f"{CUDA}/version.json": JSON.format("12.4.1"),
    "/usr/local/cuda-11.8/version.json": JSON.format("11.8.0"),
    "/usr/local/cuda-11.8/bin/nvcc": "",
    "/opt/cuda/version.json": JSON.format("12.6.0"),
    "/home/me/cuda/version.txt": "CUDA Version 10.2.89",
    "/opt/tools/bin/nvcc": "a script that calls some nvcc",
    "/opt/link/bin/nvcc": Link("../../../usr/local/cuda-11.8/bin/nvcc"),
}


@pytest.mark.parametrize(
    ("variables", "version"),
    [
        ({}, "12.4.1"),
        ({"CUDA_HOME": "/usr/local/cuda-11.8"}, "11.8.0"),
        ({"CUDA_PATH": "/opt/cuda"}, "12.6.0"),
        ({"CUDA_HOME": "/usr/local/cuda", "CUDA_PATH": "/opt/cuda"}, "12.4.1"),
        ({"CUDA_HOME": "/gone"}, "12.4.1"),
        ({"CUDA_HOME": "/home/me/cuda"}, "10.2.89"),
        ({"PATH": "relative:/usr/bin:/usr/local/cuda-11.8/bin"}, "11.8.0"),
        ({"PATH": "/opt/link/bin"}, "11.8.0"),
        ({"PATH": "/opt/tools/bin"}, "12.4.1"),
    ],
)
def test_toolkit_in_use(tmp_path: Path, variables: dict[str, str], version: str) -> None:
    found = read(tmp_path, THREE, variables)
    assert found["toolkit"] == version
    versions = {entry["version"] for entry in found["libraries"]["toolkits"]}
    assert versions >= {"12.4.1", "11.8.0", "12.6.0"}
    assert ("10.2.89" in versions) == (version == "10.2.89")


@pytest.mark.parametrize(
    ("content", "variables", "version"),
    [
        ({"/usr/include/cudnn_version.h": CUDNN8}, {}, "8.9.7"),
        ({"/usr/include/cudnn.h": CUDNN7}, {}, "7.6.5"),
        ({f"{CUDA}/include/cudnn_version.h": CUDNN8, "/usr/local/cuda": Link("cuda-12.4")}, {}, "8.9.7"),
        ({"/usr/lib64/libcudnn.so.9": Link("libcudnn.so.9.1.0"), "/usr/lib64/libcudnn.so.9.1.0": ""}, {}, "9.1.0"),
        (  # what is loaded counts more than what is compiled against
            {
                "/usr/include/cudnn_version.h": CUDNN8,
                "/opt/dnn/lib/libcudnn.so.8": Link("libcudnn.so.8.6.0"),
                "/opt/dnn/lib/libcudnn.so.8.6.0": "",
            },
            {"LD_LIBRARY_PATH": "/opt/dnn/lib"},
            "8.6.0",
        ),
        (  # a plain file tells no version, the header next to it does
            {"/opt/dnn/lib/libcudnn.so.8": "", "/opt/dnn/include/cudnn_version.h": CUDNN8},
            {"LD_LIBRARY_PATH": "/opt/dnn/lib"},
            "8.9.7",
        ),
        (  # in the toolkit's folder, which is not on the loader's way
            {
                "/usr/local/cuda": Link("cuda-12.4"),
                f"{CUDA}/version.json": JSON.format("12.4.1"),
                f"{CUDA}/lib64/libcudnn.so.8": Link("libcudnn.so.8.9.2"),
                f"{CUDA}/lib64/libcudnn.so.8.9.2": "",
            },
            {},
            "8.9.2",
        ),
        ({"/usr/include/cudnn_version.h": "#define CUDNN_MAJOR 8\n#define CUDNN_MINOR many\n"}, {}, None),
    ],
)
def test_cudnn(tmp_path: Path, content: dict[str, Any], variables: dict[str, str], version: str | None) -> None:
    assert read(tmp_path, content, variables)["cudnn"] == version


def test_two_cudnn_are_not_guessed_between(tmp_path: Path) -> None:
    content = {}
    for version in ("8.9.7", "9.1.0"):
        content[f"/usr/lib64/libcudnn.so.{version}"] = ""
        content[f"/usr/lib64/libcudnn.so.{version[0]}"] = Link(f"libcudnn.so.{version}")
    found = read(tmp_path, content)
    assert "cudnn" not in found
    assert "9.1.0 and 8.9.7" in found["unknown"][0]["because"]


def test_cudnn_of_unknown_version(tmp_path: Path) -> None:
    found = read(tmp_path, {"/usr/lib64/libcudnn.so.8": ""})
    assert "cudnn" not in found
    assert [entry["what"] for entry in found["unknown"]] == ["version of the system's cudnn"]


def test_nccl(tmp_path: Path) -> None:
    assert read(tmp_path, {"/usr/include/nccl.h": NCCL})["libraries"]["nccl"] == "2.18.3"
    library = {"/usr/lib64/libnccl.so.2": Link("libnccl.so.2.21.5"), "/usr/lib64/libnccl.so.2.21.5": ""}
    assert read(tmp_path, library)["libraries"]["nccl"] == "2.21.5"


CXX = {
    "/usr/lib64/libstdc++.so.6": Link("libstdc++.so.6.0.28"),
    "/usr/lib64/libstdc++.so.6.0.28": "",
    "/opt/conda/lib/libstdc++.so.6": Link("libstdc++.so.6.0.33"),
    "/opt/conda/lib/libstdc++.so.6.0.33": "",
}


def test_conda_brings_its_own_libstdcxx(tmp_path: Path) -> None:
    assert read(tmp_path, CXX)["libraries"]["libstdcxx"] == "3.4.28"
    assert read(tmp_path, {}, prefix="/opt/conda")["libraries"]["libstdcxx"] == "3.4.28"
    conda = read(tmp_path, {"/opt/conda/conda-meta": Folder()}, prefix="/opt/conda")
    assert conda["libraries"]["libstdcxx"] == "3.4.33"


def test_windows_and_macos_look_for_no_linux_library(tmp_path: Path) -> None:
    toolkit = "/Program Files/NVIDIA GPU Computing Toolkit/CUDA/v12.4"
    root = plant(tmp_path, {f"{toolkit}/version.json": JSON.format("12.4.1"), **CXX})
    found = libraries.read({"CUDA_PATH": toolkit}, "/usr", root, "win32")
    assert found["toolkit"] == "12.4.1"
    assert found["libraries"] == {"toolkits": [{"version": "12.4.1", "path": toolkit}]}
    assert "cudnn" not in found
    assert libraries.read({}, "/usr", root, "darwin")["toolkit"] is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="C libraries are those of Linux")
def test_this_machine() -> None:
    found = libraries.collect(this_interpreter())
    try:
        version = ctypes.CDLL(None).gnu_get_libc_version
    except AttributeError:
        assert found["platform"]["libc"].startswith("musl")
    else:
        version.restype = ctypes.c_char_p
        assert found["platform"]["libc"] == f"glibc {version().decode()}"
    newest = found["libraries"].get("libstdcxx")
    if newest:
        path = libraries.Loader(dict(os.environ)).find("libstdc++.so.6")
        assert path
        symbols = Path(path).read_bytes()
        assert f"GLIBCXX_{newest}\0".encode() in symbols
        assert f"GLIBCXX_3.4.{int(newest.rpartition('.')[2]) + 1}\0".encode() not in symbols


def test_mpi(tmp_path: Path) -> None:
    assert read(tmp_path / "none", {})["libraries"]["mpi"] is None
    names = {"/usr/lib64/libmpi.so.40": Link("libmpi.so.40.30.6"), "/usr/lib64/libmpi.so.40.30.6": ""}
    assert read(tmp_path / "openmpi", names)["libraries"]["mpi"] == "40.30.6"
    assert read(tmp_path / "mpich", {"/usr/lib/libmpi.so.12": ""})["libraries"]["mpi"] == "12"
