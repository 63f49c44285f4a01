"""Which names a module has, as its source tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from lab.names.trees import Tree

DEEP = 12  # modules followed through `import *`


class Names(NamedTuple):
    """What a module binds: names, modules that it takes everything from, and names that it refuses.

    open  it may have other names, made up as it runs
    """

    bound: frozenset[str]
    everything_of: tuple[str, ...]
    refused: frozenset[str]
    open: bool


def has(tree: Tree, module: str, name: str, depth: int = 0) -> bool | None:
    """Whether `from module import name` finds it; None where the source does not tell."""
    if f"{module}.{name}" in tree:
        return True
    if module not in tree:
        return False
    names = _names(tree, module)
    if names is None:  # machine code, a folder, or a file that cannot be read
        return None if module in tree.compiled or not tree.is_folder(module) else False
    if name in names.bound:
        return True
    known: bool | None = None if names.open else False
    for origin in names.everything_of:
        there = has(tree, origin, name, depth + 1) if origin in tree and depth < DEEP else None
        if there:
            return None if name.startswith("_") else True
        if there is None:
            known = None
    return False if known is None and name in names.refused else known


def _names(tree: Tree, module: str) -> Names | None:
    if module not in tree.names:
        parsed = tree.parsed(module)
        tree.names[module] = _read(tree, module, parsed) if parsed else None
    found: Names | None = tree.names[module]
    return found


def _read(tree: Tree, module: str, parsed: ast.Module) -> Names:
    bound: set[str] = set()
    origins: list[str] = []
    for statement in _statements(parsed.body):
        bound.update(_bound(statement))
        if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
            origins.append(absolute(tree, module, statement))
    opened = bool(bound & {"__getattr__", "*unknown"})
    return Names(frozenset(bound - {"*", "*unknown"}), tuple(origins), frozenset(_refused(parsed)), opened)


def absolute(tree: Tree, module: str, statement: ast.ImportFrom) -> str:
    """The module that a `from … import` in `module` names."""
    if not statement.level:
        return statement.module or ""
    words = module.split(".")
    if module not in tree.packages:
        words = words[:-1]
    words = words[: len(words) - (statement.level - 1)]
    return ".".join([*words, *([statement.module] if statement.module else [])])


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What may run when the module is imported, with both sides of every condition."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from _statements(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, ast.Import):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.With)):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
        if any(isinstance(node, ast.Subscript) and _is_globals(node) for node in ast.walk(statement)):
            yield "*unknown"
        if isinstance(statement, ast.Assign) and "sys.modules[" in ast.unparse(statement.targets[0]):
            yield "*unknown"  # as lazily loading packages do
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        said = ast.unparse(statement.value.func)
        if said.endswith((".update", "setattr", "exec", "globals")):
            yield "*unknown"


def _is_globals(node: ast.Subscript) -> bool:
    return ast.unparse(node.value) in ("globals()", "vars()", "locals()")


def _refused(parsed: ast.Module) -> set[str]:
    """Names that a module's `__getattr__` refuses, as JAX writes them down: `_deprecations = {name: (text, None)}`."""
    found: set[str] = set()
    for statement in parsed.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            named = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            if "_deprecations" not in named:
                continue
            for key, value in zip(statement.value.keys, statement.value.values):
                refused = isinstance(value, ast.Tuple) and isinstance(value.elts[-1], ast.Constant)
                if isinstance(key, ast.Constant) and refused and value.elts[-1].value is None:  # type: ignore[attr-defined]
                    found.add(str(key.value))
    return found
