"""A plan of the matrix, confirmed by a real resolver.

The resolver answers within the packages' own requirements, the matrix says whether the answer is known to crash; where
it is, the region is closed and the resolver asked again.  A branch and bound search over closed regions: it ends
with an answer in which nothing fires, with the proof that there is none, or at its limits.
"""

from __future__ import annotations

import heapq
import time

from envaudit import versions
from envaudit.fix.candidates import TORCH_FAMILY, is_index_build
from envaudit.fix.resolve.interface import Broken, Impossible, Late, Question, Unreachable
from envaudit.fix.search import AHEAD
from envaudit.fix.ways import exhaustive, joined, ways
from envaudit.fix.world import ANYWHERE, World
from envaudit.truth import TRUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from envaudit.fix.resolve.interface import Machine, Resolver
    from envaudit.fix.search import Moves, Search

MAX_QUESTIONS = 40  # put to the resolver for one plan
FOR_A_BUILD = 10.0  # seconds for a look at the PyTorch index
MAX_HELD = 5  # packages found one by one that no index has; then only those that matter are asked for


class Outcome:
    """What the resolver made of a plan.

    kind       "resolved", "impossible" (proven: no releases of the index go together and leave nothing that fires), or
               "gave-up" (at the limit of questions, or the index lacks a package that matters)
    moves      package -> version, None for what goes, with every new package; empty unless resolved
    told       of these, what has to be asked for: other new packages come by themselves
    via        package -> packages that require it, in the resolver's answer
    narrowed   whether only a part of what a report names was put to the resolver
    held       packages that no index has as a wheel: what they require is known only where they are installed
    reason     the resolver's last refusal, in one line; "" where there was none
    questions  how often the resolver was asked
    """

    __slots__ = ("held", "kind", "moves", "narrowed", "questions", "reason", "told", "via")

    def __init__(
        self,
        kind: str,
        moves: Moves,
        told: Moves,
        via: dict[str, list[str]],
        held: list[str],
        reason: str,
        questions: int,
        narrowed: bool,
    ) -> None:
        self.kind, self.moves, self.told, self.via, self.held = kind, moves, told, via, held
        self.reason, self.questions, self.narrowed = reason, questions, narrowed


class _Node:
    """A part of the search: `bounds` (package -> specifier) hold, `pinned` packages stay where the plan has them, and
    the others as near as `near` says (World.question)."""

    __slots__ = ("bounds", "near", "pinned")

    def __init__(self, bounds: dict[str, str], pinned: frozenset[str], near: int) -> None:
        self.bounds, self.pinned, self.near = bounds, pinned, near


class Confirmer:
    """Asks a resolver about plans for one environment, until `deadline` (of time.monotonic())."""

    def __init__(
        self,
        search: Search,
        resolver: Resolver,
        machine: Machine,
        deadline: float,
        tell: Callable[[str], None],
    ) -> None:
        self._search, self._resolver, self._machine = search, resolver, machine
        self._deadline, self._tell = deadline, tell
        self._held: dict[tuple[str, str], list[str]] = {}  # found out for one plan, true for all

    def confirm(self, moves: Moves, culprits: set[str], most: int = MAX_QUESTIONS) -> Outcome:
        """The nearest answer to `moves` in which nothing fires.

        Raises Late, Unreachable or Broken as the resolver does.
        """
        world = World(self._search.now, self._search.releases, moves, culprits)
        world.held.update(self._held)
        outcome = _Run(self._search, self._ask, world, most).outcome()
        # where nothing goes while everything else stays, what requires the moved packages may move as well
        if outcome.kind == "impossible" and world.widen():
            outcome = _Run(self._search, self._ask, world, most).outcome()
        self._held.update(world.held)
        return outcome

    def of(self, search: Search) -> Confirmer:
        """The same for another search of the same environment."""
        other = Confirmer(search, self._resolver, self._machine, self._deadline, self._tell)
        other._held = self._held
        return other

    def builds(self, moves: Moves) -> tuple[bool, str | None]:
        """Look up builds of the PyTorch family in `moves` at the PyTorch index: (False where it is known not to have
        them, what the user has to know of that)."""
        wanted: dict[str, list[str]] = {}
        for name, version in moves.items():
            tag = versions.local(version or "")
            if tag and name in TORCH_FAMILY and is_index_build(tag):
                wanted.setdefault(tag, []).append(f"{name}=={version}")
        for tag, requirements in wanted.items():
            question = Question(requirements, [], {}, self._machine, torch_build=tag)
            self._tell(f"asking the PyTorch index for {', '.join(requirements)}")
            try:
                self._resolver.resolve(question, min(FOR_A_BUILD, self._deadline - time.monotonic()))
            except Impossible as error:
                return False, f"the PyTorch index does not have {', '.join(requirements)}: {error}"
            except (Unreachable, Late, Broken):
                said = (
                    f"the builds for {tag} were not looked up: the PyTorch index cannot be asked; the matrix lists them"
                )
                return True, said
        return True, None

    def _ask(self, world: World, node: _Node) -> tuple[Moves, dict[str, list[str]]]:
        question = world.question(self._machine, node.bounds, node.pinned, node.near)
        bounds = ", ".join(f"{name}{spec}" for name, spec in node.bounds.items())
        about = f"{len(question.requirements)} packages" + (f" with {bounds}" if bounds else "")
        self._tell(f"asking {self._resolver.name} about {about}")
        answer = self._resolver.resolve(question, self._deadline - time.monotonic())
        return world.moved(answer.versions, node.bounds), answer.via


