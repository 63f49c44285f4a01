"""Turning the recorder on in a running kernel."""

from __future__ import annotations

import os
import sys

from envaudit.recorder import layout, store
from envaudit.recorder.store import Name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.recorder.marks import Marks

RECORD_SOURCE = "ENVAUDIT_RECORD_SOURCE"


class Recorder:
    """The recorder of this kernel.

    name     of its record
    said     lines that wait for a cell to be shown in
    """

    def __init__(self, shell: Any, name: Name, marks: Marks, kernel: str) -> None:
        self.shell, self.name, self.marks, self.kernel = shell, name, marks, kernel
        self.said: list[str] = []
        self.notebook: str | None = None
        self.new = True  # no cell has begun yet
        self.warned = -1  # number of the cell that a warning was shown in
        self.had_faulthandler = False  # before it was ours

    def before(self, info: Any) -> None:
        """IPython's `pre_run_cell`."""
        self.marks.begin(info.raw_cell or "")
        if self.new:
            self.first_cell()

    def after(self, result: Any) -> None:
        """IPython's `post_run_cell`."""
        self.marks.end(not result.success)

    def first_cell(self) -> None:
        """Say what happened to the kernel before this one, in the first cell that can show it."""
        self.new = False
        # VS Code sets the variable before the first cell; it has a new kernel id at each start
        path = self.shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
        if isinstance(path, str) and path:
            self.notebook = path
            self.marks.notebook(path)
        from envaudit.recorder.read import last
        from envaudit.recorder.words import died

        death = last(self.kernel, self.notebook)
        line = died(death) if death else None
        for text in [*([line] if line else []), *self.said]:
            print(text)
        self.said = []

    def leaving(self, change: Any) -> None:
        """The shell's `exit_now` has changed."""
        if change["new"]:
            self.marks.leaving()

    def watch(self, pipe: int, sidecar: Any) -> None:
        """Show the sidecar's warnings; runs in a thread that sleeps until one comes."""
        from envaudit.recorder.words import warning

        sidecar.wait()
        with open(pipe, encoding="ascii", errors="replace") as lines:
            for line in lines:
                said = warning(line)
                if said and self.marks.number != self.warned:
                    self.warned = self.marks.number
                    print(said, flush=True)


def start(shell: Any) -> Recorder | None:
    """Start recording in the kernel of this IPython shell; None, with a line that says why, where it cannot."""
    try:
        recorder = _record(shell)
    except OSError as error:
        print(f"envaudit: the flight recorder is off: {error.filename or 'its folder'}: {error.strerror or error}")
        return None
    if recorder is None:
        print("envaudit: the flight recorder is off: there is no home folder; ENVAUDIT_CACHE_DIR may name another")
        return None
    _hook(shell, recorder)
    if sys.platform.startswith("linux"):
        _start_sidecar(recorder)
    else:
        recorder.said.append("envaudit: this is not Linux: the flight recorder keeps the cells and no memory samples")
    inputs = shell.history_manager.input_hist_raw
    if len(inputs) > 1:  # loaded by a cell, whose beginning we missed
        recorder.marks.begin(inputs[-1], len(inputs) - 1)
        recorder.first_cell()
    return recorder


def _record(shell: Any) -> Recorder | None:
    """The files of a new record.  Raises OSError."""
    import json
    from time import time

    from envaudit.recorder.marks import Marks

    home = store.make_folder()
    if home is None:
        return None
    kernel = _kernel_id(shell)
    name = Name(store.key_of(kernel), int(time() * 1000), os.getpid())
    head = {
        "kernel": kernel[:1000],
        "boot_id": store.boot_id(),
        "ticks": store.start_ticks(),
        "python": sys.version.partition(" ")[0],
        "executable": sys.executable,
    }
    descriptor = store.create(os.path.join(home, f"{name.stem}.marks"), layout.SIZE)
    try:
        keeps_source = os.environ.get(RECORD_SOURCE, "") not in ("", "0")
        data = json.dumps(head).encode()[: layout.HEAD_END - len(layout.MAGIC)]
        marks = Marks(descriptor, data, shell.history_manager.input_hist_raw, keeps_source)
    finally:
        os.close(descriptor)
    os.close(store.create(os.path.join(home, f"{name.stem}.life"), layout.SIZE))
    store.forget_old(name.key)
    return Recorder(shell, name, marks, kernel)


def _kernel_id(shell: Any) -> str:
    """The id of the kernel: that of its connection file, which stays the same over restarts."""
    app = getattr(shell.kernel, "parent", None)
    connection = getattr(app, "connection_file", "") or ""
    return store.kernel_of(connection) if connection else f"pid-{os.getpid()}"


def _hook(shell: Any, recorder: Recorder) -> None:
    import atexit

    shell.events.register("pre_run_cell", recorder.before)
    shell.events.register("post_run_cell", recorder.after)
    shell.observe(recorder.leaving, names="exit_now")
    atexit.register(recorder.marks.clean)
    _catch_faults(recorder)


def _catch_faults(recorder: Recorder) -> None:
    """Python's own report of a fatal signal goes to a file of the record, for this process alone."""
    import faulthandler

    path = recorder.name.path("fault")
    if path is None:
        return
    was_on = recorder.had_faulthandler = faulthandler.is_enabled()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    faulthandler.enable(file=descriptor)

    def in_child() -> None:
        # the crash of a forked worker is not the kernel's
        faulthandler.disable()
        if was_on and sys.__stderr__ is not None:
            faulthandler.enable(file=sys.__stderr__)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)


def _start_sidecar(recorder: Recorder) -> None:
    import subprocess
    import threading

    from envaudit.recorder import sidecar

    life, ticks = recorder.name.path("life"), store.start_ticks()
    if life is None or ticks is None:
        return
    allowed = os.environ.get("MEM_LIMIT", "")
    words = [sys.executable, "-I", "-S", sidecar.__file__, str(os.getpid()), ticks, life]
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603  # this interpreter and a file of ours
            [*words, allowed if allowed.isdecimal() else "0"],
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        os.close(reading)
        recorder.said.append(f"envaudit: no memory samples: {sys.executable} cannot be run: {error.strerror or error}")
        return
    finally:
        os.close(writing)
    threading.Thread(target=recorder.watch, args=(reading, process), name="envaudit-recorder", daemon=True).start()
