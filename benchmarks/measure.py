"""Commands run in turns, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import os
import pty
import random
import statistics
import threading
import time


class Command:
    """One command line to measure; `terminal` gives it a terminal to draw on instead of /dev/null."""

    def __init__(
        self, name: str, words: list[str], *, terminal: bool = False, statuses: tuple[int, ...] = (0,)
    ) -> None:
        self.name, self.words, self.terminal, self.statuses = name, words, terminal, statuses
        self.wall: list[float] = []  # seconds, one a run
        self.cpu: list[float] = []  # seconds, user and system
        self.peak = 0  # KiB of resident memory, the most of all runs

    def run(self) -> None:
        """One run.  Raises SystemExit when it ends with a status that is not expected."""
        master, out = pty.openpty() if self.terminal else (-1, os.open(os.devnull, os.O_WRONLY))
        drain = threading.Thread(target=_read, args=(master,), daemon=True) if self.terminal else None
        if drain:
            drain.start()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
        for name in ("NO_COLOR", "FORCE_COLOR", "PYTHONPATH"):
            environment.pop(name, None)
        actions = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
        start = time.perf_counter()
        process = os.posix_spawnp(self.words[0], self.words, environment, file_actions=actions)
        _, status, used = os.wait4(process, 0)
        self.wall.append(time.perf_counter() - start)
        self.cpu.append(used.ru_utime + used.ru_stime)
        self.peak = max(self.peak, used.ru_maxrss)
        os.close(out)
        if drain:
            drain.join(1)
            os.close(master)
        code = os.waitstatus_to_exitcode(status)
        if code not in self.statuses:
            raise SystemExit(f"{' '.join(self.words)}: exit status {code}")

    @property
    def median(self) -> float:
        """Median wall time in seconds."""
        return statistics.median(self.wall)


def _read(master: int) -> None:
    try:
        while os.read(master, 1 << 16):
            pass
    except OSError:
        pass  # the other end is closed


def interleaved(commands: list[Command], runs: int) -> None:
    """Run each command once to warm up, then all of them `runs` times in changing order."""
    for command in commands:
        command.run()
        command.wall.clear()
        command.cpu.clear()
    order = list(commands)
    for turn in range(runs):
        random.Random(turn).shuffle(order)  # noqa: S311
        for command in order:
            command.run()
