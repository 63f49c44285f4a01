"""`python -m lab.kernels.screen FOLDER`: `%envaudit` in a real JupyterLab in Chromium, light and dark, as pictures.

Run it with the Python of an environment that has JupyterLab, websocket-client and envaudit in it, and something to
complain of (NumPy 2 under pandas 1.5).  `chromium` has to be on PATH.
"""
# ruff: noqa: S603  # programs and servers that we start ourselves, on this machine

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from lab.kernels.server import TOKEN, Server

CELLS = ("%load_ext envaudit", "%envaudit", "%envaudit --fix", "%envaudit memory")
WIDTH, HEIGHT = 1280, 1500


def main() -> None:
    """Write FOLDER/light.png and FOLDER/dark.png."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        with tempfile.TemporaryDirectory(prefix="envaudit-screen-") as name:
            home = Path(name)
            settings = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab"
            write(
                settings / "apputils-extension" / "themes.jupyterlab-settings", {"theme": f"JupyterLab {theme.title()}"}
            )
            write(settings / "apputils-extension" / "notification.jupyterlab-settings", {"fetchNews": "false"})
            cells = [
                {
                    "cell_type": "code",
                    "source": c,
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                    "id": f"c{i}",
                }
                for i, c in enumerate(CELLS)
            ]
            kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
            write(home / "n.ipynb", {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
            server = Server(sys.executable, home, "jupyterlab", "--LabApp.expose_app_in_browser=True")
            try:
                (out / f"{theme}.png").write_bytes(
                    picture(f"http://127.0.0.1:{server.port}/lab/tree/n.ipynb?token={TOKEN}")
                )
            finally:
                server.stop()


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def picture(url: str) -> bytes:
    """The page after all cells have run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        words = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
                 f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}", "about:blank"]  # fmt: skip
        browser = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            page = Page(Path(profile) / "DevToolsActivePort")
            page.ask("Page.navigate", url=url)
            page.until("window.jupyterapp && document.querySelectorAll('.jp-Notebook .jp-CodeCell').length >= 4")
            page.until("document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status == 'idle'")
            page.run("window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => 1)")
            page.until(
                "[...document.querySelectorAll('.jp-InputPrompt')].filter(p => /\\d/.test(p.innerText)).length >= 4"
            )
            page.run("window.jupyterapp.shell.collapseLeft()")
            time.sleep(2)
            return base64.b64decode(page.ask("Page.captureScreenshot")["data"])
        finally:
            browser.kill()
            browser.wait()


class Page:
    """One page of the browser, over the DevTools protocol."""

    def __init__(self, port_file: Path) -> None:
        import websocket

        for _ in range(100):
            if port_file.exists() and port_file.read_text():
                break
            time.sleep(0.1)
        port = port_file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            (first, *_) = [target for target in json.loads(answer.read()) if target["type"] == "page"]
        self.channel = websocket.create_connection(first["webSocketDebuggerUrl"], suppress_origin=True, timeout=60)
        self.number = 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.number += 1
        self.channel.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.channel.recv())
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return dict(message["result"])

    def run(self, code: str) -> Any:
        """The value of an expression; waits for a promise."""
        done = self.ask("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        return done.get("result", {}).get("value")

    def until(self, condition: str, seconds: float = 60) -> None:
        over = time.time() + seconds
        while not self.run(f"Boolean({condition})"):
            if time.time() > over:
                raise TimeoutError(condition)
            time.sleep(0.5)


if __name__ == "__main__":
    main()
