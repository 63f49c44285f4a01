"""What small commands print: lscpu and /proc/cpuinfo, nvcc, uname, /etc/os-release, `python --version`, free."""

from __future__ import annotations

import re

from envaudit.recorded import machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_CPU_MODEL = re.compile(r"\s*(?:Model name|model name)\s*:\s+(\S.*)")
_CPU_NAME = re.compile(r"\s*Name=(\S.*)")  # Windows, in collect_env
_FLAGS = re.compile(r"\s*(?:Flags|flags|Features)\s*:\s+([a-z0-9_]+(?: [a-z0-9_]+){4,})\s*$")
_NVCC = re.compile(r"Cuda compilation tools, release (\d+\.\d+)|\bBuild cuda_(\d+\.\d+)[._]")
_UNAME = re.compile(r"\s*Linux \S+ (\d+\.\d+\S{0,80}) #.* (x86_64|aarch64|arm64|ppc64le)(?: GNU/Linux)?\s*$")
_DARWIN = re.compile(r"\s*Darwin \S+ (\d+\.\d+\S{0,80}) Darwin Kernel Version .* (x86_64|arm64)\s*$")
_UNAME_RESULT = re.compile(r"uname_result\(system='(\w+)', .{0,300}?release='([^']+)'(?:.{0,400}?machine='(\w+)')?")
_RELEASE = re.compile(r"\s*(?:PRETTY_NAME=\"?|Description:\s+)([A-Z][^\"]{2,80})\"?\s*$")
_PYTHON = re.compile(r"\s*Python ([23]\.\d+\.\d+\S*)(?: \|.{0,100}| \(.{0,200})?\s*$")
_PYTEST = re.compile(r"platform (linux2?|win32|darwin) -- Python (\d\S*?),? ")
_PIP_VERSION = re.compile(r"\s*pip (\d+[\d.]*) from .{1,300}\(python (\d\.\d+)\)")
_CUDNN = re.compile(r"#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) (\d{1,2})\s*")
_MEMORY_TOTAL = re.compile(r"\s*MemTotal:\s+(\d{4,15}) kB")


def read(page: Page, found: Found) -> None:
    _cudnn_header(page, found)
    for line, text in enumerate(page.bare):
        if len(text) < 8:
            continue
        if _one(found, line, text) or _machine_line(found, line, text):
            found.claim(line, line + 1)


def _cudnn_header(page: Page, found: Found) -> None:
    """The three numbers of cudnn.h or cudnn_version.h, which stand near each other."""
    for line, text in enumerate(page.lines):
        if "CUDNN_MAJOR" not in text or not text.strip().startswith("#define CUDNN_MAJOR"):
            continue
        near = [_CUDNN.fullmatch(each.strip()) for each in page.lines[line : line + 3]]
        if all(near):
            found.say(line, "cudnn", ".".join(match[2] for match in near if match))
            return


def _one(found: Found, line: int, text: str) -> bool:
    if "odel name" in text and (match := _CPU_MODEL.match(text)):
        found.say(line, "cpu", match[1].strip()[:200], part="model")
        return True
    if text.startswith("Name=") and (match := _CPU_NAME.match(text)) and ("CPU" in text or "Ryzen" in text):
        found.say(line, "cpu", match[1].strip()[:200], part="model")
        return True
    if ("lags" in text or "Features" in text) and (match := _FLAGS.match(text)):
        found.say(line, "cpu", match[1].split(), part="flags")
        return True
    if "uda" in text and (match := _NVCC.search(text)):
        found.say(line, "toolkit", match[1] or match[2])
        return True
    return False


def _machine_line(found: Found, line: int, text: str) -> bool:
    if text.startswith("Linux ") and (match := _UNAME.match(text)):
        found.say(line, "platform", "Linux", part="system")
    elif text.startswith("Darwin ") and (match := _DARWIN.match(text)):
        found.say(line, "platform", "Darwin", part="system")
    elif "uname_result(" in text and (match := _UNAME_RESULT.search(text)):
        if match[1] in ("Linux", "Darwin", "Windows"):
            found.say(line, "platform", match[1], part="system")
        found.say(line, "platform", match[3], part="machine")
        if match[1] == "Linux":
            found.say(line, "platform", match[2], part="kernel")
            machine.kernel_hosts(found, match[2])
        return True
    elif text.startswith(("PRETTY_NAME", "Description:")) and (match := _RELEASE.match(text)):
        return machine.system(found, line, match[1])
    elif text.startswith("Python ") and (match := _PYTHON.match(text)):
        found.say(line, "python", machine.python(match[1]))
        if "conda" in text.lower() or "Continuum" in text:
            found.host("conda")
        return True
    elif text.startswith("platform ") and (match := _PYTEST.match(text)):
        found.say(line, "platform", machine.SYS_PLATFORM[match[1]], part="system")
        found.say(line, "python", machine.python(match[2]))
        return True
    elif text.startswith("pip ") and (match := _PIP_VERSION.match(text)):
        found.package(line, "pip", match[1])
        found.say(line, "python", match[2])
        return True
    elif text.startswith("MemTotal") and (match := _MEMORY_TOTAL.match(text)):
        found.say(line, "memory", int(match[1]) // 1024, part="total_mib")
        return True
    else:
        return False
    found.say(line, "platform", match[1], part="kernel")
    found.say(line, "platform", match[2], part="machine")
    machine.kernel_hosts(found, match[1])
    return True
