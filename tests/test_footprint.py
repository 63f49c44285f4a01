"""Zero footprint: an audit leaves nothing behind, talks to nobody and runs nothing of what it audits.

Each claim is proved on a real run of the installed wheel under an audit hook, in an environment whose torch and
TensorFlow would crash, raise or hang when imported.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.snapshot.environments import python_of, uv
from tests.test_wheel import install, wheel  # noqa: F401  # a fixture

pytestmark = pytest.mark.slow

NEEDS = ("packaging", "rich", "markdown-it-py", "mdurl", "Pygments", "PyYAML", "nvidia-ml-py", "tomli")
AUDITED = {"torch": "2.4.0", "torchvision": "0.15.2", "tensorflow": "2.15.0", "jax": "0.4.30", "numpy": "2.0.2"}
TRAPS = {
    "segfaults": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
    "raises": "raise RuntimeError('operator torchvision::nms does not exist')\n",
    "hangs": "import time\ntime.sleep(600)\n",
}
# runs envaudit and writes down what the interpreter did: [[event, what], ...]
WATCHER = """
import json, os, sys
seen, names = [], ("open", "import", "os.", "shutil.", "socket.", "ctypes.dlopen", "subprocess.", "pty.", "urllib.")
def hook(event, args):
    if seen is not None and event.startswith(names):
        if event == "open" and not (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            return
        seen.append([event, [str(arg) for arg in args]])
sys.addaudithook(hook)
log, sys.argv = sys.argv[1], ["envaudit", *sys.argv[2:]]
from envaudit.cli import main
status = main()
sys.stdout.flush()
done, seen = seen, None
with open(log, "w") as file:
    json.dump(done, file)
sys.exit(status)
"""
CHANGES = ("mkdir", "rename", "remove", "rmdir", "unlink", "link", "symlink", "truncate", "chmod", "chown", "utime")


class Place:
    """An environment with envaudit and traps in it, a home, and a cache folder."""

    def __init__(self, folder: Path, commands: Path) -> None:
        self.folder, self.commands = folder, commands
        self.site = next(commands.parent.glob("lib/python3*")) / "site-packages"
        self.marker = folder / "something-was-imported"
        self.cache = folder / "cache"
        self.home = folder / "home"
        self.home.mkdir()
        for name in NEEDS:
            _copy(name, self.site)
        compileall.compile_dir(str(self.site), quiet=1)  # as an installer does

    def trap(self, code: str) -> None:
        """Make every audited package leave a mark, and then do `code`, when it is imported."""
        self.marker.unlink(missing_ok=True)
        for name, version in AUDITED.items():
            (self.site / name).mkdir(exist_ok=True)
            mark = f"open({str(self.marker)!r}, 'a').write({name!r})\n"
            (self.site / name / "__init__.py").write_text(mark + code)
            info = self.site / f"{name}-{version}.dist-info"
            info.mkdir(exist_ok=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    def run(self, *words: str) -> tuple[subprocess.CompletedProcess[str], list[tuple[str, list[str]]]]:
        """Run envaudit with `words`; what it printed, and what the interpreter did meanwhile."""
        log = self.folder / "log.json"
        log.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "XDG_"))}
        environment.update(HOME=str(self.home), ENVAUDIT_CACHE_DIR=str(self.cache))
        done = subprocess.run(
            [str(self.commands / "python"), "-c", WATCHER, str(log), *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=environment,
            cwd=self.home,
        )
        assert log.exists(), done.stderr
        return done, [(event, arguments) for event, arguments in json.loads(log.read_text())]

    def files(self) -> set[tuple[str, int, int]]:
        """Every file of the environment and the home, with size and time."""
        found = set()
        for root in (self.commands.parent, self.home):
            for path in root.rglob("*"):
                state = path.lstat()
                found.add((str(path), state.st_size, state.st_mtime_ns))
        return found


def _copy(name: str, site: Path) -> None:
    try:
        files = importlib.metadata.distribution(name).files or []
    except importlib.metadata.PackageNotFoundError:
        return  # tomli, where the standard library has it
    for file in files:
        if ".." not in file.parts:
            target = site.joinpath(*file.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            if Path(str(file.locate())).exists():
                shutil.copyfile(str(file.locate()), target)


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:  # noqa: F811
    folder = tmp_path_factory.mktemp("footprint")
    made = Place(folder, install(wheel, folder / "venv"))
    made.trap(TRAPS["segfaults"])
    return made


def writes(events: list[tuple[str, list[str]]]) -> list[str]:
    """Paths that were opened for writing or changed otherwise."""
    changed = [what[0] for event, what in events if event == "open" or event.removeprefix("os.") in CHANGES]
    return [path for path in changed if path != os.devnull]


@pytest.mark.parametrize("trap", TRAPS)
def test_an_import_that_fails_does_not_disturb_the_audit(place: Place, trap: str) -> None:
    place.trap(TRAPS[trap])
    done, events = place.run("--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    report: dict[str, Any] = json.loads(done.stdout)
    pairs = [finding for finding in report["findings"] if set(finding["culprits"]) == {"torch", "torchvision"}]
    assert pairs
    assert pairs[0]["level"] == "error"
    imported = {what[0].partition(".")[0] for event, what in events if event == "import"}
    assert "envaudit" in imported  # the hook sees imports
    assert not imported & AUDITED.keys()
    assert not place.marker.exists()


@pytest.mark.parametrize("words", [(), ("--fix",), ("--format", "json"), ("snapshot",), ("rules",)], ids=" ".join)
def test_nothing_is_written(place: Place, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")  # --fix asks a resolver
    monkeypatch.setenv("UV_CACHE_DIR", str(place.cache / "uv"))
    before = place.files()
    done, events = place.run(*words)
    assert done.stderr == ""
    assert [path for path in writes(events) if not path.startswith(str(place.cache))] == []
    assert place.files() == before


def test_own_rules_are_cached_in_the_cache_folder_and_nowhere_else(place: Place, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("[]\n")
    before = place.files()
    done, events = place.run("--rules", str(tmp_path))
    assert done.stderr == ""
    changed = writes(events)
    assert changed  # the hook sees writes
    assert [path for path in changed if not path.startswith(str(place.cache))] == []
    assert place.files() == before


@pytest.mark.parametrize("words", [(), ("--fix", "--resolver", "none"), ("--format", "json")], ids=" ".join)
def test_no_socket_no_process_no_cuda(place: Place, words: tuple[str, ...]) -> None:
    _, events = place.run(*words)
    assert [event for event, _ in events if event.startswith(("socket.", "urllib."))] == []
    started = [
        what for event, what in events if event in ("subprocess.Popen", "os.posix_spawn", "os.exec", "os.system")
    ]
    # where NVML is missing and a driver is not, nvidia-smi is asked
    assert [what for what in started if os.path.basename(what[0]) != "nvidia-smi"] == []
    loaded = [what[0] for event, what in events if event == "ctypes.dlopen"]
    assert [name for name in loaded if "nvidia-ml" not in name and name not in ("None", "")] == []


def test_the_watcher_sees_what_it_must(place: Place) -> None:
    # the same hook on code that does all of it: the tests above would not pass by blindness
    code = WATCHER.replace(
        "from envaudit.cli import main\nstatus = main()",
        "import ctypes, socket, subprocess, torchless\n"
        "socket.socket().close(); open('touched', 'w').close(); os.mkdir('made'); os.rmdir('made')\n"
        "subprocess.run(['true'])\n"
        "try: ctypes.CDLL('libcuda.so.1')\nexcept OSError: pass\nstatus = 0",
    )
    (place.site / "torchless.py").write_text("")
    log = place.folder / "watched.json"
    subprocess.run([str(place.commands / "python"), "-c", code, str(log)], check=True, cwd=place.folder)
    (place.site / "torchless.py").unlink()
    events = json.loads(log.read_text())
    seen = {event for event, _ in events}
    assert {"socket.__new__", "subprocess.Popen", "ctypes.dlopen", "os.mkdir", "os.rmdir", "open"} <= seen
    assert "torchless" in {what[0] for event, what in events if event == "import"}
    assert {"touched", "made"} <= set(writes(events))


def _floors(wheel: Path) -> list[str]:  # noqa: F811
    """The dependencies that the wheel declares, without markers: at their floors they are direct requirements."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    declared = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    return [line.partition(";")[0].strip() for line in declared if "extra ==" not in line]


def _uv(*words: str) -> str:
    done = subprocess.run([uv(), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module", params=["3.9", "3.11"])
def at_floors(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """An environment that holds the least version of each of envaudit's dependencies, and not yet envaudit."""
    folder = tmp_path_factory.mktemp("floors") / "venv"
    _uv("venv", "--python", python_of(request.param), str(folder))
    floors = _floors(wheel)
    assert all(">=" in floor for floor in floors)
    python = str(folder / "bin" / "python")
    _uv("pip", "install", "--python", python, "--only-binary", ":all:", "--resolution", "lowest-direct", *floors)
    return folder / "bin"


@pytest.mark.network
def test_installing_moves_nothing_else_and_works_at_the_floors(at_floors: Path, wheel: Path, tmp_path: Path) -> None:  # noqa: F811
    python = str(at_floors / "python")
    held = _uv("pip", "freeze", "--python", python)
    planned = _uv("pip", "install", "--dry-run", "--python", python, str(wheel))
    assert [line.split()[1] for line in planned.splitlines() if line.startswith((" + ", " - ", " ~ "))] == [
        line.split()[1] for line in planned.splitlines() if line.startswith(" + envaudit-ml")
    ]
    assert "Would install 1 package" in planned
    _uv("pip", "install", "--python", python, str(wheel))
    after = _uv("pip", "freeze", "--python", python).splitlines()
    assert set(held.splitlines()) == {line for line in after if not line.startswith("envaudit-ml")}

    site = next(at_floors.parent.glob("lib/python3*")) / "site-packages"
    for name, version in (("torch", "2.4.0"), ("torchvision", "0.15.2"), ("odd", "1.0.post1.dev2")):
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    own = tmp_path / "own"
    own.mkdir()
    (own / "own.yaml").write_text("[]\n")
    for words, status in (
        ((), 1),
        (("--fix", "--resolver", "none"), 1),
        (("--rules", str(own)), 1),  # YAML is read
        (("rules",), 0),
        (("snapshot",), 0),
        (("lint", str(own)), 0),
    ):
        done = _run(at_floors, tmp_path, words)
        assert (words, done.returncode, done.stderr) == (words, status, "")
    report = json.loads(_run(at_floors, tmp_path, ("--format", "json")).stdout)
    assert any("torchvision" in finding["culprits"] for finding in report["findings"])
    # in colour: rich draws
    code = "import os, pty, sys; sys.exit(os.WEXITSTATUS(pty.spawn(sys.argv[1:])))"
    done = subprocess.run(
        [python, "-c", code, str(at_floors / "envaudit")],
        capture_output=True,
        check=False,
        env={**os.environ, "TERM": "xterm-256color", "ENVAUDIT_CACHE_DIR": str(tmp_path / "cache")},
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1
    assert b"\x1b[" in done.stdout
    assert b"Traceback" not in done.stdout


def _run(commands: Path, folder: Path, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(commands / "envaudit"), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "ENVAUDIT_CACHE_DIR": str(folder / "cache")},
    )
