"""What a setup.py hands to setup(), read without running it.

The statements of the file are followed as far as their values are plain: literals, lists built from them, text of files
beside it.  Whatever else there is has the value UNKNOWN, and so has all that is made of it.  The platform is Linux on
x86_64, the command line `setup.py bdist_wheel`, and no environment variable is set.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from typing import Any

from lab.setup_values import CHANGING, MOST_STEPS, UNKNOWN, File, Maybe, Module, Return, Values, called


def setup_arguments(text: str, read: Callable[[str], str | None]) -> dict[str, Any] | None:
    """The keyword arguments of the call of setup(), values that cannot be read being UNKNOWN; None without such a call.

    `read` gives the text of a file beside setup.py, None where there is none.  "*" stands for arguments that a mapping
    brings which cannot be read.  Raises SyntaxError where the file is not Python 3.
    """
    reader = _Reader(read)
    reader.run(ast.parse(text).body)
    return reader.found


class _Reader(Values):
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
                if isinstance(inner.ctx, ast.Store) or inner.attr in CHANGING:
                    self.names[inner.value.id] = UNKNOWN
            elif isinstance(inner, ast.Subscript) and isinstance(inner.ctx, ast.Store):
                held, key = self.value(inner.value), self.value(inner.slice)
                if isinstance(held, dict) and isinstance(key, str):
                    held[key] = UNKNOWN
                elif isinstance(inner.value, ast.Name):
                    self.names[inner.value.id] = UNKNOWN
        if self.depth and any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
            raise Return(UNKNOWN)

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
            text = self.read(f"{alias.name}.py")
            if text is not None:
                self.names[alias.asname or alias.name] = Module(text, type(self)(self.read))

    def _ImportFrom(self, node: ast.ImportFrom) -> None:
        path = (node.module or "").replace(".", "/") + ".py"
        text = self.read(path) if node.level == 0 and path != "setup.py" else None
        if text is not None:
            names = Module(text, type(self)(self.read)).reader.names
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
        raise Return(self.value(node.value) if node.value else None)

    def _Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.bind(target, value)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.bind(node.target, self.value(node.value))

    def _AugAssign(self, node: ast.AugAssign) -> None:
        held = self.value(ast.copy_location(_loaded(node.target), node))
        self.bind(node.target, self._joined(node.op, held, self.value(node.value)))

    def bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = value if isinstance(value, (list, tuple)) and len(value) == len(target.elts) else None
            for number, inner in enumerate(target.elts):
                self.bind(inner, items[number] if items else UNKNOWN)
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
        calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and called(inner) == "setup"]
        self._forget(node)
        if calls:
            self._keep(calls[0])

    def _Try(self, node: ast.Try) -> None:
        before = copy.deepcopy(self.names)
        self.run([*node.body, *node.orelse])
        for handler in node.handlers:
            last = handler.body[-1]
            if isinstance(last, ast.Raise) or (
                isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and called(last.value) == "sys.exit"
            ):
                continue
            done, self.names = self.names, copy.deepcopy(before)
            try:
                self.run(handler.body)
            except Return as returned:
                raise Return(UNKNOWN) from returned
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
                self.bind(item.optional_vars, value)
        self.run(node.body)

    def _For(self, node: ast.For) -> None:
        items = self.value(node.iter)
        if isinstance(items, File):
            items = items.splitlines(keepends=True)
        if isinstance(items, (list, tuple)) and not any(
            isinstance(inner, (ast.Break, ast.Continue)) for inner in ast.walk(node)
        ):
            for item in items:
                self.bind(node.target, item)
                self.run(node.body)
        else:
            self._forget(node)


def _loaded(target: ast.expr) -> ast.expr:
    return ast.Name(id=target.id, ctx=ast.Load()) if isinstance(target, ast.Name) else target
