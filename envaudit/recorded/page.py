"""Pasted text as lines, without what terminals, mail and markdown put around it."""

from __future__ import annotations

import re

from envaudit.recorded.error import RecordedError

# a report has hundreds of lines, an issue thousands, a log may have millions: only its start is looked at
MAX_LINES = 50_000
MAX_CHARACTERS = 4 << 20
MAX_LINE = 8192  # characters; the longest that says something (CPU flags) has about 3,000

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),  # what PowerShell writes for `pip freeze > file`
    (b"\xfe\xff", "utf-16"),
)
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]{0,32}[@-~]|\][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_BREAK = re.compile(r"<br\s?/?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:details|summary|pre|code|p|b|i|strong|em|div|span|ul|ol|li|table|tbody|thead|tr|td|th|font|sub|kbd)"
    r"(?:\s[^<>\n]{0,200})?>",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"^[ \t]{0,8}(?:>[ \t]?)+", re.MULTILINE)
_LOG = re.compile(
    r"^(?:\(\S+ pid=\d+\) ?)?(?:\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[,.]?\d*\]?[ ]?(?:- \S+ - )?"
    r"(?:- )?(?:INFO|DEBUG|WARNING)(?: -|:)? |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+ - )",
    re.MULTILINE,
)
_INSTALL = re.compile(
    r"\b(?:pip[\d.]*|conda|mamba|micromamba|uv|poetry|pdm|pipenv|easy_install)\s+"
    r"(?:\S+\s+){0,3}?(?:install|add|create|update|upgrade|download|sync|run)\b"
)
_PYTHON_PROMPT = re.compile(r"^(?:>>> |\.\.\. |In ?\[\d*\]: ?|Out ?\[\d*\]: ?)")


def decode(data: bytes, name: str) -> str:
    """`data` as text.  Raises RecordedError for empty and for binary input."""
    if not data.strip():
        raise RecordedError(name, "is empty")
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise RecordedError(name, f"is not the {encoding} text that its first bytes promise") from error
    if b"\x00" in data:
        line = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise RecordedError(name, f"line {line}: binary data; save the report as plain text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


class Page:
    """The lines of a pasted text.

    lines   cleaned: no escape codes, no quote marks, no HTML tags, no log prefixes; the index plus 1 is the number
            of the line for a message
    bare    the same lines without bullets and other marks, see `bare`
    text    the cleaned lines as one text, not cut (for JSON that spans lines or is one very long line)
    rest    whether the text went on after what is looked at
    """

    __slots__ = ("_commands", "bare", "lines", "rest", "text")

    def __init__(self, text: str) -> None:
        text, self.rest = _head(text.replace("\r\n", "\n").replace("\r", "\n"))
        if "\x1b" in text:
            text = _ANSI.sub("", text)
        text = _CONTROL.sub("", text.replace("\u00a0", " ").replace("\u2003", " "))
        if "<" in text:
            text = _without_comments(text)
            text = _TAG.sub(" ", _BREAK.sub("\n", text))
        if ">" in text:
            text = _QUOTE.sub("", text)
        self.text = _LOG.sub("", text)
        self.lines = [line[:MAX_LINE].rstrip() for line in self.text.split("\n")]
        self.bare = [bare(line) for line in self.lines]
        self._commands: set[int] | None = None

    def cut(self, line: int) -> None:
        """Forget everything from `line` (an index) on."""
        del self.lines[line:]
        del self.bare[line:]

    def is_command(self, line: int) -> bool:
        """Whether a line is an install command or goes on with one: it says what was tried, not what is there."""
        if self._commands is None:
            self._commands = set()
            going_on = False
            for number, text in enumerate(self.lines):
                if going_on or _INSTALL.search(text[:400]):
                    self._commands.add(number)
                    going_on = text.endswith("\\")
        return line in self._commands


def bare(line: str) -> str:
    """A line without list bullet, prompt, bold and code marks, and without the pipes of a markdown table."""
    text = _PYTHON_PROMPT.sub("", line.strip())
    if text.startswith("|") and text.endswith("|") and len(text) > 1:
        text = ": ".join(cell.strip() for cell in text.strip("|").split("|", 3))
    while text[:2] in ("- ", "* ", "+ ", "• ", "# ") or text.startswith(("## ", "### ", "#### ")):
        text = text.partition(" ")[2].lstrip()
    if text.startswith(("[x] ", "[X] ", "[ ] ")):
        text = text[4:]
    return text.replace("**", "").replace("`", "").replace("__:", ":").strip()


def columns(line: str) -> str:
    """A line of a table with spaces for the pipes of markdown."""
    return line.replace("|", "  ").rstrip() if "|" in line else line


def _head(text: str) -> tuple[str, bool]:
    """The start of `text` that is looked at, and whether there is more."""
    head = text[:MAX_CHARACTERS]
    if head.count("\n") >= MAX_LINES:
        end = -1
        for _ in range(MAX_LINES):
            end = head.find("\n", end + 1)
        head = head[:end]
    return head, bool(text[len(head) :].strip())


def _without_comments(text: str) -> str:
    """`text` without HTML comments (the hints of issue templates); their line breaks stay, for the line numbers."""
    parts = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts += [text[at:start], "\n" * text.count("\n", start, end)]
        at = end + 3
    return "".join([*parts, text[at:]])
