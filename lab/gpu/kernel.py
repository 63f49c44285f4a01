"""A real kernel that holds GPU memory and dies: what the recorder's sidecar saw of the GPU."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.kernels.__main__ import pid_of, read, restarted
from lab.kernels.server import Server

_FILL = """import time, torch
held = [torch.empty(10 << 30, dtype=torch.uint8, device="cuda")]
time.sleep(3)
held.append(torch.empty(20 << 30, dtype=torch.uint8, device="cuda"))
time.sleep(3)"""
# cuInit and an allocation hold no interpreter lock; this does, for eight seconds
_HUNG = "import ctypes; ctypes.PyDLL(None).sleep(8)"


def watch(out: Path) -> None:
    """Run it, print it, keep the record in OUT/gpu-record.json."""
    with tempfile.TemporaryDirectory(prefix="envaudit-gpu-kernel-") as folder:
        server = Server(sys.executable, Path(folder) / "home")
        try:
            kernel = server.start_kernel()
            server.run(kernel, "%load_ext envaudit")
            server.run(kernel, _FILL, 60)
            print(server.run(kernel, "%envaudit memory"))
            server.run(kernel, _HUNG, 30)
            before = pid_of(kernel)
            server.run(kernel, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 30)
            restarted(kernel, before)
            print(server.run(kernel, "%load_ext envaudit"))
            print(server.run(kernel, f"!{sys.executable} -m envaudit why"))
            record = read(server, kernel)[0]
        finally:
            server.stop()
    (out / "gpu-record.json").write_text(json.dumps(record, indent=1))
    for sample in (record or {}).get("samples", []):
        print(sample)
    subprocess.run(["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv"], check=False)  # noqa: S607
