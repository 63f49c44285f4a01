"""Words about a machine to facts: operating systems, Python and driver versions, GPU names."""

from __future__ import annotations

import re

from envaudit.recorded.found import BLOCK, Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.snapshot.model import Gpu

# Python's sys.platform (and os.name, where it is clear)
SYS_PLATFORM = {"linux": "Linux", "linux2": "Linux", "win32": "Windows", "nt": "Windows", "darwin": "Darwin"}

_PYTHON = re.compile(
    r"(?:c?python\s*(?:version)?\s*[:=]?\s*)?v?([23]\.\d{1,2}(?:\.\d{1,2})?(?:(?:a|b|rc)\d+)?)\+?(?:\.final\.0)?(?![\w.]*\d)",
    re.I,
)
_MACHINE = re.compile(r"\b(x86_64|amd64|aarch64|arm64|ppc64le)\b", re.I)
_LINUX = re.compile(
    r"\b(Ubuntu(?: Server)?|Debian(?: GNU/Linux)?|CentOS(?: Linux| Stream)?|Red ?Hat(?: Enterprise Linux)?(?: Server)?"
    r"|RHEL|Fedora(?: Linux)?|Arch Linux|Manjaro(?: Linux)?|openSUSE(?: Leap| Tumbleweed)?"
    r"|SUSE Linux Enterprise Server|SLES|Linux Mint|Pop!_OS|Alpine(?: Linux)?|Rocky(?: Linux)?|AlmaLinux|Amazon Linux"
    r"|Kali(?: GNU/Linux)?|Oracle Linux|Gentoo|NixOS|EndeavourOS|Mint|Elementary OS)"
    r"(?:[\s:,]+(?:release|version|linux)?\s*v?(\d+(?:\.\d+){0,3}(?: LTS)?))?",
    re.I,
)
_MAC = re.compile(r"\b(?:mac ?os(?: ?x)?|os ?x)\b(?:\s+[A-Z][a-z]+){0,2}[\s:,(]*(\d+(?:\.\d+){0,2})?", re.I)
_WINDOWS = re.compile(r"\bwin(?:dows)?[\s-]{0,2}(server \d{4}|xp|7|8\.1|8|10|11)?\b", re.I)
_WINDOWS_BUILD = re.compile(r"\b10\.0\.(\d{5})")
_PLATFORM = re.compile(r"\b(Linux|Windows|macOS|Darwin)-(\d[\w.+~-]*)")
_DRIVER = re.compile(r"(?<![\w.])(\d{3}(?:\.\d{1,3}){0,2})(?![\w.]*\d)")

_MODEL = (
    r"(?:H100|H200|H800|H20|B100|B200|B300|GB200|GB300|GH200|A100X?|A800|A40|A30|A16|A10G?|A2|L40S?|L4|L20|V100S?|P100|P40"
    r"|P4|P6|T4G?|M60|M40|M10|M4|K80|K40[cm]?|K20[cmx]?|K10)"
    r"(?:[\s-](?:SXM\d?|PCIE?|NVL|DGXS|HBM3e?|\d{2,3}\s?GB))*"
)
_CARD = (
    r"(?:GeForce\s+)?(?:RTX|GTX)\s?-?\s?(?:\d{3,4})(?:\s?Ti)?(?:\s?SUPER)?(?:\s?D(?![\w]))?"
    r"(?:\s+(?:Laptop(?:\s+GPU)?|(?:with\s+)?Max-Q(?:\s+Design)?|Mobile))?"
    r"|GeForce\s+(?:MX|GT|GTS|9|8)?\s?\d{2,4}M?\w{0,3}"
    r"|(?:GT|MX)\s?\d{3,4}M?(?![\w])"
    r"|(?:Quadro\s+)?RTX\s+(?:PRO\s+\d{4}(?:\s+Blackwell(?:\s+\w+\s+Edition)?)?|A?\d{4}(?:\s+Ada(?:\s+Generation)?)?)"
    r"|Quadro\s+(?:RTX\s+\d{4}|[A-Z]{1,2}\d{3,4}\w?|\d{4}\w?)"
    r"|(?:GeForce\s+)?(?:GTX\s+)?TITAN\s+(?:RTX|Xp|X(?:\s+\(Pascal\))?|V|Black|Z)"
    r"|(?:Jetson\s+)?AGX\s+(?:Orin|Xavier)|Orin\s+(?:NX|Nano)"
)
_GPU = re.compile(rf"\b(?:NVIDIA\s+)?(?:{_CARD}|(?:Tesla|NVIDIA)\s+(?:Tesla\s+)?{_MODEL})\b", re.I)
_GPU_LABELLED = re.compile(rf"\b(?:NVIDIA\s+)?(?:{_CARD}|(?:Tesla\s+)?{_MODEL})\b", re.I)
_TIMES_BEFORE = re.compile(r"(?<![\w.])(\d{1,2})\s?[x\u00d7*]?\s?$")
_TIMES_AFTER = re.compile(r"^\s?[(]?\s?[x\u00d7*]\s?(\d{1,2})\b")


def python(text: str) -> str | None:
    """ "3.8 (64-bit runtime)" gives "3.8", "Python 3.10.12 (main, …)" gives "3.10.12"; None for anything else."""
    match = _PYTHON.match(text.strip())
    return match[1] if match else None


