import sys

import pytest

from envaudit.snapshot import python
from envaudit.snapshot.locate import find
from tests.snapshot.environments import make_venv, python_of, target


def test_a_base_interpreter(tmp_path):
    (tmp_path / "lib").mkdir()
    asked = target(executable="/usr/bin/python3", version="3.11.4", prefix=tmp_path, base_prefix=tmp_path,
                   stdlib=str(tmp_path / "lib"))  # fmt: skip
    interpreter = {
        "path": "/usr/bin/python3",
        "prefix": str(tmp_path),
        "venv": False,
        "externally_managed": False,
        "conda": False,
        "is_self": False,
    }
    assert python.collect(asked) == {"python": "3.11.4", "interpreter": interpreter}
    (tmp_path / "lib" / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    (tmp_path / "conda-meta").mkdir()
    changed = {**interpreter, "externally_managed": True, "conda": True}
    assert python.collect(asked)["interpreter"] == changed


def test_a_virtual_environment_is_not_externally_managed(tmp_path):
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    asked = target(prefix="/venv", base_prefix="/usr", stdlib=str(tmp_path))
    assert python.collect(asked)["interpreter"]["venv"] is True
    assert python.collect(asked)["interpreter"]["externally_managed"] is False


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_a_real_venv(tmp_path, version):
    found = python.collect(find(make_venv(tmp_path / "venv", python_of(version))))
    assert found["python"].startswith(f"{version}.")
    assert found["interpreter"]["venv"] is True
    assert found["interpreter"]["prefix"] == str(tmp_path / "venv")
    assert found["interpreter"]["is_self"] is False


def test_this_interpreter():
    assert python.collect(find())["python"].startswith("{}.{}".format(*sys.version_info[:2]))
    assert python.collect(find())["interpreter"]["is_self"] is True


def test_the_kernel():
    asked = target()
    asked.kernel_pid = 12
    assert python.collect(asked)["kernel"] == {"pid": 12}


@pytest.mark.parametrize(
    ("bits", "machine", "problem"),
    [(32, "x86_64", True), (32, "aarch64", True), (32, "armv7l", False), (64, "x86_64", False)],
)
def test_a_32_bit_python_on_a_64_bit_machine(bits, machine, problem):
    found = python.collect(target(bits=bits, markers={"platform_machine": machine}))
    assert [entry["kind"] for entry in found.get("problems", [])] == ["32-bit-python"] * problem
