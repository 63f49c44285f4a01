"""What a release asks of another at import, and whether that one has it: read from small wheels, never run."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lab.names.__main__ import Asked, asked, gaps
from lab.names.exports import has
from lab.names.reach import reach
from lab.names.rows import Gap, row, strictest
from lab.names.shelf import Shelf
from lab.names.trees import Tree
from lab.names.uses import Use, uses
from lab.wheels import Wheel


def tree(folder: Path, files: dict[str, str], name: str = "x.zip") -> Tree:
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return Tree(zipfile.ZipFile(folder / name))


PROVIDER = {
    "p/__init__.py": "from .inner import *\nfrom . import lazy\nif 1:\n    one = 1\nelse:\n    two = 2\n",
    "p/inner.py": "__all__ = ['star']\ndef star(): ...\n_private = 1\n",
    "p/lazy.py": "def __getattr__(name): ...\nknown = 1\n",
    "p/old.py": "_deprecations = {'gone': ('was removed', None), 'soon': ('will be', 1)}\ndef __getattr__(name): ...\n",
    "p/machine.cpython-311-x86_64-linux-gnu.so": "",
    "p/bare/module.py": "x, (y, z) = 1, (2, 3)\ntry:\n    import a.b as c\nexcept ImportError:\n    c = None\n",
    "p/module_table.py": "import sys\nsys.modules[__name__] = object()\n",
    "p-1.0.dist-info/METADATA": "",
}


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("p", "star", True),  # through import *
        ("p", "inner", True),  # a submodule
        ("p", "one", True),
        ("p", "two", True),  # either side of a condition
        ("p", "three", False),
        ("p.inner", "_private", True),
        ("p.lazy", "known", True),
        ("p.lazy", "other", None),  # __getattr__ may have it
        ("p.old", "gone", False),  # written down as refused
        ("p.old", "soon", None),
        ("p.machine", "f", None),  # machine code tells nothing
        ("p.bare.module", "z", True),
        ("p.bare.module", "c", True),
        ("p.bare", "module", True),
        ("p.bare", "other", False),
        ("p.module_table", "x", None),  # replaces itself
        ("p.none", "x", False),
    ],
)
def test_a_module_has_a_name(tmp_path: Path, module: str, name: str, expected: bool | None) -> None:
    assert has(tree(tmp_path, PROVIDER), module, name) is expected


def test_a_path_of_attributes_ends_at_the_first_object(tmp_path: Path) -> None:
    held = tree(tmp_path, PROVIDER)
    assert reach(held, "p", "inner.star.anything") == (True, "")
    assert reach(held, "p", "inner.none.anything") == (False, "p.inner.none")
    assert reach(held, "p.none.deeper", "x") == (False, "p.none")
    assert reach(held, "p.machine.inner", "x") == (None, "")


USER = {
    "u/__init__.py": "import p.inner as i\nfrom .work import f\nfrom typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from p import only_for_types\n",
    "u/work.py": "from p import star\nfrom .deep import more\n"
    "try:\n    from p import maybe\nexcept ImportError:\n    maybe = None\n"
    "try:\n    from p import surely\nexcept ValueError:\n    raise\ndef f():\n    from p import later\n",
    "u/deep.py": "import p\nclass A(p.Base):\n    x: p.hint = p.value\n"
    "    def m(self, a=p.default):\n        return p.inside\n"
    "more = p.left or p.right\n",
    "u/never.py": "from p import not_imported\n",
}


def test_only_what_always_runs_at_import_is_asked(tmp_path: Path) -> None:
    found = {(use.module, use.name) for use in uses(tree(tmp_path, USER), "u") if use.module.startswith("p")}
    plain = {("p.inner", ""), ("p", "star"), ("p", "surely"), ("p", "")}
    assert found == plain | {("p", "Base"), ("p", "hint"), ("p", "value"), ("p", "default")}


def test_a_gap_is_between_releases_that_have_the_name_and_those_that_lack_it(tmp_path: Path) -> None:
    releases = {
        ("p", "1.0"): {"p/__init__.py": "old = both = 1"},
        ("p", "2.0"): {"p/__init__.py": "both = 1"},
        ("u", "1.0"): {"u/__init__.py": "from p import old, both"},
        ("u", "1.1"): {"u/__init__.py": "from p import old"},
        ("u", "2.0"): {"u/__init__.py": "from p import both"},
    }

    between = {
        ("p", "1.4"): releases["p", "1.0"],
        ("p", "1.5"): releases["p", "2.0"],
        ("u", "1.2"): releases["u", "1.1"],
        ("u", "1.3"): releases["u", "2.0"],
    }

    class Held(Shelf):
        def __init__(self) -> None:
            self._wheels, self.edges = {}, {}
            for name, version in releases:
                self._wheels.setdefault(name, {})[version] = Wheel(name, version, "", 0, "")

        def tree(self, name: str, version: str) -> Tree:
            return tree(tmp_path, releases[name, version], f"{name}-{version}.zip")

        more = tree

        def every(self, name: str) -> list[str]:
            return sorted(version for other, version in {**releases, **between} if other == name)

    shelf = Held()
    wanted = asked("u", shelf, {"p": "p"})
    assert Asked("u", "p", Use("p", "old", "u"), ["1.0", "1.1"], "2.0") in wanted
    (gap,) = gaps(wanted, "p", shelf)
    releases.update(between)
    assert row(gap, shelf, exact=True) == (
        '- {package: u, versions: "<=1.2", other: p, gone: ">=1.5", kept: "<=1.4", name: p.old, works: 1.3,'
        " symptom: \"ImportError: cannot import name 'old' from 'p'\", source: u in the wheels of u}"
    )
    assert (gap.name, gap.using, gap.works, gap.has, gap.lacks) == ("p.old", ["1.0", "1.1"], "2.0", ["1.0"], ["2.0"])


def test_one_name_stands_for_all_that_the_same_releases_miss() -> None:
    gap = Gap("u", ["1.0"], None, "p", ["2.0"], ["1.0"], Use("p", "x", "u"), "p.x")
    more = gap._replace(lacks=["1.0", "1.5"], name="p.y")
    other = gap._replace(using=["0.9"])
    assert strictest([gap, more, other]) == [more, other]
