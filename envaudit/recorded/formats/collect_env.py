"""`python -m torch.utils.collect_env`, from 2018 to today, and vLLM's and other projects' extended copies of it."""

from __future__ import annotations

import re

from envaudit.recorded import machine
from envaudit.recorded.formats import conda_list
from envaudit.recorded.found import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page
    from envaudit.snapshot.model import Gpu

_KEY = re.compile(r"\s{0,8}([A-Za-z][\w /()]{1,60}?)\s*:(?:\s+(.*)|$)")
_GPU = re.compile(r"\s*GPU (\d{1,3}):\s*(\S.*)")
_CUDNN_FILE = re.compile(r"libcudnn\.so\.(\d+(?:\.\d+){1,3})\b")
_PIP = re.compile(r"\s*\[pip\d?\]\s+([A-Za-z0-9][\w.-]*)\s*(?:==\s*(\S+)|\(([^)\s]+)[^)]*\))")
_CONDA = re.compile(r"\s*\[conda\]\s+(\S.*)")
_VARIABLE = re.compile(
    r"\s*((?:LD_|NCCL_|CUDA_|CUDNN_|NVIDIA_|PYTORCH_|TORCH_|OMP_|MKL_|TF_|XLA_|JAX_|VLLM_)[A-Z0-9_]{1,60})=(.*)"
)
_ANCHORS = ("is debug build", "cuda used to build pytorch")
_KNOWN = {
    "pytorch version", "torch version", "is debug build", "cuda used to build pytorch", "rocm used to build pytorch",
    "xpu used to build pytorch", "os", "gcc version", "clang version", "cmake version", "libc version",
    "python version", "python platform", "is cuda available", "cuda runtime version", "cuda_module_loading set to",
    "gpu models and configuration", "nvidia driver version", "cudnn version", "hip runtime version",
    "miopen runtime version", "is xnnpack available", "is xpu available", "vllm version", "rocm version",
    "neuron sdk version", "vllm build flags", "versions of relevant libraries", "caching allocator config",
    "intel gpu driver version", "intel gpu models onboard", "intel gpu models detected",
}  # fmt: skip
_MOST = 50  # reports that are looked at
_LONGEST = 600  # lines of one report; lscpu and a big GPU topology included


def read(page: Page, found: Found) -> None:
    anchors = [n for n, text in enumerate(page.bare) if "build" in text and _field(text)[0] in _ANCHORS]
    if not anchors:
        return
    starts = _starts(page, anchors)
    for start in starts[1:]:
        if _identity(page, start) != _identity(page, starts[0]):
            found.note(
                "the other environments in the text",
                f"a second collect_env report starts at line {start + 1}; only what stands before it is read",
            )
            page.cut(start)
            break
    _report(page, found, starts[0], starts[1] if len(starts) > 1 else len(page.lines))
    for number, start in enumerate(starts[1:], 1):  # the same environment once more
        found.claim(start, starts[number + 1] if number + 1 < len(starts) else min(start + 60, len(page.lines)))


def _field(text: str) -> tuple[str, str]:
    match = _KEY.match(text[:400]) if ":" in text else None
    return (match[1].lower(), (match[2] or "").strip()) if match else ("", "")


def _starts(page: Page, anchors: list[int]) -> list[int]:
    """Where each report starts: up from its first anchor over the fields before it."""
    starts: list[int] = []
    seen: set[str] = set()
    for anchor in anchors:
        key = _field(page.bare[anchor])[0]
        if starts and key not in seen:
            seen.add(key)
            continue
        if len(starts) == _MOST:
            break
        seen = {key}
        start = line = anchor
        blanks = 0
        while line > 0 and anchor - line < 30 and blanks < 4:
            line -= 1
            text = page.bare[line]
            if _field(text)[0] in _KNOWN:
                start, blanks = line, 0
            elif text and not text.startswith("==") and not text.endswith((" Info", " Environment")):
                break
            else:
                blanks += 1
        starts.append(start)
    return starts


def _identity(page: Page, start: int) -> tuple[str | None, ...]:
    fields = dict(_field(text) for text in reversed(page.bare[start : start + 40]))
    return tuple(fields.get(key) for key in ("pytorch version", "python version", "os", "cuda used to build pytorch"))


