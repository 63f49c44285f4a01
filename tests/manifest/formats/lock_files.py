"""Lock files that the tests of their readers share, and what a reader makes of a text."""

from __future__ import annotations

from importlib import import_module

from envaudit.manifest.requirement import Manifest
from envaudit.manifest.source import Source


def read(module: str, text: str) -> Manifest:
    reader = import_module(f"envaudit.manifest.formats.{module}").read
    return reader(Source("a.lock", text, [], []))


def rows(manifest: Manifest) -> list[tuple[str, str, str, str]]:
    """(name, specifier, marker, group) of each requirement."""
    return [(item.name, item.specifier, item.marker, item.group) for item in manifest.requirements]


def lines(manifest: Manifest, text: str) -> list[str]:
    """The line at which each requirement is said to stand."""
    return [text.split("\n")[item.place.line - 1].strip() for item in manifest.requirements]


PYLOCK = """\
# made by hand
lock-version = "1.0"
requires-python = ">=3.10, <3.13"
extras = ["gpu", "docs"]
dependency-groups = ["test", "default"]
default-groups = ["default"]
created-by = "tests"

[[packages]]
name = "torch"
version = "2.4.0+cu121"
marker = "sys_platform == 'linux' and 'gpu' in extras"
index = "https://example.org/cu121"
wheels = [
    {name = "torch-2.4.0+cu121-cp311-cp311-linux_x86_64.whl", url = "https://example.org/a.whl", hashes = {sha256 = "a"}},
]

[[packages]]
name = "torch"
version = "2.4.0"
marker = "'gpu' not in extras"
sdist = {name = "torch-2.4.0.tar.gz", url = "https://example.org/a.tar.gz", hashes = {sha256 = "a"}}

[[packages]]
name = "numpy"
version = "1.26.4"
sdist = {name = "numpy-1.26.4.tar.gz", url = "https://example.org/n.tar.gz", hashes = {sha256 = "a"}}

[[packages]]
name = "pytest"
version = "8.0.0"
marker = "'test' in dependency_groups and python_version < '3.12'"
sdist = {name = "pytest-8.0.0.tar.gz", url = "https://example.org/p.tar.gz", hashes = {sha256 = "a"}}

[[packages]]
name = "sphinx"
version = "7.0"
marker = "'docs' in extras or 'test' in dependency_groups"
sdist = {name = "sphinx-7.0.tar.gz", url = "https://example.org/s.tar.gz", hashes = {sha256 = "a"}}

[[packages]]
name = "always"
version = "1.0"
marker = "'default' in dependency_groups"
sdist = {name = "always-1.0.tar.gz", url = "https://example.org/s.tar.gz", hashes = {sha256 = "a"}}

[[packages]]
name = "from-git"
vcs = {type = "git", url = "https://example.org/r.git", commit-id = "abc"}

[[packages]]
name = "project"
directory = {path = ".", editable = true}
"""  # noqa: E501

