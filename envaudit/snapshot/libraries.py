"""Libraries of the system: CUDA toolkits, cuDNN, NCCL, MPI, the C library and the C++ library.

Only names, links and small text files are read; no program is run and no library is loaded.  The libraries that come
as wheels or conda packages are packages and not told here.
"""

from __future__ import annotations

import os
import sys

from envaudit.snapshot import files
from envaudit.snapshot.loader import Loader, version_in_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.target import Target

_TOOLKIT_LIBRARIES = ("lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib", "targets/aarch64-linux/lib")
_TOOLKIT_HEADERS = (
    "include",
    "targets/x86_64-linux/include",
    "targets/sbsa-linux/include",
    "targets/aarch64-linux/include",
)
_FOLDERS = ("/opt/cuda", "/usr/lib/cuda")  # where Arch and Debian put the toolkit
_WINDOWS = "/Program Files/NVIDIA GPU Computing Toolkit/CUDA"
_CUDNN_MAJORS = ("9", "8", "7")
_NCCL_MAJORS = ("2",)
# the MPI ABI, MPICH and its kin, Open MPI 4 and 5: what the wheels of mpi4py look for
_MPI = ("libmpi_abi.so.0", "libmpi.so.12", "libmpi.so.40")


def collect(target: Target) -> dict[str, Any]:
    return read(target.environ, target.base_prefix)


def read(environ: dict[str, str], base_prefix: str, root: str = "/", system: str = sys.platform) -> dict[str, Any]:
    """The fragment of the system below `root`.  A conda interpreter (`base_prefix`) has its own C++ library."""
    fragment: dict[str, Any] = {"platform": {}, "libraries": {}}
    toolkits = _toolkits(root, system)
    here = _toolkit_in_use(environ, root, system)
    version = toolkits.get(here) or _toolkit_version(here, root) if here else None
    if here and version:
        toolkits[here] = version
    _put(fragment, "toolkit", [version] if version else [], bool(here))
    fragment["libraries"]["toolkits"] = [{"version": version, "path": path} for path, version in toolkits.items()]
    if not system.startswith("linux"):
        return fragment
    loader = Loader(environ, root)
    headers = _header_folders(here, root)
    _put(fragment, "cudnn", *_library(loader, "cudnn", _CUDNN_MAJORS, here, headers))
    nccl, _ = _library(loader, "nccl", _NCCL_MAJORS, here, headers)
    if nccl:
        fragment["libraries"]["nccl"] = nccl[0]
    fragment["libraries"]["mpi"] = _mpi(loader)
    cxx = _libstdcxx(loader, base_prefix)
    if cxx:
        fragment["libraries"]["libstdcxx"] = cxx
    libc = _libc(root)
    if libc:
        fragment["platform"]["libc"] = libc
    return fragment


def _put(fragment: dict[str, Any], key: str, versions: list[str], there: bool) -> None:
    """The version, an explicit null for what is not there, nothing where it cannot be told which version counts."""
    if len(versions) == 1 or not there:
        fragment[key] = versions[0] if versions else None
        return
    because = "it is installed, but none of its files tells the version"
    if versions:
        because = f"programs can load {' and '.join(versions)}, each takes the one it was built for"
    fragment.setdefault("unknown", []).append({"what": f"version of the system's {key}", "because": because})


# CUDA toolkits


def _toolkits(root: str, system: str) -> dict[str, str]:
    """folder -> version of every toolkit, links to the same folder once."""
    if system == "win32":
        candidates = [f"{_WINDOWS}/{name}" for name in files.names(root, _WINDOWS) if name.startswith("v")]
    else:
        names = files.names(root, "/usr/local")
        candidates = [f"/usr/local/{name}" for name in names if name == "cuda" or name.startswith("cuda-")]
        candidates += _FOLDERS
    found = {}
    for folder in candidates:
        real = _real(folder, root)
        if real not in found and os.path.isdir(files.under(root, real)):
            version = _toolkit_version(real, root)
            if version:
                found[real] = version
    return found


def _toolkit_in_use(environ: dict[str, str], root: str, system: str) -> str | None:
    """The folder that build tools take: CUDA_HOME, CUDA_PATH, the nvcc on PATH, /usr/local/cuda."""
    for name in ("CUDA_HOME", "CUDA_PATH"):
        folder = environ.get(name)
        if folder and os.path.isdir(files.under(root, folder)):
            return _real(folder, root)
    if not system.startswith("linux"):
        return None
    for folder in environ.get("PATH", "").split(":"):
        if folder.startswith("/") and files.exists(root, f"{folder}/nvcc"):
            prefix = os.path.dirname(os.path.dirname(_real(f"{folder}/nvcc", root)))
            if _toolkit_version(prefix, root):  # else it is a script that calls the nvcc of a toolkit elsewhere
                return prefix
    folder = "/usr/local/cuda"
    return _real(folder, root) if files.exists(root, folder) else None


