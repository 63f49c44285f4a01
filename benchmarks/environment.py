"""A virtual environment as large as a notebook image: real names and versions, made-up metadata of real size.

Names and versions are those of an official image in `tests/corpus/`; beyond them the names are invented.  Everything
that a distribution declares is met, so that `pip check` finds the clean environment clean.
"""
# ruff: noqa: S603  # only commands that this file names, no shell

from __future__ import annotations

import compileall
import functools
import importlib.metadata
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

from envaudit.matrix.store import load
from envaudit.options import Options
from envaudit.report.document import audit
from envaudit.snapshot import take
from envaudit.snapshot.locate import find

ROOT = Path(__file__).resolve().parent.parent
IMAGE = "colab-gpu-2026-08-07-35aa05a"
# what envaudit itself needs, copied from the running interpreter so that no network is needed
OWN_NEEDS = ("packaging", "rich", "markdown-it-py", "mdurl", "Pygments", "PyYAML", "nvidia-ml-py", "tomli")
# pairs that are known to crash, put into environments "with findings"
CLASHES = {"torchvision": "0.15.2", "pandas": "2.0.3"}
MANY_CLASHES = {
    **CLASHES,
    "scikit-learn": "1.3.2",
    "numba": "0.56.4",
    "protobuf": "3.20.3",
    "jaxlib": "0.4.13",
    "tensorflow": "2.10.1",
}
WORDS = (
    "array",
    "tensor",
    "model",
    "driver",
    "kernel",
    "device",
    "batch",
    "graph",
    "layer",
    "install",
    "version",
    "wheel",
)


@functools.cache
def versions(count: int) -> dict[str, str]:
    """Name to version of `count` distributions; the image's GPU libraries come first, its rarer packages last."""
    with open(ROOT / "tests" / "corpus" / "images.jsonl", encoding="utf-8") as file:
        image = next(case for case in map(json.loads, file) if case["id"] == IMAGE)
    own = {name.lower() for name in OWN_NEEDS} | {"pip", "setuptools", "envaudit-ml"}
    known = {name: version for name, version in image["env"]["packages"].items() if name not in own}
    for name in faulty(known):
        del known[name]
    chosen = dict(sorted(known.items(), key=lambda item: (item[0] not in MANY_CLASHES, item[0]))[:count])
    for number in range(count - len(chosen)):
        chosen[f"made-up-library-{number:04}"] = f"1.{number % 40}.{number % 7}"
    return chosen


def faulty(packages: dict[str, str]) -> set[str]:
    """The packages that envaudit finds fault with: a clean environment goes without them."""
    left = dict(packages)
    snapshot = take(find(None))  # on this host
    snapshot["requires"] = {}
    while True:
        snapshot["packages"] = left
        findings = audit(snapshot, load(), Options()).audit.findings
        culprits = {culprit for finding in findings for culprit in finding.culprits} & left.keys()
        if not culprits:
            return packages.keys() - left.keys()
        left = {name: version for name, version in left.items() if name not in culprits}