class _Run:
    """One search."""

    def __init__(
        self,
        search: Search,
        ask: Callable[[World, _Node], tuple[Moves, dict[str, list[str]]]],
        world: World,
        most: int,
    ) -> None:
        self.search, self.ask, self.world, self.most = search, ask, world, most
        self.questions = 0
        self.proof = True  # every branch so far was followed, or refuted for good
        self.reason = ""

    def outcome(self) -> Outcome:
        """Best-first over nodes, the cheapest answer first."""
        kept = frozenset(self.search.wishes.keep)
        held_back = frozenset(
            name for name in self.world.roots if self.search.wishes.holds_back(name) and name not in self.world.moves
        )
        everything = frozenset(self.world.roots) | kept
        planned = frozenset(name for name, version in self.world.moves.items() if version is not None)
        steps = [everything, kept | held_back | planned, kept | held_back, kept]
        starts = [(steps[0], 0)]
        starts += [(pinned, near) for pinned in steps[1:] if pinned != everything for near in (1, 2, ANYWHERE)]
        ladder = [_Node({}, pinned, near) for pinned, near in dict.fromkeys(starts)]
        queue: list[tuple[float, int, _Node]] = []
        count = 0
        answers: list[tuple[float, int, Moves, dict[str, list[str]], _Node]] = []
        seen: set[tuple[Any, ...]] = set()
        while queue or answers or ladder:
            if not queue and not answers:
                # a step farther only when nothing nearer is left
                count += 1
                heapq.heappush(queue, (0.0, count, ladder.pop(0)))
            # an answer in which nothing fires is taken once nothing cheaper is left to ask
            if answers and (not queue or answers[0][0] <= queue[0][0]):
                _, _, moves, via, node = heapq.heappop(answers)
                fired = self.search.still(moves)
                if not fired:
                    return self._outcome("resolved", moves, self._told(moves, node), via)
                for place, child in enumerate(self._children(fired[0], moves, node)):
                    key = (tuple(sorted(child.bounds.items())), child.pinned, child.near)
                    if key not in seen:
                        seen.add(key)
                        count += 1
                        bound = self.search.cost(self._told(moves, node)) + 0.01 * place
                        heapq.heappush(queue, (bound, count, child))
                continue
            if self.questions >= self.most:
                return self._outcome("gave-up", {}, {}, {})
            node = heapq.heappop(queue)[2]
            found = self._answer(node)
            if found is not None:
                moves, via = found
                ahead = len({self.search.which(clause)[1] for clause in self.search.still(moves)})
                count += 1
                cost = self.search.cost(self._told(moves, node)) + AHEAD * ahead
                heapq.heappush(answers, (cost, count, moves, via, node))
        return self._outcome("impossible" if self.proof else "gave-up", {}, {}, {})

    def _outcome(self, kind: str, moves: Moves, told: Moves, via: dict[str, list[str]]) -> Outcome:
        held = sorted({name for name, _ in self.world.held})
        return Outcome(kind, moves, told, via, held, self.reason, self.questions, self.world.narrowed)

    def _answer(self, node: _Node) -> tuple[Moves, dict[str, list[str]]] | None:
        found = 0
        while True:
            self.questions += 1
            try:
                moves, via = self.ask(self.world, node)
                early = self._early(moves)
                if not early:
                    return moves, via
                # a resolver takes a pre-release where nothing else has a wheel; nobody asked for one
                self.reason = f"only pre-releases have wheels: {', '.join(early)}"
                self.proof = False
                return None
            except Impossible as error:
                self.reason = str(error)
                found += 1
                if found == MAX_HELD and self.world.narrow():
                    continue
                if found > 2 * MAX_HELD or not self.world.hold(error.missing):
                    # a package that matters and that the index lacks altogether proves nothing
                    if not self.world.roots.isdisjoint(error.missing) and node.near == ANYWHERE:
                        self.proof = False
                    return None

    def _early(self, moves: Moves) -> list[str]:
        """The packages that would move from a release to a pre-release which the plan does not name."""
        from packaging.version import InvalidVersion, Version

        def early(version: str | None) -> bool:
            try:
                return version is not None and Version(version).is_prerelease
            except InvalidVersion:
                return False

        now = self.search.now
        return [
            f"{name} {version}"
            for name, version in moves.items()
            if early(version) and self.world.moves.get(name) != version and now.installed(name) == TRUE
            if not early(now.text(name))
        ]

    def _children(self, clause: dict[str, Any], moves: Moves, node: _Node) -> list[_Node]:
        """The parts of `node` in which `clause` cannot fire."""
        if not exhaustive(clause):
            self.proof = False
        children = []
        for way in ways(clause, self.search.facts(moves), self.search.matrix):
            if self.search.wishes.keep & set(way):
                continue
            bounds = joined(node.bounds, way)
            if bounds is not None and bounds != node.bounds:
                children.append(_Node(bounds, node.pinned - set(way), node.near))
        return children

    def _told(self, moves: Moves, node: _Node) -> Moves:
        """The moves that the user must make: new packages come by themselves, unless the matrix binds them."""
        now = self.search.now
        named = {*self.world.moves, *node.bounds}
        return {name: version for name, version in moves.items() if name in named or now.installed(name) == TRUE}
