"""Statements inside messages of pip, PyTorch, TensorFlow, JAX, NumPy and others."""

from __future__ import annotations

import re

from envaudit.recorded import machine
from envaudit.recorded.found import BLOCK, LINE, Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.page import Page

_N = r"(?<![\w.-])([A-Za-z0-9][\w.-]{0,80}?)(?:\[[\w,-]{1,60}\])?"
_V = r"(\d[\w.+!-]{0,60}?)"
_CONFLICT = re.compile(
    rf"{_N} {_V} (?:requires|has requirement) .{{1,200}}?, but you(?:'ll)? have {_N} {_V}"
    r"(?: which is incompatible)?\.?\s*$"
)
_MISSING = re.compile(rf"{_N} {_V} requires .{{1,200}}?, which is not installed\.")
_SATISFIED = re.compile(r"\s{0,8}Requirement already (?:satisfied|up-to-date): ([A-Za-z0-9][\w.-]{0,80})")
_INSTALLED = re.compile(r"Successfully installed ((?:[\w.-]+-\d\S* ?)+)\s*$")
_NUMPY = re.compile(rf"NumPy {_V} as it may crash")
_TORCH_ARCH = re.compile(r" with CUDA capability sm_(\d{1,2})(\d) is not compatible")
_TF_DEVICE = re.compile(
    r"name: (.{2,60}?),? (?:pci bus id: .{1,40}, compute capability: |computeCapability: |major: )"
    r"(\d{1,2})(?:\.| minor: )(\d)\b"
)
_CUDNN = re.compile(r"Loaded runtime CuDNN library: (\d+(?:\.\d+){1,2})\b")
_DRIVER_CUDA = re.compile(r"driver on your system is too old \(found version (\d{4,5})\)")
_DRIVER = re.compile(r"kernel (?:reported )?version (?:is|seems to match DSO): (\d{3}\.\d[\d.]*)")
_XFORMERS = re.compile(r"(PyTorch|Python)\s+\d\S* (?:with CUDA \d+ )?\(you have (\d\S*?)\)")
_PAIR = re.compile(r"PyTorch has CUDA Version=(\d+\.\d+) and torchvision has CUDA Version=(\d+\.\d+)")
_JAXLIB = re.compile(rf"jaxlib (?:is )?version {_V}(?:,| is) .{{0,80}}?(?:jax version {_V}\b|this version of jax)")
_BNB = re.compile(r"(?i)highest compute capability(?: among GPUs detected)?:? (\d{1,2}\.\d)")


def read(page: Page, found: Found) -> None:
    for line, text in enumerate(page.lines):
        if len(text) < 20 or len(text) > 2000:
            continue
        if _pip(found, line, text) or _libraries(found, line, text) or _devices(found, line, text):
            found.claim(line, line + 1)


def _pip(found: Found, line: int, text: str) -> bool:
    if "but you" in text and (match := _CONFLICT.search(text)):
        found.package(line, match[1], match[2], LINE)
        found.package(line, match[3], match[4].rstrip("."), LINE)
    elif "not installed" in text and (match := _MISSING.search(text)):
        found.package(line, match[1], match[2], LINE)
    elif "equirement already" in text and (match := _SATISFIED.match(text)):
        # "... in /usr/lib/python3.10/site-packages (from torch) (1.26.4)"
        found.package(line, match[1], text.rpartition(" (")[2].rstrip(" )") or None, LINE)
    elif "Successfully installed" in text and (match := _INSTALLED.search(text)):
        for word in match[1].split():
            parts = re.fullmatch(r"(.+?)-(\d[\w.+!]*)", word[:200])
            if parts:
                found.package(line, parts[1], parts[2], LINE)
    else:
        return False
    return True


def _libraries(found: Found, line: int, text: str) -> bool:
    if "NumPy" in text and (match := _NUMPY.search(text)):
        found.package(line, "numpy", match[1], LINE)
    elif "(you have" in text and (match := _XFORMERS.search(text)):
        if match[1] == "Python":
            found.say(line, "python", machine.python(match[2]), LINE)
        else:
            found.package(line, "torch", match[2], LINE)
    elif "torchvision has CUDA" in text and (match := _PAIR.search(text)):
        found.say(line, "builds", machine.cuda_build(match[1]), LINE, "torch")
        found.say(line, "builds", machine.cuda_build(match[2]), LINE, "torchvision")
    elif "jaxlib" in text and (match := _JAXLIB.search(text)):
        found.package(line, "jaxlib", match[1], LINE)
        if match[2]:
            found.package(line, "jax", match[2].rstrip("."), LINE)
    else:
        return False
    return True


def _devices(found: Found, line: int, text: str) -> bool:
    if "CUDA capability sm_" in text and (match := _TORCH_ARCH.search(text)):
        before = text[: match.start()].rpartition("Warning: ")[2].strip()[-60:]
        name = next((str(gpu["name"]) for gpu in machine.gpu_names(before)), before)
        found.gpus(line, [{"name": name, "compute_capability": f"{match[1]}.{match[2]}"}], LINE)
    elif "name: " in text and (match := _TF_DEVICE.search(text)):
        found.gpus(line, [{"name": match[1].strip(), "compute_capability": f"{match[2]}.{match[3]}"}], LINE)
    elif "runtime CuDNN" in text and (match := _CUDNN.search(text)):
        found.say(line, "cudnn", match[1], BLOCK)
    elif "too old (found" in text and (match := _DRIVER_CUDA.search(text)):
        number = int(match[1])
        found.say(line, "driver_cuda", f"{number // 1000}.{number % 1000 // 10}", LINE)
    elif "version" in text and "kernel" in text and (match := _DRIVER.search(text)):
        found.say(line, "driver", match[1].rstrip("."), LINE)
    elif "ompute " in text and (match := _BNB.search(text)):
        found.gpus(line, [{"compute_capability": match[1]}], LINE)
    else:
        return False
    return True
