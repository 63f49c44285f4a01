"""What is left on a machine: counters of both cgroup versions, logs with a bound, a kernel log without waiting."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from envaudit.postmortem import live


def put(root: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)


V1 = {
    "/proc/self/cgroup": "4:memory:/docker/ab\n3:cpu:/\n",
    "/sys/fs/cgroup/memory/docker/ab/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    "/sys/fs/cgroup/memory/docker/ab/memory.max_usage_in_bytes": f"{400 << 20}\n",
    "/sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes": f"{512 << 20}\n",
}
V2 = {
    "/proc/self/cgroup": "0::/kubepods/pod1\n",
    # a container sees its group at the mount point
    "/sys/fs/cgroup/memory.events": "low 0\nhigh 0\nmax 9\noom 4\noom_kill 2\noom_group_kill 0\n",
    "/sys/fs/cgroup/memory.peak": f"{900 << 20}\n",
    "/sys/fs/cgroup/memory.max": "max\n",
}
OUTSIDE = {
    "/proc/self/cgroup": "0::/../other\n",
    "/sys/fs/cgroup/memory.events": "oom_kill 1\n",
    "/sys/fs/cgroup/memory.max": f"{1 << 30}\n",
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [(V1, (3, 400, 512)), (V2, (2, 900, None)), (OUTSIDE, (1, None, 1024)), ({}, (None, None, None))],
    ids=["version 1", "version 2", "outside of its mount", "nothing"],
)
def test_counters(tmp_path: Path, files: dict[str, str], expected: tuple[int | None, ...]) -> None:
    put(tmp_path, files)
    found = live.look(str(tmp_path))
    assert (found.oom_kills, found.peak_mib, found.limit_mib) == expected


def test_the_machine(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "/proc/vmstat": "nr_free_pages 5\noom_kill 24\n",
            "/proc/sys/kernel/random/boot_id": "11111111-2222\n",
            "/proc/sys/kernel/core_pattern": "|/usr/share/apport\n",
            "/var/log/colab-jupyter.log": '{"msg": "kernel restarted"}\n',
        },
    )
    found = live.look(str(tmp_path))
    assert (found.vm_oom_kills, found.boot_id, found.core_pattern) == (24, "11111111-2222", "|/usr/share/apport")
    assert found.logs == [("/var/log/colab-jupyter.log", b'{"msg": "kernel restarted"}\n')]
    assert [entry["what"] for entry in found.unread] == ["the system's kernel log"]


def test_only_the_end_of_a_log_is_read_from_the_start_of_a_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"first line\n" + b"x" * 99 + b"\n" + b"y" * (live.TAIL - 50) + b"\nlast\n")
    assert live.tail(str(log)).endswith(b"\nlast\n")
    assert live.tail(str(log)).startswith(b"y")
    assert live.tail(str(tmp_path / "none")) == b""
    assert live.tail(str(tmp_path)) == b""


def test_a_kernel_log_that_gives_nothing_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    os.mkfifo(tmp_path / "dev" / "kmsg")
    # somebody holds the other end and never writes
    held = os.open(tmp_path / "dev" / "kmsg", os.O_RDWR)
    done: list[live.Live] = []
    thread = threading.Thread(target=lambda: done.append(live.look(str(tmp_path))), daemon=True)
    thread.start()
    thread.join(5)
    os.close(held)
    assert done and done[0].kernel_log == []


def test_lines_of_the_kernel_log_that_count(tmp_path: Path) -> None:
    put(tmp_path, {"/dev/kmsg": "6,1,2,-;usb 1-1: new device\n3,2,3,-;python3[9]: segfault at 0 ip 0 sp 0 error 4\n"})
    assert live.look(str(tmp_path)).kernel_log == ["python3[9]: segfault at 0 ip 0 sp 0 error 4"]
