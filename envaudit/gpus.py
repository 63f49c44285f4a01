"""GPU names and compute capabilities, and which machine code runs on which GPU.

Code built for one compute capability runs on the same major with an equal or higher minor (binary compatibility, the
CUDA programming guide); PTX runs on anything not older than itself.  Two embedded chips are exceptions: 8.7 (Orin)
and 10.1 (Thor) do not run the code of their desktop relatives (https://github.com/pytorch/pytorch/issues/166185).
"""

from __future__ import annotations

_VENDOR_WORDS = ("nvidia", "geforce", "tesla", "quadro", "graphics", "gpu", "(tm)", "(r)")
_STANDALONE = ("8.7", "10.1")


def bare_name(name: str) -> str:
    """A GPU name without vendor words, memory size and spaces: "NVIDIA GeForce RTX 3080 Ti" gives "rtx3080ti".

    Users and drivers of different years write one product in several ways ("Tesla K40m", "K40m", "GTX1080"); what is
    left is what they share.
    """
    lowered = name[:200].lower().partition(" mig ")[0]
    for word in _VENDOR_WORDS:
        lowered = lowered.replace(word, " ")
    words = lowered.replace("/", " ").replace("-", " ").split()
    while words and (words[-1].rstrip("gib").isdigit() and words[-1][-1] in "gb"):
        words.pop()
    return "".join(words)


def split(capability: str) -> tuple[int, int] | None:
    """ "8.9" gives (8, 9); None when it is no compute capability."""
    major, dot, minor = capability.partition(".")
    if dot and major.isdecimal() and minor.isdecimal():
        return int(major), int(minor)
    return None


def runs(capability: str, architectures: list[str]) -> bool:
    """Whether one of `architectures` ("7.5", "9.0+PTX", "9.0a", "10.0f") serves a GPU of `capability`."""
    gpu = split(capability)
    return gpu is None or any(_serves(entry, gpu, capability in _STANDALONE) for entry in architectures)


def _serves(entry: str, gpu: tuple[int, int], standalone: bool) -> bool:
    base, _, ptx = entry.partition("+")
    built = split(base.rstrip("af"))
    if built is None:
        return False
    if built == gpu:
        return True
    if base.endswith("a"):  # architecture-specific code runs nowhere else
        return False
    return built < gpu and (bool(ptx) or (built[0] == gpu[0] and not standalone))
