"""A kernel's record without a kernel: the parts of it that a test needs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from envaudit.recorder import sidecar, store
from envaudit.recorder.read import Record, read

SHELL = """
import os, sys, time
class Events:
    hooks = {}
    def register(self, name, hook): self.hooks[name] = hook
    def unregister(self, name, hook): assert self.hooks.pop(name) == hook
class Info:
    raw_cell = "%load_ext envaudit"
class Shell:
    user_ns, execution_count, kernel, events = {}, 1, None, Events()
    history_manager = type("H", (), {"input_hist_raw": [""]})
    def observe(self, call, names): self.changed = call
    def unobserve(self, call, names): assert self.changed == call
from envaudit.recorder.start import start
shell = Shell()
shell.kernel = type("K", (), {"parent": type("P", (), {"connection_file": "/x/kernel-abc.json"})})
recorder = start(shell)
def cell(source):
    Info.raw_cell = source
    shell.events.hooks["pre_run_cell"](Info)
    shell.history_manager.input_hist_raw.append(source)
def done(ok=True):
    shell.events.hooks["post_run_cell"](type("R", (), {"success": ok}))
time.sleep(0.3)
"""


def run(cache: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process that has the recorder on; waits for the sidecar to have seen its end."""
    environment = {"ENVAUDIT_CACHE_DIR": str(cache), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(root())}
    words = [sys.executable, "-c", SHELL + code]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
    for _ in range(50):
        record = newest()
        if record is None or record.life.get("ended"):
            break
        time.sleep(0.1)
    return done


def newest() -> Record | None:
    names = store.names()
    return read(names[0]) if names else None


def root() -> Path:
    return Path(sidecar.__file__).parents[2]
