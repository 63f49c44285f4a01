"""setup.py, read without running it."""

from __future__ import annotations

import pytest

from lab.setup_py import setup_arguments
from lab.setup_values import UNKNOWN, Maybe

FILES = {"requirements.txt": "numpy>=1.2\n# a comment\n\ntorch\n", "pkg/version.py": "least = '0.4'\n"}
CASES = [
    ("setup(install_requires=['a', 'b>=1'])", ["a", "b>=1"]),
    ("X = ['a']\nX += ['b']\nX.append('c')\nsetup(install_requires=X)", ["a", "b", "c"]),
    ("V = '1.2'\nsetup(install_requires=[f'a>={V}', 'b>=%s' % V, 'c>={}'.format(V)])", ["a>=1.2", "b>=1.2", "c>=1.2"]),
    ("setup(**dict(name=name(), install_requires=['a']))", ["a"]),
    ("with open('requirements.txt') as f:\n  R = f.read().splitlines()\nsetup(install_requires=R)",
     ["numpy>=1.2", "# a comment", "", "torch"]),
    ("def lines():\n  return [x.strip() for x in open(os.path.join(os.path.dirname(__file__), 'requirements.txt')) if "
     "x.strip() and not x.startswith('#')]\nsetup(install_requires=lines())", ["numpy>=1.2", "torch"]),
    ("_deps = ['a>=1', 'b']\n"
     "deps = {b: a for a, b in (re.findall(r'^(([^!=<>]+)(?:[!=<>].*)?$)', x)[0] for x in _deps)}"
     "\ndef some(*names):\n  return [deps[n] for n in names]\nsetup(install_requires=some('a') + [deps['b']])",
     ["a>=1", "b"]),
    ("X = ['a']\nif cuda():\n  X.append('b')\nsetup(install_requires=X)", ["a", "b"]),
    ("if sys.platform == 'win32':\n  X = ['w']\nelse:\n  X = ['l']\nsetup(install_requires=X)", ["l"]),
    ("spec = importlib.util.spec_from_file_location('v', 'pkg/version.py')\nv = importlib.util.module_from_spec(spec)\n"
     "setup(install_requires=[f'a>={v.least}'])", ["a>=0.4"]),
    ("X = ['a']\nif cuda():\n  X = ['b']\nsetup(install_requires=X)", UNKNOWN),
    ("X = ['a']\ntry:\n  import t\nexcept ImportError:\n  X = ['b']\nsetup(install_requires=X)", UNKNOWN),
    ("def f():\n  if cuda():\n    return ['b']\n  return ['a']\nsetup(install_requires=f())", UNKNOWN),
    ("for x in things():\n  X.append(x)\nsetup(install_requires=X)", UNKNOWN),
    ("setup(install_requires=['a', f'b>={found()}'])", ["a", UNKNOWN]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_requirements_of_a_setup_py(text: str, expected: object) -> None:
    found = setup_arguments(text, FILES.get)
    assert found is not None
    assert found["install_requires"] == expected


def test_what_stands_under_an_unknown_condition_is_marked() -> None:
    found = setup_arguments("X = ['a']\nif cuda():\n  X.append('b')\nsetup(install_requires=X)", FILES.get)
    assert found is not None
    assert [isinstance(item, Maybe) for item in found["install_requires"]] == [False, True]


def test_a_file_without_setup_and_arguments_that_cannot_be_read() -> None:
    assert setup_arguments("x = 1", FILES.get) is None
    assert setup_arguments("setup(**metadata())", FILES.get) == {"*": UNKNOWN}
    assert setup_arguments("m = dict(name='x', **more())\nsetup(**m)", FILES.get) == {"name": "x", "*": UNKNOWN}
    assert setup_arguments("m = {}\nm.update(more())\nsetup(**m)", FILES.get) == {"*": UNKNOWN}
