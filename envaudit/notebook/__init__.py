"""envaudit inside a notebook kernel: the IPython extension, its magics and its display."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.recorder.start import Recorder

recorder: Recorder | None = None  # of this kernel


def load(shell: Any) -> None:
    """`%load_ext envaudit`: the magics, and in a kernel the flight recorder."""
    global recorder  # noqa: PLW0603  # a process has one kernel
    from envaudit.notebook.magics import EnvauditMagics

    shell.register_magics(EnvauditMagics)
    if recorder is None and hasattr(shell, "kernel"):
        from envaudit.recorder.start import start

        recorder = start(shell)


def unload(shell: Any) -> None:
    """`%unload_ext envaudit`: the recorder stops, the magics go."""
    global recorder  # noqa: PLW0603
    if recorder is not None:
        from envaudit.recorder.stop import stop

        stop(recorder)
        recorder = None
    shell.magics_manager.magics["line"].pop("envaudit", None)
