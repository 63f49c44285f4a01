"""The search of the dynamic loader, against the loader itself and in made-up systems."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from envaudit.snapshot.loader import Loader, version_in_name
from tests.snapshot.trees import Link, plant

X86_64, X86_32 = 0x0303, 0x0003


def cache(entries: list[tuple[int, str]], before: bytes = b"") -> bytes:
    """An ld.so.cache in the format of glibc: header, entries in order of preference, strings."""
    strings, places = b"", []
    first = 48 + 24 * len(entries)
    for flags, path in entries:
        name = os.path.basename(path).encode() + b"\0"
        places.append((flags, first + len(strings), first + len(strings) + len(name)))
        strings += name + path.encode() + b"\0"
    header = b"glibc-ld.so.cache1.1" + struct.pack("=II", len(entries), len(strings)) + bytes(20)
    return before + header + b"".join(struct.pack("=iIIIQ", *place, 0, 0) for place in places) + strings


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the search is that of Linux")
def test_finds_what_the_real_loader_loads() -> None:
    code = "import ctypes; ctypes.CDLL('libz.so.1'); print(open('/proc/self/maps').read())"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if process.returncode:
        pytest.skip("this system has no libz.so.1 for the loader to find")
    loaded = {line.split()[-1] for line in process.stdout.splitlines() if "libz.so" in line}
    found = Loader(dict(os.environ)).find("libz.so.1")
    assert found
    assert os.path.realpath(found) in loaded


def test_order(tmp_path: Path) -> None:
    name = "libcuda.so.1"
    root = plant(
        tmp_path,
        {
            "/opt/a/libcuda.so.1": "",
            "/opt/b/libcuda.so.1": "",
            "/usr/lib/cached/libcuda.so.1": "",
            "/usr/lib64/libcuda.so.1": "",
            "/etc/ld.so.cache": cache([(X86_64, "/usr/lib/cached/libcuda.so.1")]),
        },
    )
    variables = {"LD_LIBRARY_PATH": "relative::/opt/none:/opt/b;/opt/a"}
    assert Loader(variables, root).find(name) == f"{root}/opt/b/{name}"
    assert Loader(variables, root).find(name, ("/opt/a",)) == f"{root}/opt/a/{name}"
    assert Loader({}, root).find(name) == f"{root}/usr/lib/cached/{name}"
    (tmp_path / "etc/ld.so.cache").unlink()
    assert Loader({}, root).find(name) == f"{root}/usr/lib64/{name}"
    assert Loader({}, root).find("libnothing.so.1") is None


@pytest.mark.parametrize("before", [b"", b"ld.so-1.7.0\0" + bytes(36)])  # glibc before 2.32 writes both formats
def test_cache_prefers_its_first_entry_of_the_right_machine(tmp_path: Path, before: bytes) -> None:
    entries = [
        (X86_32, "/usr/lib32/libx.so.1"),
        (X86_64, "/gone/libx.so.1"),
        (X86_64, "/second/libx.so.1"),
        (X86_64, "/first/libx.so.1"),
        (X86_64, "/first/notlibx.so.1"),
    ]
    root = plant(
        tmp_path,
        {
            "/usr/lib32/libx.so.1": "",
            "/second/libx.so.1": "",
            "/first/libx.so.1": "",
            "/etc/ld.so.cache": cache(entries, before),
        },
    )
    assert Loader({}, root).find("libx.so.1") == f"{root}/second/libx.so.1"


def test_a_number_elsewhere_in_the_cache_is_no_entry(tmp_path: Path) -> None:
    """A path among the strings that no entry points to is not offered to programs."""
    data = bytearray(cache([(X86_64, "/usr/lib/liby.so.1")]))
    start = len(data)
    data[48 + 16 : 48 + 20] = struct.pack("=I", start)  # the same number where hardware capabilities are kept
    root = plant(tmp_path, {"/a/libx.so.1": "", "/etc/ld.so.cache": bytes(data) + b"/a/libx.so.1\0"})
    assert Loader({}, root).find("libx.so.1") is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 100, b"glibc-ld.so.cache1.1", b"glibc-ld.so.cache1.1" + b"\xff" * 99]
)
def test_damaged_cache(tmp_path: Path, content: bytes) -> None:
    root = plant(tmp_path, {"/etc/ld.so.cache": content + b"\0/x/libx.so.1\0"})
    assert Loader({}, root).find("libx.so.1") is None


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        ("libcudnn.so.8.9.7", "8.9.7"),
        ("libcudnn.so.8", None),
        ("libcudnn.so.8.x", None),
        ("other.so.8.9.7", None),
        ("libcudnn.so.8.9.", None),
    ],
)
def test_version_in_name(tmp_path: Path, real: str, expected: str | None) -> None:
    content = {f"/lib/{real}": ""}
    if real != "libcudnn.so.8":
        content["/lib/libcudnn.so.8"] = Link(real)
    root = plant(tmp_path, content)  # type: ignore[arg-type]
    assert version_in_name(f"{root}/lib/libcudnn.so.8", "libcudnn.so.8") == expected
