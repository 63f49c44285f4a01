"""uv.lock, version 1."""

from __future__ import annotations

from collections import deque

from envaudit.manifest import lock_markers, lock_worlds, toml_lines
from envaudit.manifest.locks import Lock, git_address, listed, python_set, short, strings, table, tables, toml_packages
from envaudit.manifest.requirement import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.manifest.lock_markers import Decide, Tree
    from envaudit.manifest.lock_worlds import Worlds
    from envaudit.manifest.requirement import Manifest
    from envaudit.manifest.source import Source

    Node = tuple[int, str]  # (number of a package, extra or "")
    Edge = tuple[Node, Tree]


def read(source: Source) -> Manifest:
    """What a uv.lock pins; the project and the members of its workspace are no requirements of it."""
    data = toml_lines.parse(source)
    version = data.get("version")
    if version != 1:
        raise ManifestError(source.path, f"has version {short(version)} of the format; known is 1")
    lock = Lock(source.path, "uv.lock")
    manifest = lock.manifest
    manifest.python = python_set(data.get("requires-python"))
    packages = toml_packages(source, data, "package")
    graph = _Graph(data, [package for _, package in packages], manifest)
    reached = graph.reached()
    unreached, long = [], []
    for number, (line, package) in enumerate(packages):
        place = table(package.get("source"))
        if number in graph.members or "virtual" in place:
            continue
        if number not in reached:
            unreached.append(str(package.get("name")))
            continue
        group, marker = reached[number]
        if marker is None:
            long.append(str(package.get("name")))
        lock.add(
            line,
            package.get("name"),
            package.get("version"),
            marker=marker,
            url=_url(place),
            group=group,
            hashed="registry" in place,
        )
    if unreached:
        manifest.note(None, f"{listed(unreached)}: nothing that the project asks for leads there; left out")
    if long:
        manifest.note(None, f"{listed(long)}: where they apply takes too long a marker; they count as everywhere")
    lock.note_forks()
    return manifest


def _url(place: dict[str, Any]) -> str:
    if isinstance(place.get("git"), str):
        return git_address(place["git"])
    return next((place[key] for key in ("url", "path", "directory", "editable") if isinstance(place.get(key), str)), "")


