"""A Jupyter server of an environment, its kernels over REST and WebSocket; only the environment has to have Jupyter."""
# ruff: noqa: S603, S310  # a server that we start ourselves, on this machine

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
import uuid
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TOKEN = uuid.uuid4().hex


class Server:
    """One running server.

    `python` is the interpreter of the environment, `home` its HOME; `module` is run where it is another one than the
    Jupyter server or, with notebook 6, the classic notebook; `more` are words of its command line.
    """

    def __init__(self, python: str, home: Path, module: str = "", *more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        classic = not module and _has(python, "notebook", "6.")
        name = "NotebookApp" if classic else "ServerApp"
        words = [python, "-m", module or ("notebook" if classic else "jupyter_server"), "--no-browser", "--allow-root"]
        words += more
        words += [f"--port={self.port}", f"--{name}.token={TOKEN}", f"--{name}.disable_check_xsrf=True"]
        words += [f"--{name}.ip=127.0.0.1"]
        home.mkdir(parents=True, exist_ok=True)
        self.log = home / "server.log"
        self.environment = {**os.environ, "HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
        for variable in (
            "ENVAUDIT_CACHE_DIR",
            "XDG_CACHE_HOME",
            "JUPYTER_RUNTIME_DIR",
            "MEM_LIMIT",
            "JPY_SESSION_NAME",
        ):
            self.environment.pop(variable, None)
        self.python, self.home = python, home
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                words, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=home, env=self.environment
            )
        until = time.time() + 60
        while True:
            try:
                self.ask("GET", "kernels")
                return
            except OSError:
                if time.time() > until or self.process.poll() is not None:
                    raise RuntimeError(self.log.read_text(errors="replace")[-2000:]) from None
                time.sleep(0.2)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, seconds: float = 60) -> Any:
        """One REST call."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/{path}", method=method)
        request.add_header("Authorization", f"token {TOKEN}")
        request.add_header("Content-Type", "application/json")
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(request, data, timeout=seconds) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def start_kernel(self) -> str:
        """The id of a new kernel."""
        return str(self.ask("POST", "kernels", {"name": "python3"})["id"])

    def run(self, kernel: str, code: str, wait: float = 30) -> str:
        """Run a cell; returns what it printed, as far as it got when the kernel died or the time was over."""
        import websocket

        url = f"ws://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}&token={TOKEN}"
        channel = websocket.create_connection(url, timeout=60)  # it waits for the kernel
        channel.settimeout(1)
        message = uuid.uuid4().hex
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": True,
        }  # fmt: skip
        header = {"msg_id": message, "username": "", "session": "lab", "msg_type": "execute_request", "version": "5.3"}
        told = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        channel.send(json.dumps(told))
        until, said = time.time() + wait, []
        while time.time() < until:
            try:
                answer = json.loads(channel.recv())
            except websocket.WebSocketTimeoutException:
                continue
            except (websocket.WebSocketException, OSError):
                break
            kind, state = answer["msg_type"], answer["content"].get("execution_state")
            if kind == "status" and state in ("restarting", "dead"):
                break
            if answer.get("parent_header", {}).get("msg_id") != message:
                continue
            if kind == "stream":
                said.append(answer["content"]["text"])
            elif kind in ("display_data", "execute_result"):
                said.append(answer["content"]["data"].get("text/plain", ""))
            elif kind == "error":
                said.append("\n".join(answer["content"]["traceback"]))
            elif kind == "status" and state == "idle":
                break
        channel.close()
        return "".join(said)

    def stop(self) -> None:
        """End the server and its kernels."""
        try:
            for kernel in self.ask("GET", "kernels"):
                self.ask("DELETE", f"kernels/{kernel['id']}")
        except OSError:
            pass
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _has(python: str, package: str, start: str) -> bool:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.startswith(start)
