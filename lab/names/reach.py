"""Whether a release has what another asks of it."""

from __future__ import annotations

from lab.names.exports import has
from lab.names.trees import Tree

_NOT_IT = ("tests", "test", "docs", "examples", "benchmarks", "scripts")


def main_roots(name: str, tree: Tree) -> list[str]:
    """The packages that a distribution is imported by: that of its own name where there is one."""
    own = name.replace("-", "_")
    named = [root for root in tree.roots if root.lower() == own]
    return named or [root for root in tree.roots if root in tree.packages and root not in _NOT_IT][:2]


def reach(tree: Tree, module: str, name: str) -> tuple[bool | None, str]:
    """Whether `name` of `module` (a dotted path of attributes, "" for the module) is there; what is missing first."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        part = ".".join(parts[:count])
        if part not in tree:
            return (False, part) if ".".join(parts[: count - 1]) not in tree.compiled else (None, "")
    at = module
    for word in name.split(".") if name else []:
        there = has(tree, at, word)
        if there is not True:
            return there, f"{at}.{word}"
        if f"{at}.{word}" not in tree:
            return True, ""  # an object: what it has is not known here
        at = f"{at}.{word}"
    return True, ""