class _Graph:
    """Which package leads to which, and where.

    members  numbers of the packages that are the project itself: all else is there because they ask for it
    """

    __slots__ = (
        "_by_name",
        "_edges",
        "_groups",
        "_manifest",
        "_packages",
        "_starts",
        "_supported",
        "_trees",
        "_worlds",
        "members",
    )

    def __init__(self, data: dict[str, Any], packages: list[dict[str, Any]], manifest: Manifest) -> None:
        self._packages, self._manifest = packages, manifest
        self._by_name: dict[str, list[int]] = {}
        self._trees: dict[str, Tree] = {}
        for number, package in enumerate(packages):
            self._by_name.setdefault(str(package.get("name")), []).append(number)
        asked = table(data.get("manifest"))
        names = strings(asked.get("members"))
        self.members = [number for number, package in enumerate(packages) if _is_member(package, names)]
        self._edges: dict[Node, list[Edge]] = {}
        self._groups: dict[str, list[Edge]] = {}
        for number, package in enumerate(packages):
            self._edges[number, ""] = self._targets(package.get("dependencies"))
            for extra, wanted in table(package.get("optional-dependencies")).items():
                self._edges[number, extra] = self._targets(wanted)
        self._starts: list[Edge] = [((number, ""), True) for number in self.members]
        self._starts += self._targets(asked.get("requirements"))
        for name, wanted in table(asked.get("dependency-groups")).items():
            self._groups.setdefault(name, []).extend(self._targets(wanted))
        for number in self.members:
            for name, wanted in table(packages[number].get("dev-dependencies")).items():
                self._groups.setdefault(name, []).extend(self._targets(wanted))
            for name in table(packages[number].get("optional-dependencies")):
                self._groups.setdefault(name, []).append(((number, name), True))
        supported = [self._tree(marker) for marker in strings(data.get("supported-markers"))]
        self._supported: Tree = ("or", supported) if supported else True
        self._worlds = self._made_worlds()

    def _made_worlds(self) -> Worlds:
        python = self._manifest.python
        try:
            return lock_worlds.Worlds(self._trees.values(), python)
        except ValueError as error:
            self._manifest.note(None, f"{error}: every package counts as installed everywhere")
            self._trees = dict.fromkeys(self._trees, True)
            self._supported = True
            self._edges = {node: [(target, True) for target, _ in edges] for node, edges in self._edges.items()}
            self._groups = {name: [(target, True) for target, _ in edges] for name, edges in self._groups.items()}
            return lock_worlds.Worlds([], python)

    def _targets(self, wanted: object) -> list[Edge]:
        """Where the `dependencies` of a package lead to."""
        found: list[Edge] = []
        for item in tables(wanted):
            numbers = self._by_name.get(str(item.get("name")), [])
            for key in ("version", "source"):
                if key in item:
                    numbers = [number for number in numbers if self._packages[number].get(key) == item[key]]
            tree = self._tree(item.get("marker"))
            for number in numbers:
                forks = strings(self._packages[number].get("resolution-markers")) if len(numbers) > 1 else []
                both: Tree = ("and", [tree, ("or", [self._tree(fork) for fork in forks])]) if forks else tree
                found += [((number, extra), both) for extra in ("", *strings(item.get("extra")))]
        return found

    def _tree(self, marker: object) -> Tree:
        if not isinstance(marker, str):
            return True
        if marker not in self._trees:
            try:
                self._trees[marker] = lock_markers.parse(marker)
            except ValueError as error:
                self._trees[marker] = True
                self._manifest.note(None, f"{error}: it counts as true")
        return self._trees[marker]

    def reached(self) -> dict[int, tuple[str, str | None]]:
        """Package -> (group that asks for it, marker); the marker is None where it would be too long."""
        if not self._starts and not self._groups:
            self._manifest.note(None, "the file does not say what the project asks for: every package counts")
            self._starts = [((number, ""), True) for number in range(len(self._packages))]
        exclusive = any(atom[0] == "extra" for tree in self._trees.values() for atom in lock_markers.atoms(tree))
        found: dict[int, tuple[str, str | None]] = {}
        # a package may be there only where two extras are asked for: last, one is enough
        for others in (False, True) if exclusive else (False,):
            for group in ("", *sorted(self._groups)) if len(found) < len(self._packages) else ():
                # where extras exclude each other, an extra changes what the project's own dependencies lead to
                starts = self._starts if exclusive or not group else []
                masks = self._walk([*starts, *self._groups.get(group, [])], self._decides(group, others))
                for (number, extra), mask in masks.items():
                    if not extra and number not in found:
                        found[number] = (group, self._worlds.phrase(mask))
        return found

    def _walk(self, starts: list[Edge], decides: Decide) -> dict[Node, int]:
        """Where each node is reached from `starts`."""
        masks: dict[Node, int] = {}
        known: dict[int, int] = {}  # id of a tree -> environments
        todo: deque[Node] = deque()

        def follow(edges: list[Edge], here: int) -> None:
            for target, tree in edges:
                if id(tree) not in known:
                    decided = lock_markers.decide(tree, decides)
                    self._worlds.learn(decided)
                    known[id(tree)] = self._worlds.mask(decided)
                self._worlds.learn_both(here, known[id(tree)])
                before = masks.get(target, 0)
                after = before | (here & known[id(tree)])
                if after != before:
                    masks[target] = after
                    todo.append(target)

        self._worlds.learn(self._supported)
        follow(starts, self._worlds.mask(self._supported))
        while todo:
            node = todo.popleft()
            follow(self._edges.get(node, []), masks[node])
        return masks

    def _decides(self, group: str, others: bool) -> Decide:
        """What is known of uv's names for extras that exclude each other, when `group` is asked for.

        "extra-4-proj-cu121" is cu121 of "proj", 4 letters long.  With `others`, nothing stands against another extra.
        """
        names = [str(self._packages[number].get("name")) for number in self.members]
        active = {f"{kind}-{len(name)}-{name}-{group}" for kind in ("extra", "group") for name in names if group}
        active |= {f"project-{len(name)}-{name}" for name in names}

        def decides(atom: tuple[str, str, str]) -> bool | None:
            left, operator, right = atom
            if left != "extra":
                return None
            known = right[1:-1] in active
            return (others and not known) or known == (operator == "==")

        return decides


def _is_member(package: dict[str, Any], names: list[str]) -> bool:
    place = table(package.get("source"))
    local = next((place[kind] for kind in ("editable", "virtual", "directory") if kind in place), None)
    return local == "." or (local is not None and package.get("name") in names)