UV = """\
version = 1
revision = 3
requires-python = ">=3.10"
resolution-markers = [
    "python_full_version >= '3.12'",
    "python_full_version < '3.12'",
]
conflicts = [[
    { package = "proj", extra = "cpu" },
    { package = "proj", extra = "cu124" },
]]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "https://idx.example.org/simple" }

[[package]]
name = "filelock"
version = "3.13.1"
source = { registry = "https://idx.example.org/simple" }

[[package]]
name = "helper"
version = "0.1.0"
source = { git = "https://example.org/helper.git?rev=main#0123456789012345678901234567890123456789" }

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://idx.example.org/simple" }
resolution-markers = [
    "python_full_version < '3.12'",
]

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://idx.example.org/simple" }
resolution-markers = [
    "python_full_version >= '3.12'",
]

[[package]]
name = "proj"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "helper" },
    { name = "numpy", version = "1.26.4", source = { registry = "https://idx.example.org/simple" }, marker = "python_full_version < '3.12'" },
    { name = "numpy", version = "2.1.0", source = { registry = "https://idx.example.org/simple" }, marker = "python_full_version >= '3.12'" },
    { name = "tqdm", marker = "sys_platform != 'darwin'" },
]

[package.optional-dependencies]
cpu = [
    { name = "torch", version = "2.4.0+cpu", source = { registry = "https://download.pytorch.org/whl/cpu" } },
]
cu124 = [
    { name = "torch", version = "2.4.0+cu124", source = { registry = "https://download.pytorch.org/whl/cu124" } },
]

[package.dev-dependencies]
dev = [
    { name = "ruff" },
    { name = "tqdm" },
]

[package.metadata]
requires-dist = [
    { name = "helper", git = "https://example.org/helper.git?rev=main" },
    { name = "numpy" },
    { name = "torch", marker = "extra == 'cpu'" },
    { name = "torch", marker = "extra == 'cu124'" },
    { name = "tqdm", marker = "sys_platform != 'darwin'" },
]
provides-extras = ["cpu", "cu124"]

[package.metadata.requires-dev]
dev = [
    { name = "ruff" },
    { name = "tqdm" },
]

[[package]]
name = "ruff"
version = "0.5.0"
source = { registry = "https://idx.example.org/simple" }

[[package]]
name = "torch"
version = "2.4.0+cpu"
source = { registry = "https://download.pytorch.org/whl/cpu" }
dependencies = [
    { name = "filelock" },
]

[[package]]
name = "torch"
version = "2.4.0+cu124"
source = { registry = "https://download.pytorch.org/whl/cu124" }
dependencies = [
    { name = "filelock" },
    { name = "triton", marker = "(platform_machine == 'x86_64' and sys_platform == 'linux' and extra == 'extra-4-proj-cu124') or (extra == 'extra-4-proj-cpu' and extra == 'extra-4-proj-cu124')" },
]

[[package]]
name = "tqdm"
version = "4.66.0"
source = { registry = "https://idx.example.org/simple" }
dependencies = [
    { name = "colorama", marker = "sys_platform == 'win32'" },
]

[[package]]
name = "triton"
version = "3.0.0"
source = { registry = "https://download.pytorch.org/whl/cu124" }
dependencies = [
    { name = "filelock" },
]
"""  # noqa: E501

UV_PROJECT = """\
[project]
name = "proj"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["helper", "numpy", "tqdm; sys_platform != 'darwin'"]

[project.optional-dependencies]
cpu = ["torch"]
cu124 = ["torch"]

[dependency-groups]
dev = ["ruff", "tqdm"]

[tool.uv]
package = false
conflicts = [[{ extra = "cpu" }, { extra = "cu124" }]]

[tool.uv.sources]
helper = { git = "https://example.org/helper.git", rev = "main" }
"""

POETRY_1 = """\
[[package]]
name = "colorama"
version = "0.4.4"
description = "Cross-platform colored terminal text."
category = "dev"
optional = false
python-versions = ">=2.7"

[[package]]
name = "Foo.Bar"
version = "1.0"
description = "version = \\"9\\""
category = "main"
optional = true
python-versions = "*"

[package.dependencies]
Six = "*"

[[package]]
name = "six"
version = "1.16.0"
description = ""
category = "main"
optional = true
python-versions = "*"

[[package]]
name = "lost"
version = "1.0"
description = ""
category = "main"
optional = true
python-versions = "*"

[[package]]
name = "torch"
version = "2.1.0+cu118"
description = ""
category = "main"
optional = false
python-versions = ">=3.8.0"

[package.source]
type = "url"
url = "https://example.org/torch-2.1.0%2Bcu118-cp310-cp310-linux_x86_64.whl"

[extras]
all = ["foo-bar", "six"]
zoo = ["six"]

[metadata]
lock-version = "1.1"
python-versions = "^3.8 || ~2.7"
content-hash = "0"
"""

