"""Lightning's collect_env_details: "* CUDA:", "* Packages:", "* System:" with indented items."""

from __future__ import annotations

import re

from envaudit.recorded import machine, names
from envaudit.recorded.found import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page
    from envaudit.snapshot.model import Gpu

_SECTION = re.compile(r"[\s*-]{0,12}(CUDA|Lightning|Packages|System|Dependencies):?\s*", re.I)
_ITEM = re.compile(r"[\s*-]{0,40}([A-Za-z][\w.-]{0,100}):(?:\s+(\S.*))?")
_DEVICE = re.compile(r"[\s*-]{0,40}(\S.{2,80}?)\s*")


def read(page: Page, found: Found) -> None:
    lines = page.lines
    for start, text in enumerate(lines):
        section = _SECTION.fullmatch(text) if len(text) < 40 else None
        if not section or section[1].lower() != "cuda" or found.claimed(start):
            continue
        if not any(re.match(r"[\s*-]{0,40}GPU:", near) for near in lines[start + 1 : start + 4]):
            continue
        _report(lines, found, start)
        return


def _report(lines: list[str], found: Found, start: int) -> None:
    section, in_gpus, blanks = "", False, 0
    gpus: list[Gpu] = []
    line = start
    for line in range(start, min(len(lines), start + 3000)):
        text = lines[line]
        head = _SECTION.fullmatch(text) if len(text) < 40 else None
        item = _ITEM.fullmatch(text)
        if head:
            section, in_gpus = head[1].lower(), False
        elif item:
            key, value = item[1].lower(), (item[2] or "").strip()
            in_gpus = section == "cuda" and key == "gpu"
            if in_gpus and value and value != "None":
                gpus += machine.gpu_names(value, labelled=True) or [{"name": value[:100]}]
            _item(found, line, section, key, value)
        elif in_gpus and text.strip() and (device := _DEVICE.fullmatch(text)):
            gpus.append({"name": device[1]})
        elif text.strip().startswith(("```", "#")) and line > start + 3:
            break
        elif not text.strip():
            blanks += 1
            if blanks > 6:
                break
        elif section == "":
            break
    found.claim(start, line + 1)
    if gpus:
        found.gpus(start, gpus)


def _item(found: Found, line: int, section: str, key: str, value: str) -> None:
    if section in ("packages", "lightning", "dependencies"):
        if key == "pytorch_version":
            key = "torch"
        if value[:1].isdigit() and key != "python":
            found.package(line, names.LABELS.get(key, key), value.split()[0], BLOCK)
    elif section == "cuda" and key == "version":
        found.say(line, "builds", machine.cuda_build(value), part="torch")
    elif section == "system":
        if key == "os":
            machine.system(found, line, value)
        elif key == "python":
            found.say(line, "python", machine.python(value))
        elif key == "processor" and value in ("x86_64", "arm64", "aarch64"):
            found.say(line, "platform", value, part="machine")
        elif key == "release" and value[:1].isdigit():
            found.say(line, "platform", value[:100], part="kernel")
            machine.kernel_hosts(found, value)
