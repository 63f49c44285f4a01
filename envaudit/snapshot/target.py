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
    """

    __slots__ = (
        "base_prefix",
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


def describe_interpreter() -> dict[str, object]:
    """The facts about the running interpreter that make a `Target`, as JSON-ready values.

    This function is also sent as source text to other interpreters (down to Python 3.7), so it imports what it uses
    itself and uses no newer syntax.
    """
    import os

    implementation = sys.implementation
    system = os.uname().sysname if hasattr(os, "uname") else "Windows"
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    version = "{}.{}.{}".format(*sys.version_info[:3])
    if sys.version_info[3] != "final":
        version += {"alpha": "a", "beta": "b", "candidate": "rc"}[sys.version_info[3]] + str(sys.version_info[4])
    return {
        "executable": sys.executable,
        "version": version,
        "paths": [os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)],
        "prefix": sys.prefix,
        "base_prefix": getattr(sys, "base_prefix", sys.prefix),
        "stdlib": os.path.dirname(os.__file__),
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
    return Target(
        is_self=True,
        environ=dict(os.environ) if environ is None else environ,
        kernel_pid=kernel_pid,
        **facts,  # type: ignore[arg-type]  # the keys and types are those of describe_interpreter
    )
