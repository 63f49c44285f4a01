import json
import os
import sys

import pytest

from envaudit.snapshot import kernel, locate
from tests.snapshot.environments import make_venv, python_of, run, site_packages

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# prints what find() finds, and stays the parent's child
ASK = (
    "import json, sys; sys.path.insert(0, {repository!r}); from envaudit.snapshot.locate import find; found = find();"
    "print(json.dumps([found.executable, found.prefix, found.kernel_pid, found.is_self, found.environ]))"
)

linux = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("/usr/bin/python3 -m ipykernel_launcher -f /run/kernel-1.json", True),
        ("/usr/bin/python3 -m ipykernel -f /run/x.json", True),
        ("/venv/bin/python3.11 -Xfrozen_modules=off -m ipykernel_launcher -f /run/kernel-1.json", True),
        ("/usr/bin/python3 /usr/local/bin/colab_kernel_launcher.py -f /root/.local/share/jupyter/kernel-1.json", True),
        ("/databricks/python3/bin/python /databricks/python_shell/scripts/db_ipykernel_launcher.py -f x", True),
        ("python -m spyder_kernels.console -f /run/kernel-1.json", True),
        ("/venv/bin/python -c code --f=/run/user/kernel-v2-1.json", True),
        ("/usr/bin/python3 -m pip install ipykernel", False),
        ("/usr/bin/python3 /usr/bin/jupyter-lab", False),
        ("/usr/bin/python3 -m ipykernel.install", False),
        ("/usr/bin/python3 convert.py /run/kernel-1.json", False),
        ("/usr/lib/R/bin/exec/R --slave -e IRkernel::main() --args /run/kernel-1.json", False),
        ("/opt/conda/bin/xpython -f /run/kernel-1.json", False),
        ("vim ipykernel_launcher.py", False),
        ("", False),
    ],
)
def test_is_kernel(command, expected):
    assert kernel.is_kernel(command.split(" ")) is expected


def notebook(tmp_path, kernel_python, *cell, **variables):
    """Run `cell` (a command) as `!` does in a notebook whose kernel is run by `kernel_python`."""
    site = site_packages(kernel_python)
    (site / "ipykernel_launcher.py").write_text(
        "import os, subprocess, sys\n"
        "os.environ['CUDA_VISIBLE_DEVICES'] = '1'\n"
        "os.environ['LD_LIBRARY_PATH'] = '/set/too/late'\n"
        "print(os.getpid())\n"
        "sys.stdout.flush()\n"
        "subprocess.check_call(['/bin/sh', '-c', '\"$@\"; true', 'sh'] + sys.argv[3:])\n"
    )
    output = run(kernel_python, "-m", "ipykernel_launcher", "-f", "kernel-1.json", *cell, **variables)
    pid, answer = output.splitlines()
    return int(pid), json.loads(answer)


@linux
def test_a_kernel_of_another_environment_is_audited_from_outside(tmp_path):
    python = make_venv(tmp_path / "kernel", python_of("3.8"))
    ask = ASK.format(repository=REPOSITORY)
    pid, answer = notebook(tmp_path, python, sys.executable, "-c", ask, LD_LIBRARY_PATH="/at/start", PYTHONPATH="/mine")
    executable, prefix, kernel_pid, is_self, environ = answer
    assert (executable, prefix, kernel_pid, is_self) == (python, str(tmp_path / "kernel"), pid, False)
    assert environ["CUDA_VISIBLE_DEVICES"] == "1"
    assert environ["LD_LIBRARY_PATH"] == "/at/start"


@linux
def test_a_kernel_of_this_environment(tmp_path):
    python = make_venv(tmp_path / "kernel")
    ask = ASK.format(repository=REPOSITORY)
    pid, (executable, _, kernel_pid, is_self, environ) = notebook(tmp_path, python, python, "-c", ask)
    assert (executable, kernel_pid, is_self) == (python, pid, True)
    assert environ["CUDA_VISIBLE_DEVICES"] == "1"
    assert "LD_LIBRARY_PATH" not in environ


@linux
def test_a_kernel_that_was_called_by_a_bare_name(tmp_path):
    python = make_venv(tmp_path / "kernel")
    (site_packages(python) / "ipykernel_launcher.py").write_text(
        "import subprocess, sys\nsubprocess.check_call(sys.argv[3:])\n"
    )
    start = "import os, sys; os.execvp('python', ['python'] + sys.argv[1:])"
    ask = ASK.format(repository=REPOSITORY)
    path = os.path.dirname(python) + os.pathsep + os.environ["PATH"]
    output = run(
        sys.executable, "-c", start, "-m", "ipykernel_launcher", "-f", "x", sys.executable, "-c", ask, PATH=path
    )
    assert json.loads(output)[:2] == [python, str(tmp_path / "kernel")]


def test_no_kernel_here():
    """The tests run under no notebook; a process without parents that can be read has none either."""
    if os.path.isdir("/proc/self"):
        assert run(sys.executable, "-c", "from envaudit.snapshot import kernel; print(kernel.find())").strip() == "None"


def test_without_proc_only_a_variable_tells(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    assert kernel.find(str(tmp_path / "proc")) is None
    monkeypatch.setenv("JPY_PARENT_PID", "12")
    found = kernel.find(str(tmp_path / "proc"))
    assert (found.pid, found.executable) == (os.getppid(), sys.executable)


def test_an_empty_proc(tmp_path):
    assert kernel.find(str(tmp_path)) is None


def test_a_kernel_that_cannot_be_asked(monkeypatch):
    monkeypatch.setattr(kernel, "find", lambda: kernel.Kernel(12, "/no/such/python", {}))
    with pytest.raises(
        locate.LocateError, match=r"/no/such/python \(the interpreter of this notebook's kernel\): cannot"
    ):
        locate.find()
