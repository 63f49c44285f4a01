"""A log as plain lines: bounded, without escape codes, and without what Colab, Docker or an issue puts around it."""

from __future__ import annotations

import re

MAX_INPUT = 32 << 20  # bytes; the end counts, because that is where a process dies
MAX_LINE = 2000  # characters that are looked at
MAX_LINES = 300_000  # from the end

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]{0,32}[@-~]|\][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)|[@-Z\\^_])")
_ANSI_LOST = re.compile(r"\[(?:\d{1,3};?){1,4}m")  # the escape character is lost on the way into an issue
_CONTROL = {code: " " for code in (*range(32), *range(127, 160)) if code != 10}
# "2024-01-01T00:00:00.0000000Z ", "(EngineCore pid=12) ", "[rank0]: ", "kernel: ", "> "
_PREFIX = re.compile(
    r"^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z |\(\S{1,40} pid=\d+\)\s?|\[rank\d+\]:\s?"
    r"|(?:>\s?){1,4}|\|\s(?=\s|File|Trace))"
)
_BREAKS = re.compile(r"<br\s?/?>|\\n(?=Traceback|  File |\s{2,})")
# a row of Colab's log view: "| Feb 3, 2025, 11:22:50 PM | WARNING | message |", also with tabs, or as CSV
_COLAB_ROW = re.compile(
    r"^\|?\s*\"?([A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d\s?[AP]M)\"?\s*[|\t,]?\s*"
    r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\s*[|\t,]?\s?\"?(.*?)\"?\s*\|?$"
)
_MARKDOWN = re.compile(r"\\(?=[][().*_<>#+!|~-])")
_QUOTE_MARKS = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0xA0: " ", 0x202F: " "}


def decode(data: bytes) -> str:
    """`data` as text, whatever it is; UTF-16 (PowerShell) by its first bytes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")


def lines_of(text: str) -> list[str]:
    """The lines of a log as a person would read them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "[0;" in text or "[1;" in text or "[0m" in text:
        text = _ANSI_LOST.sub("", text)
    text = text.translate(_QUOTE_MARKS)
    if "<br" in text or "\\n" in text:
        text = _BREAKS.sub("\n", text)
    lines: list[str] = []
    for raw in text.rsplit("\n", MAX_LINES)[-MAX_LINES:]:
        line = raw[: MAX_LINE * 4] if raw.startswith("{") else raw[:MAX_LINE]
        if line.startswith('{"') and '"msg"' in line:
            lines += _json_message(line)
        else:
            line = line.translate(_CONTROL).rstrip()
            lines.append(_PREFIX.sub("", line, count=1) if line[:1] in "0123456789(>[|" else line)
    return _in_order(lines)


def _in_order(lines: list[str]) -> list[str]:
    """The rows of Colab's log view oldest first: it shows the newest first, and so it is pasted."""
    rows = [number for number, line in enumerate(lines) if "M" in line[:40] and _COLAB_ROW.match(line)]
    if not rows:
        return lines
    times = [_moment(lines[number]) for number in (rows[0], rows[-1])]
    groups = [lines[start:end] for start, end in zip(rows, [*rows[1:], rows[-1] + 1])]
    if times[0] >= times[1]:
        groups.reverse()
    plain: list[str] = []
    for first, *others in groups:
        match = _COLAB_ROW.match(first)
        plain += [_MARKDOWN.sub("", match[2]) if match else first, *others]
    return [*lines[: rows[0]], *plain, *lines[rows[-1] + 1 :]]


def _moment(line: str) -> float:
    import time

    match = _COLAB_ROW.match(line)
    words = match[1].replace(",", "").split() if match else []
    try:
        return time.mktime(time.strptime(" ".join(words), "%b %d %Y %I:%M:%S %p"))
    except (ValueError, OverflowError):
        return 0.0


def _json_message(line: str) -> list[str]:
    """The message of one line of Colab's server log; the line itself where it is none."""
    import json

    try:
        message = json.loads(line).get("msg")
    except (ValueError, AttributeError, RecursionError):
        message = None
    if not isinstance(message, str):
        message = line
    return [part[:MAX_LINE].translate(_CONTROL).rstrip() for part in _ANSI.sub("", message).split("\n")[:200]]
