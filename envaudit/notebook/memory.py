"""`%envaudit memory`: the most memory that each of the last cells had."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.recorder.read import Record

SHOWN = 10  # cells


def table(record: Record, now: float) -> str:
    """The last cells, one a line; a cell that fell between two looks of the sidecar has no figures."""
    samples = [(sample["at"], sample["rss_mib"]) for sample in record.samples if "rss_mib" in sample]
    if not samples:
        return "no memory samples: the sidecar runs on Linux, and takes its first one at the start of the recorder"
    rows = []
    cells: list[Any] = record.cells()[-SHOWN:]
    for cell in cells:
        over = cell["ended"] or now
        inside = [rss for at, rss in samples if cell["started"] <= at <= over]
        before = [rss for at, rss in samples if at < cell["started"]]
        peak = f"{max(inside):,} MiB" if inside else "-"
        grown = f"{max(inside) - before[-1]:+,} MiB" if inside and before else "-"
        rows.append((str(cell["number"]), peak, grown, f"{over - cell['started']:.1f} s", cell["first_line"][:60]))
    head = ("cell", "peak", "growth", "time", "first line")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(4)]
    lines = ["  ".join([*(row[i].rjust(widths[i]) for i in range(4)), row[4]]).rstrip() for row in [head, *rows]]
    limit, kind = record.life.get("limit_mib"), record.life.get("limit_kind")
    if limit:
        lines.append(f"limit: {int(limit):,} MiB ({kind}); now {samples[-1][1]:,} MiB")
    return "\n".join(lines)
