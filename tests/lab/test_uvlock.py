"""Reading a uv.lock as an installation on Linux."""

from __future__ import annotations

from lab.uvlock import locked

LOCK = """
version = 1
[[package]]
name = "image"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "torch" }, { name = "pywin32", marker = "sys_platform == 'win32'" }]
[package.optional-dependencies]
sagemaker = [{ name = "boto3", extra = ["crt"] }]
[[package]]
name = "torch"
version = "2.13.0+cu130"
source = { registry = "https://example.org" }
dependencies = [
  { name = "numpy", version = "2.0.2", marker = "python_full_version < '3.12'" },
  { name = "numpy", version = "2.4.0", marker = "python_full_version >= '3.12'" },
]
[[package]]
name = "numpy"
version = "2.0.2"
source = { registry = "https://example.org" }
[[package]]
name = "numpy"
version = "2.4.0"
source = { registry = "https://example.org" }
[[package]]
name = "boto3"
version = "1.40.0"
source = { registry = "https://example.org" }
[package.optional-dependencies]
crt = [{ name = "awscrt" }]
[[package]]
name = "awscrt"
version = "0.27.0"
source = { registry = "https://example.org" }
[[package]]
name = "pywin32"
version = "310"
source = { registry = "https://example.org" }
"""


def test_a_lock_gives_what_linux_installs() -> None:
    assert locked(LOCK, "3.12", None) == {"numpy": "2.4.0", "torch": "2.13.0+cu130"}
    assert locked(LOCK, "3.11", "sagemaker") == {
        "awscrt": "0.27.0",
        "boto3": "1.40.0",
        "numpy": "2.0.2",
        "torch": "2.13.0+cu130",
    }
