"""Jupyter notebooks: the install commands of code cells in order, and which host the notebook is for."""

from __future__ import annotations

import json
import re

from envaudit.manifest import json_text, notebook_cell
from envaudit.manifest.installs import Installs
from envaudit.manifest.requirement import Manifest, ManifestError
from envaudit.manifest.traced import Lines, Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.source import Source

_VERSION = re.compile(r"(\d+\.\d+)(?:\.|$)")
_TPU = re.compile(r"V\d+E\d+|V[23]8")  # as Colab names them: V5E1, V28; V100 is a GPU
MAX_CELL = 1_000_000  # characters; longer ones hold data


def read(source: Source) -> Manifest:
    """What the notebook installs.  Raises ManifestError where the file is no notebook."""
    manifest = Manifest(source.path, "notebook")
    try:
        notebook = json.loads(source.text)
    except json.JSONDecodeError as error:
        raise ManifestError(source.path, f"is no JSON: {error.msg}", error.lineno) from None
    except ValueError as error:
        raise ManifestError(source.path, f"is no JSON: {error}") from None
    cells, path, key = _cells(notebook)
    if cells is None:
        raise ManifestError(source.path, "has no cells; it is not a notebook")
    _host(manifest, notebook.get("metadata"))
    starts = json_text.strings_under(source.text, path, key)
    whole = [cell for cell in cells if isinstance(cell, dict)]
    lines = Lines(source.path, source.text)
    installs = Installs(manifest, source, lines, python=True)
    for number, cell in enumerate(whole):
        if cell.get("cell_type") != "code":
            continue
        code = _code(cell.get(key), starts[number] if len(starts) == len(whole) else [], source.text)
        if code is None or len(code) > MAX_CELL:
            why = "is too long" if code is not None else "has no text"
            manifest.note(None, f"cell {number + 1} {why}; it was not read")
            continue
        notebook_cell.read(code, installs)
    return manifest


def _cells(notebook: Any) -> tuple[list[Any] | None, tuple[str, ...], str]:
    """(cells, the keys that lead to them, the key of a cell's text) in the notebook formats 4 and 3."""
    if not isinstance(notebook, dict):
        return None, (), ""
    if isinstance(notebook.get("cells"), list):
        return notebook["cells"], ("cells",), "source"
    worksheets = notebook.get("worksheets")
    if not isinstance(worksheets, list):
        return None, (), ""
    sheets = [
        sheet["cells"] for sheet in worksheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
    ]
    return [cell for cells in sheets for cell in cells], ("worksheets", "cells"), "input"


def _code(source: Any, starts: list[int], text: str) -> Traced | None:
    """The text of a cell, each character with its place in the file where the strings at `starts` are its text."""
    strings = [source] if isinstance(source, str) else source
    if not isinstance(strings, list) or not all(isinstance(string, str) for string in strings):
        return None
    plain = "".join(strings)
    code = Traced()
    for start in starts:
        code.extend(json_text.decode(text, start))
    return code if code.text == plain else Traced(plain)


def _host(manifest: Manifest, metadata: Any) -> None:
    if not isinstance(metadata, dict):
        return
    accelerator, kaggle = metadata.get("accelerator"), metadata.get("kaggle")
    colab = metadata.get("colab")
    if isinstance(colab, dict) or accelerator in ("GPU", "TPU"):
        kind = accelerator if accelerator in ("GPU", "TPU") else "CPU"
        named = str(colab.get("gpuType") or "") if isinstance(colab, dict) else ""
        if kind == "CPU" and named:
            kind = "TPU" if _TPU.fullmatch(named) else "GPU"
        manifest.host = f"colab-{kind.lower()}"
        if isinstance(kaggle, dict):
            manifest.note(None, "its metadata is of both Colab and Kaggle; it is taken as Colab's")
    elif isinstance(kaggle, dict):
        named = str(kaggle.get("accelerator") or "none").lower()
        if "tpu" in named:
            manifest.note(None, "it is for a TPU of Kaggle, whose packages are not known")
        else:
            gpu = named != "none" or kaggle.get("isGpuEnabled") is True
            manifest.host = "kaggle-gpu" if gpu else "kaggle-cpu"
    if manifest.host is None:
        language = metadata.get("language_info")
        stated = language.get("version") if isinstance(language, dict) and language.get("name") == "python" else None
        version = _VERSION.match(stated) if isinstance(stated, str) else None
        if version:
            manifest.python = f"=={version[1]}.*"
