"""One-line summaries that programs print when they start: Ultralytics (YOLO), Unsloth, ComfyUI, the SD web UI."""

from __future__ import annotations

import re

from envaudit.recorded import machine, names
from envaudit.recorded.found import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page
    from envaudit.snapshot.model import Gpu

_ULTRALYTICS = re.compile(r"(?:Ultralytics (?:YOLO)?v?(\d\S*) )?.{0,40}\bPython-(\d\S*) torch-(\d\S*)(?: (.*))?")
_ULTRALYTICS_GPU = re.compile(r"CUDA:[\d,]+ \(([^,()]{2,80}), (\d{3,7})Mi?B\)")
_UNSLOTH = re.compile(
    r"\b(?:Pyt|T)orch: (\d[\w.+]*?)\. CUDA(?: =|:) (\d{1,2}\.\d)\. CUDA Toolkit(?: =|:) (\d{1,2}\.\d)"
)
_COMFY_UI = re.compile(r"Total VRAM \d+ MB, total RAM (\d{3,8}) MB")


def read(page: Page, found: Found) -> None:
    for line, text in enumerate(page.bare):
        if len(text) > 600 or found.claimed(line):
            continue
        if (
            (" torch-" in text and _ultralytics(page, found, line, text))
            or ("CUDA Toolkit" in text and _unsloth(found, line, text))
            or ("total RAM " in text and _comfy_ui(found, line, text))
            or (" \u2022 " in text and _web_ui(found, line, text))
        ):
            found.claim(line, line + 1)


def _ultralytics(page: Page, found: Found, line: int, text: str) -> bool:
    match = _ULTRALYTICS.match(text)
    if not match:
        return False
    if match[1]:
        found.package(line, "ultralytics", match[1], BLOCK)
    found.say(line, "python", machine.python(match[2]))
    found.package(line, "torch", match[3], BLOCK)
    gpus: list[Gpu] = []
    devices = match[4] or ""
    while found_gpus := _ULTRALYTICS_GPU.findall(devices):  # one line for each, the first on the same line
        gpus += [{"name": name.strip(), "memory_mib": int(memory)} for name, memory in found_gpus]
        following = line + len(gpus)
        devices = page.bare[following] if following < len(page.bare) else ""
    if gpus:
        found.gpus(line, gpus)
    return True


def _unsloth(found: Found, line: int, text: str) -> bool:
    """What it calls the toolkit is the CUDA that torch was built for, and what it calls CUDA the compute capability."""
    match = _UNSLOTH.search(text)
    if not match:
        return False
    found.package(line, "torch", match[1], BLOCK)
    found.say(line, "builds", machine.cuda_build(match[3]), part="torch")
    return True


def _comfy_ui(found: Found, line: int, text: str) -> bool:
    match = _COMFY_UI.search(text)
    if match:
        found.say(line, "memory", int(match[1]), part="total_mib")
    return match is not None


def _web_ui(found: Found, line: int, text: str) -> bool:
    """ "version: v1.6.0 • python: 3.10.6 • torch: 2.0.1+cu118 • xformers: 0.0.20 • gradio: 3.41.2"."""
    fields = dict(part.strip().partition(": ")[::2] for part in text.split("\u2022"))
    if "python" not in fields or "torch" not in fields:
        return False
    found.say(line, "python", machine.python(fields["python"]))
    for label in ("torch", "xformers", "gradio"):
        version = fields.get(label, "")
        if names.is_release(version):
            found.package(line, label, version, BLOCK)
    return True
