"""`python -m lab.kernels.page FILE`: the display of an audit with clashes, in JupyterLab's light and dark colours."""

from __future__ import annotations

import sys
from pathlib import Path

from envaudit.matrix.store import load
from envaudit.notebook.html import page
from envaudit.notebook.loaded import Stale
from envaudit.options import Options
from envaudit.report.document import audit

_THEMES = {
    "true": "--jp-content-font-color1:rgba(0,0,0,0.87);--jp-layout-color0:#ffffff",
    "false": "--jp-content-font-color1:rgba(255,255,255,1);--jp-layout-color0:#111111",
}
SNAPSHOT = {
    "schema": "envaudit.snapshot/1",
    "python": "3.11.9",
    "packages_complete": True,
    "platform": {"system": "Linux", "release": "Ubuntu 22.04", "machine": "x86_64", "libc": "glibc 2.35"},
    "packages": {"torch": "2.4.0+cu121", "torchvision": "0.15.2", "numpy": "2.1.3", "pandas": "2.0.3"},
    "gpus": [{"name": "Tesla T4"}],
    "driver": "535.183.01",
    "driver_cuda": "12.2",
}


def main() -> None:
    """Write the page."""
    report = audit(SNAPSHOT, load([]), Options())  # type: ignore[arg-type]
    shown = page(report, [Stale("numpy", "1.26.4", "2.1.3")])
    halves = "".join(
        f'<section data-jp-theme-light="{light}" style="{colours};flex:1;padding:1em;'
        f'background:var(--jp-layout-color0)">{shown}</section>'
        for light, colours in _THEMES.items()
    )
    text = f'<!doctype html><meta charset="utf-8"><body style="margin:0;display:flex">{halves}</body>'
    Path(sys.argv[1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
