"""Which names of other packages a release needs when it is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from lab.names.exports import absolute
from lab.names.trees import Tree

MODULES = 600  # of one release that are followed


class Use(NamedTuple):
    """`module` (and of it `name`, "" for the module alone) of another package, and the module that asks for it.

    attribute  looked up in the module, where an absent name is no ImportError
    """

    module: str
    name: str
    where: str
    attribute: bool = False


def uses(tree: Tree, root: str) -> list[Use]:
    """What `import root` asks of other packages, with no way around it.

    Followed are the imports that always run: not those inside functions, behind a condition, or in a `try` whose
    handlers may catch what they raise.
    """
    found: dict[tuple[str, str], Use] = {}
    roots = set(tree.roots)
    todo, seen = [root], {root}
    while todo and len(seen) < MODULES:
        module = todo.pop(0)
        parsed = tree.parsed(module)
        if parsed is None:
            continue
        for wanted, name, attribute in _asked(tree, module, parsed):
            if wanted.partition(".")[0] not in roots:
                found.setdefault((wanted, name), Use(wanted, name, module, attribute))
                continue
            for inner in (wanted, f"{wanted}.{name}" if name else ""):
                words = inner.split(".")
                for count in range(1, len(words) + 1):
                    part = ".".join(words[:count])
                    if part and part in tree and part not in seen:
                        seen.add(part)
                        todo.append(part)
    return list(found.values())


def _asked(tree: Tree, module: str, parsed: ast.Module) -> Iterator[tuple[str, str, bool]]:
    aliases: dict[str, str] = {}  # local name -> module
    lazy_annotations = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(a.name == "annotations" for a in node.names)
        for node in parsed.body
    )
    for statement in _certain(parsed.body):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.name, "", False
                if alias.asname:
                    aliases[alias.asname] = alias.name
                else:
                    aliases[alias.name.partition(".")[0]] = alias.name.partition(".")[0]
        elif isinstance(statement, ast.ImportFrom):
            origin = absolute(tree, module, statement)
            for alias in statement.names:
                yield origin, "" if alias.name == "*" else alias.name, False
                aliases.pop(alias.asname or alias.name, None)
        else:
            for node in _evaluated(statement, lazy_annotations):
                chain = _chain(node)
                if chain and chain[0] in aliases and len(chain) > 1:
                    origin = aliases[chain[0]]
                    # of a.b.c the last that may be a module is not known here: the scan tries each
                    yield origin, ".".join(chain[1:]), True


def _certain(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run at import for certain."""
    for statement in body:
        if isinstance(statement, ast.Try):
            if not any(_catches(handler) for handler in statement.handlers):
                yield from _certain(statement.body)
            yield from _certain(statement.finalbody)
        elif isinstance(statement, ast.With):
            yield from _certain(statement.body)
        elif isinstance(statement, ast.If):
            if _ends(statement.body):  # what follows runs in some cases only
                return
        else:
            yield statement
            if isinstance(statement, ast.ClassDef):
                yield from _certain(statement.body)


def _ends(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Raise, ast.Return))


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(handler.type) if isinstance(node, ast.Attribute)}
    caught = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "AttributeError"}
    again = bool(handler.body) and isinstance(handler.body[-1], ast.Raise)
    return bool(names & caught) and not again


def _evaluated(statement: ast.stmt, lazy_annotations: bool) -> Iterator[ast.expr]:
    """The attributes that are looked up when the statement runs."""
    roots: list[ast.AST] = []
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        roots += [*statement.decorator_list, *statement.args.defaults, *filter(None, statement.args.kw_defaults)]
        if not lazy_annotations:
            held = [*statement.args.args, *statement.args.kwonlyargs, *statement.args.posonlyargs]
            roots += [item.annotation for item in held if item.annotation]
            roots += [statement.returns] if statement.returns else []
    elif isinstance(statement, ast.ClassDef):
        roots += [*statement.decorator_list, *statement.bases]
    elif isinstance(statement, ast.AnnAssign):
        roots += [statement.value] if statement.value else []
        roots += [] if lazy_annotations else [statement.annotation]
    elif isinstance(statement, (ast.Assign, ast.Expr)):
        roots.append(statement.value)
    for root in roots:
        yield from _attributes(root)


def _attributes(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, (ast.Lambda, ast.GeneratorExp, ast.IfExp, ast.BoolOp)):  # run later, or perhaps not at all
        return
    if isinstance(node, ast.Attribute):
        yield node
        if _chain(node):
            return
    for child in ast.iter_child_nodes(node):
        yield from _attributes(child)


def _chain(node: ast.expr) -> list[str]:
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return [node.id, *reversed(words)] if isinstance(node, ast.Name) else []
