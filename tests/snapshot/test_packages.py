import os
import shutil
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envaudit.snapshot import packages
from envaudit.snapshot.locate import find
from tests.snapshot.environments import (
    VERSIONS,
    collect,
    dist_info,
    make_venv,
    python_of,
    run,
    site_packages,
    target,
    uv,
    wheel,
)


def kinds(fragment):
    return [(problem["kind"], problem["culprits"]) for problem in fragment["problems"]]


def test_names_versions_and_requirements(tmp_path):
    dist_info(tmp_path, "Foo._Bar", "1.0+cu121", ("numpy>=1.22", "six ; python_version < '3'", "x; extra == 'test'"))
    dist_info(tmp_path, "numpy", "1.26.4", end="\r\n")
    assert collect(tmp_path, tmp_path / "python311.zip") == {
        "packages": {"foo-bar": "1.0+cu121", "numpy": "1.26.4"},
        "packages_complete": True,
        "requires": {"foo-bar": ["numpy>=1.22"]},
        "unknown": [],
        "problems": [],
    }


@pytest.mark.parametrize(
    ("requirement", "kept"),
    [
        ("a", "a"),
        ("a (>=1.0,<2)", "a (>=1.0,<2)"),
        ("a[x]>=1 ; python_version >= '3'", "a[x]>=1"),
        ("a>=1;python_version>='3'", "a>=1"),
        ("a; python_version < '3'", None),
        ("a; extra == 'x'", None),
        ("a; python_version >= '3' and extra == 'x'", None),
        ("a; extra == 'x' or python_version >= '3'", "a"),
        ("a; (extra == 'x') or (extra == 'y')", None),
        ("a @ https://host/a;b.whl ; python_version >= '3'", "a @ https://host/a;b.whl"),
        ("a; nobody understands this", None),
    ],
)
def test_requirements_whose_marker_holds(tmp_path, requirement, kept):
    dist_info(tmp_path, "b", "1", (requirement,))
    assert collect(tmp_path)["requires"] == ({"b": [kept]} if kept else {})


def test_markers_are_those_of_the_target(tmp_path):
    dist_info(tmp_path, "b", "1", ("old; python_version < '3.8'", "win; sys_platform == 'win32'"))
    markers = {"python_version": "3.7", "python_full_version": "3.7.16", "sys_platform": "win32"}
    assert collect(tmp_path, markers=markers)["requires"] == {"b": ["old", "win"]}


# what is broken


def test_two_in_one_folder_are_a_problem_and_the_last_installed_counts(tmp_path):
    new = dist_info(tmp_path, "torch", "2.4.0", ("new",))
    old = dist_info(tmp_path, "torch", "2.10.0", ("old",))
    os.utime(old, (1, 1))
    os.utime(new, (2, 2))
    found = collect(tmp_path)
    assert (found["packages"], found["requires"]) == ({"torch": "2.4.0"}, {"torch": ["new"]})
    assert kinds(found) == [("duplicate-distribution", ["torch"])]
    assert "envaudit goes by torch-2.4.0.dist-info" in found["problems"][0]["detail"]
    os.utime(old, (3, 3))
    assert collect(tmp_path)["packages"] == {"torch": "2.10.0"}


def test_two_of_the_same_version_mislead_nobody(tmp_path):
    dist_info(tmp_path, "ruamel.yaml", "1.0")
    dist_info(tmp_path, "ruamel_yaml", "1.0.0")
    found = collect(tmp_path)
    assert (found["packages"].keys(), found["problems"]) == ({"ruamel-yaml"}, [])


def test_the_first_on_the_path_wins(tmp_path):
    dist_info(tmp_path / "user", "numpy", "1.26.4")
    dist_info(tmp_path / "system", "numpy", "2.0.0", ("nothing",))
    dist_info(tmp_path / "system", "six", "1.16.0")
    found = collect(tmp_path / "user", tmp_path / "system")
    assert found["packages"] == {"numpy": "1.26.4", "six": "1.16.0"}
    assert found["requires"] == {}
    assert kinds(found) == [("shadowed-distribution", ["numpy"])]
    same = collect(tmp_path / "system", tmp_path / "system")
    assert same["problems"] == []


