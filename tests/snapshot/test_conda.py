import json

import pytest

from envaudit.snapshot import conda
from tests.snapshot.environments import collect, dist_info

# name, version, build string, as conda names the records of an environment with pytorch 2.1 for CUDA 11.8
RECORDS = (
    ("_libgcc_mutex", "0.1", "main"),
    ("cudatoolkit", "11.8.0", "h6a678d5_0"),
    ("matplotlib-base", "3.8.0", "py310h1128e8f_0"),
    ("mkl", "2023.1.0", "h213fc3f_46344"),
    ("numpy", "1.26.4", "py310h5f9d8c6_0"),
    ("openssl", "3.0.13", "h7f8727e_0"),
    ("python", "3.10.13", "h955ad1f_0"),
    ("pytorch", "2.1.0", "py3.10_cuda11.8_cudnn8.7.0_0"),
    ("pytorch-cuda", "11.8", "h7e8668a_5"),
    ("six", "1.16.0", "pyhd3eb1b0_1"),
    ("tensorflow-gpu", "2.4.1", "h30adc30_0"),
)


@pytest.fixture
def prefix(tmp_path):
    folder = tmp_path / "conda-meta"
    folder.mkdir()
    for name, version, build in RECORDS:
        record = {"name": name, "version": version, "build": build, "channel": "defaults", "files": []}
        (folder / f"{name}-{version}-{build}.json").write_text(json.dumps(record))
    (folder / "history").write_text("==> 2024-01-01 <==\n")
    (folder / "broken.json").write_text("{")
    return tmp_path


def site(prefix):
    return prefix / "lib" / "python3.10" / "site-packages"


def test_conda_packages_that_are_no_distributions_are_packages(prefix):
    dist_info(site(prefix), "torch", "2.1.0", installer="conda")
    dist_info(site(prefix), "numpy", "1.26.4", installer="conda")
    dist_info(site(prefix), "matplotlib", "3.8.0", installer="conda")
    dist_info(site(prefix), "six", "1.16.0", installer="conda")
    dist_info(site(prefix), "rich", "13.0.0")
    found = collect(site(prefix), prefix=prefix)
    other = {"cudatoolkit": "11.8.0", "mkl": "2023.1.0", "openssl": "3.0.13", "pytorch-cuda": "11.8"}
    python = {"torch": "2.1.0", "numpy": "1.26.4", "matplotlib": "3.8.0", "six": "1.16.0"}
    assert found["packages"] == {**python, **other, "rich": "13.0.0"}
    assert found["installers"] == dict.fromkeys({**python, **other}, "conda")
    assert found["builds"] == {"torch": "cu118"}


def test_a_package_that_pip_replaced_is_no_longer_condas(prefix):
    dist_info(site(prefix), "torch", "2.4.0", installer="pip")
    dist_info(site(prefix), "numpy", "1.26.4", installer="uv")
    found = collect(site(prefix), prefix=prefix)
    assert found["packages"]["torch"] == "2.4.0"
    assert "torch" not in found["installers"]
    assert "numpy" not in found["installers"]
    assert "builds" not in found


def test_python_packages_whose_files_are_gone_are_not_installed(prefix):
    dist_info(site(prefix), "rich", "13.0.0")
    assert {"torch", "pytorch", "numpy", "six"}.isdisjoint(collect(site(prefix), prefix=prefix)["packages"])


def test_an_egg_info_without_installer_is_condas_if_the_version_is(prefix):
    for name, version in (("torch", "2.1.0"), ("numpy", "1.25.0")):
        folder = site(prefix) / f"{name}-{version}-py3.10.egg-info"
        folder.mkdir(parents=True)
        (folder / "PKG-INFO").write_text(f"Name: {name}\nVersion: {version}\n")
    installers = collect(site(prefix), prefix=prefix)["installers"]
    assert installers["torch"] == "conda"
    assert "numpy" not in installers


def test_the_files_of_torch_say_more_than_the_build_string(prefix):
    dist_info(site(prefix), "torch", "2.1.0", installer="conda")
    (site(prefix) / "torch").mkdir()
    (site(prefix) / "torch" / "version.py").write_text("cuda = '12.1'\n")
    assert collect(site(prefix), prefix=prefix)["builds"] == {"torch": "cu121"}


def test_a_venv_sees_the_conda_python_below_it_only_with_its_packages(prefix, tmp_path):
    dist_info(site(prefix), "numpy", "1.26.4", installer="conda")
    dist_info(tmp_path / "venv" / "site-packages", "rich", "13.0.0")
    own = tmp_path / "venv" / "site-packages"
    alone = collect(own, prefix=tmp_path / "venv", base_prefix=prefix / "elsewhere")
    assert alone["packages"] == {"rich": "13.0.0"}
    both = collect(own, site(prefix), prefix=tmp_path / "venv", base_prefix=prefix)
    assert both["packages"]["mkl"] == "2023.1.0"
    assert both["installers"]["numpy"] == "conda"


def test_a_conda_meta_that_cannot_be_read(prefix, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied")

    dist_info(site(prefix), "numpy", "1.26.4", installer="conda")
    monkeypatch.setattr(conda, "packages", denied)
    found = collect(site(prefix), prefix=prefix)
    assert (found["packages"], found["packages_complete"]) == ({"numpy": "1.26.4"}, False)
    assert "Permission denied" in found["unknown"][0]["because"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("py3.10_cuda11.8_cudnn8.7.0_0", "cu118"),
        ("py3.8_cuda10.2.89_cudnn7.6.5_0", "cu102"),
        ("py3.6_cuda9.0.176_cudnn7.6.3_0", "cu90"),
        ("py3.10_cpu_0", "cpu"),
        ("cpu_mkl_py310h0f5e5d3_100", "cpu"),
        ("cuda112py39h3ad47f5_1", "cu112"),
        ("cuda120_py310h5eebbdf_300", "cu120"),
        ("cuda126_generic_py312h1234567_200", "cu126"),
        ("gpu_cuda118py311h4ee7cfd_0", "cu118"),
        ("h7e8668a_5", None),
        ("cuda_0", None),
    ],
)
def test_build_strings(text, expected):
    assert conda.build(text) == expected