def build(folder: Path, count: int, clashes: dict[str, str]) -> Path:
    """Make a virtual environment of `count` distributions, and what envaudit needs, in `folder`; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    site = next((folder / "lib").glob("python3*")) / "site-packages"
    copied = sum(copy(name, site) for name in OWN_NEEDS)
    chosen = dict(versions(count - copied - 3))  # envaudit itself, pip and setuptools
    chosen.update({name: version for name, version in clashes.items() if name in chosen})
    for name, version in chosen.items():
        write(site, name, version, chosen)
    compileall.compile_dir(str(site), quiet=1)  # as an installer does
    return folder / "bin" / "python"


def copy(name: str, site: Path) -> int:
    """Copy an installed distribution to `site`; returns how many that were (0 when it is not installed)."""
    try:
        files = importlib.metadata.distribution(name).files or []
    except importlib.metadata.PackageNotFoundError:
        return 0
    for file in files:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = site.joinpath(*file.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target)
    return 1


def write(site: Path, name: str, version: str, installed: dict[str, str]) -> None:
    """One distribution: a package folder, and the metadata folder that pip would leave."""
    chance = random.Random(name)  # noqa: S311  # the same environment in each run
    module = name.replace("-", "_").replace(".", "_")
    info = site / f"{module}-{version}.dist-info"
    (info / "licenses").mkdir(parents=True)
    (site / module).mkdir(exist_ok=True)
    (site / module / "__init__.py").write_text("")
    (info / "METADATA").write_text(metadata(name, version, installed, chance), "utf-8")
    (info / "WHEEL").write_text(
        "Wheel-Version: 1.0\nGenerator: setuptools (80.9.0)\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    (info / "INSTALLER").write_text("pip\n")
    (info / "REQUESTED").write_text("")
    (info / "top_level.txt").write_text(f"{module}\n")
    (info / "licenses" / "LICENSE").write_text("Permission is hereby granted\n" * 20)
    if chance.random() < 0.25:
        (info / "entry_points.txt").write_text(f"[console_scripts]\n{name} = {module}.cli:main\n")
    rows = int(min(4000, chance.lognormvariate(3.8, 1.2))) + 8
    (info / "RECORD").write_text(
        "".join(f"{module}/part_{row}/file_{row}.py,sha256={row:043d},{row * 37}\n" for row in range(rows))
    )


def metadata(name: str, version: str, installed: dict[str, str], chance: random.Random) -> str:
    """A METADATA file of 2 to 60 KiB with requirements that `installed` meets."""
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        f"Summary: {' '.join(chance.choices(WORDS, k=9))}",
        f"Home-page: https://example.org/{name}",
        "Author: The developers",
        f"Author-email: The developers <developers@{name}.example.org>",
        "License: Apache-2.0",
        f"Project-URL: Documentation, https://docs.example.org/{name}",
        f"Project-URL: Source, https://example.org/{name}/source",
        "Keywords: " + ",".join(chance.choices(WORDS, k=5)),
    ]
    lines += [f"Classifier: Programming Language :: Python :: 3.{minor}" for minor in range(8, chance.randint(10, 14))]
    lines += [f"Classifier: Topic :: Scientific/Engineering :: {word.title()}" for word in chance.sample(WORDS, 4)]
    lines += ["Requires-Python: >=3.8", "Description-Content-Type: text/markdown", "License-File: LICENSE"]
    others = list(installed)
    for _ in range(chance.choice((0, 0, 1, 2, 3, 4, 5, 8, 14))):
        lines.append(f"Requires-Dist: {requirement(chance.choice(others), installed)}{marker(chance)}")
    for extra in chance.sample(("dev", "docs", "test", "all", "gpu", "plot"), chance.choice((0, 0, 1, 2, 3, 5))):
        lines.append(f"Provides-Extra: {extra}")
        for _ in range(chance.choice((1, 3, 6, 12, 20))):
            wanted = chance.choice((*WORDS, chance.choice(others)))
            lines.append(f"Requires-Dist: {wanted}>=1.0; extra == '{extra}'")
    lines += ["", f"# {name}", ""]
    left = int(min(60_000, max(2_000, chance.lognormvariate(8.9, 0.9)))) - sum(map(len, lines))
    while left > 0:
        lines.append(" ".join(chance.choices(WORDS, k=12)))
        left -= len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


def requirement(name: str, installed: dict[str, str]) -> str:
    """A requirement that the installed version of `name` meets."""
    numbers = installed[name].partition("+")[0].split(".")
    if len(numbers) < 2 or not all(number.isdecimal() for number in numbers):
        return name
    return f"{name} (>={numbers[0]}.{numbers[1]},<{int(numbers[0]) + 1})" if len(name) % 3 else f"{name}>={numbers[0]}"


def marker(chance: random.Random) -> str:
    """Nothing, or a marker that holds here."""
    return chance.choice(("", "", "", "", '; python_version >= "3.8"', "; sys_platform != 'win32'"))
