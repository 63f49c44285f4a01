"""A real server, real kernels and real deaths: the fast part of `python -m lab.kernels`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

pytest.importorskip("jupyter_server")
pytest.importorskip("ipykernel")
pytest.importorskip("websocket")
if not sys.platform.startswith("linux"):
    pytest.skip("the sidecar is for Linux", allow_module_level=True)

from lab.kernels.__main__ import row
from lab.kernels.deaths import DEATHS
from lab.kernels.server import Server

FAST = ("SIGKILL from outside", "SIGSEGV", "os._exit(1)", "restart by the user")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(sys.executable, tmp_path_factory.mktemp("server") / "home")
    yield running
    running.stop()


@pytest.mark.parametrize("name", FAST)
def test_the_record_of_a_death(server: Server, name: str) -> None:
    death = next(death for death in DEATHS if death.name == name)
    assert row(server, death) == (True, death.family)
