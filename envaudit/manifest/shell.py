"""Shell text as simple commands of words, without running any of it.

Quotes, escapes, comments, here-documents, redirections and variables that were set to plain text before are
understood; what only a shell could know (a command's output, an argument) leaves its word `unknown`.
"""

from __future__ import annotations

import re

from envaudit.manifest.traced import Traced

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_DEFAULT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^${}`]*))?$")
_PLAIN = re.compile(r"[^\s\\'\"`$#&;|()<>]+")
_QUOTED = re.compile(r"[^\"\\$`]+")
_REDIRECT = re.compile(r"&>>|&>|<<<|<<-|<<|<>|<&|>>|>&|>\||<|>")
MAX_WORDS = 200_000  # of one script
MAX_EXPANDED = 1_000_000  # characters that come from variables


class Word:
    """One word of a command.

    text     without its quotes
    unknown  variables or commands are left in it as they are written
    """

    __slots__ = ("text", "unknown")

    def __init__(self, text: Traced, unknown: bool = False) -> None:
        self.text, self.unknown = text, unknown


class Command:
    """A simple command.

    words      in order, without redirections
    redirects  (operator, target, number of words before it) of each
    stdin      the here-document that it reads
    offset     where it starts in the file
    """

    __slots__ = ("offset", "redirects", "stdin", "words")

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.redirects: list[tuple[str, str, int]] = []
        self.stdin: Traced | None = None
        self.offset: int | None = None


def split(script: Traced, variables: dict[str, str] | None = None) -> list[Command]:
    """The commands of `script` in order, those of subshells, loops and branches too; `variables` are known values."""
    return _Splitter(script, dict(variables or {})).run()


