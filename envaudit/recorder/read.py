"""Reading records: what is known of kernels that are dead."""

from __future__ import annotations

import os
from struct import Struct

from envaudit.recorder import layout, store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.postmortem.death import Cell, Death, Sample
    from envaudit.recorder.store import Name

_CELL, _SOURCE = Struct(layout.CELL_FORMAT), Struct(layout.SOURCE_FORMAT)
LAST_SAMPLES = 60  # that a Death holds
_LIFE_NUMBERS = (
    ("wait_status", "wait_status"),
    ("peak_mib", "peak_rss_mib"),
    ("limit_mib", "limit_mib"),
    ("oom_before", "oom_kills_before"),
    ("oom_after", "oom_kills_after"),
    ("vm_before", "vm_oom_kills_before"),
    ("vm_after", "vm_oom_kills_after"),
)


def last(kernel: str | None = None, notebook: str | None = None) -> Death | None:
    """The newest record of a kernel that is dead; None where there is none.

    `kernel` is a kernel id or a notebook's path, `notebook` a path that will do as well.  Without either it is the
    kernel that this process runs in or under, and the newest dead kernel of this user where it runs under none.
    """
    if kernel is None and notebook is None:
        from envaudit.snapshot.kernel import find

        running = find()
        if running is not None:
            kernel, notebook = _identity(running.pid)
            if kernel is None:
                return None
    key = store.key_of(kernel) if kernel is not None else None
    notebook = notebook or (kernel if kernel is not None and os.path.isabs(kernel) else None)
    for name in store.names():
        if key is not None and name.key != key and notebook is None:
            continue
        record = read(name)
        if record is None or lives(record):
            continue
        if key is None or name.key == key or (notebook and record.notebook == notebook):
            return record.death()
    return None


def watched(kernel: str | None = None) -> bool:
    """Whether the recorder is on in a living kernel: this one, or the one with this id."""
    if kernel is None:
        from envaudit.snapshot.kernel import find

        running = find()
        kernel = _identity(running.pid)[0] if running is not None else None
    if kernel is None:
        return False
    records = (read(name) for name in store.names() if name.key == store.key_of(kernel))
    return any(record is not None and lives(record) for record in records)


def _identity(pid: int) -> tuple[str | None, str | None]:
    """(kernel id, notebook's path) of a running kernel: from its own record, else from its command line."""
    for name in store.names():
        if name.pid == pid:
            record = read(name)
            if record is not None and lives(record):
                return record.head["kernel"], record.notebook
    for word in _words(pid):
        base = os.path.basename(word)
        if base.startswith("kernel-") and base.endswith(".json"):
            return store.kernel_of(word), None
    return None, None


