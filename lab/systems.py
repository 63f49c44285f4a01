"""Other Linux systems that a case may run on: folders with a Debian tree, whose programs qemu plays.

The package index has builds of torch, torchvision and torchaudio for the CPU alone for one kind of machine, Linux on
ARM, and an older or newer Debian brings another C library.  A tree is named after what is in it (`bookworm-arm64`), as
`python -m lab systems` makes it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

# Debian's name of a processor: the kernel's, which is also qemu's
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}
# the suites that differ in what matters to wheels: glibc 2.31 and Python 3.9, 2.36 and 3.11, 2.41 and 3.13
SUITES = ("bullseye", "bookworm", "trixie")
# what wheels expect of a system besides its C library
PACKAGES = ("python3", "python3-distutils", "libgomp1", "libgl1", "libsndfile1")
# The name by which a program is called decides what Python takes for itself, so that of a virtual environment is kept.
_WRAPPER = """#!/bin/sh
exec qemu-{machine} -L '{root}' -0 "$0" '{python}' "$@"
"""


class System(NamedTuple):
    """A Linux that is played here.

    name     of its tree, as trixie-arm64
    libc     as "glibc 2.41"
    pythons  series ("3.13") to what starts it
    """

    name: str
    machine: str
    libc: str
    pythons: dict[str, str]


def find(folder: Path | None) -> list[System]:
    """The systems whose trees lie in `folder`, the newest suite last."""
    found = []
    trees = [path for path in folder.iterdir() if path.is_dir()] if folder and folder.is_dir() else []
    for path in trees:
        suite, _, processor = path.name.partition("-")
        machine = MACHINES.get(processor)
        if suite in SUITES and machine and shutil.which(f"qemu-{machine}"):
            pythons = _pythons(path.resolve(), machine)
            if pythons:
                found.append(System(path.name, machine, _libc(next(iter(pythons.values()))), pythons))
    return sorted(found, key=lambda system: SUITES.index(system.name.partition("-")[0]))


def make(folder: Path, name: str) -> None:
    """Put the tree `name` into `folder`; needs debootstrap and dpkg-deb.  Raises CalledProcessError."""
    suite, _, processor = name.partition("-")
    tree = folder / name
    include = [package for package in PACKAGES if suite != "trixie" or package != "python3-distutils"]
    words = ["debootstrap", f"--arch={processor}", "--foreign", "--variant=minbase", f"--include={','.join(include)}"]
    subprocess.run([*words, suite, str(tree)], check=True)  # noqa: S603
    # nothing of it is configured or run as a system would be: unpacked is enough
    for package in sorted((tree / "var/cache/apt/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(tree)], check=True)  # noqa: S603, S607
        package.unlink()


def _pythons(tree: Path, machine: str) -> dict[str, str]:
    """What starts each of the tree's Pythons: a script beside it, written where it is not there yet."""
    found = {}
    for python in sorted((tree / "usr/bin").glob("python3.[0-9]*")):
        series = python.name.removeprefix("python")
        if not series.replace(".", "").isdigit():
            continue
        script = python.with_name(f"{python.name}-played")
        text = _WRAPPER.format(machine=machine, root=tree, python=python)
        if not script.is_file() or script.read_text("utf-8") != text:
            script.write_text(text, "utf-8")
            script.chmod(0o755)
        found[series] = str(script)
    return found


def _libc(python: str) -> str:
    """The C library, as the system's own Python says it."""
    code = "import os; print(os.confstr('CS_GNU_LIBC_VERSION'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    return done.stdout.strip()
