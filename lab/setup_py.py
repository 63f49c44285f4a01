"""What a setup.py hands to setup(), read without running it.

The statements of the file are followed as far as their values are plain: literals, lists built from them, text of files
beside it.  Whatever else there is has the value UNKNOWN, and so has all that is made of it.  The platform is Linux on
x86_64, the command line `setup.py bdist_wheel`, and no environment variable is set.
"""

from __future__ import annotations

import ast
import copy
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
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        ("strip", "lstrip", "rstrip", "split", "splitlines", "rsplit", "partition", "startswith", "endswith", "isspace")
    ).union(("replace", "lower", "upper", "format", "join")),
    list: frozenset(["append", "extend", "copy", "insert", "remove"]),
    dict: frozenset(["get", "values", "keys", "items", "update", "copy", "setdefault"]),
}
_CHANGING = frozenset(["append", "extend", "insert", "remove", "update", "pop"])
_BINARY: dict[type, Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Mod: operator.mod}
_COMPARE: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Maybe(str):
    """A text that is in a list only under a condition that cannot be read."""


class _Module:
    """A Python file that setup.py loads by its path."""

    def __deepcopy__(self, memo: object) -> _Module:
        return self

    def __init__(self, path: str, read: Callable[[str], str | None]) -> None:
        self.reader = _Reader(read)
        self.reader.run(ast.parse(read(posixpath.normpath(path)) or "").body)


class _File(str):
    """An opened file, by its text."""


def setup_arguments(text: str, read: Callable[[str], str | None]) -> dict[str, Any] | None:
    """The keyword arguments of the call of setup(), values that cannot be read being UNKNOWN; None without such a call.

    `read` gives the text of a file beside setup.py, None where there is none.  "*" stands for arguments that a mapping
    brings which cannot be read.  Raises SyntaxError where the file is not Python 3.
    """
    reader = _Reader(read)
    reader.run(ast.parse(text).body)
    return reader.found


def plain(value: Any) -> bool:
    """Whether nothing in a value is UNKNOWN."""
    if isinstance(value, (list, tuple)):
        return all(map(plain, value))
    if isinstance(value, dict):
        return all(plain(inner) for pair in value.items() for inner in pair)
    return value is not UNKNOWN


