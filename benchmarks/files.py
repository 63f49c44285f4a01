"""The files of a usual repository, for `envaudit check`."""

from __future__ import annotations

import json
from pathlib import Path

REQUIREMENTS = """\
numpy>=1.24
pandas==2.2.3
scipy
scikit-learn>=1.3
matplotlib
torch>=2.4
torchvision
transformers>=4.40
datasets
accelerate
tensorflow
protobuf
fastapi
pydantic>=2
streamlit
jupyter
opencv-python
xgboost
lightgbm
tqdm
"""
PROJECT = """\
[project]
name = "usual"
version = "1"
requires-python = ">=3.10"
dependencies = [
  "numpy>=1.26",
  "pandas>=2.2",
  "torch>=2.4,<2.8",
]

[project.optional-dependencies]
gpu = ["xformers", "bitsandbytes"]
docs = ["sphinx"]

[dependency-groups]
dev = ["pytest", "jupyterlab"]
"""
DOCKERFILE = """\
FROM python:3.11-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
"""


def write(folder: Path) -> list[str]:
    """Write them into `folder`; their paths."""
    folder.mkdir()
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    lines = ["!pip install -q transformers datasets\n", "%pip install 'numpy<2.3' pandas\n"]
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"colab": {}, "accelerator": "GPU"},
        "cells": [{**cell, "source": lines}, *({**cell, "source": ["import numpy\n"] * 40} for _ in range(30))],
    }
    entry = '[[package]]\nname = "p{0}"\nversion = "1.{0}"\nsource = {{ registry = "https://example.org" }}\n\n'
    lock = 'version = 1\nrequires-python = ">=3.10"\n\n' + "".join(entry.format(number) for number in range(200))
    texts = {
        "requirements.txt": REQUIREMENTS,
        "requirements-dev.txt": "-r requirements.txt\npytest\nruff\nmypy\n",
        "pyproject.toml": PROJECT,
        "Dockerfile": DOCKERFILE,
        "training.ipynb": json.dumps(notebook, indent=1),
        "uv.lock": lock,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in texts]
