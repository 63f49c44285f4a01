"""Release lists from tags, recipes and file names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.origins import Release, from_feedstock, from_files, from_spack, from_tags, pythons
from lab.releases import thinned

MODERN = '[project]\nrequires-python = ">=3.9"\nclassifiers = [\n%s]\n'
CLASSIFIERS = "".join(f'"Programming Language :: Python :: 3.{minor}",\n' for minor in (9, 10, 11, 12))


@pytest.mark.parametrize(
    ("file", "compiled", "expected"),
    [
        (MODERN % CLASSIFIERS, True, (9, 12)),  # wheels for the Pythons of the classifiers
        (MODERN % CLASSIFIERS, False, (9, None)),  # pure: any later Python takes it
        ("setup(python_requires='>=3.7,<3.11')", False, (7, 10)),
        ("setup(python_requires='>=3.7,<3.11', classifiers=['Programming Language :: Python :: 3.9'])", True, (7, 9)),
        ("[options]\npython_requires = >=3.8\n", False, (8, None)),
        ("[options]\npython_requires = >=3.6.1\n", False, (6, None)),
        ("setup(python_requires=f'>={MINIMUM}')", False, None),  # computed: not known
        ("setup(name='x')", True, None),
    ],
)
def test_pythons_of_packaging_files(file: str, compiled: bool, expected: tuple[int, int | None] | None) -> None:
    assert pythons([file], compiled) == expected


FILES = (
    "Found link {}-0.60.0-cp39-cp39-manylinux2014_x86_64.manylinux_2_17_x86_64.whl (from x) (requires-python:>=3.9)",
    "Skipping link: tags are not compatible: {}-0.60.0-cp312-cp312-manylinux2014_x86_64.whl (from x)",
    "Skipping link: tags are not compatible: {}-0.60.0-cp313-cp313-win_amd64.whl (from x) (requires-python:>=3.9)",
    "Found link {}-0.60.0.tar.gz (from x) (requires-python:>=3.9), version: 0.60.0",
    "Skipping link: yanked for reason: broken: {}-0.60.1-cp39-cp39-manylinux2014_x86_64.whl (from x)",
    "Found link {}-0.61.0rc1.tar.gz (from x), version: 0.61.0rc1",
    "Found link file:///mirror/numba-0.62.0-cp311-cp311-manylinux2014_x86_64.whl (from x), version: 0.62.0",
    "Found link {}-0.63.0-py3-none-any.whl (from x) (requires-python:>=3.10,<3.14), version: 0.63.0",
    "Found link {}-0.64.0-cp310-abi3-manylinux_2_28_x86_64.whl (from x) (requires-python:>=3.10), version: 0.64.0",
    "Skipping link: tags are not compatible: {}-0.65.0-cp314-cp314t-manylinux_2_28_x86_64.whl (from x)",
    "Found link {}_scipy-9.0.tar.gz (from x), version: 9.0",
)


def test_files_of_an_index(tmp_path: Path) -> None:
    (tmp_path / "numba.txt").write_text("\n".join(FILES).format(*["https://files.example/numba"] * len(FILES)))
    assert from_files(tmp_path / "numba.txt", "numba") == [
        Release("0.60.0", 9, 12, 0),  # the Linux wheels count
        Release("0.63.0", 10, 13, 0),
        Release("0.64.0", 10, None, 0),
    ]


def commit(clone: Path, path: str, text: str, tag: str = "") -> None:
    """Write a file, commit it, tag it."""
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).write_text(text)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    if not (clone / ".git").exists():
        subprocess.run(["git", "init", "-q", str(clone)], check=True)
    subprocess.run(["git", "-C", str(clone), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(clone), *who, "commit", "-q", "-m", "x"], check=True)
    if tag:
        subprocess.run(["git", "-C", str(clone), "tag", tag], check=True)


def found(releases: list[Release]) -> list[tuple[str, int, int | None]]:
    return [(release.version, release.first, release.last) for release in releases]


def test_tags(tmp_path: Path) -> None:
    commit(tmp_path, "setup.py", "setup(python_requires='>=3.6')", "v0.9")
    commit(tmp_path, "setup.py", "setup()", "v1.0")  # does not say: as before
    commit(tmp_path, "setup.py", "setup(python_requires='>=3.8')", "v1.1rc1")
    commit(tmp_path, "pyproject.toml", MODERN % CLASSIFIERS, "release-2.0")
    commit(tmp_path, "notes", "", "nightly")
    assert found(from_tags(tmp_path, ["v{}", "release-{}"], "", False)) == [
        ("0.9", 6, None),
        ("1.0", 6, None),
        ("2.0", 9, None),
    ]
    assert found(from_tags(tmp_path, ["release-{}=4.{}.1"], "", True)) == [("4.2.0.1", 9, 12)]


def test_feedstock(tmp_path: Path) -> None:
    commit(tmp_path, "recipe/meta.yaml", '{% set version = "4.0.1" %}\nrun:\n  - python >=3.7\n')
    commit(tmp_path, "recipe/meta.yaml", '{% set version = "4.1.0" %}\nrun:\n  - python\n')
    commit(tmp_path, "recipe/recipe.yaml", 'context:\n  version: "5.0.0"\n  python_min: "3.10"\n')
    assert found(from_feedstock(tmp_path)) == [("4.0.1", 7, None), ("4.1.0", 7, None), ("5.0.0", 10, None)]


def test_spack(tmp_path: Path) -> None:
    recipe = """
    version("main", branch="main")
    version("2.4.0", sha256="1")
    version("1.9.1", sha256="2")
    depends_on("python@3.9:3.12", when="@2:")
    depends_on("python@3.8:", when="@:1.9")
    depends_on("python@3.11:", when="+cuda")
"""
    commit(tmp_path, "repos/spack_repo/builtin/packages/py_a_b/package.py", recipe)
    assert found(from_spack(tmp_path, "a-b")) == [("1.9.1", 8, None), ("2.4.0", 9, 12)]
    with pytest.raises(OSError, match="py_other"):
        from_spack(tmp_path, "other")


def test_a_long_list_keeps_what_plans_need() -> None:
    year = 365 * 86400
    releases = [Release(f"1.{minor}.{patch}", 9, None, minor * year) for minor in range(40) for patch in range(5)]
    kept = {release.version for release in thinned(releases, {"1.3.2"}, now=40 * year)}
    assert {"1.3.2", "1.0.4", "1.20.4", "1.39.0", "1.39.1"} <= kept
    assert not {"1.3.1", "1.20.0"} & kept
    assert thinned(releases[:150], set(), 0) == releases[:150]