POETRY_2 = """\
# This file is automatically @generated by Poetry 2.1.1 and should not be changed by hand.

[[package]]
name = "cohere"
version = "5.0"
description = ""
optional = true
python-versions = "*"
groups = ["main"]
markers = "python_version < \\"3.11\\" and extra == \\"cohere\\""
files = []

[[package]]
name = "colorama"
version = "0.4.6"
description = ""
optional = false
python-versions = "*"
groups = ["main", "dev"]
files = []
markers = {main = "platform_system == \\"Windows\\"", dev = "sys_platform == \\"win32\\""}

[[package]]
name = "pandas"
version = "2.0.3"
description = ""
optional = false
python-versions = ">=3.8"
groups = ["main"]
markers = "python_version < \\"3.9\\""
files = []

[[package]]
name = "pandas"
version = "2.2.0"
description = ""
optional = false
python-versions = ">=3.9"
groups = ["main"]
markers = "python_version >= \\"3.9\\""
files = []

[[package]]
name = "pytest"
version = "8.0.0"
description = ""
optional = false
python-versions = ">=3.8"
groups = ["test", "dev"]
files = []

[[package]]
name = "tool"
version = "0.1"
description = ""
optional = false
python-versions = "*"
groups = ["main"]
files = []
develop = false

[package.source]
type = "git"
url = "https://example.org/tool.git"
reference = "main"
resolved_reference = "abc"

[extras]
cohere = ["cohere"]

[metadata]
lock-version = "2.1"
python-versions = ">=3.8,<4.0"
content-hash = "0"
"""

PDM = """\
[metadata]
groups = ["default", "gpu", "test"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:0"

[[metadata.targets]]
requires_python = ">=3.9,<3.12"

[[package]]
name = "coverage"
version = "7.4.0"
groups = ["test"]

[[package]]
name = "coverage"
version = "7.4.0"
extras = ["toml"]
groups = ["test"]
dependencies = [
    "coverage==7.4.0",
]

[[package]]
name = "numpy"
version = "1.26.4"
requires_python = ">=3.9"
groups = ["default", "test"]
marker = "python_version >= \\"3.9\\""
files = [
    {file = "numpy-1.26.4.tar.gz", hash = "sha256:0"},
]

[[package]]
name = "torch"
version = "2.3.0+cu121"
groups = ["test", "gpu"]

[[package]]
name = "tool"
version = "0.1"
git = "https://example.org/tool.git"
ref = "main"
revision = "abc"
"""

PIPFILE = """\
{
    "_meta": {
        "hash": {"sha256": "0"},
        "pipfile-spec": 6,
        "requires": {"python_version": "3.10"},
        "sources": [{"name": "pypi", "url": "https://idx.example.org/simple", "verify_ssl": true}]
    },
    "default": {
        "numpy": {
            "hashes": [
                "sha256:\\"version\\": "
            ],
            "index": "pypi",
            "markers": "python_version >= '3.9'",
            "version": "==1.26.4"
        },
        "torch": {"version": "==2.1.0+cu118"},
        "tool": {
            "git": "https://example.org/tool.git",
            "ref": "abc"
        },
        "me": {"editable": true, "path": "."}
    },
    "develop": {
        "numpy": {
            "version": "==1.26.4"
        }
    },
    "docs": {
        "sphinx": {
            "version": "==7.0"
        }
    }
}
"""

