"""Runs a resolver: no shell, a time limit, and an end with all its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile

from envaudit.fix.resolve.interface import Broken, Late
from envaudit.snapshot import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def environment(without: tuple[str, ...], values: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of this process with `values`, and `without` some."""
    return {**{name: value for name, value in os.environ.items() if name not in without}, **values}


def run(words: list[str], folder: str, seconds: float, environ: Mapping[str, str]) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of `words`, run in `folder`.

    Raises Late when it takes longer than `seconds`, Broken when it cannot be started.
    """
    if seconds <= 0:
        raise Late
    try:
        process = subprocess.Popen(  # noqa: S603  # a list of words, no shell
            words,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            encoding="utf-8",
            start_new_session=os.name == "posix",
        )
    except OSError as error:
        raise Broken(f"{words[0]} cannot be started: {error.strerror or error}") from error
    try:
        out, said = process.communicate(timeout=seconds)
    except BaseException as error:
        _end(process)
        if isinstance(error, subprocess.TimeoutExpired):
            raise Late from None
        raise
    return process.returncode, out, said


@contextlib.contextmanager
def scratch() -> Iterator[str]:
    """A folder for the files of one question, in envaudit's cache folder where there is one."""
    home = cache.folder()
    if home is not None:
        try:
            os.makedirs(home, exist_ok=True)
        except OSError:
            home = None
    with tempfile.TemporaryDirectory(prefix="resolve-", dir=home) as folder:
        yield folder


def _end(process: subprocess.Popen[str]) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()
