"""Which interpreter is to be audited: this one, the notebook kernel's, or the one that the user names."""

from __future__ import annotations

import os
import sys

from envaudit.snapshot import kernel
from envaudit.snapshot.target import Target, this_interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

TIME_LIMIT: Final = 30  # seconds; an interpreter on a cold network drive takes several
_LARGEST: Final = 4 << 20  # bytes of an answer
_MARK: Final = "envaudit-interpreter:"
_PLACES: Final = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe", "bin/pypy3")
# the variables about Python that a user sets for every Python; all others are about the one that runs envaudit
_FOR_EVERY_PYTHON: Final = ("PYTHONUSERBASE", "PYTHONNOUSERSITE")


class LocateError(Exception):
    """There is no interpreter to audit; `str()` is the one line that the user sees."""


def find(python: str | None = None) -> Target:
    """The interpreter to audit.

    `python` names one: an executable, a virtual environment, a conda prefix, a command on PATH.  Without it, it is the
    interpreter of the notebook kernel that started envaudit, else the one that runs envaudit.  Raises LocateError.
    """
    if python is not None:
        executable = _interpreter(python)
        if _same(executable, sys.executable):
            return this_interpreter()
        return _ask(executable, python, _outside_environ())
    notebook = kernel.find()
    if notebook is None:
        return this_interpreter()
    if _same(notebook.executable, sys.executable):
        return this_interpreter(notebook.environ, notebook.pid)
    name = f"{notebook.executable} (the interpreter of this notebook's kernel)"
    return _ask(notebook.executable, name, notebook.environ, notebook.pid)


def _same(one: str, other: str) -> bool:
    """Whether two paths are one interpreter of one environment (bin/python and bin/python3 of a folder)."""
    if one == other:
        return True
    folders = [os.path.realpath(os.path.dirname(path)) for path in (one, other)]
    return folders[0] == folders[1] and os.path.realpath(one) == os.path.realpath(other)


def _interpreter(python: str) -> str:
    """The executable that a user means.  Raises LocateError."""
    if not python:
        raise LocateError("--python: the name is empty; name an interpreter, such as --python .venv/bin/python")
    path = os.path.expanduser(python)
    if os.path.isdir(path):
        for place in _PLACES:
            inside = os.path.join(path, *place.split("/"))
            if os.path.isfile(inside):
                return os.path.abspath(inside)
            if os.path.islink(inside):
                gone = os.path.realpath(inside)
                raise LocateError(f"{python}: its interpreter {gone} is gone; make the environment again")
        raise LocateError(
            f"{python}: there is no Python in this folder; "
            "name an interpreter, or the folder of a virtual or conda environment"
        )
    if os.path.isfile(path):
        return os.path.abspath(path)
    if os.path.basename(python) == python:
        from shutil import which

        command = which(python)
        if command:
            return os.path.abspath(command)
    raise LocateError(f"{python}: no such file; name an interpreter, such as --python .venv/bin/python")


def _outside_environ() -> dict[str, str]:
    """Our environment variables without those that are about our own Python (PYTHONPATH, PYTHONHOME, ...)."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _FOR_EVERY_PYTHON or not name.startswith(("PYTHON", "__PYVENV_LAUNCHER__"))
    }


def _ask(executable: str, name: str, environ: dict[str, str], kernel_pid: int | None = None) -> Target:
    """Run the interpreter and let it describe itself.  Raises LocateError, which calls it `name`."""
    output = _run([executable, "-B", "-c", _question()], environ, name)
    answer = next((line for line in reversed(output.splitlines()) if line.startswith(_MARK)), None)
    facts = _facts(answer[len(_MARK) :]) if answer else None
    if facts is None:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        said = "".join(char for char in lines[-1] if char.isprintable())[:200] if lines else "it printed nothing"
        raise LocateError(f"{name}: does not answer as a Python interpreter does ({said}); name another with --python")
    return Target(is_self=False, environ=environ, kernel_pid=kernel_pid, **facts)


def _question() -> str:
    """Source text for any Python: prints one line, _MARK and the facts as JSON."""
    from inspect import getsource

    from envaudit.snapshot.target import describe_interpreter

    return "\n".join(
        (
            "import sys",
            "if sys.version_info < (3, 6):",
            "    sys.exit('Python %d.%d is too old: envaudit looks at 3.6 and newer' % sys.version_info[:2])",
            # the current folder must not lend its json.py
            "sys.path[:] = [entry for entry in sys.path if entry]",
            getsource(describe_interpreter),
            "import json",
            f"sys.stdout.write('\\n' + {_MARK!r} + json.dumps(describe_interpreter()) + '\\n')",
        )
    )


def _run(command: list[str], environ: dict[str, str], name: str) -> str:
    """What `command` prints, on both streams, bounded.  Raises LocateError when it cannot run or takes too long."""
    import signal
    import subprocess
    from threading import Timer

    try:
        process = subprocess.Popen(  # noqa: S603  # the user named this interpreter, or it runs the notebook
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            start_new_session=os.name == "posix",
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise LocateError(f"{name}: cannot be run: {reason}; name an interpreter with --python") from error
    late = []

    def stop() -> None:
        try:
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)  # its children too: they hold the pipe open
            else:
                process.kill()
        except ProcessLookupError:
            pass  # it ended by itself just now

    def too_late() -> None:
        late.append(True)
        stop()

    timer = Timer(TIME_LIMIT, too_late)
    timer.daemon = True
    timer.start()
    assert process.stdout is not None
    try:
        with process.stdout:
            output = process.stdout.read(_LARGEST)
            if len(output) == _LARGEST:
                stop()
        process.wait()
    except KeyboardInterrupt:
        stop()  # it has a session of its own, which Ctrl-C does not reach
        raise
    finally:
        timer.cancel()
    if late:
        raise LocateError(f"{name}: gave no answer in {TIME_LIMIT} seconds; name another interpreter with --python")
    return output.decode("utf-8", "replace")


def _facts(answer: str) -> dict[str, Any] | None:
    """The answer as arguments of a Target; None when it is not what describe_interpreter makes."""
    import json

    from envaudit.snapshot.target import describe_interpreter

    try:
        facts = json.loads(answer)
    except ValueError:
        return None
    model = describe_interpreter()
    if not isinstance(facts, dict) or {name: type(value) for name, value in facts.items()} != {
        name: type(value) for name, value in model.items()
    }:
        return None
    return facts
