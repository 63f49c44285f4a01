"""PEP 508 environment markers, evaluated for a target.

Nearly every marker compares known variables with literals; those are evaluated here, because importing `packaging`
costs more than a whole audit should.  Everything else goes to `packaging.markers`, which stays the judge of what a
marker means (a property test holds the two against each other).
"""

from __future__ import annotations

from envaudit import versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_VERSIONS = frozenset(("python_version", "python_full_version", "implementation_version"))
_WORDS = frozenset(
    (
        "extra",
        "implementation_name",
        "os_name",
        "platform_machine",
        "platform_python_implementation",
        "platform_system",
        "sys_platform",
    )
)
_QUOTES = "'\""
_LONGEST = 2000  # characters; generated markers of real projects stay below 1000
_DEEPEST = 20  # parentheses


class _NotSimple(Exception):
    """A marker, or a comparison, that `packaging` is to decide."""


def evaluator(environment: dict[str, str]) -> Callable[[str], bool]:
    """A function that says whether a marker holds in `environment`, with no extra asked for.

    A marker that nobody understands does not hold.  Answers are kept: environments repeat the same few hundred markers.
    """
    environment = {**environment, "extra": ""}
    known: dict[str, bool] = {}

    def holds(marker: str) -> bool:
        answer = known.get(marker)
        if answer is None:
            answer = known[marker] = _holds(marker, environment)
        return answer

    return holds


def _holds(marker: str, environment: dict[str, str]) -> bool:
    if len(marker) > _LONGEST:
        return False
    try:
        return _Reader(_tokens(marker), environment).whole()
    except _NotSimple:
        return _by_packaging(marker, environment)


def _by_packaging(marker: str, environment: dict[str, str]) -> bool:
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

    try:
        return bool(Marker(marker).evaluate(dict(environment)))
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
        return False


def _tokens(marker: str) -> list[str]:
    """Words, operators, parentheses, and literals with their opening quote in front."""
    tokens = []
    at, end = 0, len(marker)
    while at < end:
        char = marker[at]
        start = at
        at += 1
        if char in " \t":
            continue
        if char in _QUOTES:
            at = marker.find(char, at) + 1
            if not at:
                raise _NotSimple
            tokens.append(marker[start : at - 1])
            continue
        if char in "<>=!~":
            while at < end and marker[at] in "<>=!~":
                at += 1
        elif char not in "()":
            while at < end and marker[at] not in " \t'\"<>=!~()":
                at += 1
        tokens.append(marker[start:at])
    return tokens


class _Reader:
    """Recursive descent over the tokens; `and` binds tighter than `or`."""

    __slots__ = ("at", "depth", "environment", "tokens")

    def __init__(self, tokens: list[str], environment: dict[str, str]) -> None:
        self.tokens, self.environment = tokens, environment
        self.at = self.depth = 0

    def whole(self) -> bool:
        answer = self._any()
        if self.at != len(self.tokens):
            raise _NotSimple
        return answer

    def _next(self) -> str:
        if self.at == len(self.tokens):
            raise _NotSimple
        self.at += 1
        return self.tokens[self.at - 1]

    def _follows(self, word: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == word:
            self.at += 1
            return True
        return False

    def _any(self) -> bool:
        answer = self._all()
        while self._follows("or"):
            answer = self._all() or answer  # the right side is read in any case: it may not be simple
        return answer

    def _all(self) -> bool:
        answer = self._one()
        while self._follows("and"):
            answer = self._one() and answer
        return answer

    def _one(self) -> bool:
        if self._follows("("):
            self.depth += 1
            if self.depth > _DEEPEST:
                raise _NotSimple
            answer = self._any()
            self.depth -= 1
            if not self._follows(")"):
                raise _NotSimple
            return answer
        left, operator = self._next(), self._next()
        if operator == "not":
            if not self._follows("in"):
                raise _NotSimple
            operator = "not in"
        return self._compare(left, operator, self._next())

    def _compare(self, left: str, operator: str, right: str) -> bool:
        if left[0] in _QUOTES:
            name, one, other = right, left[1:], self.environment.get(right, "")
        elif right[0] in _QUOTES:
            name, one, other = left, self.environment.get(left, ""), right[1:]
        else:
            raise _NotSimple
        if name not in self.environment:
            raise _NotSimple
        if name in _WORDS:
            return _compare_words(one, operator, other)
        if name in _VERSIONS:
            return _compare_versions(one, operator, other)
        raise _NotSimple


def _compare_words(left: str, operator: str, right: str) -> bool:
    if operator == "==":
        return left == right
    if operator == "!=":
        return left != right
    if operator == "in":
        return left in right
    if operator == "not in":
        return left not in right
    raise _NotSimple


def _compare_versions(left: str, operator: str, right: str) -> bool:
    if operator in ("in", "not in"):
        return _compare_words(left, operator, right)
    key = versions.key(left)
    plain = right.replace(".", "").replace("*", "").isdecimal()
    if key is None or not plain or operator not in ("<", "<=", ">", ">=", "==", "!=", "~="):
        raise _NotSimple
    try:
        return versions.contains(versions.specifier(operator + right), key)
    except ValueError:
        raise _NotSimple from None