def _real(path: str, root: str) -> str:
    real = os.path.realpath(files.under(root, path))
    top = os.path.realpath(root)
    return real if top == "/" or not real.startswith(top) else real[len(top) :]


def _toolkit_version(folder: str, root: str) -> str | None:
    # {"cuda": {"name": "CUDA SDK", "version": "12.4.1"}, ...}; importing `json` would cost as much as all else here
    text = files.text(root, f"{folder}/version.json") or ""
    words = text.partition('"cuda"')[2].partition("}")[0].partition('"version"')[2].split('"')
    if len(words) > 1 and words[1][:1].isdecimal():
        return words[1]
    text = files.text(root, f"{folder}/version.txt", 256) or ""
    if text.startswith("CUDA Version"):
        return text.split()[2] if len(text.split()) > 2 else None
    for headers in _TOOLKIT_HEADERS:
        number = _defines(f"{folder}/{headers}/cuda.h", ("CUDA_VERSION",), root)
        if number:
            return f"{number[0] // 1000}.{number[0] % 1000 // 10}"
    for libraries in _TOOLKIT_LIBRARIES:  # images for running only: libcudart.so.12.4.127
        for name in files.names(root, f"{folder}/{libraries}"):
            if name.startswith("libcudart.so.") and name.count(".") >= 4:
                return ".".join(name.split(".")[2:4])
    return None


# cuDNN and NCCL


def _header_folders(toolkit: str | None, root: str) -> list[str]:
    folders = [f"{toolkit}/{headers}" for headers in _TOOLKIT_HEADERS] if toolkit else []
    multiarch = getattr(sys.implementation, "_multiarch", "")
    return [*folders, "/usr/include", f"/usr/include/{multiarch}", "/usr/local/include"]


def _library(
    loader: Loader, name: str, majors: tuple[str, ...], toolkit: str | None, headers: list[str]
) -> tuple[list[str], bool]:
    """(versions, whether it is there): of the libraries that programs can load; without one, of the headers."""
    there = False
    folders = tuple(f"{toolkit}/{folder}" for folder in _TOOLKIT_LIBRARIES) if toolkit else ()
    versions = []
    for major in majors:
        soname = f"lib{name}.so.{major}"
        path = loader.find(soname) or loader.find(soname, folders)
        if path:
            there = True
            version = version_in_name(path, soname) or _header_version(name, [_beside(path)], "/")
            if version:
                versions.append(version)
    if not versions:
        version = _header_version(name, headers, loader.root)
        versions = [version] if version else []
    return versions, there or bool(versions)


def _beside(path: str) -> str:
    """The include folder next to the lib folder of a library, as wheels and archives have it."""
    return os.path.join(os.path.dirname(os.path.dirname(path)), "include")


def _header_version(name: str, folders: list[str], root: str) -> str | None:
    words = tuple(f"{name.upper()}_{word}" for word in ("MAJOR", "MINOR", "PATCHLEVEL" if name == "cudnn" else "PATCH"))
    for folder in folders:
        for header in (f"{name}_version.h", f"{name}.h"):
            numbers = _defines(f"{folder}/{header}", words, root)
            if numbers:
                return ".".join(map(str, numbers))
    return None


def _defines(path: str, words: tuple[str, ...], root: str) -> list[int] | None:
    """The numbers that a header defines for `words`; None unless it defines all."""
    text = files.text(root, path)
    if not text:
        return None
    numbers = []
    for word in words:
        value = text.partition(f"#define {word} ")[2][:32].split()
        if not value or not value[0].isdecimal():
            return None
        numbers.append(int(value[0]))
    return numbers


# MPI


def _mpi(loader: Loader) -> str | None:
    """The version of the MPI library that programs can load, of its file name: "40.30.6"; None for no library."""
    for soname in _MPI:
        path = loader.find(soname)
        if path:
            return version_in_name(path, soname) or soname.partition(".so.")[2]
    return None


# C and C++


def _libstdcxx(loader: Loader, base_prefix: str) -> str | None:
    """The newest GLIBCXX version of the C++ library in use: libstdc++.so.6.0.30 offers GLIBCXX_3.4.30."""
    conda = files.exists(loader.root, f"{base_prefix}/conda-meta")
    path = loader.find("libstdc++.so.6", (f"{base_prefix}/lib",) if conda else ())
    version = version_in_name(path, "libstdc++.so.6") if path else None
    return f"3.4.{version.split('.')[2]}" if version and version.startswith("6.0.") else None


def _libc(root: str) -> str | None:
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):  # a C library that is not GNU's does not know the name
        version = None
    if version:
        return version
    return "musl" if any(name.startswith("ld-musl-") for name in files.names(root, "/lib")) else None
