"""Operating system, CPU and environment variables."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from envaudit.snapshot import host
from envaudit.snapshot.target import this_interpreter
from tests.snapshot.trees import plant

RULES = Path(__file__).parents[2] / "rules"


@pytest.mark.parametrize(
    ("os_release", "release"),
    [
        (
            'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.5 LTS"\n',
            "Ubuntu 22.04",
        ),
        ('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n', "Debian 12"),
        ('NAME="CentOS Linux"\nVERSION_ID="7"\n', "CentOS 7"),
        ("NAME='Amazon Linux'\nVERSION_ID='2023'\n", "Amazon 2023"),
        ('NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\n', "Alpine 3.19.1"),
        ('NAME="Arch Linux"\nBUILD_ID=rolling\n', "Arch"),
        ("# comment\n\nno equal sign\nNAME=NixOS\nVERSION_ID=24.05", "NixOS 24.05"),
        ("", None),
        (None, None),
    ],
)
def test_linux_release(tmp_path: Path, os_release: str | None, release: str | None) -> None:
    root = plant(tmp_path, {} if os_release is None else {"/etc/os-release": os_release})
    facts = host.platform("6.1.0", "x86_64", root, "linux")
    assert facts.get("release") == release
    assert (facts["system"], facts["kernel"], facts["machine"]) == ("Linux", "6.1.0", "x86_64")


def test_release_of_a_stateless_system(tmp_path: Path) -> None:
    root = plant(tmp_path, {"/usr/lib/os-release": "NAME=Fedora\nVERSION_ID=40\n"})
    assert host.platform("", "", root, "linux") == {"system": "Linux", "release": "Fedora 40"}


def test_macos_release(tmp_path: Path) -> None:
    plist = "<dict>\n<key>ProductName</key>\n<string>macOS</string>\n<key>ProductVersion</key>\n<string>14.4.1</string>"
    root = plant(tmp_path, {"/System/Library/CoreServices/SystemVersion.plist": plist})
    expected = {"system": "Darwin", "release": "macOS 14.4.1", "kernel": "23.4.0", "machine": "arm64"}
    assert host.platform("23.4.0", "arm64", root, "darwin") == expected


@pytest.mark.parametrize(("build", "release"), [(19045, "Windows 10"), (22631, "Windows 11")])
def test_windows_release(monkeypatch: pytest.MonkeyPatch, build: int, release: str) -> None:
    version = type("version", (), {"major": 10, "build": build})
    monkeypatch.setattr(sys, "getwindowsversion", lambda: version, raising=False)
    expected = {"system": "Windows", "release": release, "machine": "AMD64"}
    assert host.platform("", "AMD64", system="win32") == expected


X86 = """processor\t: {number}
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) CPU {number}
flags\t\t: fpu sse4_2 avx{more}
bugs\t\t: spectre_v1

"""


def test_first_processor_of_many(tmp_path: Path) -> None:
    cores = "".join(X86.format(number=number, more=" avx2" if number else "") for number in range(500))
    root = plant(tmp_path, {"/proc/cpuinfo": cores})
    assert host.cpu(root) == {"model": "Intel(R) Xeon(R) CPU 0", "flags": ["fpu", "sse4_2", "avx"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "processor\t: 0\nFeatures\t: fp asimd crc32\nCPU implementer\t: 0x41\n\n",
            {"flags": ["fp", "asimd", "crc32"]},
        ),
        ("processor : 0\nmodel name : cut", {"model": "cut"}),
        ("nonsense", None),
        ("", None),
    ],
)
def test_other_processors(tmp_path: Path, text: str, expected: object) -> None:
    assert host.cpu(plant(tmp_path, {"/proc/cpuinfo": text})) == expected
    assert host.cpu(str(tmp_path / "none")) is None


def test_only_listed_variables_leave_the_machine() -> None:
    target = this_interpreter({"CUDA_VISIBLE_DEVICES": "", "LD_LIBRARY_PATH": "/a", "AWS_SECRET_ACCESS_KEY": "x"})
    assert host.collect(target)["env_vars"] == {"CUDA_VISIBLE_DEVICES": "", "LD_LIBRARY_PATH": "/a"}


def test_every_variable_that_a_rule_asks_for_is_collected() -> None:
    """A variable that is not collected would look unset."""
    import re

    asked = set()
    for path in RULES.rglob("*.yaml"):
        asked |= set(re.findall(r"\benv:([A-Za-z0-9_]+)\s*[:,}\]]", path.read_text(encoding="utf-8")))
    assert sorted(asked - set(host.VARIABLES)) == []


def test_list_of_variables_is_sorted() -> None:
    assert list(host.VARIABLES) == sorted(set(host.VARIABLES))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is that of Linux")
def test_this_machine() -> None:
    found = host.collect(this_interpreter())
    assert found["platform"]["system"] == "Linux"
    assert found["platform"]["machine"] == os.uname().machine
    assert 0 < found["memory"]["limit_mib"] <= found["memory"]["total_mib"]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    assert abs(found["memory"]["total_mib"] - pages) <= 1
    assert "unknown" not in found