PIXI_5 = """\
version: 5
environments:
  default:
    channels:
    - url: https://conda.anaconda.org/conda-forge/
    packages:
      linux-64:
      - conda: https://conda.anaconda.org/pytorch/linux-64/pytorch-2.3.0-py3.11_cuda12.1_cudnn8.9.2_0.tar.bz2
      - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.11.4-hab00c5b_0_cpython.conda
      - pypi: https://files.example.org/packages/aa/einops-0.8.0-py3-none-any.whl
      - pypi: .
      osx-arm64:
      - conda: https://conda.anaconda.org/pytorch/osx-arm64/pytorch-2.3.0-py3.11_0.tar.bz2
      - conda: https://conda.anaconda.org/conda-forge/osx-arm64/python-3.11.4-h47c9636_0_cpython.conda
      - pypi: https://files.example.org/packages/aa/einops-0.8.0-py3-none-any.whl
packages:
- kind: pypi
  name: einops
  version: 0.8.0
  url: https://files.example.org/packages/aa/einops-0.8.0-py3-none-any.whl
  sha256: '0'
- kind: conda
  name: python
  version: 3.11.4
  build: hab00c5b_0_cpython
  url: https://conda.anaconda.org/conda-forge/linux-64/python-3.11.4-hab00c5b_0_cpython.conda
- kind: conda
  name: python
  version: 3.11.4
  build: h47c9636_0_cpython
  url: https://conda.anaconda.org/conda-forge/osx-arm64/python-3.11.4-h47c9636_0_cpython.conda
- kind: conda
  name: pytorch
  version: 2.3.0
  build: py3.11_cuda12.1_cudnn8.9.2_0
  url: https://conda.anaconda.org/pytorch/linux-64/pytorch-2.3.0-py3.11_cuda12.1_cudnn8.9.2_0.tar.bz2
- kind: conda
  name: pytorch
  version: 2.3.0
  build: py3.11_0
  url: https://conda.anaconda.org/pytorch/osx-arm64/pytorch-2.3.0-py3.11_0.tar.bz2
- kind: pypi
  name: project
  version: 0.1.0
  path: .
"""

PIXI_6 = """\
version: 6
environments:
  default:
    channels:
    - url: https://conda.anaconda.org/conda-forge/
    packages:
      linux-64:
      - conda: https://conda.anaconda.org/conda-forge/linux-64/libgcc-14.2.0-h767d61c_2.conda
      - conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda
      win-64:
      - conda: https://conda.anaconda.org/conda-forge/win-64/numpy-1.26.4-py311h0b4df5a_0.conda
  test:
    packages:
      linux-64:
      - conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda
      - conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-2.0.0-py311h64a7726_0.conda
      - pypi: git+https://example.org/tool.git?rev=main#abc
      win-64:
      - conda: https://conda.anaconda.org/conda-forge/win-64/numpy-1.26.4-py311h0b4df5a_0.conda
packages:
- conda: https://conda.anaconda.org/conda-forge/linux-64/libgcc-14.2.0-h767d61c_2.conda
  sha256: '0'
- conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda
  depends:
  - python >=3.11,<3.12.0a0
- conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-2.0.0-py311h64a7726_0.conda
  sha256: '0'
- conda: https://conda.anaconda.org/conda-forge/win-64/numpy-1.26.4-py311h0b4df5a_0.conda
  sha256: '0'
- pypi: git+https://example.org/tool.git?rev=main#abc
  name: tool
  version: 0.2.0
"""

CONDA = """\
version: 1
metadata:
  content_hash:
    linux-64: '0'
  channels:
  - url: conda-forge
    used_env_vars: []
  platforms:
  - linux-64
  - linux-aarch64
  - osx-arm64
  sources:
  - environment.yml
package:
- name: python
  version: 3.10.12
  manager: conda
  platform: linux-64
  dependencies: {}
  url: https://conda.anaconda.org/conda-forge/linux-64/python-3.10.12-hd12c33a_0_cpython.conda
  category: main
  optional: false
- name: numpy
  version: 1.26.4
  manager: conda
  platform: linux-64
  dependencies:
    version: 9
  url: https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py310hb13e2d6_0.conda
  category: main
- name: numpy
  version: '2.0.0'
  manager: conda
  platform: linux-aarch64
  url: https://conda.anaconda.org/conda-forge/linux-aarch64/numpy-2.0.0-py310hcbab775_0.conda
  category: main
- name: numpy
  version: 1.26.4
  manager: conda
  platform: osx-arm64
  url: https://conda.anaconda.org/conda-forge/osx-arm64/numpy-1.26.4-py310hd45542a_0.conda
  category: main
- name: ruff
  version: 0.5.0
  manager: pip
  platform: linux-64
  url: https://files.example.org/packages/00/ruff-0.5.0.whl
  category: dev
"""

ALL = {
    "pylock": PYLOCK,
    "uv_lock": UV,
    "poetry_lock": POETRY_2,
    "pdm_lock": PDM,
    "pipfile_lock": PIPFILE,
    "pixi_lock": PIXI_6,
    "conda_lock": CONDA,
}
