"""Which interpreter is looked at: a Target is all that a collector needs to know of it."""

from __future__ import annotations

import os
import sys


class Target:
    """One Python interpreter, seen from inside (this process) or from outside.

    executable   path of the interpreter
    version      "3.11.4"
    paths        its `sys.path`, in order
    prefix       `sys.prefix`; base_prefix: `sys.base_prefix` (they differ in a virtual environment)
    stdlib       folder of its standard library
    is_self      True when it is the interpreter that runs envaudit
    kernel_pid   process id of the notebook kernel that started envaudit, else None
    environ      the environment variables it runs with
    markers      PEP 508 environment markers of that interpreter ("python_version", "sys_platform", ...)
    bits         32 or 64: the size of its pointers
    """

    __slots__ = (
        "base_prefix",
        "bits",
        "environ",
        "executable",
        "is_self",
        "kernel_pid",
        "markers",
        "paths",
        "prefix",
        "stdlib",
        "version",
    )

    def __init__(
        self,
        *,
        executable: str,
        version: str,
        paths: list[str],
        prefix: str,
        base_prefix: str,
        stdlib: str,
        is_self: bool,
        environ: dict[str, str],
        markers: dict[str, str],
        kernel_pid: int | None = None,
        bits: int = 64,
    ) -> None:
        self.executable = executable
        self.version = version
        self.paths = paths
        self.prefix = prefix
        self.base_prefix = base_prefix
        self.stdlib = stdlib
        self.is_self = is_self
        self.environ = environ
        self.markers = markers
        self.kernel_pid = kernel_pid
        self.bits = bits


def describe_interpreter():  # type: () -> dict[str, object]
    """The facts about the running interpreter that make a `Target`, as JSON-ready values.

    This function is also sent as source text to other interpreters (down to Python 3.6), so it imports what it uses
    itself, uses no newer syntax, and has its types in a comment.
    """
    import os
    import sys

    implementation = sys.implementation
    system = os.uname().sysname if hasattr(os, "uname") else "Windows"
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    version = "{}.{}.{}".format(*sys.version_info[:3])
    if sys.version_info[3] != "final":
        version += {"alpha": "a", "beta": "b", "candidate": "rc"}[sys.version_info[3]] + str(sys.version_info[4])
    return {
        "executable": sys.executable,
        "version": version,
        # "" is the current folder, and no part of the environment
        "paths": [os.path.abspath(entry) for entry in sys.path if entry and isinstance(entry, str)],
        "prefix": sys.prefix,
        "base_prefix": getattr(sys, "real_prefix", sys.base_prefix),  # real_prefix: virtualenv before version 20
        "stdlib": os.path.dirname(os.__file__),
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "markers": {
            "python_version": "{}.{}".format(*sys.version_info[:2]),
            "python_full_version": version,
            "os_name": os.name,
            "sys_platform": sys.platform,
            "platform_system": system,
            "platform_machine": machine,
            "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(
                implementation.name, implementation.name
            ),
            "implementation_name": implementation.name,
            "implementation_version": version,
        },
    }


def this_interpreter(environ: dict[str, str] | None = None, kernel_pid: int | None = None) -> Target:
    """The interpreter that runs envaudit, as a Target."""
    facts = describe_interpreter()
    paths: list[str] = facts["paths"]  # type: ignore[assignment]  # as describe_interpreter makes it
    if paths and paths[0] in _start_folders():
        del paths[0]
    return Target(
        is_self=True,
        environ=dict(os.environ) if environ is None else environ,
        kernel_pid=kernel_pid,
        **facts,  # type: ignore[arg-type]  # the keys and types are those of describe_interpreter
    )


def _start_folders() -> tuple[str, ...]:
    """What Python puts first on `sys.path` because of how it was started: no part of the environment."""
    script = sys.argv[0] if sys.argv else ""
    try:
        return os.getcwd(), os.path.dirname(os.path.abspath(script)), os.path.dirname(os.path.realpath(script))
    except OSError:  # the current folder has been deleted
        return (os.path.dirname(script),)
