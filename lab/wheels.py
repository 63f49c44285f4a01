"""Environments of real wheels, made with uv; downloads are told before and bounded."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import tomllib

TOO_LARGE = 700 << 20  # bytes of one wheel: builds for CUDA, which the lab leaves alone
LEAST_FREE = 3 << 30  # bytes that stay free on the disk
UNPACKED = 3.5  # size of an installed package as a multiple of its wheel's
WAIT = 900  # seconds for one call of uv
ALONE = "python_version < '0'"  # a marker that is never true


class Refused(Exception):
    """The environment cannot be had; `str()` is one line: why."""


class Budget(Exception):
    """The downloads that were allowed are used up."""


class Wheel(NamedTuple):
    """One wheel of a resolved environment."""

    name: str
    version: str
    url: str
    size: int  # bytes, 0 where the index does not say
    date: str  # when it was uploaded, as 2024-08-26T20:09:16Z; "" where the index does not say


class Uv:
    """uv with a cache folder of its own.

    `max_download_mib` bounds what all its environments download together, `max_cache_mib` how large the cache may grow
    before `too_large` says so.  Safe to use from two threads.
    """

    def __init__(
        self,
        cache: Path,
        max_download_mib: int,
        max_cache_mib: int,
        find_links: str | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.cache, self.say = cache, say
        # wheels that no index has, such as the CPU builds of torch
        self.extra = ["--find-links", find_links] if find_links else []
        self.left = max_download_mib << 20
        self.max_cache = max_cache_mib << 20
        self._lock = threading.Lock()
        self._held_file = cache / "lab-held.json"
        self.held: dict[str, list[Any]] = {}  # url -> name and bytes of what is in the cache
        cache.mkdir(parents=True, exist_ok=True)
        if self._held_file.is_file():
            self.held = json.loads(self._held_file.read_text("utf-8"))

    def _run(self, *words: str) -> str:
        """What uv prints.  Raises Refused with its reason."""
        return self._call(*words).stdout

    def _call(self, *words: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "UV_CACHE_DIR": str(self.cache), "UV_NO_PROGRESS": "1", "UV_LINK_MODE": "hardlink"}
        environ.pop("VIRTUAL_ENV", None)
        try:
            done = subprocess.run(  # noqa: S603
                ["uv", *words],  # noqa: S607
                capture_output=True,
                text=True,
                timeout=WAIT,
                env=environ,
                check=False,
            )
        except FileNotFoundError:
            raise Refused("uv is not installed (pip install uv)") from None
        except subprocess.TimeoutExpired:
            raise Refused(f"uv {words[0]} did not end in {WAIT} s") from None
        if done.returncode:
            raise Refused(_reason(done.stderr))
        return done

    def pythons(self) -> dict[str, str]:
        """Python series ("3.11") to an interpreter, as far as uv finds them on this machine."""
        found: dict[str, str] = {}
        for path in sorted(Path.home().glob(".pyenv/versions/3.*/bin/python")):
            found[".".join(path.parts[-3].split(".")[:2])] = str(path)
        for series in ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13"):
            if series not in found:
                try:
                    found[series] = self._run("python", "find", "--no-python-downloads", series).strip()
                except Refused:
                    continue
        return found

    def resolve(
        self,
        wanted: dict[str, str],
        also: list[str],
        python: str,
        folder: Path,
        *,
        without: list[str],
        sdist: list[str],
        date: str | None,
        cuda: bool = False,
    ) -> list[Wheel]:
        """The wheels of an environment that holds `wanted` (package to specifier) whatever the packages say of each
        other, and what they need besides.  `also` are further requirements, forced where they name one version,
        `without` are packages left out, `date` hides what came later, `cuda` lets builds for
        CUDA in.  The lock file stays in `folder`."""
        lines = [f"{name}{spec}" for name, spec in wanted.items()]
        left_out = _leave_out(folder, without)
        inputs, forced, lock = folder / "wanted.in", folder / "forced.txt", folder / "pylock.toml"
        inputs.write_text("\n".join([*lines, *also]) + "\n", "utf-8")
        exact = [item for item in also if "==" in item]
        forced.write_text("\n".join([*lines, *exact]) + "\n" + left_out.read_text("utf-8"), "utf-8")
        lock.unlink(missing_ok=True)
        words = ["pip", "compile", "--quiet", "--python", python, "--format", "pylock.toml", "--override", str(forced)]
        words += [*self.extra, *_only_wheels(sdist), "--output-file", str(lock), str(inputs)]
        if date:
            words += ["--exclude-newer", date]
        self._run(*words)
        return _locked(lock) if cuda else _without_cuda(_locked(lock))

    def newest_upload(self, wanted: dict[str, str], python: str, folder: Path, sdist: list[str]) -> str | None:
        """The day after the newest of `wanted` was uploaded, None where the index does not say."""
        lines = "\n".join(f"{name}{spec}" for name, spec in wanted.items())
        inputs, lock = folder / "wanted.in", folder / "pylock.toml"
        inputs.write_text(lines + "\n", "utf-8")
        words = ["pip", "compile", "--quiet", "--no-deps", "--python", python, "--format", "pylock.toml"]
        self._run(*words, *self.extra, *_only_wheels(sdist), "--output-file", str(lock), str(inputs))
        dates = [wheel.date for wheel in _locked(lock)]
        newest = max(dates, default="")
        if not newest:
            return None
        return (datetime.date.fromisoformat(newest[:10]) + datetime.timedelta(days=2)).isoformat()

    def newest(self, requirements: list[str], python: str, folder: Path, date: str | None) -> list[Wheel]:
        """For each of `requirements` the wheel for `python` of the newest release that fits and was there on a day.
        Raises Refused where one has none."""
        inputs, lock = folder / "wanted.in", folder / "pylock.toml"
        inputs.write_text("\n".join(requirements) + "\n", "utf-8")
        lock.unlink(missing_ok=True)  # or what it names is kept
        words = ["pip", "compile", "--quiet", "--no-deps", "--python", python, "--format", "pylock.toml"]
        words += [*self.extra, *_only_wheels([]), "--output-file", str(lock), str(inputs)]
        if date:
            words += ["--exclude-newer", date]
        self._run(*words)
        return _locked(lock)

    def build(self, folder: Path, python: str, wheels: list[Wheel], sdist: list[str]) -> Path:
        """A virtual environment in `folder` with the wheels of its lock file; gives its interpreter."""
        self.announce(wheels)
        environment = folder / "env"
        self._run("venv", "--quiet", "--python", python, str(environment))
        interpreter = environment / "bin" / "python"
        target = ["--python", str(interpreter), "--no-deps"]
        words = [*target, *_only_wheels(sdist), "-r", str(folder / "pylock.toml")]
        self._run("pip", "install", "--quiet", *words)
        return interpreter

    def change(
        self,
        interpreter: Path,
        pins: dict[str, str],
        remove: list[str],
        sdist: list[str],
        without: list[str],
        folder: Path,
        cuda: bool = False,
    ) -> None:
        """Do what a plan says, as its reader would: install its pins with what they need, uninstall what goes.
        `without` are packages left out whatever asks for them; `folder` is for scratch files."""
        target = ["--python", str(interpreter)]
        if remove:
            self._run("pip", "uninstall", "--quiet", *target, *remove)
        if pins:
            left_out = _leave_out(folder, without)
            words = [*target, *self.extra, *_only_wheels(sdist), "--override", str(left_out)]
            words += [f"{name}=={version}" for name, version in pins.items()]
            told = self._call("pip", "install", "--dry-run", *words).stderr
            planned = [line[3:].strip() for line in told.splitlines() if line.startswith(" + ")]
            self.announce(self._sizes(interpreter, planned, folder / "fix", sdist, cuda))
            self._run("pip", "install", "--quiet", *words)

    def _sizes(self, interpreter: Path, planned: list[str], folder: Path, sdist: list[str], cuda: bool) -> list[Wheel]:
        """The wheels of exact requirements, as the index describes them."""
        if not planned:
            return []
        folder.mkdir(exist_ok=True)
        inputs, lock = folder / "wanted.in", folder / "pylock.toml"
        inputs.write_text("\n".join(planned) + "\n", "utf-8")
        words = ["pip", "compile", "--quiet", "--no-deps", "--python", str(interpreter), "--format", "pylock.toml"]
        self._run(*words, *self.extra, *_only_wheels(sdist), "--output-file", str(lock), str(inputs))
        return _locked(lock) if cuda else _without_cuda(_locked(lock))

    def announce(self, wheels: list[Wheel]) -> None:
        """Say what will be downloaded.  Raises Budget when that is more than is left."""
        with self._lock:
            new = [wheel for wheel in wheels if wheel.url not in self.held]
            size = sum(wheel.size for wheel in new)
            if new:
                named = ", ".join(f"{wheel.name} {wheel.version} ({_mib(wheel.size)})" for wheel in new)
                self.say(f"  downloads {_mib(size)}: {named}")
            if size > self.left:
                raise Budget(f"{_mib(size)} to download, {_mib(self.left)} left of the budget (--max-download)")
            self.left -= size
            self.held.update({wheel.url: [wheel.name, wheel.size] for wheel in new})
            self.cache.mkdir(parents=True, exist_ok=True)
            self._held_file.write_text(json.dumps(self.held), "utf-8")

    def too_large(self) -> bool:
        """Whether the cache has outgrown its bound, or the disk is nearly full: time to end what runs and `trim` it."""
        return folder_size(self.cache) > self.max_cache or shutil.disk_usage(self.cache).free < LEAST_FREE

    def trim(self) -> None:
        """Take the packages with the largest wheels out of the cache until its bound is half free; nothing may be using
        it.  Raises Budget when the disk stays nearly full."""
        by_name: dict[str, int] = {}
        for name, size in self.held.values():
            by_name[name] = by_name.get(name, 0) + size
        left = sum(by_name.values())
        gone: list[str] = []
        for name in sorted(by_name, key=lambda name: -by_name[name]):
            if left * UNPACKED < self.max_cache // 2:
                break
            left -= by_name[name]
            gone.append(name)
        if gone:
            self._run("cache", "clean", "--quiet", *gone)
            self.held = {url: entry for url, entry in self.held.items() if entry[0] not in gone}
        self._run("cache", "prune", "--quiet")
        if folder_size(self.cache) > self.max_cache:  # somebody else has been using it, or sizes were not known
            self._run("cache", "clean", "--quiet")
            self.held = {}
        if shutil.disk_usage(self.cache).free < LEAST_FREE:
            raise Budget(f"less than {LEAST_FREE >> 30} GiB are free on the disk")


def folder_size(folder: Path) -> int:
    """Bytes on disk under `folder`, each file counted once however many names it has."""
    done = subprocess.run(["du", "-sk", str(folder)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return int(done.stdout.split()[0]) << 10 if done.stdout else 0


def _leave_out(folder: Path, names: list[str]) -> Path:
    """A file of overrides by which `names` are not wanted by anything."""
    path = folder / "left-out.txt"
    path.write_text("".join(f"{name}; {ALONE}\n" for name in names), "utf-8")
    return path


def _only_wheels(sdist: list[str]) -> list[str]:
    words = ["--only-binary", ":all:"]
    for name in sdist:
        words += ["--no-binary", name]
    return words


def _locked(lock: Path) -> list[Wheel]:
    return [_wheel(package) for package in tomllib.loads(lock.read_text("utf-8")).get("packages", [])]


def _without_cuda(wheels: list[Wheel]) -> list[Wheel]:
    """`wheels`.  Raises Refused where one is a build for CUDA."""
    for wheel in wheels:
        if wheel.size > TOO_LARGE or (
            wheel.name.startswith(("nvidia-", "cupy-cuda", "jax-cuda")) and wheel.name != "nvidia-ml-py"
        ):
            raise Refused(f"needs {wheel.name} {wheel.version}, a build for CUDA")
    return wheels


def _wheel(package: dict[str, Any]) -> Wheel:
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    first = files[0] if files else {}
    # a local index gives `path`, others `url`
    where = first.get("url") or first.get("path") or f"{package['name']}=={package.get('version')}"
    date = first.get("upload-time")
    stamp = date.strftime("%Y-%m-%dT%H:%M:%SZ") if date else ""
    return Wheel(package["name"], str(package.get("version", "")), where, int(first.get("size", 0)), stamp)


def _reason(text: str) -> str:
    """uv's reason in one line."""
    lines = [line.strip(" ╰─▶│├\u00d7") for line in text.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("warning:", "hint:", "Using Python"))]
    return " ".join(kept)[:400] or "uv gave no reason"


def _mib(size: int) -> str:
    return f"{max(1, round(size / 2**20))} MiB" if size else "size unknown"
