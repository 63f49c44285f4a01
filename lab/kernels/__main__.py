"""`python -m lab.kernels PYTHON...`: for each environment kill kernels in every way, print what the record says.

Needs Jupyter, envaudit and websocket-client in each environment; websocket-client in this one too.  A memory cgroup of
our own (version 1, root) makes the real out-of-memory kill; without one that row is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.kernels.deaths import DEATHS, Death
from lab.kernels.server import Server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIMIT = 500 << 20  # bytes for the out-of-memory kill
_MINE = "/sys/fs/cgroup/memory/envaudit-lab-{}"
_READ = """
import json, sys
from envaudit.recorder.read import last
from envaudit.recorder.words import died
death = last(sys.argv[1])
families = None
if death is not None:
    try:
        from envaudit.postmortem.exits import judge
        families = [cause.family for cause in judge(death, death.get("boot_id"))[0]]
    except ImportError:
        pass
print(json.dumps([death, died(death) if death else None, families]))
"""


def main() -> int:
    """Print the table; 1 when a record is wrong."""
    wrong = 0
    for python in sys.argv[1:]:
        print(f"\n{python}")
        print(f"{'death':28} {'status':8} {'clean':6} {'oom':4} {'cell':5} {'judged':14} ok  what the next kernel said")
        with tempfile.TemporaryDirectory(prefix="envaudit-kernels-") as folder:
            server = Server(python, Path(folder) / "home")
            try:
                wrong += sum(not row(server, death) for death in DEATHS)
            finally:
                server.stop()
    return 1 if wrong else 0


def row(server: Server, death: Death) -> bool:
    """One death, printed; whether the record is right."""
    kernel = server.start_kernel()
    server.run(kernel, "%load_ext envaudit")
    if death.memory and not limited(server, kernel):
        print(f"{death.name:28} left out: no memory cgroup of our own can be made here")
        return True
    busy = death.asked in ("kill", "restart")
    before = pid_of(kernel)
    server.run(kernel, death.cell, 3 if busy else 60)
    if death.asked == "kill":
        os.kill(int(before), 9)
    elif death.asked == "restart":
        server.ask("POST", f"kernels/{kernel}/restart")
    elif death.asked == "shutdown":
        server.ask("DELETE", f"kernels/{kernel}")
    said = ""
    if death.asked == "shutdown":
        time.sleep(1)
    else:
        restarted(kernel, before)
        said = server.run(kernel, "%load_ext envaudit").strip()
    record, words, families = read(server, kernel)
    if death.memory:
        release(server, kernel)
    elif death.asked != "shutdown":
        server.ask("DELETE", f"kernels/{kernel}")
    good = right(death, record, words, said)
    if record is None:
        print(f"{death.name:28} no record  {said}")
        return False
    status = record.get("wait_status")
    shown = "?" if status is None else f"sig {status & 127}" if status & 127 else f"exit {status >> 8}"
    risen = (record.get("oom_kills_after") or 0) - (record.get("oom_kills_before") or 0)
    cell = record.get("cell") or {}
    where = f"{cell.get('number')}{'*' if cell.get('running') else ''}"
    judged = (families or ["unknown"])[0]
    clean = "yes" if record["clean"] else "asked" if record.get("leaving") else "no"
    print(f"{death.name:28} {shown:8} {clean:6} {risen:+4} {where:5} {judged:14} {'ok ' if good else 'NO '} {said}")
    return good


def right(death: Death, record: dict[str, Any] | None, words: str | None, said: str) -> bool:
    """Whether the record says what happened, and the next kernel says what the record does."""
    if record is None:
        return False
    if death.asked in ("exit", "restart", "shutdown"):
        return (record["clean"] or record["leaving"]) and words is None and not said
    status = death.signal or death.code << 8
    risen = (record.get("oom_kills_after") or 0) > (record.get("oom_kills_before") or 0)
    ended = (record.get("wait_status") or 0) & ~0x80 == status
    tells = bool(words) and words in said and ("out of memory" in said) == death.memory
    return ended and not record["clean"] and risen == death.memory and record["cell"]["running"] and tells


def read(server: Server, kernel: str) -> tuple[Any, Any, Any]:
    """(record, line, families of causes) of the dead kernel, as a terminal of the environment reads them."""
    done = subprocess.run(  # noqa: S603
        [server.python, "-c", _READ, kernel], env=server.environment, capture_output=True, text=True, check=True
    )
    answer: tuple[Any, Any, Any] = tuple(json.loads(done.stdout))  # type: ignore[assignment]
    return answer


def pid_of(kernel: str) -> str:
    """The process of a kernel.  Raises LookupError when there is none."""
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                words = Path("/proc", entry, "cmdline").read_bytes()
            except OSError:
                continue
            if f"kernel-{kernel}.json".encode() in words:
                return entry
    raise LookupError(kernel)


def restarted(kernel: str, before: str) -> None:
    """Wait until the server has started the kernel anew: it looks every three seconds."""
    for _ in range(120):
        time.sleep(0.25)
        try:
            if pid_of(kernel) != before:
                time.sleep(3)  # the word of the restart comes late to those who connect at once
                return
        except LookupError:
            continue
    raise RuntimeError(f"kernel {kernel} was not restarted")


def limited(server: Server, kernel: str) -> bool:
    """Put a kernel into a memory cgroup of its own."""
    folder = Path(_MINE.format(kernel))
    try:
        folder.mkdir()
        (folder / "memory.limit_in_bytes").write_text(str(LIMIT))
        (folder / "cgroup.procs").write_text(pid_of(kernel))
    except OSError:
        return False
    time.sleep(1.5)  # the sidecar looks once a second where the kernel is
    return True


def release(server: Server, kernel: str) -> None:
    """End the kernel and remove its cgroup."""
    server.ask("DELETE", f"kernels/{kernel}")
    for _ in range(50):
        try:
            Path(_MINE.format(kernel)).rmdir()
            return
        except OSError:
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
