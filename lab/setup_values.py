"""The values of expressions in a setup.py, as far as they are plain."""

from __future__ import annotations

import ast
import operator
import posixpath
import re
from collections.abc import Callable
from typing import Any


class _Unknown:
    """The value of what cannot be read; there is one of it."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> _Unknown:
        return self


UNKNOWN = _Unknown()
MOST_STEPS = 200_000
_STATIC: dict[str, Any] = {
    "__file__": "setup.py",
    "__name__": "__main__",
    "os.name": "posix",
    "os.environ": {},
    "os.sep": "/",
    "sys.platform": "linux",
    "sys.argv": ["setup.py", "bdist_wheel"],
    "sys.version_info.major": 3,
    "True": True,
}
_PLAIN: dict[str, Callable[..., Any]] = {
    "list": list,
    "tuple": tuple,
    "set": lambda *items: list(dict.fromkeys(*items)),
    "sorted": sorted,
    "str": str,
    "dict": dict,
    "len": len,
    "filter": lambda test, items: [item for item in items if item] if test is None else UNKNOWN,
    "os.path.join": posixpath.join,
    "os.path.dirname": posixpath.dirname,
    "os.path.abspath": lambda path: path,
    "os.path.realpath": lambda path: path,
    "os.path.normpath": posixpath.normpath,
    "os.fspath": lambda path: path,
    "os.getcwd": lambda: "",
    "os.getenv": lambda name, default=None: default,
    "pathlib.Path": lambda *parts: posixpath.join("", *parts),
    "Path": lambda *parts: posixpath.join("", *parts),
    "platform.system": lambda: "Linux",
    "platform.machine": lambda: "x86_64",
    "re.findall": re.findall,
    "re.sub": re.sub,
    "re.split": re.split,
}
METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        ("strip", "lstrip", "rstrip", "split", "splitlines", "rsplit", "partition", "startswith", "endswith", "isspace")
    ).union(("replace", "lower", "upper", "format", "join")),
    list: frozenset(["append", "extend", "copy", "insert", "remove"]),
    dict: frozenset(["get", "values", "keys", "items", "update", "copy", "setdefault"]),
}
CHANGING = frozenset(["append", "extend", "insert", "remove", "update", "pop"])
_BINARY: dict[type, Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Mod: operator.mod}
_COMPARE: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


class Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Maybe(str):
    """A text that is in a list only under a condition that cannot be read."""


class Module:
    """A Python file that setup.py loads by its path."""

    def __deepcopy__(self, memo: object) -> Module:
        return self

    def __init__(self, text: str, reader: Values) -> None:
        self.reader = reader
        reader.run(ast.parse(text).body)


class File(str):
    """An opened file, by its text."""


def plain(value: Any) -> bool:
    """Whether nothing in a value is UNKNOWN."""
    if isinstance(value, (list, tuple)):
        return all(map(plain, value))
    if isinstance(value, dict):
        return all(plain(inner) for pair in value.items() for inner in pair)
    return value is not UNKNOWN


class Values:
    """What is known at one place of a file: `names`, its own `functions`, and what setup() was `found` to get.

    `read` gives the text of a file beside it, None where there is none.
    """

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self.read = read
        self.names: dict[str, Any] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.found: dict[str, Any] | None = None
        self.steps = self.depth = 0

    def run(self, body: list[ast.stmt]) -> None:
        """Follow statements."""
        raise NotImplementedError

    def bind(self, target: ast.expr, value: Any) -> None:
        """Give names a value."""
        raise NotImplementedError

    def value(self, node: ast.expr) -> Any:
        """The value of an expression, or UNKNOWN."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise SyntaxError("too long to follow")
        try:
            return getattr(self, f"_{type(node).__name__}", lambda node: UNKNOWN)(node)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, re.error, RecursionError):
            return UNKNOWN

    def _Constant(self, node: ast.Constant) -> Any:
        return node.value

    def _List(self, node: ast.List) -> Any:
        items: list[Any] = []
        for inner in node.elts:
            if isinstance(inner, ast.Starred):
                more = self.value(inner.value)
                items.extend(more if isinstance(more, (list, tuple)) else [UNKNOWN])
            else:
                items.append(self.value(inner))
        return items

    _Set = _Tuple = _List  # type: ignore[assignment]  # the order is kept in both

    def _Dict(self, node: ast.Dict) -> Any:
        made: dict[Any, Any] = {}
        for key, inner in zip(node.keys, node.values):
            if key is None:
                more = self.value(inner)
                made.update(more if isinstance(more, dict) else {"*": UNKNOWN})
            else:
                made[self.value(key)] = self.value(inner)
        return made

    def _Name(self, node: ast.Name) -> Any:
        return self.names.get(node.id, _STATIC.get(node.id, UNKNOWN))

    def _Attribute(self, node: ast.Attribute) -> Any:
        name = _dotted(node)
        if name in _STATIC:
            return _STATIC[name]
        held = self.value(node.value)
        if isinstance(held, Module):
            return held.reader.names.get(node.attr, UNKNOWN)
        return posixpath.dirname(held) if node.attr == "parent" and isinstance(held, str) else UNKNOWN

    def _Subscript(self, node: ast.Subscript) -> Any:
        held = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = [None if one is None else self.value(one) for one in (node.slice.lower, node.slice.upper)]
            return UNKNOWN if held is UNKNOWN or node.slice.step or not plain(bounds) else held[slice(*bounds)]
        key = self.value(node.slice)
        return UNKNOWN if held is UNKNOWN or key is UNKNOWN else held[key]

    def _JoinedStr(self, node: ast.JoinedStr) -> Any:
        parts = [
            inner.value
            if isinstance(inner, ast.Constant)
            else self.value(inner.value)
            if isinstance(inner, ast.FormattedValue) and inner.format_spec is None
            else UNKNOWN
            for inner in node.values
        ]
        return "".join(map(str, parts)) if plain(parts) else UNKNOWN

    def _BinOp(self, node: ast.BinOp) -> Any:
        return self._joined(node.op, self.value(node.left), self.value(node.right))

    def _joined(self, sign: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(sign, ast.Div) and isinstance(left, str) and isinstance(right, str):
            return posixpath.join(left, right)
        if isinstance(sign, ast.Add) and isinstance(left, list) and right is UNKNOWN:
            return [*left, UNKNOWN]
        if isinstance(sign, ast.Mod) and not plain(right):
            return UNKNOWN
        if left is UNKNOWN or right is UNKNOWN or type(sign) not in _BINARY:
            return UNKNOWN
        try:
            return _BINARY[type(sign)](left, right)
        except (TypeError, ValueError):
            return UNKNOWN

    def _BoolOp(self, node: ast.BoolOp) -> Any:
        wanted = isinstance(node.op, ast.Or)
        value: Any = UNKNOWN
        unknown = False
        for inner in node.values:
            value = self.value(inner)
            if value is UNKNOWN:
                unknown = True
            elif bool(value) is wanted:
                return UNKNOWN if unknown and wanted else value
        return UNKNOWN if unknown else value

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        return UNKNOWN if value is UNKNOWN or not isinstance(node.op, ast.Not) else not value

    def _Compare(self, node: ast.Compare) -> Any:
        left, right = self.value(node.left), self.value(node.comparators[0])
        if len(node.ops) > 1 or not plain([left, right]):
            return UNKNOWN
        return _COMPARE[type(node.ops[0])](left, right)

    def _IfExp(self, node: ast.IfExp) -> Any:
        test = self.value(node.test)
        return UNKNOWN if test is UNKNOWN else self.value(node.body if test else node.orelse)

    def _ListComp(self, node: ast.ListComp) -> Any:
        return self._each(node, lambda: self.value(node.elt))

    _GeneratorExp = _SetComp = _ListComp  # type: ignore[assignment]

    def _DictComp(self, node: ast.DictComp) -> Any:
        pairs = self._each(node, lambda: (self.value(node.key), self.value(node.value)))
        return UNKNOWN if pairs is UNKNOWN else dict(pairs)

    def _each(self, node: Any, made: Callable[[], Any]) -> Any:
        if len(node.generators) != 1:
            return UNKNOWN
        loop = node.generators[0]
        items = self.value(loop.iter)
        if isinstance(items, File):
            items = items.splitlines(keepends=True)
        if not isinstance(items, (list, tuple)):
            return UNKNOWN
        result = []
        for item in items:
            self.bind(loop.target, item)
            tests = [self.value(test) for test in loop.ifs]
            if not plain(tests):
                return UNKNOWN
            if all(tests):
                result.append(made())
        return result

    def _Call(self, node: ast.Call) -> Any:
        name = called(node)
        if name in ("setup", "setuptools.setup"):
            self._keep(node)
            return None
        arguments = self._List(ast.List(elts=node.args))
        named: dict[str, Any] = {}
        for word in node.keywords:
            value = self.value(word.value)
            named.update({word.arg: value} if word.arg else value if isinstance(value, dict) else {"*": UNKNOWN})
        if name in self.functions:
            if "*" in named:
                return UNKNOWN
            return self._own(self.functions[name], arguments, named)
        if name == "map" and len(arguments) == 2 and _dotted(node.args[0]) == "str":
            return arguments[1]
        if name in ("parse_requirements", "pkg_resources.parse_requirements"):
            lines = arguments[0].splitlines() if isinstance(arguments[0], str) else arguments[0]
            lines = [line.strip() for line in lines] if isinstance(lines, list) and plain(lines) else None
            return UNKNOWN if lines is None else [line for line in lines if line and not line.startswith("#")]
        if name.rpartition(".")[2] == "spec_from_file_location":
            return Module(self.read(posixpath.normpath(arguments[1])) or "", type(self)(self.read))
        if name.rpartition(".")[2] == "module_from_spec":
            return arguments[0]
        if name in ("os.path.exists", "os.path.isfile"):
            path = arguments[0]
            return self.read(posixpath.normpath(path)) is not None if isinstance(path, str) else UNKNOWN
        if name in ("open", "io.open", "codecs.open"):
            return self._text(arguments[0])
        if name in _PLAIN and name not in self.names:
            arguments = [one.splitlines(keepends=True) if isinstance(one, File) else one for one in arguments]
            shallow = name in ("list", "tuple", "dict")
            return _PLAIN[name](*arguments, **named) if shallow or plain([arguments, named]) else UNKNOWN
        if isinstance(node.func, ast.Attribute):
            return self._method(self.value(node.func.value), node.func, arguments, named)
        return UNKNOWN

    def _method(self, held: Any, function: ast.Attribute, arguments: list[Any], named: dict[str, Any]) -> Any:
        name = function.attr
        if isinstance(held, Module):
            own = held.reader.functions.get(name)
            return held.reader._own(own, arguments, named) if own else UNKNOWN
        if isinstance(held, File) and name in ("read", "readlines"):
            return str(held) if name == "read" else held.splitlines(keepends=True)
        if isinstance(held, str) and name in ("open", "read_text"):
            text = self._text(held)
            return str(text) if name == "read_text" and text is not UNKNOWN else text
        if isinstance(held, str) and name in ("resolve", "absolute"):
            return held
        if isinstance(held, str) and name == "joinpath":
            return posixpath.join(held, *arguments)
        for kind, names in METHODS.items():
            if isinstance(held, kind) and name in names and (kind is not str or plain([arguments, named])):
                if name == "update" and arguments and not isinstance(arguments[0], dict):
                    arguments = [{"*": UNKNOWN}]
                if kind is list and name == "extend" and not isinstance(arguments[0], (list, tuple)):
                    arguments = [[UNKNOWN]]
                value = getattr(held, name)(*arguments, **named)
                return list(value) if kind is dict and name in ("values", "keys", "items") else value
        if isinstance(held, (list, dict)) and isinstance(function.value, ast.Name):
            self.names[function.value.id] = UNKNOWN
        return UNKNOWN

    def _text(self, path: Any) -> Any:
        text = self.read(posixpath.normpath(path)) if isinstance(path, str) else None
        return UNKNOWN if text is None else File(text)

    def _own(self, function: ast.FunctionDef, arguments: list[Any], named: dict[str, Any]) -> Any:
        self.depth += 1
        held = self.names
        try:
            if self.depth > 20:
                return UNKNOWN
            wanted = [one.arg for one in function.args.args]
            defaults = [self.value(one) for one in function.args.defaults]
            self.names = {
                **held,
                **dict(zip(wanted[len(wanted) - len(defaults) :], defaults)),
                **dict(zip(wanted, arguments)),
                **named,
            }
            if function.args.vararg:
                self.names[function.args.vararg.arg] = arguments[len(wanted) :]
            self.run(function.body)
        except Return as done:
            return done.value
        finally:
            self.names = held
            self.depth -= 1
        return None

    def _keep(self, node: ast.Call) -> None:
        found: dict[str, Any] = {}
        for word in node.keywords:
            value = self.value(word.value)
            if word.arg:
                found[word.arg] = value
            elif isinstance(value, dict):
                found.update(value)
            else:
                found["*"] = UNKNOWN
        self.found = found


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        head = _dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return node.id if isinstance(node, ast.Name) else ""


def called(node: ast.Call) -> str:
    return _dotted(node.func)
