import os
import sys

import pytest

from envaudit.snapshot import cache


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ENVAUDIT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_written_is_read(home):
    assert cache.read_bytes("matrix-1.bin") is None
    cache.write_bytes("matrix-1.bin", b"one")
    cache.write_bytes("matrix-1.bin", b"two")
    assert cache.read_bytes("matrix-1.bin") == b"two"
    assert os.listdir(home) == ["matrix-1.bin"]


def test_only_the_newest_matrices_are_kept(home):
    for number in range(12):
        cache.write_bytes(f"matrix-{number}.bin", b"x")
        os.utime(home / f"matrix-{number}.bin", (number + 1, number + 1))
    (home / "notes.txt").write_text("mine")
    cache.write_bytes("matrix-new.bin", b"x")
    assert sorted(os.listdir(home)) == sorted(
        [*(f"matrix-{n}.bin" for n in range(5, 12)), "matrix-new.bin", "notes.txt"]
    )


def test_a_folder_that_cannot_be_is_no_cache(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("ENVAUDIT_CACHE_DIR", str(tmp_path / "file" / "cache"))
    cache.write_bytes("matrix-1.bin", b"x")
    assert cache.read_bytes("matrix-1.bin") is None


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(home):
    (home / "matrix-1.bin").mkdir(parents=True)
    cache.write_bytes("matrix-1.bin", b"x")
    assert os.listdir(home) == ["matrix-1.bin"]
    assert cache.read_bytes("matrix-1.bin") is None


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the XDG folders of Linux")
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"XDG_CACHE_HOME": "/var/cache/me", "HOME": "/home/me"}, "/var/cache/me/envaudit"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.cache/envaudit"),
        ({"HOME": "/home/me"}, "/home/me/.cache/envaudit"),
        ({"HOME": "/home/me", "ENVAUDIT_CACHE_DIR": "/tmp/c"}, "/tmp/c"),
        ({"HOME": "no/home"}, None),
    ],
)
def test_folder(variables, expected, monkeypatch):
    for name in ("XDG_CACHE_HOME", "HOME", "ENVAUDIT_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache.folder() == expected
