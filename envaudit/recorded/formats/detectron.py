"""detectron2's collect_env (two columns), and the "PyTorch built with:" list that it, mmcv and others print."""

from __future__ import annotations

import re

from envaudit.recorded import machine, names
from envaudit.recorded.found import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page
    from envaudit.snapshot.model import Gpu

_ROW = re.compile(r"\s{0,8}(\S(?:.{0,80}?\S)?)\s{2,}(\S.*)")
_GPUS = re.compile(r"GPU (\d{1,3}(?:,\d{1,3})*)")
_ARCH = re.compile(r"\s*\(arch=(\d{1,2}\.\d)\)")


def read(page: Page, found: Found) -> None:
    said = False
    for line, text in enumerate(page.lines):
        if "sys.platform" in text and re.match(r"\s{0,8}sys\.platform\s{2,}\w", text) and not found.claimed(line):
            end = _table(page, found, line, say=not said)
            found.claim(line, end)
            said = True
        elif "PyTorch built with:" in text:
            _built_with(page, found, line + 1)


def _table(page: Page, found: Found, start: int, *, say: bool) -> int:
    gpus: list[Gpu] = []
    line = start
    while line < min(len(page.lines), start + 80):
        match = _ROW.fullmatch(page.lines[line])
        if not match or set(page.lines[line]) <= set("- "):
            break
        key, value = match[1], match[2]
        if say:
            devices = _GPUS.fullmatch(key)
            if devices:
                gpus += _devices(devices[1], value)
            else:
                _say(found, line, key.lower(), value)
        line += 1
    if gpus:
        found.gpus(start, gpus)
    return line


def _devices(numbers: str, value: str) -> list[Gpu]:
    arch = _ARCH.search(value)
    gpu: Gpu = {"name": _ARCH.sub("", value).strip()[:100]}
    if arch:
        gpu["compute_capability"] = arch[1]
    return [gpu.copy() for _ in numbers.split(",")]


def _say(found: Found, line: int, key: str, value: str) -> None:
    word = value.split()[0]
    if key == "sys.platform":
        found.say(line, "platform", machine.SYS_PLATFORM.get(value.strip()), part="system")
    elif key == "python":
        found.say(line, "python", machine.python(value))
        if "conda" in value:
            found.host("conda")
    elif key == "driver version":
        found.say(line, "driver", machine.driver(value))
    elif key in ("nvcc", "cuda compiler") and "release" in value:
        found.say(line, "toolkit", machine.cuda(value.partition("release")[2]))
    elif key not in ("cv2", "compiler", "cuda_home") and word[:1].isdigit():
        name = names.from_label(key)
        if name or key in ("fvcore", "iopath"):
            found.package(line, name or key, word, BLOCK)


def _built_with(page: Page, found: Found, start: int) -> None:
    """What torch was built for: the list names a CUDA (or HIP) runtime where there is one.

    The cuDNN in it is torch's own, so no other reader should see the list.
    """
    build, seen_capability = None, False
    line = start
    while line < min(len(page.lines), start + 60) and page.lines[line].strip().startswith("-"):
        text = page.lines[line].strip()
        match = re.match(r"- (CUDA|HIP) Runtime (\d+)\.(\d+)", text)
        if match:
            build = f"cu{match[2]}{match[3]}" if match[1] == "CUDA" else f"rocm{match[2]}.{match[3]}"
        seen_capability |= "CPU capability usage" in text
        if seen_capability and build is None and text.startswith("- Build settings"):
            build = "cpu"
        line += 1
    found.claim(start, line)
    if not found.has("builds", "torch", BLOCK):
        found.say(start, "builds", build, part="torch")
