"""Real and hand-made Python environments for the tests of the snapshot."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from envaudit.snapshot import packages
from envaudit.snapshot.target import Target, describe_interpreter

VERSIONS = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def target(*paths: Path | str, prefix: Path | str = "/nowhere", base_prefix: Path | str = "/nowhere", **more) -> Target:
    """A Target that looks at `paths` and is this interpreter in everything else."""
    facts = describe_interpreter()
    facts.update(paths=[str(path) for path in paths], prefix=str(prefix), base_prefix=str(base_prefix), **more)
    return Target(is_self=False, environ={}, **facts)


def collect(*paths: Path | str, **more) -> dict:
    """What the packages collector says about `paths`."""
    return packages.collect(target(*paths, **more))


def dist_info(
    site: Path, name: str, version: str, requires: tuple[str, ...] = (), *, installer: str = "pip", end: str = "\n"
) -> Path:
    """An installed distribution as pip leaves it, without its code."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Summary: made for a test"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    lines += ["", "# A heading", "Name: not-this", "Requires-Dist: not-this-either"]
    (folder / "METADATA").write_bytes((end.join(lines) + end).encode())
    (folder / "INSTALLER").write_text(f"{installer}\n")
    return folder


def wheel(folder: Path, name: str, version: str, requires: tuple[str, ...] = ()) -> Path:
    """A real wheel, which pip and uv install."""
    bare = name.replace("-", "_")
    info = f"{bare}-{version}.dist-info"
    headers = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    headers += [f"Requires-Dist: {requirement}" for requirement in requires]
    files = {
        f"{bare}/__init__.py": "raise SystemExit('nobody imports this')\n",
        f"{info}/METADATA": "\n".join(headers) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{bare}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def python_of(version: str) -> str:
    """Path of a Python of this series on this machine; skips the test when there is none."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for path in sorted(root.glob(f"{version}.*/bin/python")) if root.is_dir() else ():
        return str(path)
    if version == "{}.{}".format(*sys.version_info[:2]):
        return sys.executable
    pytest.skip(f"no Python {version} here")


def make_venv(folder: Path, python: str = sys.executable, *options: str) -> str:
    """A virtual environment made by `python -m venv`, without pip; returns its interpreter."""
    run(python, "-m", "venv", "--without-pip", *options, str(folder))
    return str(interpreter(folder))


def interpreter(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def site_packages(python: str) -> Path:
    """Where an interpreter's packages go."""
    return Path(run(python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])").strip())


def uv() -> str:
    """Path of uv; skips the test when it is not here."""
    found = shutil.which("uv") or shutil.which("uv", path=os.path.dirname(sys.executable))
    if not found:
        pytest.skip("uv is not here")
    return found


def run(*command: str, **variables: str) -> str:
    """Run a command without network and without our own Python settings; returns its output."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "UV_"))}
    environ.update(UV_OFFLINE="1", PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1", **variables)
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