def driver(text: str) -> str | None:
    """The NVIDIA driver version in "535.183.01", "470.82.01 (open)", "NVIDIA 525.60"."""
    match = _DRIVER.search(text[:100])
    return match[1] if match and int(match[1][:3]) >= 300 else None


def cuda(text: str) -> str | None:
    """Major and minor of a CUDA version: "11.8.89" and "release 11.8, V11.8.89" give "11.8".

    What follows in a compiler's version counts its own builds and not those of the toolkit.
    """
    match = re.search(r"(?<![\d.])(\d{1,2}\.\d{1,2})(?:\.\d+)*", text[:200])
    return match[1] if match and 6 <= int(match[1].split(".")[0]) < 30 else None


def cuda_build(text: str) -> str | None:
    """The build that a CUDA version means: "11.8" gives "cu118", "9.0.176" gives "cu90"."""
    version = cuda(text)
    return None if version is None else "cu" + version.replace(".", "")


def gpu_names(text: str, labelled: bool = False) -> list[Gpu]:
    """The NVIDIA GPUs that are named in `text`; "2x RTX 3090" are two.

    Short names such as "A10" and "T4" count only where a label says that the text names a GPU.
    """
    found: list[Gpu] = []
    for match in (_GPU_LABELLED if labelled else _GPU).finditer(text[:2000]):
        name = re.sub(r"\s+", " ", match[0]).strip()
        before = _TIMES_BEFORE.search(text[max(0, match.start() - 6) : match.start()]) if labelled else None
        times = before or _TIMES_AFTER.match(text[match.end() : match.end() + 8])
        count = min(max(int(times[1]), 1), 64) if times else 1
        found += [{"name": name} for _ in range(count)]
    return found[:64]


def system(found: Found, line: int, text: str, strength: int = BLOCK) -> bool:
    """State what `text` says of the operating system: "Ubuntu 22.04.3 LTS (x86_64)"; False when it says nothing."""
    text = text.strip()[:300]
    if text in SYS_PLATFORM:
        found.say(line, "platform", SYS_PLATFORM[text], strength, "system")
        return True
    if platform_string(found, line, text, strength):
        return True
    name: str | None = None
    release: str | None = None
    linux, mac, windows = _LINUX.search(text), _MAC.search(text), _WINDOWS.search(text)
    wsl = re.search(r"\bWSL ?2?\b", text, re.I)
    if wsl:
        found.host("wsl")
        windows = None
    if linux and windows:
        return False  # two systems: nobody can tell which one runs Python
    if linux:
        name, release = "Linux", re.sub(r"\s+", " ", linux[0]).strip(" :,")
    elif mac:
        name, release = "Darwin", f"macOS {mac[1]}" if mac[1] else None
    elif windows and not wsl:
        build = _WINDOWS_BUILD.search(text)
        edition = windows[1] or ("10" if build else None)
        if build and int(build[1]) >= 22000 and edition == "10":
            edition = "11"  # Windows 11 keeps the number 10 in its kernel version
        name, release = "Windows", f"Windows {edition}" if edition else None
    elif wsl or re.search(r"\blinux\b", text, re.I):
        name = "Linux"
    elif re.search(r"\bdarwin\b", text, re.I):
        name = "Darwin"
    if name is None:
        return False
    found.say(line, "platform", name, strength, "system")
    found.say(line, "platform", release, strength, "release")
    machine = _MACHINE.search(text)
    if machine:
        found.say(line, "platform", machine[1], strength, "machine")
    return True


def platform_string(found: Found, line: int, text: str, strength: int = BLOCK) -> bool:
    """State what Python's `platform.platform()` tells: "Linux-5.15.0-107-generic-x86_64-with-glibc2.31"."""
    match = _PLATFORM.search(text[:300])
    if not match:
        return False
    name, rest = match[1], match[2]
    if name == "Windows":
        return system(found, line, f"Windows {rest.replace('-', ' ')}", strength)
    found.say(line, "platform", "Linux" if name == "Linux" else "Darwin", strength, "system")
    machine = _MACHINE.search(rest.replace("-", " "))
    if machine:
        found.say(line, "platform", machine[1], strength, "machine")
    if name == "macOS":
        found.say(line, "platform", "macOS " + rest.partition("-")[0], strength, "release")
    kernel, _, userland = rest.partition("-with-")
    if name == "Linux":
        found.say(line, "platform", re.sub(r"-(?:x86_64|aarch64|arm64|ppc64le)$", "", kernel), strength, "kernel")
        kernel_hosts(found, kernel)
        found.say(line, "platform", libc(userland), strength, "libc")
        older = re.match(r"(Ubuntu|debian|centos|fedora|redhat)-(\d[\d.]*)", userland)
        if older:
            found.say(line, "platform", f"{older[1].capitalize()} {older[2]}", strength, "release")
    return True


def libc(text: str) -> str | None:
    """ "glibc-2.31" gives "glibc 2.31".

    Pythons before 3.8 looked into their own executable and said 2.9 or 2.10 on much newer systems; such an old glibc
    runs no wheel of the last ten years, so it counts as unknown.
    """
    match = re.match(r"\s*(glibc|musl)[\s-]?(\d+)\.(\d+)", text)
    if not match or (match[1] == "glibc" and (int(match[2]), int(match[3])) < (2, 12)):
        return None
    return f"{match[1]} {match[2]}.{match[3]}"


def kernel_hosts(found: Found, kernel: str) -> None:
    """State WSL where the kernel's name tells it."""
    if "microsoft" in kernel.lower():
        found.host("wsl")
