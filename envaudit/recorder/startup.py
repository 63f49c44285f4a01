"""`envaudit recorder enable|disable|status`: the recorder in every IPython kernel of the user, or not."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

FILE = "50-envaudit-recorder.py"
MARK = "# written by `envaudit recorder enable`; `envaudit recorder disable` removes it"
CONTENT = f"""{MARK}
def _envaudit_start():
    from importlib.util import find_spec

    shell = get_ipython()
    # a kernel of another environment may not have envaudit, and a terminal needs no recorder
    if hasattr(shell, "kernel") and find_spec("envaudit") is not None:
        shell.extension_manager.load_extension("envaudit")


_envaudit_start()
del _envaudit_start
"""
DONE, REFUSED = 0, 2


def path() -> str:
    """Path of the startup file in IPython's default profile; IPYTHONDIR is honoured."""
    home = os.environ.get("IPYTHONDIR") or os.path.expanduser("~/.ipython")
    return os.path.join(os.path.abspath(os.path.expanduser(home)), "profile_default", "startup", FILE)


def command(action: str, out: TextIO) -> int:
    """Do `action` ("enable", "disable" or "status"); returns the exit status: 2 when something stands in the way."""
    try:
        return {"enable": _enable, "disable": _disable, "status": _status}[action](out)
    except OSError as error:
        out.write(f"envaudit: {error.filename or path()}: {error.strerror or error}\n")
        return REFUSED


def _held() -> str | None:
    """The content of the file, None where there is none.  Raises OSError."""
    try:
        with open(path(), encoding="utf-8", errors="replace") as file:
            return file.read(65536)
    except FileNotFoundError:
        return None


def _foreign(out: TextIO) -> int:
    out.write(f"envaudit: {path()} was not written by envaudit; move it away first\n")
    return REFUSED


def _enable(out: TextIO) -> int:
    held = _held()
    if held is not None and not held.startswith(MARK):
        return _foreign(out)
    if held != CONTENT:
        target = path()
        os.makedirs(os.path.dirname(target), exist_ok=True)
        new = f"{target}.{os.getpid()}.new"
        try:
            with open(new, "w", encoding="utf-8") as file:
                file.write(CONTENT)
            os.replace(new, target)
        except OSError:
            if os.path.exists(new):
                os.unlink(new)
            raise
    out.write(f"the flight recorder starts with every IPython kernel from now on ({path()})\n")
    return DONE


def _disable(out: TextIO) -> int:
    held = _held()
    if held is None:
        out.write("the flight recorder does not start by itself; nothing was changed\n")
        return DONE
    if not held.startswith(MARK):
        return _foreign(out)
    os.unlink(path())
    out.write(f"the flight recorder no longer starts by itself ({path()} is removed)\n")
    return DONE


def _status(out: TextIO) -> int:
    from envaudit.recorder import store

    held = _held()
    if held is None:
        out.write("off: `envaudit recorder enable` starts it with every kernel, `%load_ext envaudit` in this one\n")
    elif not held.startswith(MARK):
        return _foreign(out)
    else:
        out.write(f"on: it starts with every IPython kernel ({path()})\n")
    home = store.folder()
    if home:
        out.write(f"{len(store.names())} records in {home}\n")
    return DONE
