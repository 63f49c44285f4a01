"""Where things stand in the two files of a record; both are as large as they will ever be from the start.

NAME.marks  mapped by the kernel: its head (JSON, written once), its state, the last cells, the last source
NAME.life   written by the sidecar: its head ("name value" lines), native libraries (a path a line), samples
NAME.fault  written by faulthandler
"""

from __future__ import annotations

SIZE = 65536  # bytes of either file

# NAME.marks
MAGIC = b"envaudit record 1\n"
HEAD_END = 4096
CLEAN, LEAVING = 4096, 4097  # one byte each: atexit ran; exit() or a request to shut down came
NOTEBOOK, NOTEBOOK_END = 4100, 5124
CELLS, CELL, CELL_COUNT = 8192, 512, 32
CELL_FORMAT = "<IBxHdd16s"  # execution count, state, bytes of the first line, start, end, digest
FIRST_LINE = 40  # where the first line stands in a cell
RUNNING, DONE, FAILED = 1, 2, 3
SOURCE, SOURCE_FORMAT = CELLS + CELL * CELL_COUNT, "<II"  # execution count, bytes
MAX_SOURCE = SIZE - SOURCE - 8

# NAME.life
LIBRARIES, SAMPLES, SAMPLE, RING = 2048, 20480, 64, 704

MAX_FIRST_LINE = 120  # characters
MAX_FAULT = 65536  # bytes of NAME.fault that are read
