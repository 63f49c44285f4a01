"""Which file the dynamic loader of Linux takes for a library name, found without loading anything.

The order is the loader's own for a program without a run path: LD_LIBRARY_PATH, then /etc/ld.so.cache, then the
default folders (manual page ld.so(8)).
"""

from __future__ import annotations

import os
import sys

from envaudit.snapshot.files import under

_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER = 48  # bytes before the first entry
_ENTRY = 24  # flags, key, value (offset of the path), OS version, hardware capabilities
_X86_32 = 0x0003  # the flags of a 32-bit x86 library
_CACHE_LIMIT = 4 << 20
_DEFAULT = ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")


class Loader:
    """The search of one process: its environment variables and the system below `root`."""

    __slots__ = ("_cache", "folders", "root")

    def __init__(self, environ: dict[str, str], root: str = "/") -> None:
        self.root = root
        path = environ.get("LD_LIBRARY_PATH", "").replace(";", ":")
        self.folders = [folder for folder in path.split(":") if folder.startswith("/")]
        self._cache: bytes | None = None

    def find(self, soname: str, first: tuple[str, ...] = ()) -> str | None:
        """The file that is loaded for `soname`, links not followed; `first` are folders looked at before all others.

        None when the loader would find none.  The path is the real one, with `root` before it.
        """
        for folder in (*first, *self.folders):
            path = under(self.root, f"{folder}/{soname}")
            if os.path.exists(path):
                return path
        cached = self._cached(soname)
        if cached:
            return cached
        for folder in _DEFAULT:
            path = under(self.root, f"{folder}/{soname}")
            if os.path.exists(path):
                return path
        return None

    def _cached(self, soname: str) -> str | None:
        data = self._read_cache()
        base = data.find(_MAGIC)
        if base < 0:
            return None
        count = int.from_bytes(data[base + 20 : base + 24], sys.byteorder)
        end = base + _HEADER + count * _ENTRY
        needle = b"/" + soname.encode() + b"\0"
        best: tuple[int, str] | None = None  # the entry that comes first is preferred
        at = data.find(needle, end)
        while at >= 0:
            start = data.rfind(b"\0", 0, at) + 1
            place = self._entry(data, base, end, start - base)
            path = under(self.root, os.fsdecode(data[start : at + len(needle) - 1]))
            if place is not None and (best is None or place < best[0]) and os.path.exists(path):
                best = place, path
            at = data.find(needle, at + 1)
        return best[1] if best else None

    def _read_cache(self) -> bytes:
        if self._cache is None:
            try:
                with open(under(self.root, "/etc/ld.so.cache"), "rb", buffering=0) as file:
                    self._cache = file.read(_CACHE_LIMIT) or b""
            except OSError:  # musl, NixOS, a system without ldconfig
                self._cache = b""
        return self._cache

    @staticmethod
    def _entry(data: bytes, base: int, end: int, offset: int) -> int | None:
        """Where the entry of the path at `offset` lies; None for no entry or one of a 32-bit library."""
        value = offset.to_bytes(4, sys.byteorder)
        first = base + _HEADER
        at = data.find(value, first, end)
        while at >= 0:
            if (at - first) % _ENTRY == 8:
                flags = int.from_bytes(data[at - 8 : at - 4], sys.byteorder)
                return None if flags == _X86_32 and sys.maxsize > 2**32 else at
            at = data.find(value, at + 1, end)
        return None


def version_in_name(path: str, soname: str) -> str | None:
    """The version that the real file name carries: libcudnn.so.8 -> libcudnn.so.8.9.7 gives "8.9.7"."""
    stem = soname.partition(".so")[0] + ".so."
    name = os.path.basename(os.path.realpath(path))
    version = name[len(stem) :] if name.startswith(stem) else ""
    parts = version.split(".")
    return version if len(parts) > 1 and all(part.isdecimal() for part in parts) else None
