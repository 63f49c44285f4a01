"""One command on the machine with the GPU: its end, what it wrote, and what the system's kernel log said meanwhile."""
# ruff: noqa: S603  # what is run stands in this folder

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

SECONDS = 150.0
_TEXT = 60_000  # characters that are kept of what a command wrote, from its end


class Ended(NamedTuple):
    """How a command ended.

    status      exit status; minus the signal that ended it; None where the time was over
    text        what it wrote, both streams in order
    kernel_log  lines that the system's kernel log got meanwhile
    """

    status: int | None
    text: str
    kernel_log: list[str]

    def words(self) -> str:
        """ "exit 1", "signal 6 (SIGABRT)" or "time over"."""
        if self.status is None:
            return "time over"
        if self.status < 0:
            return f"signal {-self.status} ({signal.Signals(-self.status).name})"
        return f"exit {self.status}"

    def error(self) -> str:
        """The last line that is not empty."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""


def run(words: list[str], environ: dict[str, str], folder: Path, seconds: float = SECONDS) -> Ended:
    """Run a command in `folder` and wait for its end, `seconds` at most."""
    log = kernel_log()
    with subprocess.Popen(
        words, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            said = process.communicate(timeout=seconds)[0]
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, status = process.communicate()[0], None
    text = said.decode("utf-8", "replace").replace(str(folder), "/program")
    return Ended(status, text[-_TEXT:], kernel_log()[len(log) :])


def kernel_log() -> list[str]:
    """The lines of the system's kernel log; [] where it may not be read."""
    lines: list[str] = []
    try:
        descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return lines
    try:
        while True:
            lines.append(os.read(descriptor, 8192).decode("utf-8", "replace").partition(";")[2].split("\n")[0])
    except OSError:  # the end
        return lines
    finally:
        os.close(descriptor)