class _Splitter:
    def __init__(self, script: Traced, variables: dict[str, str]) -> None:
        self._script, self._text, self._variables = script, script.text, variables
        self._at = 0
        self._commands: list[Command] = []
        self._command = Command()
        self._word: Word | None = None
        self._quoted = False  # the word has a quoted part: it counts even when it is empty
        self._redirect: tuple[str, int] | None = None  # the next word is its target
        self._heredocs: list[tuple[str, bool, Command]] = []  # (delimiter, leading tabs go, whose)
        self._count = self._expanded = 0

    def run(self) -> list[Command]:
        text = self._text
        while self._at < len(text) and self._count < MAX_WORDS:
            char = text[self._at]
            if char in " \t\r\f\v":
                self._end_word()
                self._at += 1
            elif char == "\n":
                self._end_command()
                self._at += 1
                self._read_heredocs()
            elif char == "#" and self._word is None:
                end = text.find("\n", self._at)
                self._at = end if end >= 0 else len(text)
            elif char in "<>" or (char == "&" and text[self._at + 1 : self._at + 2] == ">"):
                self._start_redirect()
            elif char in "&;|()":
                self._end_command()
                self._at += 1
            else:
                self._take(char)
        self._end_command()
        return self._commands

    def _take(self, char: str) -> None:
        """Take what belongs to a word."""
        text = self._text
        if char == "\\":
            if text[self._at + 1 : self._at + 2] == "\n":
                self._at += 2
            elif text[self._at + 1 : self._at + 3] == "\r\n":
                self._at += 3
            else:
                self._append(self._at + 1, self._at + 2)
                self._at += 2
        elif char == "'":
            end = text.find("'", self._at + 1)
            end = end if end >= 0 else len(text)
            self._quote()
            self._append(self._at + 1, end)
            self._at = end + 1
        elif char == '"':
            self._quote()
            self._at += 1
            self._double_quoted()
        elif char in "$`":
            self._expansion(quoted=False)
        else:
            plain = _PLAIN.match(text, self._at)
            end = plain.end() if plain else self._at + 1
            self._append(self._at, end)
            self._at = end

    def _double_quoted(self) -> None:
        text = self._text
        while self._at < len(text) and text[self._at] != '"':
            char = text[self._at]
            if char == "\\" and text[self._at + 1 : self._at + 2] in tuple('$`"\\\n'):
                if text[self._at + 1] != "\n":
                    self._append(self._at + 1, self._at + 2)
                self._at += 2
            elif char in "$`":
                self._expansion(quoted=True)
            else:
                plain = _QUOTED.match(text, self._at)
                end = plain.end() if plain else self._at + 1
                self._append(self._at, end)
                self._at = end
        self._at += 1

    def _expansion(self, *, quoted: bool) -> None:
        """`$NAME`, `${NAME:-x}`, `$(…)` or backticks: the value where it is known, else as written."""
        text, start = self._text, self._at
        value: str | None = None
        if text[start] == "`":
            end = text.find("`", start + 1) + 1
        elif text[start + 1 : start + 2] in ("(", "{"):
            end = _closing(text, start + 1) + 1
            if text[start + 1] == "{" and end:
                value = self._value(text[start + 2 : end - 1])
        else:
            name = _NAME.match(text, start + 1)
            if not name and not re.match(r"[0-9@*#?!$-]", text[start + 1 : start + 2]):
                self._append(start, start + 1)
                self._at += 1
                return
            end = name.end() if name else start + 2
            value = self._variables.get(name[0]) if name else None
        self._at = end = end or len(text)
        if value is None or self._expanded > MAX_EXPANDED:
            self._append(start, end)
            self._word.unknown = True  # type: ignore[union-attr]  # _append made it
        elif quoted:
            self._append_value(value)
        else:
            for index, piece in enumerate(re.split(r"\s+", value)):
                if index:
                    self._end_word()
                if piece:
                    self._append_value(piece)

    def _value(self, inside: str) -> str | None:
        found = _DEFAULT.match(inside)
        if not found:
            return None
        value, operator, other = self._variables.get(found[1]), found[2] or "", found[3]
        if operator.endswith("-"):
            # a variable that is not known here may still be set where the script runs
            return value if value or (value is not None and operator == "-") else other
        if operator.endswith("+"):
            return other if value else None
        return value

    def _quote(self) -> None:
        if self._word is None:
            self._append(self._at, self._at)
        self._quoted = True

    def _append(self, start: int, end: int) -> None:
        if self._word is None:
            self._word, self._quoted = Word(Traced()), False
            if self._command.offset is None:
                self._command.offset = self._script.offset(self._at)
        self._word.text.extend(self._script.part(start, end))

    def _append_value(self, value: str) -> None:
        self._append(0, 0)
        self._expanded += len(value)
        self._word.text.append(value, None)  # type: ignore[union-attr]  # _append made it

    def _end_word(self) -> None:
        word, self._word = self._word, None
        if word is None or (not len(word.text) and not self._quoted):
            return
        self._count += 1
        if self._redirect is None:
            self._command.words.append(word)
            return
        (operator, before), self._redirect = self._redirect, None
        if operator in ("<<", "<<-"):
            self._heredocs.append((word.text.text, operator == "<<-", self._command))
        else:
            self._command.redirects.append((operator, word.text.text, before))

    def _start_redirect(self) -> None:
        if self._word is not None and self._word.text.text.isdigit() and not self._quoted:
            self._word = None  # the number of a file descriptor
        joined = self._word is not None
        self._end_word()
        match = _REDIRECT.match(self._text, self._at)
        operator = match[0] if match else self._text[self._at]
        self._at += len(operator)
        if self._text[self._at : self._at + 1] == "(":
            return  # a process substitution: its commands are read as any others
        self._redirect = (operator, len(self._command.words) if joined else -1)

    def _end_command(self) -> None:
        self._end_word()
        self._redirect = None
        command, self._command = self._command, Command()
        if not command.words:
            return
        self._commands.append(command)
        words = command.words[1:] if command.words[0].text.text in ("export", "declare", "readonly") else command.words
        assigned = [(word, _ASSIGNMENT.match(word.text.text)) for word in words]
        if all(found for _, found in assigned):
            for word, found in assigned:
                if word.unknown:
                    self._variables.pop(found[1], None)  # type: ignore[index]  # all of them are found
                else:
                    self._variables[found[1]] = word.text.text[found.end() :]  # type: ignore[index,union-attr]

    def _read_heredocs(self) -> None:
        """Take the here-documents that start at this line."""
        for delimiter, tabs, command in self._heredocs:
            start = self._at
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                end = end if end >= 0 else len(self._text)
                line = self._text[self._at : end].rstrip("\r")
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break
                self._at = end + 1
            command.stdin = self._script.part(start, min(self._at, len(self._text)))
            end = self._text.find("\n", self._at)
            self._at = end + 1 if end >= 0 else len(self._text)
        self._heredocs = []


def _closing(text: str, start: int) -> int:
    """Where the bracket that opens at `start` closes; -1 for nowhere."""
    opening, depth = text[start], 0
    closing = ")" if opening == "(" else "}"
    for found in re.compile(rf"\\.|'[^']*'|[{re.escape(opening + closing)}]", re.DOTALL).finditer(text, start):
        if found[0] in (opening, closing):
            depth += 1 if found[0] == opening else -1
            if not depth:
                return found.start()
    return -1
