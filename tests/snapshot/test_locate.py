import json
import os
import sys

import pytest

from envaudit.snapshot import locate
from envaudit.snapshot.locate import LocateError, find
from tests.snapshot.environments import VERSIONS, interpreter, make_venv, python_of, run

posix = pytest.mark.skipif(sys.platform == "win32", reason="scripts with #!")


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python(version):
    path = python_of(version)
    if os.path.realpath(path) == os.path.realpath(sys.executable):
        pytest.skip("that is the one that runs the tests")
    found = find(path)
    assert found.version.startswith(f"{version}.")
    assert found.markers["python_version"] == version
    assert (found.executable, found.is_self, found.bits) == (path, False, 64)
    assert os.path.isfile(os.path.join(found.stdlib, "os.py"))
    assert found.prefix == found.base_prefix


@pytest.mark.parametrize("what", ["folder", "interpreter", "relative", "with a tilde"])
def test_a_virtual_environment(tmp_path, monkeypatch, what):
    make_venv(tmp_path / "venv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    named = {
        "folder": str(tmp_path / "venv"),
        "interpreter": str(interpreter(tmp_path / "venv")),
        "relative": "venv",
        "with a tilde": "~/venv/bin/python",
    }
    found = find(named[what])
    assert found.prefix == str(tmp_path / "venv")
    assert found.prefix != found.base_prefix
    assert any(path.startswith(found.prefix) and path.endswith("site-packages") for path in found.paths)


@posix
def test_a_conda_prefix_of_windows_and_a_command_on_path(tmp_path, monkeypatch):
    python = make_venv(tmp_path / "venv")
    (tmp_path / "conda").mkdir()
    (tmp_path / "conda" / "python.exe").symlink_to(python)
    assert find(str(tmp_path / "conda")).version
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "python-of-mine").symlink_to(python)
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    assert find("python-of-mine").version


def test_the_interpreter_that_runs_envaudit(monkeypatch):
    assert find(sys.executable).is_self
    assert find(os.path.join(os.path.dirname(sys.executable), os.path.basename(sys.executable))).is_self


def test_what_belongs_to_the_asker_stays_out(tmp_path, monkeypatch):
    """PYTHONPATH and the current folder of the asker say nothing about the interpreter that is asked."""
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    (tmp_path / "os.py").write_text("raise SystemExit('the wrong os')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    python = make_venv(tmp_path / "venv")
    assert str(tmp_path) not in find(python).paths
    assert "PYTHONPATH" not in find(python).environ


def test_the_own_site_configuration_of_the_asked_applies(tmp_path):
    python = make_venv(tmp_path / "venv")
    site = next(path for path in find(python).paths if path.endswith("site-packages"))
    (tmp_path / "more").mkdir()
    with open(os.path.join(site, "more.pth"), "w") as file:
        file.write(f"{tmp_path / 'more'}\nimport sys; print('a chatty start'); sys.stderr.write('and more')\n")
    assert str(tmp_path / "more") in find(python).paths


def test_asking_leaves_no_bytecode(tmp_path):
    python = make_venv(tmp_path / "venv")
    site = next(path for path in find(python).paths if path.endswith("site-packages"))
    with open(os.path.join(site, "sitecustomize.py"), "w") as file:
        file.write("import extra\n")
    with open(os.path.join(site, "extra.py"), "w") as file:
        file.write("\n")
    find(python)
    assert "__pycache__" not in os.listdir(site)


def test_where_envaudit_was_started_is_no_part_of_the_environment(tmp_path):
    code = "import sys, json; from envaudit.snapshot.locate import find; print(json.dumps([find().paths, sys.path]))"
    (tmp_path / "start.py").write_text(code)
    repository = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for command in (["-c", code], [str(tmp_path / "start.py")], ["-m", "start"]):
        source = (
            f"import os, sys; os.chdir({str(tmp_path)!r}); os.execv(sys.executable, [sys.executable] + sys.argv[1:])"
        )
        found, path = json.loads(run(sys.executable, "-c", source, *command, PYTHONPATH=repository))
        assert str(tmp_path) not in found
        assert path[0] in ("", str(tmp_path))
        assert repository in found


# what is no interpreter


@posix
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#!/bin/sh\necho hello; echo 'the end' >&2\n", "does not answer as a Python interpreter does (the end)"),
        ("#!/bin/sh\nexit 3\n", "(it printed nothing)"),
        ("#!/bin/sh\necho envaudit-interpreter:'{}'\n", "does not answer"),
        ("#!/bin/sh\necho envaudit-interpreter:'[1'\n", "does not answer"),
        ("#!/bin/sh\nprintf '\\033[31mred\\n'\n", "([31mred)"),
        ('#!/bin/sh\necho "$@"\n', "does not answer"),
        ("#!/no/such/interpreter\n", "cannot be run: No such file or directory"),
        ("\x7fELF is all I have", "cannot be run: Exec format error"),
    ],
)
def test_junk(tmp_path, text, expected):
    path = script(tmp_path / "python", text)
    with pytest.raises(LocateError) as error:
        find(path)
    assert str(error.value).startswith(f"{path}: ")
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


@posix
def test_endless_output_and_no_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(locate, "_LARGEST", 100_000)
    with pytest.raises(LocateError, match="does not answer"):
        find(script(tmp_path / "talks", "#!/bin/sh\nyes\n"))
    monkeypatch.setattr(locate, "TIME_LIMIT", 0.3)
    with pytest.raises(LocateError, match=r"gave no answer in 0\.3 seconds"):
        find(script(tmp_path / "hangs", "#!/bin/sh\nsleep 60\n"))
    with pytest.raises(LocateError, match="gave no answer"):
        find(script(tmp_path / "forks", "#!/bin/sh\nsleep 60 & exit 0\n"))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: None, "no such file; name an interpreter"),
        (lambda path: path.mkdir(), "there is no Python in this folder"),
        (lambda path: path.write_text("text"), "cannot be run: Permission denied"),
    ],
)
def test_no_interpreter_there(tmp_path, make, expected):
    make(tmp_path / "x")
    with pytest.raises(LocateError) as error:
        find(str(tmp_path / "x"))
    assert str(error.value).startswith(f"{tmp_path / 'x'}: {expected}")


@posix
def test_a_current_folder_that_is_gone(tmp_path):
    (tmp_path / "gone").mkdir()
    code = (
        f"import os; os.chdir({str(tmp_path / 'gone')!r}); os.rmdir({str(tmp_path / 'gone')!r})\n"
        "import envaudit.snapshot.locate as locate\n"
        "print(locate.find().version)\n"
        "try: locate.find('venv')\n"
        "except locate.LocateError as error: print(error)"
    )
    said = run(sys.executable, "-c", code).splitlines()
    assert said[0].startswith("3.")
    assert said[1].startswith("venv: no such file")


@pytest.mark.parametrize("name", ["no-such-command-anywhere", "", "a\0b", "x" * 5000])
def test_strange_names(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LocateError):
        find(name)


@posix
def test_a_venv_whose_base_is_gone(tmp_path):
    python = interpreter(tmp_path / "venv")
    make_venv(tmp_path / "venv")
    python.unlink()
    python.symlink_to("/no/longer/python3.8")
    with pytest.raises(LocateError, match=r"its interpreter /no/longer/python3\.8 is gone; make the environment again"):
        find(str(tmp_path / "venv"))


def test_python_2_is_too_old():
    with pytest.raises(LocateError, match=r"Python 2\.7 is too old"):
        find(python_of("2.7"))
