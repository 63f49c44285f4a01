"""Which build a wheel without a local version tag is, as its own files say; they are read as text, never imported."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

_LARGEST: Final = 16 * 1024  # bytes; both files are a tenth of that


def read(package: str, folder: str) -> str | None:
    """ "cu121", "cpu", "rocm6.1" or "xpu" of a package installed in `folder`; None when nothing says it."""
    known = _READERS.get(package)
    if known is None:
        return None
    path, reader = known
    try:
        with open(os.path.join(folder, *path.split("/")), "rb") as file:
            return reader(file.read(_LARGEST).decode("utf-8", "replace"))
    except OSError:
        return None


def _torch(text: str) -> str | None:
    """torch/version.py: `cuda: Optional[str] = '12.1'`, in old releases `cuda = '10.2'`."""
    values = {}
    for line in text.splitlines():
        left, separator, right = line.partition("=")
        if separator:
            values[left.partition(":")[0].strip()] = right.strip().strip("'\"")
    if "cuda" not in values:
        return None
    if values["cuda"] != "None":
        return cuda(values["cuda"])
    hip = values.get("hip", "None")
    if hip != "None":
        return "rocm" + ".".join(hip.split(".")[:2])
    return "cpu" if values.get("xpu", "None") == "None" else "xpu"


def _companion(text: str) -> str | None:
    """torchvision/version.py: `__version__ = '0.19.0+cu121'`, also where the metadata leaves the tag out."""
    return text.partition("__version__")[2].partition("\n")[0].strip(" ='\"").partition("+")[2] or None


def _tensorflow(text: str) -> str | None:
    """tensorflow/python/platform/build_info.py: a mapping, `{'a': 1}`, or pairs, `[('a', 1)]`, of names and values."""
    if _value(text, "is_cuda_build") == "True":
        # Windows: "64_112"
        return cuda(_value(text, "cuda_version").rpartition("_")[2])
    plain = _value(text, "is_cuda_build") == "False" and _value(text, "is_rocm_build") != "True"
    return "cpu" if plain else None  # which ROCm, it does not say


def _value(text: str, name: str) -> str:
    """What stands behind the quoted `name`, or ""."""
    rest = text.partition(f"'{name}'")[2].lstrip(",: ")
    end = next((at for at, char in enumerate(rest) if char in ",)}"), 0)
    return rest[:end].strip("' ")


def cuda(version: str) -> str | None:
    """The name of a CUDA build: "12.1", "12.5.1" and "112" give "cu121", "cu125" and "cu112"."""
    parts = version.split(".")
    if not all(part.isdecimal() for part in parts):
        return None
    if len(parts) > 1:
        return "cu" + parts[0] + parts[1]
    return "cu" + version if len(version) in (2, 3) else None


_BUILD_INFO = "tensorflow/python/platform/build_info.py"
_READERS: dict[str, tuple[str, Callable[[str], str | None]]] = {
    "torch": ("torch/version.py", _torch),
    "torchvision": ("torchvision/version.py", _companion),
    "torchaudio": ("torchaudio/version.py", _companion),
    "tensorflow": (_BUILD_INFO, _tensorflow),
    "tensorflow-cpu": (_BUILD_INFO, _tensorflow),
    "tensorflow-gpu": (_BUILD_INFO, _tensorflow),
    "tensorflow-intel": (_BUILD_INFO, _tensorflow),
    "tf-nightly": (_BUILD_INFO, _tensorflow),
}
PACKAGES = tuple(_READERS)
