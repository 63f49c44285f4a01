"""`python -m benchmarks.recorder`: what the flight recorder costs.  Exit status 1 when a target is missed.

The hooks run against a real record; the sidecar watches a real process.  Linux only.
"""
# ruff: noqa: S603  # only commands that this file names, no shell

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from envaudit.recorder import layout, sidecar, store
from envaudit.recorder.marks import Marks

CELL = "import numpy as np\n" + "x = np.arange(10)  # a line of a usual cell\n" * 45  # 2 kB
ROUNDS = 20_000
WATCHED = 60.0  # seconds that a sidecar's processor time is counted over
HOOKS, PROCESSOR, MEMORY = 10.0, 0.2, 6.0  # targets: microseconds a cell, per cent of a core, MiB


def main() -> int:
    """Print the costs."""
    with tempfile.TemporaryDirectory(prefix="envaudit-recorder-") as folder:
        results = [hooks(Path(folder)), *watching(Path(folder))]
    return 0 if all(results) else 1


def hooks(folder: Path) -> bool:
    """The median time that both hooks take for a cell."""
    marks = Marks(store.create(str(folder / "x.marks"), layout.SIZE), b"{}", [""], False)
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter_ns()
        marks.begin(CELL)
        marks.end(False)
        took.append(time.perf_counter_ns() - begun)
    took.sort()
    return target("hooks of a cell of 2 kB: under 10 us, median", took[ROUNDS // 2] / 1000, HOOKS, "us")


def watching(folder: Path) -> list[bool]:
    """Processor time and private memory of a sidecar at its usual pace."""
    path = str(folder / "x.life")
    os.close(store.create(path, layout.SIZE))
    load = "import time\nfor name in ('numpy', 'scipy', 'pandas'):\n try: __import__(name)\n except ImportError: pass\n"
    watched = subprocess.Popen([sys.executable, "-c", load + "time.sleep(3600)"])
    try:
        ticks = store.start_ticks(watched.pid) or ""
        words = [sys.executable, "-I", "-S", sidecar.__file__, str(watched.pid), ticks, path, "0"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        time.sleep(3)  # its start is not its pace
        head = Path(path).read_bytes()[: layout.LIBRARIES].decode()
        pid = next(line.split()[1] for line in head.splitlines() if line.startswith("sidecar "))
        begun, before = time.perf_counter(), processor(pid)
        time.sleep(WATCHED)
        used = (processor(pid) - before) / (time.perf_counter() - begun) * 100
        private = sum(
            int(line.split()[1]) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            if line.startswith("Private_")
        ) / 1024  # fmt: skip
    finally:
        watched.kill()
        watched.wait()
    return [
        target(f"sidecar over {WATCHED:g} s: under 0.2% of a core", used, PROCESSOR, "%"),
        target("sidecar: under 6 MiB of private memory", private, MEMORY, "MiB"),
    ]


def processor(pid: str) -> float:
    """Seconds of processor time of a process, to the nanosecond where the system counts so."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def target(name: str, value: float, most: float, unit: str) -> bool:
    """Print one figure; whether it is under its target."""
    good = value < most
    print(f"{'ok    ' if good else 'MISSED'}  {name}: {value:.3f} {unit}")
    return good


if __name__ == "__main__":
    sys.exit(main())
