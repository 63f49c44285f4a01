"""`%envaudit memory`: the most memory that each of the last cells had, and of the GPU where it used one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.postmortem.death import Sample
    from envaudit.recorder.read import Record

SHOWN = 10  # cells


def table(record: Record, now: float) -> str:
    """The last cells, one a line.

    A cell that fell between two looks of the sidecar has the figure of the look after it, with "~" before it: what it
    still held then; "-" where there was no look yet.
    """
    samples = [sample for sample in record.samples if "rss_mib" in sample]
    if not samples:
        return "no memory samples: the sidecar runs on Linux, and takes its first one at the start of the recorder"
    gpu = any(sample.get("gpu_mib") is not None for sample in samples)
    rows = [_row(cell, samples, now, gpu) for cell in record.cells()[-SHOWN:]]
    head = ["cell", "peak", "growth", *(["GPU peak"] if gpu else []), "time", "first line"]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head) - 1)]
    lines = ["  ".join([*map(str.rjust, row, widths), row[-1]]).rstrip() for row in [head, *rows]]
    limit, kind = record.life.get("limit_mib"), record.life.get("limit_kind")
    if limit:
        lines.append(f"limit: {int(limit):,} MiB ({kind}); now {samples[-1]['rss_mib']:,} MiB")
    free = samples[-1].get("gpu_free_mib")
    if gpu and free is not None:
        held = samples[-1].get("gpu_mib")
        lines.append(f"GPU: now {'unknown' if held is None else f'{held:,} MiB'}; {free:,} MiB free")
    return "\n".join(lines)


def _row(cell: Any, samples: list[Sample], now: float, gpu: bool) -> list[str]:
    over = cell["ended"] or now
    inside = [sample for sample in samples if cell["started"] <= sample["at"] <= over]
    about = ""
    if not inside:
        inside, about = [sample for sample in samples if sample["at"] > over][:1], "~"
    before = [sample["rss_mib"] for sample in samples if sample["at"] < cell["started"]]
    peak = max((sample["rss_mib"] for sample in inside), default=None)
    on_gpu = max((sample.get("gpu_mib") or 0 for sample in inside), default=0)
    return [
        str(cell["number"]),
        "-" if peak is None else f"{about}{peak:,} MiB",
        "-" if peak is None or not before else f"{about}{peak - before[-1]:+,} MiB",
        *([f"{about}{on_gpu:,} MiB" if on_gpu else "-"] if gpu else []),
        f"{over - cell['started']:.1f} s",
        cell["first_line"][:60],
    ]
