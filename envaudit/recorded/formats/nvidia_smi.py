"""`nvidia-smi`: its table, `-L`, `-q` and the CSV of `--query-gpu`."""

from __future__ import annotations

import re

from envaudit.recorded import machine
from envaudit.recorded.found import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page
    from envaudit.snapshot.model import Gpu

_HEAD = re.compile(
    r"(?:NVIDIA-SMI\s+(\d[\d.]*)\s+)?(?:KMD|Driver) Version:?\s*(\d[\d.]*)(?:\s+CUDA (?:UMD )?Version:?\s*(\d+\.\d+))?"
)
_BUS = r"[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d"
_ROW = re.compile(rf"\W{{0,4}}\s*(\d{{1,3}})\s+(\S.*?)\s*(?:\s(?:On|Off|N/A|WDDM|TCC|MCDM|ERR!))?\s*[|│]\s+{_BUS}")
_MEMORY = re.compile(r"\d+ ?MiB {0,8}/ {0,8}(\d+) ?MiB")
_LIST = re.compile(r"\s*GPU (\d{1,3}): (.{2,100}?) \(UUID: ")
_MIG_DEVICE = re.compile(r"\s*MIG \S+\s+Device\s+\d+:")
_LOG_FIELD = re.compile(r"\s*([A-Z][\w .]{2,40}?)\s*: (.*)")
_LONGEST = 400  # lines of one table


def read(page: Page, found: Found) -> None:
    _tables(page, found)
    _listing(page, found)
    _log(page, found)
    _csv(page, found)
    for line, text in enumerate(page.lines):
        if "river/library version mismatch" in text:
            found.problem("nvml-mismatch", f"line {line + 1} says: Driver/library version mismatch", ["driver"])
        elif "couldn't communicate with the NVIDIA driver" in text:
            found.note("NVIDIA driver", f"nvidia-smi could not reach it (line {line + 1})")
        elif "No devices were found" in text and len(text.strip()) < 40:
            found.gpus(line, [])


def _tables(page: Page, found: Found) -> None:
    read_to = -1
    first = True
    for line, text in enumerate(page.lines):
        if line < read_to or "Version" not in text or "NVIDIA-SMI" not in text:
            continue
        head = _HEAD.search(text)
        if not head:
            continue
        read_to = _table(page, found, line, first)
        if first:
            found.say(line, "driver", machine.driver(head[2]))
            found.say(line, "driver_cuda", head[3])
        first = False  # a second table shows the same machine later, or another one


def _table(page: Page, found: Found, start: int, say: bool) -> int:
    """Read the table from its head line on; gives the line after it."""
    gpus: list[Gpu] = []
    line = start
    misses = 0
    while line < min(len(page.lines), start + _LONGEST) and misses < 3:
        text = page.lines[line].strip()[:300]
        if "Processes:" in text or text.startswith("```"):
            break
        misses = 0 if text[:1] in "|+│=-╒├└" and text else misses + 1
        row = _ROW.match(text)
        memory = _MEMORY.search(text)
        if "MIG devices" in text:
            break
        if row:
            gpus.append({"name": row[2].strip()})
        elif memory and gpus and "memory_mib" not in gpus[-1]:
            gpus[-1]["memory_mib"] = int(memory[1][:9])
        elif gpus and re.search(r"[|│]\s+(Enabled|Disabled)\*?\s*[|│]?$", text):
            gpus[-1]["mig"] = "Enabled" in text
        line += 1
    if say and gpus:
        found.gpus(start, gpus)
    while line < len(page.lines) and page.lines[line].strip()[:1] in ("|", "+", "│"):
        line += 1
    found.claim(start, line)
    return line


def _listing(page: Page, found: Found) -> None:
    """`nvidia-smi -L`; the first run of its lines."""
    gpus: list[Gpu] = []
    start = last = -10
    for line, text in enumerate(page.lines):
        match = _LIST.match(text) if "UUID" in text else None
        if match and not (gpus and (line > last + 1 or found.claimed(line))):
            start = start if gpus else line
            gpus.append({"name": match[2].strip()})
        elif gpus and line == last + 1 and _MIG_DEVICE.match(text):
            gpus[-1]["mig"] = True
        else:
            continue
        last = line
        found.claim(line, line + 1)
    if gpus:
        found.gpus(start, gpus)


def _log(page: Page, found: Found) -> None:
    """`nvidia-smi -q`."""
    start = next((n for n, text in enumerate(page.lines) if "NVSMI LOG" in text), None)
    if start is None:
        return
    gpus: list[Gpu] = []
    in_memory = False
    for line in range(start, min(len(page.lines), start + 5000)):
        text = page.lines[line]
        match = _LOG_FIELD.match(text)
        if not match:
            in_memory = text.strip() == "FB Memory Usage"
            continue
        key, value = match[1], match[2].strip()
        if key in ("Driver Version", "KMD Version"):
            found.say(line, "driver", machine.driver(value))
        elif key in ("CUDA Version", "CUDA UMD Version") and value[:1].isdigit():  # newer ones say "[Deprecated …]"
            found.say(line, "driver_cuda", machine.cuda(value))
        elif key == "Product Name":
            gpus.append({"name": value[:100]})
        elif key == "Total" and in_memory and gpus and value[:-4].isdecimal() and value.endswith(" MiB"):
            gpus[-1]["memory_mib"] = int(value[:-4][:9])
        else:
            continue
        found.claim(line, line + 1)
    if gpus:
        found.gpus(start, gpus)


def _csv(page: Page, found: Found) -> None:
    """The CSV of `nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv`, with its header."""
    for line, text in enumerate(page.lines):
        columns = [column.strip() for column in text.split(",")] if "name" in text and len(text) < 400 else []
        if "name" not in columns or not any(
            "[MiB]" in c or c in ("driver_version", "compute_cap", "uuid") for c in columns
        ):
            continue
        gpus: list[Gpu] = []
        for row in range(line + 1, min(line + 65, len(page.lines))):
            cells = [cell.strip() for cell in page.lines[row].split(",")]
            if len(cells) != len(columns):
                break
            values = dict(zip(columns, cells))
            gpu: Gpu = {"name": values["name"][:100]}
            memory = values.get("memory.total [MiB]", "").replace(" MiB", "")
            if memory.isdecimal():
                gpu["memory_mib"] = int(memory[:9])
            if re.fullmatch(r"\d{1,2}\.\d", values.get("compute_cap", "")):
                gpu["compute_capability"] = values["compute_cap"]
            found.say(row, "driver", machine.driver(values.get("driver_version", "")), BLOCK)
            gpus.append(gpu)
        if gpus:
            found.gpus(line, gpus)
            found.claim(line, line + 1 + len(gpus))
            return
