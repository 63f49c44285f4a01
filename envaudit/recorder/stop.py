"""Turning the recorder off again while the kernel lives on: `%unload_ext envaudit`."""

from __future__ import annotations

import os
import sys

from envaudit.recorder import store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorder.start import Recorder


def stop(recorder: Recorder) -> None:
    """No more marks, no more samples.  The record goes: what ends the kernel later is not for it to tell."""
    import atexit
    import faulthandler

    recorder.shell.events.unregister("pre_run_cell", recorder.before)
    recorder.shell.events.unregister("post_run_cell", recorder.after)
    recorder.shell.unobserve(recorder.leaving, names="exit_now")
    atexit.unregister(recorder.marks.clean)
    if recorder.had_faulthandler and sys.__stderr__ is not None:
        faulthandler.enable(file=sys.__stderr__)
    else:
        faulthandler.disable()
    _end_sidecar(recorder)
    store.delete([recorder.name])


def _end_sidecar(recorder: Recorder) -> None:
    from signal import SIGTERM

    from envaudit.recorder import sidecar
    from envaudit.recorder.read import read

    record = read(recorder.name)
    number = record.life.get("sidecar", "") if record else ""
    if not number.isdecimal():
        return
    try:
        with open(f"/proc/{number}/cmdline", "rb") as file:
            words = file.read(4096).split(b"\0")
        if os.fsencode(sidecar.__file__) in words and str(os.getpid()).encode() in words:
            os.kill(int(number), SIGTERM)
    except OSError:  # it has left already
        pass