def _words(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return [os.fsdecode(word) for word in file.read(65536).split(b"\0")]
    except OSError:
        return []


class Record:
    """One record as it lies there: `head` and `life` are its facts, `marks` and `samples` what is laid out in it."""

    __slots__ = ("head", "libraries", "life", "marks", "name", "notebook", "samples")

    def __init__(self, name: Name, head: dict[str, Any], marks: bytes, life: bytes) -> None:
        self.name, self.head, self.marks = name, head, marks
        self.notebook = _text(marks[layout.NOTEBOOK : layout.NOTEBOOK_END]) or None
        self.life = _facts(life[: layout.LIBRARIES])
        self.libraries = _text(life[layout.LIBRARIES : layout.SAMPLES]).splitlines()
        self.samples = _samples(life)

    def cells(self) -> list[Cell]:
        """The last cells, oldest first; `ended` is among the keys when they are over."""
        found: list[Any] = []
        for at in range(layout.CELLS, layout.SOURCE, layout.CELL):
            number, state, length, started, ended, digest = _CELL.unpack_from(self.marks, at)
            if state not in (layout.RUNNING, layout.DONE, layout.FAILED):
                continue
            line = self.marks[at + layout.FIRST_LINE : at + layout.FIRST_LINE + min(length, 472)]
            cell = {
                "number": number,
                "first_line": line.decode("utf-8", "replace"),
                "digest": digest.decode("ascii", "replace"),
                "source": self._source(number),
                "started": started,
                "running": state == layout.RUNNING,
                "ended": ended if state != layout.RUNNING else None,
            }
            found.append(cell)
        found.sort(key=lambda cell: cell["started"])
        return found

    def _source(self, number: int) -> str | None:
        of, length = _SOURCE.unpack_from(self.marks, layout.SOURCE)
        if of != number or not length:
            return None
        start = layout.SOURCE + 8
        return self.marks[start : start + min(length, layout.MAX_SOURCE)].decode("utf-8", "replace")

    def death(self) -> Death:
        """What is known of the kernel's end."""
        death: Death = {
            "kernel": self.head["kernel"],
            "pid": self.name.pid,
            "started": self.name.started / 1000,
            "clean": self.marks[layout.CLEAN] == 1,
            "leaving": self.marks[layout.LEAVING] == 1,
            "samples": self.samples[-LAST_SAMPLES:],
            "libraries": self.libraries,
            "fault": _fault(self.name),
        }
        for key in ("python", "executable", "boot_id"):
            if isinstance(self.head.get(key), str):
                death[key] = self.head[key]
        if self.notebook:
            death["notebook"] = self.notebook
        cells = self.cells()
        if cells:
            death["cell"] = cells[-1]
        for told, key in _LIFE_NUMBERS:
            value = self.life.get(told, "")
            if value.isdecimal():
                death[key] = int(value)  # type: ignore[literal-required]  # the keys are those of Death
        if self.life.get("limit_kind"):
            death["limit_kind"] = self.life["limit_kind"]
        if self.life.get("status_by"):
            death["status_by"] = self.life["status_by"]
        ended = self.life.get("ended")
        if ended:
            death["ended"] = float(ended)
        return death


def lives(record: Record) -> bool:
    """Whether the kernel of a record still runs: a process with its id and start time, on this run of the machine."""
    boot, ticks = record.head.get("boot_id"), record.head.get("ticks")
    if record.life.get("ended") or (boot and boot != store.boot_id()):
        return False
    if ticks:
        return bool(store.start_ticks(record.name.pid) == ticks)
    return record.marks[layout.CLEAN] != 1 and store.alive(record.name.pid)


def read(name: Name) -> Record | None:
    """The record of this name; None when it is none or cannot be read."""
    marks, life = _bytes(name, "marks", layout.SIZE), _bytes(name, "life", layout.SIZE)
    if len(marks) != layout.SIZE or not marks.startswith(layout.MAGIC):
        return None
    import json

    try:
        head = json.loads(_text(marks[len(layout.MAGIC) : layout.HEAD_END]))
    except (ValueError, RecursionError):
        return None
    if not isinstance(head, dict) or not isinstance(head.get("kernel"), str):
        return None
    return Record(name, head, marks, life)


def _bytes(name: Name, part: str, most: int) -> bytes:
    path = name.path(part)
    if path is None:
        return b""
    try:
        with open(path, "rb") as file:
            return file.read(most)
    except OSError:
        return b""


def _fault(name: Name) -> str | None:
    path = name.path("fault")
    try:
        with open(path or "", "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - layout.MAX_FAULT))
            return file.read(layout.MAX_FAULT).decode("utf-8", "replace") or None
    except OSError:
        return None


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace")


def _facts(head: bytes) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition(" ") for line in _text(head).splitlines())}


def _samples(life: bytes) -> list[Sample]:
    """The samples, oldest first; a line that was not written whole is left out."""
    found: list[Sample] = []
    for place in range(layout.SAMPLES, len(life), layout.SAMPLE):
        words = life[place : place + layout.SAMPLE].decode("ascii", "replace").split()
        if len(words) != 6:
            continue
        at, *values = words
        try:
            rss, available, cgroup, gpu, free = [None if word == "-" else int(word) for word in values]
            sample: Sample = {"at": float(at), "cgroup_mib": cgroup, "gpu_mib": gpu, "gpu_free_mib": free}
        except ValueError:
            continue
        if rss is not None:
            sample["rss_mib"] = rss
        if available is not None:
            sample["available_mib"] = available
        found.append(sample)
    found.sort(key=lambda sample: sample["at"])
    return found
