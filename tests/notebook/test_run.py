"""A notebook run from end to end by nbclient, in a real kernel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
nbformat = pytest.importorskip("nbformat")

CELLS = ("%load_ext envaudit", "%envaudit", "%envaudit memory", "%envaudit nonsense", "%unload_ext envaudit")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "ENVAUDIT_CACHE_DIR"):
            patch.setenv(name, str(home / name.lower()))
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        spec = home / "jupyter_data_dir" / "kernels" / "here"
        spec.mkdir(parents=True)
        words = f'["{sys.executable}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
        (spec / "kernel.json").write_text(f'{{"argv": {words}, "display_name": "here", "language": "python"}}')
        cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
        notebook = nbformat.v4.new_notebook(cells=cells)
        nbclient.NotebookClient(notebook, timeout=60, kernel_name="here").execute()
    assert not any(output.output_type == "error" for cell in notebook.cells for output in cell.outputs)
    return [cell.outputs for cell in notebook.cells]


def test_the_display_is_html_and_text(outputs: list[Any]) -> None:
    (shown,) = outputs[1]
    assert '<div class="envaudit"' in shown.data["text/html"] and "Python" in shown.data["text/plain"]


def test_text_magics(outputs: list[Any]) -> None:
    assert "limit:" in outputs[2][0].text and "%load_ext envaudit" in outputs[2][0].text
    assert "'nonsense' is not known; there are %envaudit" in outputs[3][0].text


def test_loading_and_unloading_say_nothing(outputs: list[Any]) -> None:
    assert outputs[0] == [] and outputs[4] == []