class _Reader:
    def __init__(self, read: Callable[[str], str | None]) -> None:
        self.read = read
        self.names: dict[str, Any] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.found: dict[str, Any] | None = None
        self.steps = self.depth = 0

    def run(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise SyntaxError("too long to follow")
            getattr(self, f"_{type(statement).__name__}", self._forget)(statement)

    def _forget(self, node: ast.stmt) -> None:
        """Whatever a statement that is not followed may change is not known any more."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and self._maybe_longer(inner):
                inner.func = ast.Constant(value=None)  # said all that it does
        for inner in ast.walk(node):
            if isinstance(inner, ast.FunctionDef):
                self.functions.pop(inner.name, None)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, (ast.Store, ast.Del)):
                self.names[inner.id] = UNKNOWN
            elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
                if isinstance(inner.ctx, ast.Store) or inner.attr in _CHANGING:
                    self.names[inner.value.id] = UNKNOWN
            elif isinstance(inner, ast.Subscript) and isinstance(inner.ctx, ast.Store):
                held, key = self.value(inner.value), self.value(inner.slice)
                if isinstance(held, dict) and isinstance(key, str):
                    held[key] = UNKNOWN
                elif isinstance(inner.value, ast.Name):
                    self.names[inner.value.id] = UNKNOWN
        if self.depth and any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
            raise _Return(UNKNOWN)

    def _maybe_longer(self, node: ast.Call) -> bool:
        """Add what a list would be appended if the statement ran, as something that may be there."""
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "append":
            return False
        held = self.names.get(node.func.value.id) if isinstance(node.func.value, ast.Name) else None
        added = self.value(node.args[0]) if len(node.args) == 1 else UNKNOWN
        if not isinstance(held, list) or not isinstance(added, str):
            return False
        held.append(Maybe(added))
        return True

    def _Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if self.read(f"{alias.name}.py") is not None:
                self.names[alias.asname or alias.name] = _Module(f"{alias.name}.py", self.read)

    def _ImportFrom(self, node: ast.ImportFrom) -> None:
        path = (node.module or "").replace(".", "/") + ".py"
        if node.level == 0 and path != "setup.py" and self.read(path) is not None:
            names = _Module(path, self.read).reader.names
            for alias in node.names:
                self.names[alias.asname or alias.name] = names.get(alias.name, UNKNOWN)

    def _Pass(self, node: ast.Pass) -> None: ...

    def _ClassDef(self, node: ast.ClassDef) -> None: ...

    def _Assert(self, node: ast.Assert) -> None: ...

    def _Global(self, node: ast.Global) -> None: ...

    def _FunctionDef(self, node: ast.FunctionDef) -> None:
        self.functions[node.name] = node
        self.names.pop(node.name, None)

    def _Expr(self, node: ast.Expr) -> None:
        self.value(node.value)

    def _Return(self, node: ast.Return) -> None:
        raise _Return(self.value(node.value) if node.value else None)

    def _Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self._bind(target, value)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self._bind(node.target, self.value(node.value))

    def _AugAssign(self, node: ast.AugAssign) -> None:
        held = self.value(ast.copy_location(_loaded(node.target), node))
        self._bind(node.target, self._joined(node.op, held, self.value(node.value)))

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = value if isinstance(value, (list, tuple)) and len(value) == len(target.elts) else None
            for number, inner in enumerate(target.elts):
                self._bind(inner, items[number] if items else UNKNOWN)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            held, key = self.value(target.value), self.value(target.slice)
            if isinstance(held, dict) and isinstance(key, str):
                held[key] = value
            else:
                self.names[target.value.id] = UNKNOWN

    def _If(self, node: ast.If) -> None:
        test = self.value(node.test)
        if test is not UNKNOWN:
            self.run(node.body if test else node.orelse)
            return
        calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and _called(inner) == "setup"]
        self._forget(node)
        if calls:
            self._keep(calls[0])

    def _Try(self, node: ast.Try) -> None:
        before = copy.deepcopy(self.names)
        self.run([*node.body, *node.orelse])
        for handler in node.handlers:
            last = handler.body[-1]
            if isinstance(last, ast.Raise) or (
                isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and _called(last.value) == "sys.exit"
            ):
                continue
            done, self.names = self.names, copy.deepcopy(before)
            try:
                self.run(handler.body)
            except _Return as returned:
                raise _Return(UNKNOWN) from returned
            finally:
                otherwise, self.names = self.names, done
            for name in {*done, *otherwise}:
                if done.get(name, UNKNOWN) != otherwise.get(name, UNKNOWN):
                    self.names[name] = UNKNOWN
        self.run(node.finalbody)

    def _With(self, node: ast.With) -> None:
        for item in node.items:
            value = self.value(item.context_expr)
            if item.optional_vars:
                self._bind(item.optional_vars, value)
        self.run(node.body)

    def _For(self, node: ast.For) -> None:
        items = self.value(node.iter)
        if isinstance(items, _File):
            items = items.splitlines(keepends=True)
        if isinstance(items, (list, tuple)) and not any(
            isinstance(inner, (ast.Break, ast.Continue)) for inner in ast.walk(node)
        ):
            for item in items:
                self._bind(node.target, item)
                self.run(node.body)
        else:
            self._forget(node)

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
        if isinstance(held, _Module):
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
        if isinstance(items, _File):
            items = items.splitlines(keepends=True)
        if not isinstance(items, (list, tuple)):
            return UNKNOWN
        result = []
        for item in items:
            self._bind(loop.target, item)
            tests = [self.value(test) for test in loop.ifs]
            if not plain(tests):
                return UNKNOWN
            if all(tests):
                result.append(made())
        return result

    def _Call(self, node: ast.Call) -> Any:
        name = _called(node)
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
            return _Module(arguments[1], self.read)
        if name.rpartition(".")[2] == "module_from_spec":
            return arguments[0]
        if name in ("os.path.exists", "os.path.isfile"):
            path = arguments[0]
            return self.read(posixpath.normpath(path)) is not None if isinstance(path, str) else UNKNOWN
        if name in ("open", "io.open", "codecs.open"):
            return self._text(arguments[0])
        if name in _PLAIN and name not in self.names:
            arguments = [one.splitlines(keepends=True) if isinstance(one, _File) else one for one in arguments]
            shallow = name in ("list", "tuple", "dict")
            return _PLAIN[name](*arguments, **named) if shallow or plain([arguments, named]) else UNKNOWN
        if isinstance(node.func, ast.Attribute):
            return self._method(self.value(node.func.value), node.func, arguments, named)
        return UNKNOWN

    def _method(self, held: Any, function: ast.Attribute, arguments: list[Any], named: dict[str, Any]) -> Any:
        name = function.attr
        if isinstance(held, _Module):
            own = held.reader.functions.get(name)
            return held.reader._own(own, arguments, named) if own else UNKNOWN
        if isinstance(held, _File) and name in ("read", "readlines"):
            return str(held) if name == "read" else held.splitlines(keepends=True)
        if isinstance(held, str) and name in ("open", "read_text"):
            text = self._text(held)
            return str(text) if name == "read_text" and text is not UNKNOWN else text
        if isinstance(held, str) and name in ("resolve", "absolute"):
            return held
        if isinstance(held, str) and name == "joinpath":
            return posixpath.join(held, *arguments)
        for kind, names in _METHODS.items():
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
        return UNKNOWN if text is None else _File(text)

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
        except _Return as done:
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


def _loaded(target: ast.expr) -> ast.expr:
    return ast.Name(id=target.id, ctx=ast.Load()) if isinstance(target, ast.Name) else target


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        head = _dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return node.id if isinstance(node, ast.Name) else ""


def _called(node: ast.Call) -> str:
    return _dotted(node.func)