def test_a_folder_that_is_on_the_path_twice(tmp_path):
    dist_info(tmp_path / "lib", "numpy", "1.26.4")
    (tmp_path / "lib64").symlink_to("lib")
    dist_info(tmp_path / "lib", "numpy", "1.25.0")
    assert kinds(collect(tmp_path / "lib", tmp_path / "lib64")) == [("duplicate-distribution", ["numpy"])]


def _without_metadata(folder):
    (folder / "METADATA").unlink()


def _metadata_is_a_folder(folder):
    (folder / "METADATA").unlink()
    (folder / "METADATA").mkdir()


def _empty_metadata(folder):
    (folder / "METADATA").write_bytes(b"")


def _binary_metadata(folder):
    (folder / "METADATA").write_bytes(bytes(range(256)) * 100)


def _empty_folder(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def _no_folder(folder):
    shutil.rmtree(folder)
    folder.write_text("a file of that name")


@pytest.mark.parametrize(
    "spoil",
    [_without_metadata, _metadata_is_a_folder, _empty_metadata, _binary_metadata, _empty_folder, _no_folder],
)
def test_broken_metadata_is_a_problem_and_the_folder_name_tells(tmp_path, spoil):
    spoil(dist_info(tmp_path, "torch", "2.4.0+cu121"))
    dist_info(tmp_path, "numpy", "1.26.4")
    found = collect(tmp_path)
    assert found["packages"] == {"numpy": "1.26.4", "torch": "2.4.0+cu121"}
    assert kinds(found) == [("broken-metadata", ["torch"])]
    assert str(tmp_path) in found["problems"][0]["detail"]
    assert found["packages_complete"] is True


def test_sound_metadata_is_believed_before_broken(tmp_path):
    good = dist_info(tmp_path, "torch", "2.4.0")
    bad = dist_info(tmp_path, "torch", "2.5.0")
    _without_metadata(bad)
    os.utime(good, (1, 1))
    assert collect(tmp_path)["packages"] == {"torch": "2.4.0"}


def test_a_distribution_without_any_version_is_installed(tmp_path):
    (tmp_path / "mine.egg-info").mkdir()
    found = collect(tmp_path)
    assert (found["packages"], found["packages_unversioned"]) == ({}, ["mine"])
    assert kinds(found) == [("broken-metadata", ["mine"])]


def test_what_an_interrupted_pip_leaves(tmp_path):
    dist_info(tmp_path, "torch", "2.0.0").rename(tmp_path / "~orch-2.0.0.dist-info")
    (tmp_path / "~orch").mkdir()
    dist_info(tmp_path, "torch", "2.4.0")
    found = collect(tmp_path)
    assert found["packages"] == {"torch": "2.4.0"}
    assert kinds(found) == [("leftover-distribution", ["torch"])]
    assert "~orch, ~orch-2.0.0.dist-info" in found["problems"][0]["detail"]


def test_a_folder_that_cannot_be_read_makes_the_list_incomplete(tmp_path, monkeypatch):
    dist_info(tmp_path / "good", "numpy", "1.26.4")
    (tmp_path / "bad").mkdir()
    real = os.listdir

    def listdir(path):
        if path == str(tmp_path / "bad"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(packages.os, "listdir", listdir)  # root may read everything, and tests run as root
    found = collect(tmp_path / "bad", tmp_path / "good")
    assert (found["packages"], found["packages_complete"]) == ({"numpy": "1.26.4"}, False)
    assert found["unknown"] == [
        {"what": f"packages in {tmp_path / 'bad'}", "because": "the folder cannot be read: Permission denied"}
    ]


def test_path_entries_that_are_no_folders(tmp_path):
    (tmp_path / "python311.zip").write_bytes(b"PK")
    found = collect(tmp_path / "python311.zip", tmp_path / "missing", "a\0b", "__editable__.x.finder.__path_hook__")
    assert (found["packages"], found["packages_complete"], found["unknown"]) == ({}, True, [])


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text there")
def test_file_names_that_nobody_can_print(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/\x1b[31m\xff-1.0.dist-info")
    found = collect(tmp_path)
    assert found["packages"] == {}
    assert kinds(found) == [("broken-metadata", [])]
    assert found["problems"][0]["detail"].isprintable()


@given(st.binary(max_size=200), st.sampled_from(["METADATA", "PKG-INFO", "requires.txt"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_as_metadata_are_survived(tmp_path, data, file):
    folder = tmp_path / ("a-1.dist-info" if file == "METADATA" else "a-1.egg-info")
    folder.mkdir(exist_ok=True)
    if file == "requires.txt":
        (folder / "PKG-INFO").write_bytes(b"Name: a\nVersion: 1\n")
    (folder / file).write_bytes(data)
    found = collect(tmp_path)
    assert len(found["packages"]) >= 1


# older shapes


def test_egg_info_as_folder_file_and_egg(tmp_path):
    old = tmp_path / "old-1.0-py3.8.egg-info"
    old.mkdir()
    (old / "PKG-INFO").write_text("Metadata-Version: 1.2\nName: old\nVersion: 1.0\n\n")
    (old / "requires.txt").write_text(
        "numpy>=1.20\n\n[:python_version < '3']\nenum34\n\n[:python_version >= '3']\nsix\n\n[test]\npytest\n\n"
        "[win:sys_platform == 'win32']\npywin32\n"
    )
    (tmp_path / "debian-2.0.egg-info").write_text("Metadata-Version: 1.1\nName: debian\nVersion: 2.0\n")
    egg = tmp_path / "eggy-3.0-py3.8.egg"
    (egg / "EGG-INFO").mkdir(parents=True)
    (egg / "EGG-INFO" / "PKG-INFO").write_text("Name: eggy\nVersion: 3.0\n")
    (tmp_path / "zipped-4.0-py3.8.egg").write_bytes(b"PK\5\6" + bytes(18))
    found = collect(tmp_path, egg, tmp_path / "zipped-4.0-py3.8.egg")
    assert found["packages"] == {"debian": "2.0", "old": "1.0", "eggy": "3.0", "zipped": "4.0"}
    assert found["requires"] == {"old": ["numpy>=1.20", "six"]}
    assert found["problems"] == []


def test_egg_info_that_setuptools_makes(tmp_path):
    python = python_of("3.8")
    if "setuptools" not in run(python, "-m", "pip", "list"):
        pytest.skip("no setuptools here")
    project = tmp_path / "project"
    project.mkdir()
    (project / "setup.py").write_text(
        "from setuptools import setup\n"
        "needs = ['numpy<2', 'six; python_version < \"3\"']\n"
        "setup(name='Old.Way', version='0.3', py_modules=[], install_requires=needs)\n"
    )
    run(python, "-c", f"import os, runpy, sys; os.chdir({str(project)!r}); sys.argv = ['setup.py', '-q', 'egg_info'];"
        "runpy.run_path('setup.py')")  # fmt: skip
    found = collect(project)
    assert (found["packages"], found["requires"]) == ({"old-way": "0.3"}, {"old-way": ["numpy<2"]})


# real environments


def test_a_venv_with_wheels_that_pip_installed(tmp_path):
    pip = pytest.importorskip("pip")
    if tuple(map(int, pip.__version__.split(".")[:2])) < (22, 3):
        pytest.skip("this pip cannot install into another environment")
    python = make_venv(tmp_path / "venv")
    files = [wheel(tmp_path, "torch", "2.4.0+cu121", ("numpy",)), wheel(tmp_path, "Some.Thing", "1.0rc1")]
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", *map(str, files))
    found = packages.collect(find(python))
    assert found["packages"] == {"torch": "2.4.0+cu121", "some-thing": "1.0rc1"}
    assert found["requires"] == {"torch": ["numpy"]}


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_venvs_of_uv(tmp_path, version):
    run(uv(), "venv", "-q", "--python", python_of(version), str(tmp_path / "venv"))
    file = wheel(tmp_path, "torch", "2.4.0+cu121", ("numpy",))
    run(uv(), "pip", "install", "-q", "--python", str(tmp_path / "venv"), "--no-deps", str(file))
    audited = find(str(tmp_path / "venv"))
    assert audited.version.startswith(version + ".")
    assert packages.collect(audited)["packages"] == {"torch": "2.4.0+cu121"}


_BACKEND = """
import zipfile
def _wheel(folder):
    name = "mine-1.5-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as archive:
        archive.writestr("mine-1.5.dist-info/METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1.5\\n")
        archive.writestr("mine-1.5.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        archive.writestr("__editable__.mine-1.5.pth", SOURCE)
        archive.writestr("mine-1.5.dist-info/RECORD", "")
    return name
def build_editable(folder, config_settings=None, metadata_directory=None):
    return _wheel(folder)
def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _wheel(folder)
"""


def test_an_editable_install_whose_sources_hold_a_stale_egg_info(tmp_path):
    project = tmp_path / "project"
    (project / "src" / "mine.egg-info").mkdir(parents=True)
    (project / "src" / "mine.egg-info" / "PKG-INFO").write_text("Name: mine\nVersion: 1.2\n")
    (project / "backend.py").write_text(f"SOURCE = {str(project / 'src')!r}\n{_BACKEND}")
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "mine"\nversion = "1.5"\n'
    )
    python = make_venv(tmp_path / "venv")
    run(uv(), "pip", "install", "-q", "--python", python, "--no-deps", "-e", str(project))
    found = packages.collect(find(python))
    assert found["packages"] == {"mine": "1.5"}
    assert kinds(found) == [("shadowed-distribution", ["mine"])]


def test_a_legacy_develop_install_is_found_through_its_pth_file(tmp_path):
    python = make_venv(tmp_path / "venv")
    project = tmp_path / "project"
    (project / "mine.egg-info").mkdir(parents=True)
    (project / "mine.egg-info" / "PKG-INFO").write_text("Name: mine\nVersion: 1.2\n")
    site = site_packages(python)
    (site / "mine.egg-link").write_text(f"{project}\n.")
    (site / "easy-install.pth").write_text(f"{project}\n")
    assert packages.collect(find(python))["packages"] == {"mine": "1.2"}


def test_user_site_comes_first_and_venvs_do_not_see_it(tmp_path, monkeypatch):
    base = python_of("3.9")
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "user"))
    dist_info(tmp_path / "user" / "lib" / "python3.9" / "site-packages", "pip", "0.1")
    found = packages.collect(find(base))
    assert found["packages"]["pip"] == "0.1"
    venv = make_venv(tmp_path / "venv", base)
    assert packages.collect(find(venv))["packages"] == {}
    monkeypatch.setenv("PYTHONNOUSERSITE", "1")
    assert packages.collect(find(base))["packages"]["pip"] != "0.1"


def test_system_site_packages_are_behind_those_of_the_venv(tmp_path):
    base = python_of("3.9")
    below = packages.collect(find(base))["packages"]
    if "pip" not in below:
        pytest.skip("a Python without pip")
    python = make_venv(tmp_path / "venv", base, "--system-site-packages")
    dist_info(site_packages(python), "pip", "999")
    found = packages.collect(find(python))
    assert found["packages"] == {**below, "pip": "999"}
    assert ("shadowed-distribution", ["pip"]) in kinds(found)


def test_nothing_is_imported(tmp_path):
    """A package that kills the interpreter when it is imported, and its metadata."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("import os; os._exit(66)")
    (tmp_path / "torch" / "version.py").write_text("import os; os._exit(66)\ncuda = '12.1'\nhip = None\n")
    dist_info(tmp_path, "torch", "2.4.0")
    code = (
        "import sys; from envaudit.snapshot import packages; from envaudit.snapshot.target import this_interpreter\n"
        "found = packages.collect(this_interpreter())\n"
        "print(found['packages']['torch'], found['builds'], sorted(set(sys.modules) & {'torch', 'importlib.metadata'}))"
    )
    assert run(sys.executable, "-c", code, PYTHONPATH=str(tmp_path)).strip() == "2.4.0 {'torch': 'cu121'} []"


def test_a_local_tag_says_more_than_the_files(tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text("cuda = '12.1'\n")
    dist_info(tmp_path, "torch", "2.4.0+cu118")
    assert "builds" not in packages.collect(target(tmp_path))


def test_it_agrees_with_importlib_metadata_about_this_environment():
    from importlib.metadata import distributions

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    here = find()
    versions, requires = {}, {}
    for found in distributions(path=here.paths):
        name = canonicalize_name(found.metadata["Name"])
        if name not in versions:
            versions[name] = found.version
            needs = [Requirement(line) for line in found.requires or ()]
            needs = [need for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
            requires[name] = {canonicalize_name(need.name) for need in needs}
    mine = packages.collect(here)
    assert mine["packages"] == versions
    named = {
        name: {canonicalize_name(Requirement(line).name) for line in lines} for name, lines in mine["requires"].items()
    }
    assert named == {name: needs for name, needs in requires.items() if needs}
