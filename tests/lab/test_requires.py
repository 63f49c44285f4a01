"""Requirements from packaging files, and the rows that are made of them."""

from __future__ import annotations

import pytest

from lab.metadata import Unreadable, requirements
from lab.requires import Declared, spans, text

OTHERS = {"numpy", "torch", "keras"}
PEP_621 = '[project]\nname = "x"\ndependencies = ["NumPy<2,>=1.22", "six", "torch; extra == \'gpu\'"]\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": PEP_621}, ["numpy<2,>=1.22"]),
        ({"pyproject.toml": '[project]\nname = "x"\n'}, []),
        (
            {
                "pyproject.toml": '[project]\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
                'dependencies = {file = ["r/base.txt"]}\n',
                "r/base.txt": "-r more.txt\ntorch==2.4.0  # pinned\n",
                "r/more.txt": "numpy\n",
            },
            ["numpy", "torch==2.4.0"],
        ),
        (
            {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.8"\nnumpy = "^1.22"\ntorch = "~2.1.3"\n'},
            ["numpy<2,>=1.22", "torch<2.2,>=2.1.3"],
        ),
        (
            {"pyproject.toml": '[tool.poetry.dependencies]\nnumpy = {version = "^0.3.1", python = "<3.12"}\n'},
            ['numpy<0.4,>=0.3.1; python_version < "3.12"'],
        ),
        ({"setup.cfg": "[options]\ninstall_requires =\n    numpy>=1\n    six\n", "setup.py": "setup()"}, ["numpy>=1"]),
        ({"setup.py": "setup(install_requires=['keras', 'numpy; sys_platform == \"win32\"'])"}, ["keras"]),
        (
            {"setup.py": "setup(extras_require={':python_version < \"3.8\"': ['numpy<1.22'], 'all': ['torch']})"},
            ['numpy<1.22; python_version < "3.8"'],
        ),
        ({"setup.py": "X = ['numpy']\nif cython():\n  X.append('Cython')\nsetup(install_requires=X)"}, ["numpy"]),
    ],
)
def test_what_files_ask_for(files: dict[str, str], expected: list[str]) -> None:
    assert sorted(map(str, requirements(files.get, OTHERS))) == expected


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"setup.py": "setup(install_requires=found())"},
        {"setup.py": "setup(**found())"},
        {"setup.py": "X = []\nif gpu():\n  X.append('torch')\nsetup(install_requires=X)"},
        {"setup.py": "print 'Python 2'"},
        {"pyproject.toml": '[project]\ndynamic = ["dependencies"]\n'},
        {"pyproject.toml": "[project"},
    ],
)
def test_what_cannot_be_read_is_not_guessed(files: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        requirements(files.get, OTHERS)


def test_releases_in_a_row_that_say_the_same_are_one_row() -> None:
    two, three = Declared("numpy", "<2", ""), Declared("numpy", "<3", "python_version > '3.9'")
    found = {"1.0": [two], "1.1": [two], "1.2": None, "1.3": [two], "2.0": [three], "3.0": []}
    assert text("x", "files of x", found).splitlines()[3:] == [
        'known: ">=1.0,<=1.1 || >=1.3,<=3.0"',
        "rows:",
        '- {versions: "2.0", other: numpy, asks: "<3", marker: "python_version > \'3.9\'"}',
        '- {versions: ">=1.0,<=1.1 || 1.3", other: numpy, asks: "<2"}',
    ]
    assert spans(["1", "2"], set()) == ""
