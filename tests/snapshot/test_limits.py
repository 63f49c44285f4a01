"""Memory limits of cgroup v1 and v2, JupyterHub and ulimit, in made-up systems and in the real one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from envaudit.snapshot import limits
from tests.snapshot.trees import plant

GIB = 1 << 30
TOTAL = {"/proc/meminfo": "MemTotal:       16777216 kB\nMemFree:         1000000 kB\n"}  # 16 GiB
V2 = "0::/user.slice/job.scope\n"
V1 = "12:pids:/docker/abc\n4:cpu,memory:/docker/abc\n0::/docker/abc\n"
NO_LIMIT_V1 = "9223372036854771712\n"
ULIMIT = "Limit                     Soft Limit           Hard Limit           Units\n"


@pytest.mark.parametrize(
    ("content", "variables", "limit"),
    [
        ({}, {}, 16384),
        # version 2: the least of the group and all above it
        ({"/proc/self/cgroup": V2, "/sys/fs/cgroup/user.slice/job.scope/memory.max": "max\n"}, {}, 16384),
        ({"/proc/self/cgroup": V2, "/sys/fs/cgroup/user.slice/job.scope/memory.max": f"{4 * GIB}\n"}, {}, 4096),
        (
            {
                "/proc/self/cgroup": V2,
                "/sys/fs/cgroup/user.slice/job.scope/memory.max": f"{4 * GIB}\n",
                "/sys/fs/cgroup/user.slice/memory.max": f"{2 * GIB}\n",
            },
            {},
            2048,
        ),
        # a container sees its own group at the mount point, under whatever path
        ({"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": f"{3 * GIB}\n"}, {}, 3072),
        (
            {
                "/proc/self/cgroup": "0::/../../other\n",
                "/sys/fs/cgroup/memory.max": f"{3 * GIB}\n",
                "/sys/other/memory.max": f"{GIB}\n",
            },
            {},
            3072,
        ),
        # version 1
        ({"/proc/self/cgroup": V1, "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": f"{GIB}\n"}, {}, 1024),
        ({"/proc/self/cgroup": V1, "/sys/fs/cgroup/memory/memory.limit_in_bytes": f"{GIB}\n"}, {}, 1024),
        ({"/proc/self/cgroup": V1, "/sys/fs/cgroup/memory/memory.limit_in_bytes": NO_LIMIT_V1}, {}, 16384),
        ({"/proc/self/cgroup": "3:cpu:/a\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": f"{GIB}\n"}, {}, 16384),
        # a limit above what there is
        ({"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": f"{99 * GIB}\n"}, {}, 16384),
        # JupyterHub
        ({}, {"MEM_LIMIT": str(2 * GIB)}, 2048),
        ({}, {"MEM_LIMIT": "2G"}, 16384),
        ({}, {"MEM_LIMIT": "0"}, 16384),
        ({}, {"MEM_LIMIT": "9" * 5000}, 16384),
        ({"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": f"{GIB}\n"}, {"MEM_LIMIT": str(2 * GIB)}, 1024),
        # ulimit -v
        ({"/proc/self/limits": ULIMIT + f"Max address space         {5 * GIB}           unlimited  bytes\n"}, {}, 5120),
        ({"/proc/self/limits": ULIMIT + "Max address space         unlimited  unlimited  bytes\n"}, {}, 16384),
        # nonsense
        ({"/proc/self/cgroup": "\0\xff:::\n\n0::\n", "/sys/fs/cgroup/memory.max": "many\n"}, {}, 16384),
        ({"/proc/self/limits": "Max address space\n"}, {}, 16384),
    ],
)
def test_the_least_limit_counts(tmp_path: Path, content: dict[str, str], variables: dict[str, str], limit: int) -> None:
    memory, because = limits.read(variables, root=plant(tmp_path, {**TOTAL, **content}), system="linux")
    assert memory == {"total_mib": 16384, "limit_mib": limit}
    assert because is None


def test_another_process(tmp_path: Path) -> None:
    content = {**TOTAL, "/proc/77/cgroup": "0::/kernel\n", "/sys/fs/cgroup/kernel/memory.max": f"{GIB}\n"}
    assert limits.read({}, "77", plant(tmp_path, content), "linux")[0]["limit_mib"] == 1024
    assert limits.read({}, "self", str(tmp_path), "linux")[0]["limit_mib"] == 16384


@pytest.mark.parametrize("content", [{}, {"/proc/meminfo": ""}, {"/proc/meminfo": "MemTotal: many kB\n"}])
def test_unknown_total_is_said(tmp_path: Path, content: dict[str, str]) -> None:
    memory, because = limits.read({}, root=plant(tmp_path, content), system="linux")
    assert memory == {}
    assert because


def test_shared_memory(tmp_path: Path) -> None:
    memory, _ = limits.read({}, root=plant(tmp_path, {**TOTAL, "/dev/shm/file": ""}), system="linux")
    assert memory["shm_mib"] > 0  # that of the file system under the made-up folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ulimit and /proc are those of Linux")
def test_real_address_space_limit() -> None:
    import subprocess

    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (700 << 20, -1));"
        "from envaudit.snapshot import limits; print(limits.read({})[0]['limit_mib'])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(process.stdout) <= 700


@pytest.mark.parametrize(
    ("line", "expected"), [("1024                 4096", 1024), ("unlimited  unlimited", None), ("", None)]
)
def test_open_files(tmp_path: Path, line: str, expected: int | None) -> None:
    plant(tmp_path, {**TOTAL, "/proc/self/limits": ULIMIT + f"Max open files            {line}     files\n"})
    memory, _ = limits.read({}, root=str(tmp_path), system="linux")
    assert memory.get("open_files") == expected


def test_room_for_temporary_files(tmp_path: Path) -> None:
    plant(tmp_path, {**TOTAL, "/scratch/x": ""})
    memory, _ = limits.read({"TMPDIR": "/scratch"}, root=str(tmp_path), system="linux")
    assert memory["tmp_free_mib"] is not None
    assert memory["tmp_free_mib"] > 0
    memory, _ = limits.read({"TMPDIR": "/nowhere"}, root=str(tmp_path), system="linux")
    assert "tmp_free_mib" not in memory
