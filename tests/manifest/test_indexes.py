"""The package indexes that files name, of which the builds of the PyTorch family come."""

from __future__ import annotations

from pathlib import Path

import pytest

from envaudit.manifest import read
from tests.check.files import notebook

ADDRESS = "https://example.org/whl/cu118"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", f"--extra-index-url {ADDRESS}\ntorch\n"),
        ("requirements.txt", f"-i {ADDRESS}\ntorch\n"),
        ("Dockerfile", f"FROM x\nRUN pip install torch --index-url={ADDRESS}\n"),
        ("Dockerfile", f"FROM x\nRUN uv pip install --extra-index-url {ADDRESS} torch\n"),
        ("n.ipynb", notebook(f"!pip install torch --extra-index-url {ADDRESS}")),
        ("pyproject.toml", f"[[tool.uv.index]]\nname = 'x'\nurl = '{ADDRESS}'\n"),
        ("pyproject.toml", f"[[tool.poetry.source]]\nname = 'x'\nurl = '{ADDRESS}'\n"),
    ],
)
def test_addresses(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read(str(tmp_path / name)).indexes == [ADDRESS]


def test_the_build_that_uv_is_told(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x\nRUN uv pip install --torch-backend=cu121 torch\n")
    assert read(str(tmp_path / "Dockerfile")).indexes == ["/whl/cu121"]


@pytest.mark.parametrize("table", ["index = 3", "index = [3]", "index = [{url = 3}]", "index = {url = 'x'}"])
def test_what_is_no_address_is_left_out(tmp_path: Path, table: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.uv]\n{table}\n")
    assert read(str(tmp_path / "pyproject.toml")).indexes == []