def _report(page: Page, found: Found, start: int, end: int) -> None:
    fields: dict[str, str] = {}
    gpus: list[Gpu] = []
    cudnn: set[str] = set()
    gpu_line, key, in_libraries = start, "", False
    for line in range(start, min(end, start + _LONGEST)):
        text = page.bare[line]
        gpu = _GPU.match(text)
        name, value = ("", "") if gpu else _field(text)
        if name in _KNOWN and name not in fields:
            key = name
            fields[key] = value
            _machine(found, line, key, value)
            if key == "gpu models and configuration":
                gpu_line, gpu = line, _GPU.match(value)
            elif key == "cudnn version":
                cudnn.update(_CUDNN_FILE.findall(value))
        elif key == "cudnn version" and _CUDNN_FILE.search(text):
            cudnn.update(_CUDNN_FILE.findall(text))
        elif _package(found, line, text):
            in_libraries = True
        elif not gpu and not (in_libraries and _variable(found, line, text)):
            if line > start + 10 and text.startswith(("```", "~~~")):
                break  # the end of the fence that the report stands in
            if key == "gpu models and configuration" and re.match(r"\s*MIG \S+\s+Device", text) and gpus:
                gpus[-1]["mig"] = True
            continue
        if gpu and key == "gpu models and configuration":
            gpus.append({"name": gpu[2].partition(" (UUID")[0].strip()[:100]})
        found.claim(line, line + 1)
    _gpus(found, gpu_line, fields.get("gpu models and configuration", ""), gpus)
    _build(found, start, fields)
    if len(cudnn) == 1:
        found.say(start, "cudnn", cudnn.pop())


def _machine(found: Found, line: int, key: str, value: str) -> None:
    word = value.split()[0] if value else ""
    if key in ("pytorch version", "torch version") and word[:1].isdigit():
        found.package(line, "torch", word)
    elif key == "vllm version" and word[:1].isdigit():
        found.package(line, "vllm", word)
    elif key == "os":
        machine.system(found, line, value)
    elif key == "libc version":
        found.say(line, "platform", machine.libc(value), part="libc")
    elif key == "python version":
        found.say(line, "python", machine.python(value))
        if "conda-forge" in value or "Anaconda" in value or "Continuum" in value:
            found.host("conda")
    elif key == "python platform":
        machine.platform_string(found, line, value)
    elif key == "cuda runtime version":
        found.say(line, "toolkit", machine.cuda(value))
    elif key == "nvidia driver version":
        found.say(line, "driver", machine.driver(value))


def _package(found: Found, line: int, text: str) -> bool:
    pip = _PIP.match(text)
    if pip:
        found.package(line, pip[1], pip[2] or pip[3])
        return True
    conda = _CONDA.match(text)
    if conda:
        conda_list.row(found, line, conda[1], BLOCK)
    return conda is not None


def _variable(found: Found, line: int, text: str) -> bool:
    """What vLLM lists after the libraries: variables that were set."""
    match = _VARIABLE.match(text)
    if match:
        found.say(line, "env_vars", match[2], part=match[1])
    return match is not None


def _gpus(found: Found, line: int, value: str, gpus: list[Gpu]) -> None:
    if not gpus and value == "No CUDA":
        found.gpus(line, [])  # torch saw none, and nvidia-smi named none either
    elif not gpus and value and value not in ("Could not collect", "N/A") and not value.startswith("GPU "):
        gpus.append({"name": value[:100]})
    if gpus:
        found.gpus(line, gpus)


def _build(found: Found, line: int, fields: dict[str, str]) -> None:
    """What torch was built for; collect_env writes "None" or "Could not collect" where torch.version.cuda is None."""
    version = fields.get("pytorch version", "")
    rocm = re.match(r"(\d+\.\d+)", fields.get("rocm used to build pytorch", ""))
    said = fields.get("cuda used to build pytorch", "N/A")
    build = f"rocm{rocm[1]}" if rocm else machine.cuda_build(said)
    if build is None and version[:1].isdigit() and "+" not in version and said in ("None", "Could not collect"):
        xpu = fields.get("xpu used to build pytorch", "N/A")
        build = "cpu" if xpu in ("N/A", "None", "Could not collect") else None
    found.say(line, "builds", build, part="torch")
