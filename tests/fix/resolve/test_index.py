"""pip's indexes are uv's too, and no password is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envaudit.fix.resolve.index import for_uv, without_credentials


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:secret@host/simple", "https://***@host/simple"),
        (
            "Failed to fetch: http://token@host:8080/a/ (timed out)",
            "Failed to fetch: http://***@host:8080/a/ (timed out)",
        ),
        ("https://host/simple/a@2", "https://host/simple/a@2"),
        ("no address", "no address"),
    ],
)
def test_credentials_are_left_out(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, {}),
        ({"PIP_INDEX_URL": "https://own/simple"}, {"UV_DEFAULT_INDEX": "https://own/simple"}),
        ({"PIP_INDEX_URL": "https://own/simple", "UV_INDEX_URL": "https://uv/simple"}, {}),
        (
            {"PIP_EXTRA_INDEX_URL": "https://a/simple https://b/simple"},
            {"UV_INDEX": "https://a/simple https://b/simple", "UV_INDEX_STRATEGY": "unsafe-best-match"},
        ),
        ({"PIP_FIND_LINKS": "/a /b"}, {"UV_FIND_LINKS": "/a,/b"}),
    ],
)
def test_variables(tmp_path: Path, environ: dict[str, str], expected: dict[str, str]) -> None:
    nothing = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "XDG_CONFIG_HOME": str(tmp_path)}
    assert for_uv({**nothing, **environ}) == (expected, [])


@pytest.mark.parametrize(("value", "options"), [("1", ["--no-index"]), ("true", ["--no-index"]), ("false", [])])
def test_no_index(tmp_path: Path, value: str, options: list[str]) -> None:
    nothing = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "XDG_CONFIG_HOME": str(tmp_path)}
    assert for_uv({**nothing, "PIP_NO_INDEX": value}) == ({}, options)


def test_a_configuration_file_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://me:pw@own/simple\ntimeout = 5\n[install]\nfind-links =\n  /a\n  /b\n"
    )
    monkeypatch.setattr("envaudit.fix.resolve.index._pip_files", lambda environ: [str(file), str(tmp_path / "none")])
    expected = {"UV_DEFAULT_INDEX": "https://me:pw@own/simple", "UV_FIND_LINKS": "/a,/b"}
    assert for_uv({"UV_NO_CONFIG": "1"}) == (expected, [])
    file.write_bytes(b"\xff\xfe broken [")
    assert for_uv({"UV_NO_CONFIG": "1"}) == ({}, [])


def test_uv_with_a_file_of_its_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text("")
    environ = {"PIP_INDEX_URL": "https://own/simple", "XDG_CONFIG_HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    assert for_uv(environ) == ({}, [])
