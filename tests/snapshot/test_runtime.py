"""Host products by their marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envaudit.snapshot.runtime import Place, hosts, main_host
from tests.snapshot.trees import Folder, plant

COLAB = {"COLAB_RELEASE_TAG": "release-colab_20260801"}
KUBERNETES = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


@pytest.mark.parametrize(
    ("variables", "content", "facts", "found", "main"),
    [
        ({}, {}, {}, [], None),
        (COLAB, {}, {}, ["colab"], "colab"),
        (COLAB, {"/.dockerenv": ""}, {}, ["colab", "docker"], "colab"),
        ({}, {"/var/colab/hostname": "m"}, {}, ["colab"], "colab"),
        ({"VERTEX_PRODUCT": "COLAB_ENTERPRISE"}, {}, {}, ["colab"], "colab"),
        ({"VERTEX_PRODUCT": "WORKBENCH"}, {}, {}, [], None),
        # Kaggle's images carry Colab's marks
        ({**COLAB, "KAGGLE_KERNEL_RUN_TYPE": "Interactive"}, {}, {}, ["kaggle"], "kaggle"),
        (COLAB, {"/kaggle/input": Folder()}, {}, ["kaggle"], "kaggle"),
        ({"DATABRICKS_RUNTIME_VERSION": "15.4"}, {}, {}, ["databricks"], "databricks"),
        ({}, {"/opt/ml/metadata/resource-metadata.json": "{}"}, {}, ["sagemaker"], "sagemaker"),
        ({"RUNPOD_POD_ID": "x"}, {"/.dockerenv": ""}, {}, ["runpod", "docker"], "docker"),
        ({"PAPERSPACE_CLUSTER_ID": "x"}, {}, {}, ["paperspace"], None),
        (
            {"BINDER_REPO_URL": "x", "JUPYTERHUB_USER": "x", **KUBERNETES},
            {},
            {},
            ["binder", "jupyterhub", "kubernetes", "docker"],
            "docker",
        ),
        ({"SLURM_JOB_ID": "1"}, {}, {}, ["slurm"], "slurm"),
        ({}, {"/etc/nv_tegra_release": ""}, {}, ["jetson"], "jetson"),
        ({}, {"/proc/device-tree/model": "NVIDIA Jetson Nano Developer Kit\0"}, {}, ["jetson"], "jetson"),
        ({}, {"/proc/device-tree/model": "Raspberry Pi 5\0"}, {}, [], None),
        ({}, {}, {"release": "5.15.153.1-microsoft-standard-WSL2"}, ["wsl"], "wsl"),
        ({}, {}, {"release": "6.8.0-1010-azure"}, [], None),
        ({}, {"/run/.containerenv": ""}, {}, ["docker"], "docker"),
        ({}, {"/opt/conda/conda-meta": Folder()}, {"base_prefix": "/opt/conda"}, ["conda"], "conda"),
        ({"CONDA_PREFIX": "/opt/conda"}, {"/opt/conda/conda-meta": Folder()}, {"base_prefix": "/usr"}, [], None),
        (
            {},
            {"/opt/conda/conda-meta": Folder(), "/.dockerenv": ""},
            {"base_prefix": "/opt/conda"},
            ["docker", "conda"],
            "docker",
        ),
        ({}, {"/proc/12/cmdline": "python\0-f\0/run/kernel-v3a1b2.json\0"}, {"kernel_pid": 12}, ["vscode"], None),
        ({}, {"/proc/12/cmdline": "python\0-f\0/run/kernel-a1b2.json\0"}, {"kernel_pid": 12}, [], None),
        ({}, {}, {"kernel_pid": 12}, [], None),
    ],
)
def test_hosts(
    tmp_path: Path,
    variables: dict[str, str],
    content: dict[str, Any],
    facts: dict[str, Any],
    found: list[str],
    main: str | None,
) -> None:
    place = Place(variables, root=plant(tmp_path, content), **facts)
    assert hosts(place) == found
    assert main_host(found) == main
