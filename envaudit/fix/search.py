"""The search for the cheapest set of moves after which nothing fires.

Best-first search: a state is a set of moves; the worst clause that still fires is mended in each of the ways that its
rule names; the first state in which nothing fires is taken.  Bounded, so that it ends on every input; then
the best state seen is taken.
"""

from __future__ import annotations

import heapq

from envaudit import declared, versions
from envaudit.conditions import packages_in
from envaudit.engine import concerning, fire
from envaudit.facts import Facts
from envaudit.fix.candidates import LIMIT, Releases, candidates
from envaudit.fix.wishes import Wishes
from envaudit.matrix.store import ALWAYS
from envaudit.truth import FALSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.matrix.store import Matrix
    from envaudit.snapshot.model import Snapshot

    Moves = dict[str, "str | None"]

MEND_FROM = 1  # index of "degraded": notices are not worth a move
MAX_STATES = 150
MAX_MOVES = 12
TRIED = 80  # moves tried for one way out
HELD_BACK = 3.0  # cost of moving a framework
AGAINST = 2.5  # cost of a move in the direction that is not wished
KEPT = 3  # of them, how many are followed
AHEAD = 1.3  # cost of a move that is still to come: the least is 1, and most change a minor or major version


class Search:
    """Finds moves for one snapshot, as its user wishes."""

    def __init__(self, snapshot: Snapshot, matrix: Matrix, wishes: Wishes | None = None) -> None:
        self.snapshot, self.matrix = snapshot, matrix
        self.wishes = wishes or Wishes()
        self.now = Facts(snapshot, matrix.table)
        self.releases = Releases(matrix, snapshot.get("python"))
        self.fired_now = [clause for clause, _ in fire(_serious(concerning(self.now, matrix)), self.now)[0]]
        self._lacking = self.now.lacking()
        # (rule, packages) that no move mends; a state may keep them, but not bring in others
        self.hopeless: set[tuple[str, frozenset[str]]] = set()
        self._names: dict[int, tuple[str, frozenset[str]]] = {}
        self.asked = declared.Asked(self.now)

    def facts(self, moves: Moves) -> Facts:
        """The facts as they would be after `moves`."""
        return Facts(self.snapshot, self.matrix.table, moves)

    def _near(self, moves: Moves, facts: Facts) -> list[dict[str, Any]]:
        """The clauses at degraded or worse that speak of a moved package and could hold after `moves`."""
        places = dict.fromkeys(place for name in moves for place in self.matrix.places(name))
        present = [place for place in places if place in (*moves, ALWAYS) or self.now.installed(place) != FALSE]
        near = _serious(self.matrix.clauses(present, facts.key, self._lacking))
        return [clause for clause in near if not self.which(clause)[1].isdisjoint(moves)]

    def _untouched(self, moves: Moves) -> list[dict[str, Any]]:
        """The clauses that hold now and speak of no moved package."""
        return [clause for clause in self.fired_now if self.which(clause)[1].isdisjoint(moves)]

    def best(self) -> tuple[Moves, list[dict[str, Any]]]:
        """(moves, clauses that still fire): the cheapest moves that mend all that can be mended."""
        while True:
            state, solved = self._cheapest()
            if solved:
                return state.moves, state.fired
            # leave what stood in the way and mend the rest; but what only a move brought in is no reason to give up on
            # anything but the clause that asked for the move
            stuck = self.worst([clause for clause in state.fired if clause in self.fired_now])
            stuck = stuck or self.worst(self.fired_now)
            if stuck is None:
                return state.moves, state.fired
            self.hopeless.add(self.which(stuck))

    def without(self, package: str) -> Moves | None:
        """The cheapest moves that take `package` away and leave nothing that fires; None where there are none."""
        moves: Moves = {package: None}
        after = self.facts(moves)
        fired = self._untouched(moves) + [clause for clause, _ in fire(self._near(moves, after), after)[0]]
        state, solved = self._cheapest([_State(self.cost(moves), moves, fired)])
        return state.moves if solved else None

    def still(self, moves: Moves) -> list[dict[str, Any]]:
        """The clauses that hold after `moves`, the worst first, without those that no move mends."""
        after = self.facts(moves)
        fired = [clause for clause, _ in fire(_serious(concerning(after, self.matrix)), after)[0]]
        kept = [clause for clause in fired if self.which(clause) not in self.hopeless]
        return sorted(kept, key=lambda clause: -int(clause["l"]))

    def which(self, clause: dict[str, Any]) -> tuple[str, frozenset[str]]:
        """What makes two clauses one finding: the rule and the parts that clash."""
        held = self._names.get(id(clause))
        if held is None:
            held = self._names[id(clause)] = clause["r"], frozenset(packages_in(clause["c"]))
        return held

    def worst(self, fired: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The clause to mend next: the highest level, among equals the first."""
        return max(
            (clause for clause in fired if self.which(clause) not in self.hopeless),
            key=lambda clause: clause["l"],
            default=None,
        )

    def _cheapest(self, starts: list[_State] | None = None) -> tuple[_State, bool]:
        """Best-first search: (state, True) when nothing but the hopeless fires in it, else the best state seen.

        What is still ahead of a state is taken as one move for each set of packages that clash.
        """
        best = _State(0.0, {}, self.fired_now)
        queue = [(state.cost, place, state) for place, state in enumerate([best] if starts is None else starts)]
        seen = {_frozen(state.moves) for _, _, state in queue}
        given_up = {packages for _, packages in self.hopeless}
        while queue and len(seen) < MAX_STATES:
            state = heapq.heappop(queue)[2]
            if state.badness() < best.badness():
                best = state
            worst = self.worst(state.fired)
            if worst is None:
                return state, True
            if len(state.moves) >= MAX_MOVES:
                continue
            for following in self._mend(worst, state):
                if _frozen(following.moves) not in seen:
                    seen.add(_frozen(following.moves))
                    ahead = len({self.which(held)[1] for held in following.fired} - given_up)
                    heapq.heappush(queue, (following.cost + AHEAD * ahead, len(seen), following))
        best = min([best, *(entry[2] for entry in queue)], key=_State.badness)
        return best, self.worst(best.fired) is None

    def _mend(self, clause: dict[str, Any], state: _State) -> list[_State]:
        """The states after each way out of `clause`: of each way, the cheapest moves that bring in nothing new, and a
        few that do (moving torch brings in torchvision, which can follow)."""
        facts = self.facts(state.moves)
        options: list[dict[str, str]] = clause.get("f") or self.matrix.card(clause["r"])["fix"]
        which = self.which(clause)
        before = {self.which(held) for held in state.fired}
        result = []
        for preference, option in enumerate(options):
            clean = trouble = 0
            for cost, moves in self._ways(option, state, facts)[:TRIED]:
                after = self.facts(moves)
                if fire([clause], after)[0]:
                    continue
                near = self._near(moves, after)
                if fire([other for other in near if self.which(other) == which], after)[0]:
                    continue  # another row of the table says the same of the new version
                fired = self._untouched(moves) + [other for other, _ in fire(near, after)[0]]
                if all(self.which(held) in before for held in fired):
                    clean += 1
                elif trouble < KEPT:
                    trouble += 1
                else:
                    continue
                result.append(_State(cost + 0.01 * preference, moves, fired))
                if clean == KEPT:
                    break
        return result

    def _ways(self, option: dict[str, str], state: _State, facts: Facts) -> list[tuple[float, Moves]]:
        """(cost, moves) of the ways to take one way out of `state`, the cheapest first."""
        ways = []
        for place, moves in enumerate(self._moves(option, facts)):
            merged = {**state.moves, **moves}
            merged = {name: version for name, version in merged.items() if version != self.now.packages.get(name)}
            ways.append((self.cost(merged) + 0.002 * place, merged))  # the nearest release first
        ways.sort(key=lambda way: way[0])
        return ways

    def _moves(self, option: dict[str, str], facts: Facts) -> list[Moves]:
        """The ways to do one way out: every package of it moves, by the nearest versions first."""
        ways: list[Moves] = [{}]
        for package, wanted in option.items():
            if package in self.wishes.keep:
                choices: list[str | None] = []
            elif wanted == "absent":
                choices = [None] if facts.installed(package) else []
            else:
                choices = list(candidates(package, option, facts, self.releases))
            ways = [{**way, package: choice} for way in ways for choice in choices][: LIMIT * 6]
        return ways

    def cost(self, moves: Moves) -> float:
        """What `moves` cost a user: packages moved, majors crossed, requirements broken."""
        cost = 0.0
        for name, version in moves.items():
            cost += 1.0 + (HELD_BACK if self.wishes.holds_back(name) else 0.0)
            now = self.now.packages.get(name)
            here, there = versions.key(now or ""), versions.key(version or "")
            if here is None or there is None or here[1][0] != there[1][0]:
                cost += 1.0
            else:
                cost += min(0.9, 0.02 * abs((here[1] + [0])[1] - (there[1] + [0])[1]))
            if here and there and self.wishes.direction and (there < here) != (self.wishes.direction == "down"):
                cost += AGAINST
            cost += _build_cost(versions.local(now or ""), versions.local(version or ""))
        return cost + 2.0 * self.asked.broken(moves, self.facts(moves))


class _State:
    __slots__ = ("cost", "fired", "moves")

    def __init__(self, cost: float, moves: Moves, fired: list[dict[str, Any]]) -> None:
        self.cost, self.moves, self.fired = cost, moves, fired

    def badness(self) -> tuple[int, float]:
        """How bad what is left is; fewer crashes outweigh any number of moves."""
        return sum(10 ** clause["l"] for clause in self.fired), self.cost


def _serious(clauses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [clause for clause in clauses if clause["l"] >= MEND_FROM]


def _build_cost(now: str | None, then: str | None) -> float:
    if now == then:
        return 0.0
    # losing the GPU costs more than any other move: the CPU build is for when nothing else runs
    if then == "cpu":
        return 0.1 if now and not now.startswith("cu") else 5.0
    return 0.1 if now else 0.0


def _frozen(moves: Moves) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(moves.items()))
