"""Requirement files on disk for tests, and a run of `envaudit check` over them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from envaudit.cli import main

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/report.schema.json").read_text(encoding="utf-8"))

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": []}],
}


def notebook(*lines: str, **metadata: Any) -> str:
    """A notebook with one code cell."""
    cell = {**NOTEBOOK["cells"][0], "source": [f"{line}\n" for line in lines]}  # type: ignore[index,dict-item]
    return json.dumps({**NOTEBOOK, "metadata": metadata, "cells": [cell]}, indent=1)


def report(capsys: Any, *words: str) -> tuple[int, dict[str, Any]]:
    """(exit status, report document) of `envaudit check WORDS --format json`."""
    status = main(["check", *words, "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    return status, document


def write(folder: Path, **files: str) -> list[str]:
    """Write files; in their names "__" stands for a dot.  Their paths, as strings."""
    paths = []
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(text.encode())
        paths.append(str(path))
    return paths
