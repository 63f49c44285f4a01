"""`python -m lab.kernels PYTHON...`: in each environment end kernels in every way, print what record and `why` say.

Needs Jupyter, envaudit and websocket-client in each environment; websocket-client in this one too.  A memory cgroup of
our own (root) makes the real out-of-memory kill; without one that row is left out.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from lab.kernels.cgroup import Group
from lab.kernels.deaths import DEATHS, Death
from lab.kernels.server import Server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_READ = """
import json, sys
from envaudit.recorder.read import last
from envaudit.recorder.words import died
death = last(sys.argv[1])
print(json.dumps([death, died(death) if death else None]))
"""


def main() -> int:
    """Print the tables; 1 when a record or an answer is wrong."""
    wrong = 0
    answers: list[tuple[str, str]] = []
    for python in sys.argv[1:]:
        print(f"\n{python}")
        print(
            f"{'death':28} {'status':8} {'by':5} {'clean':6} {'oom':4} {'cell':5} {'record':7} {'why':14} {'':3} said"
        )
        with tempfile.TemporaryDirectory(prefix="envaudit-kernels-") as folder:
            server = Server(python, Path(folder) / "home")
            try:
                for death in DEATHS:
                    seen = row(server, death)
                    if seen is not None:
                        answers.append((death.family, seen.verdict))
                        wrong += not seen.good
            finally:
                server.stop()
            seen = unstarted(python, Path(folder) / "broken")
            answers.append(("start-failure", seen.verdict))
            wrong += not seen.good
    confusion(answers)
    return 1 if wrong else 0


class Seen(NamedTuple):
    """What was seen of one death: whether all of it was right, and the verdict of `why`."""

    good: bool
    verdict: str


def confusion(answers: list[tuple[str, str]]) -> None:
    """What it was (rows) and what `why` said (columns)."""
    given = sorted({verdict for _, verdict in answers})
    print(f"\n{'it was':14}" + "".join(f"{verdict:>14}" for verdict in given))
    for family in sorted({family for family, _ in answers}):
        counts = [answers.count((family, verdict)) for verdict in given]
        print(f"{family:14}" + "".join(f"{count or '.':>14}" for count in counts))
    print(f"{sum(family == verdict for family, verdict in answers)} of {len(answers)} right")


def row(server: Server, death: Death) -> Seen | None:
    """One death, printed; None where it cannot be had here."""
    kernel = server.start_kernel()
    server.run(kernel, "%load_ext envaudit")
    group = None
    if death.memory:
        group = Group(kernel, pid_of(kernel))
        if not group.made:
            print(f"{death.name:28} left out: no memory cgroup of our own can be made here")
            return None
        time.sleep(1.5)  # the sidecar looks once a second where the kernel is
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
        told = answered(server.python, server, [])
    else:
        if not restarted(kernel, before):
            print(f"{death.name:28} left out: it lives on (Python 3.12 and newer stop such a recursion in time)")
            server.ask("DELETE", f"kernels/{kernel}")
            return None
        said = server.run(kernel, "%load_ext envaudit").strip()
        told = parsed(server.run(kernel, f"!{server.python} -m envaudit why --format json"))
    record, words = read(server, kernel)
    if death.asked != "shutdown":
        server.ask("DELETE", f"kernels/{kernel}")
    if group:
        group.remove()
    if record is None:
        print(f"{death.name:28} no record  {said}")
        return Seen(False, told)
    good = right(death, record, words, said)
    status = record.get("wait_status")
    shown = "?" if status is None else f"sig {status & 127}" if status & 127 else f"exit {status >> 8}"
    risen = (record.get("oom_kills_after") or 0) - (record.get("oom_kills_before") or 0)
    cell = record.get("cell") or {}
    where = f"{cell.get('number')}{'*' if cell.get('running') else ''}"
    clean = "yes" if record["clean"] else "asked" if record.get("leaving") else "no"
    by = record.get("status_by") or "-"
    print(
        f"{death.name:28} {shown:8} {by:5} {clean:6} {risen:+4} {where:5} {'right' if good else 'WRONG':7} {told:14} "
        f"{'ok' if told == death.family else 'NO':3} {said}",
        flush=True,
    )
    return Seen(good and told == death.family, told)


def unstarted(python: str, home: Path) -> Seen:
    """A kernel that cannot start: its pyzmq has lost its compiled part.  The server's log is all there is."""
    server = Server(python, home)
    try:
        broken = home / "broken"
        site = subprocess.run(  # noqa: S603
            [python, "-c", "import zmq; print(zmq.__path__[0])"], capture_output=True, text=True, check=True
        )
        shutil.copytree(site.stdout.strip(), broken / "zmq", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        spec = home / ".local" / "share" / "jupyter" / "kernels" / "broken"
        spec.mkdir(parents=True)
        words = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        content = {"argv": words, "display_name": "broken", "language": "python", "env": {"PYTHONPATH": str(broken)}}
        (spec / "kernel.json").write_text(json.dumps(content))
        with contextlib.suppress(OSError):  # the server waits for it, or says at once that it died
            server.ask("POST", "kernels", {"name": "broken"}, 15)
        for _ in range(80):
            if "restart failed" in server.log.read_text(errors="replace"):
                break
            time.sleep(0.5)
        told = answered(python, server, [str(server.log)])
    finally:
        server.stop()
    good = told == "start-failure"
    print(f"{'broken package at the start':28} {'':39} {told:14} {'ok' if good else 'NO'}")
    return Seen(good, told)


def answered(python: str, server: Server, words: list[str]) -> str:
    """The verdict of `envaudit why`, asked in a terminal."""
    done = subprocess.run(  # noqa: S603
        [python, "-m", "envaudit", "why", "--format", "json", *words],
        env=server.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return parsed(done.stdout)


def parsed(text: str) -> str:
    try:
        return str(json.loads(text[text.index("{") :])["verdict"])
    except (ValueError, KeyError):
        return f"({text.strip()[-60:]})"


def right(death: Death, record: dict[str, Any], words: str | None, said: str) -> bool:
    """Whether the record says what happened, and the next kernel says what the record does."""
    if death.asked in ("exit", "restart", "shutdown"):
        return (record["clean"] or record["leaving"]) and words is None and not said
    status = death.signal or death.code << 8
    risen = (record.get("oom_kills_after") or 0) > (record.get("oom_kills_before") or 0)
    ended = (record.get("wait_status") or 0) & ~0x80 == status
    tells = bool(words) and words in said and ("out of memory" in said) == death.memory
    return ended and not record["clean"] and risen == death.memory and record["cell"]["running"] and tells


def read(server: Server, kernel: str) -> tuple[Any, Any]:
    """(record, line) of the dead kernel, as a terminal of the environment reads them."""
    done = subprocess.run(  # noqa: S603
        [server.python, "-c", _READ, kernel], env=server.environment, capture_output=True, text=True, check=True
    )
    answer: tuple[Any, Any] = tuple(json.loads(done.stdout))  # type: ignore[assignment]
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


def restarted(kernel: str, before: str) -> bool:
    """Wait until the server has started the kernel anew (it looks every three seconds); false when it does not."""
    for _ in range(120):
        time.sleep(0.25)
        try:
            if pid_of(kernel) != before:
                time.sleep(3)  # the word of the restart comes late to those who connect at once
                return True
        except LookupError:
            continue
    return False


if __name__ == "__main__":
    sys.exit(main())
