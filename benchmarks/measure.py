"""Commands run in turns, so that what else the machine does falls on all of them alike.

`python -m benchmarks.measure` reads the commands from standard input and prints what was measured, both JSON: it runs
as a process of its own because Linux counts the memory of the process that starts a command as the command's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

WARM_UPS = 1


class Command:
    """One command line to measure; `terminal` gives it a terminal to draw on instead of /dev/null."""

    def __init__(
        self, name: str, words: list[str], *, terminal: bool = False, statuses: tuple[int, ...] = (0,)
    ) -> None:
        self.name, self.words, self.terminal, self.statuses = name, words, terminal, statuses
        self.wall: list[float] = []  # seconds, one a run
        self.cpu: list[float] = []  # seconds, user and system
        self.peak = 0  # KiB of resident memory, the most of all runs

    @property
    def median(self) -> float:
        """Median wall time in seconds."""
        return sorted(self.wall)[len(self.wall) // 2]

    @property
    def median_cpu(self) -> float:
        """Median processor time in seconds."""
        return sorted(self.cpu)[len(self.cpu) // 2]


def interleaved(commands: list[Command], runs: int) -> None:
    """Run all commands `runs` times in changing order.  Raises SystemExit when one ends in an unexpected status."""
    told = [[command.words, command.terminal, command.statuses] for command in commands]
    words = [sys.executable, "-m", "benchmarks.measure", str(runs)]
    done = subprocess.run(words, input=json.dumps(told), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    for command, (wall, cpu, peak) in zip(commands, json.loads(done.stdout)):
        command.wall, command.cpu, command.peak = wall, cpu, peak


def run(words: list[str], terminal: bool, statuses: list[int]) -> tuple[float, float, int]:
    """One run: wall seconds, processor seconds, KiB."""
    master, out = os.openpty() if terminal else (-1, os.open(os.devnull, os.O_WRONLY))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    for name in ("NO_COLOR", "FORCE_COLOR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)
    actions = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
    start = time.perf_counter()
    process = os.posix_spawnp(words[0], words, environment, file_actions=actions)
    os.close(out)
    if terminal:
        _drain(master)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - start
    if terminal:
        os.close(master)
    code = os.waitstatus_to_exitcode(status)
    if code not in statuses:
        raise SystemExit(f"{' '.join(words)}: exit status {code}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss


def _drain(master: int) -> None:
    try:
        while os.read(master, 1 << 16):
            pass
    except OSError:
        pass  # the other end is closed: the command has ended


def main() -> None:
    """Standard input to standard output."""
    commands = json.load(sys.stdin)
    runs = int(sys.argv[1])
    results: list[tuple[list[float], list[float], list[int]]] = [([], [], []) for _ in commands]
    for turn in range(WARM_UPS + runs):
        for place in range(len(commands)):
            at = (place * (1 + turn % 2 * (len(commands) - 2)) + turn) % len(commands)  # forwards, then backwards
            measured = run(*commands[at])
            if turn >= WARM_UPS:
                wall, cpu, peak = measured
                results[at][0].append(wall)
                results[at][1].append(cpu)
                results[at][2].append(peak)
    print(json.dumps([(wall, cpu, max(peak)) for wall, cpu, peak in results]))


if __name__ == "__main__":
    main()
