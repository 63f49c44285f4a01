"""What to build and run for a rule: cases derived from its examples and table rows, and the few recipes by hand.

`recipes.yaml` (and files beside it named `recipes-*.yaml`) maps rules to what cannot be derived; `probes.yaml` maps
distributions to code.  Both are read with the matrix's own careful loader.
"""

from __future__ import annotations

import glob
import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from envaudit import versions
from envaudit.fix.ways import as_specifier
from envaudit.matrix.clauses import Clause, clauses
from envaudit.matrix.compiler import Source
from envaudit.matrix.examples import snapshot
from envaudit.matrix.rule import Rule
from envaudit.matrix.source import Block, Fault, load
from lab.isolation import Host

HERE = Path(__file__).resolve().parent
# the Pythons tried, best first: where most wheels of all years are
PYTHONS = ("3.11", "3.10", "3.9", "3.12", "3.8", "3.13", "3.7")
# facts of examples that a scratch environment cannot give
_ELSEWHERE = {
    "gpu": "needs a GPU", "gpu-memory": "needs a GPU", "gpu-count": "needs a GPU", "driver": "needs a GPU driver",
    "driver-cuda": "needs a GPU driver", "cuda-toolkit": "needs CUDA", "cudnn": "needs CUDA", "nccl": "needs CUDA",
    "os": "needs another operating system", "os-version": "needs another operating system",
    "machine": "needs another processor", "runtime": "needs that runtime",
    "conda": "needs conda", "builds": "needs a build of another origin", "glibc": "needs another glibc",
    "libstdcxx": "needs another libstdc++", "memory-total": "needs another amount of memory",
    "problem": "needs a damaged environment", "complete": "is about reports, not environments",
}  # fmt: skip
# facts of examples that the lab can give a probe
_HOST = {"memory": "memory_mib", "shm": "shm_mib", "tmp-free": "tmp_free_mib", "open-files": "open_files"}
# qemu's model of a processor for the best flag that an example names
_MODELS = (
    ("avx2", "Haswell"),
    ("avx", "SandyBridge"),
    ("sse4_2", "Nehalem"),
    ("ssse3", "core2duo"),
)
_CUDA = ("torch", "torchvision", "torchaudio", "torchtext", "triton", "xformers", "flash-attn", "vllm", "cupy")
_CUDA_STARTS = ("nvidia-", "cupy-cuda", "jax-cuda")
_CUDA_ENDS = ("-gpu", "-cu11", "-cu12", "-cu13")
RECIPE_KEYS = {
    "probe",
    "python",
    "with",
    "without",
    "sdist",
    "date",
    "skip",
    "pins",
    "seconds",
    "good",
    "memory",
    "kernel",
    "system",
    "prepare",
    "mend",
    "keep",
    "as-named",
    "cuda",
    "qemu",
}


class Skip(Exception):
    """The lab cannot run this; `str()` is the reason."""


class Case(NamedTuple):
    """One environment to build and one probe to run in it.

    wanted   package to specifier ("==2.0.2"), forced whatever other packages ask for
    also     further requirements, not forced
    without  packages left out although something asks for them
    absent   packages that only the bad side must lack
    sdist    packages that may be built from source
    kernel   the probe stands for a Jupyter kernel, whose process dies when it raises
    good     what to move to where envaudit plans nothing (rules of level notice): package to version
    host     the machine of the bad side, and of the fixed one where packages are what is mended
    facts    what envaudit is told of that machine: keys of a snapshot
    system   another Linux that it runs on, as arm64 or trixie-arm64 (`lab.systems`)
    prepare  code that damages the environment, run in its site-packages before the probe
    mend     code that does what the rule's note says, run there where envaudit plans nothing
    keep     packages that the plan must leave where they are, as with `--keep`
    as_named packages that nothing stands in for: releases that are builds for the CPU under their own name
    cuda     builds for CUDA are wanted: the probe uses what works without a GPU
    """

    rule: str
    wanted: dict[str, str]
    python: str | None
    env: dict[str, str]
    probe: str
    own_probe: bool
    also: list[str]
    without: list[str]
    sdist: list[str]
    date: str | None
    good: dict[str, str]
    seconds: float
    memory_mib: int
    kernel: bool
    host: Host = Host()
    facts: dict[str, Any] = {}  # noqa: RUF012  # of a tuple, and never changed
    absent: tuple[str, ...] = ()
    system: str | None = None
    prepare: str | None = None
    mend: str | None = None
    keep: tuple[str, ...] = ()
    as_named: tuple[str, ...] = ()
    cuda: bool = False

    @property
    def key(self) -> str:
        """What the case is called: rule and requirements."""
        python = f" python {self.python}" if self.python else ""
        machine = ", ".join(filter(None, [self.system, str(self.host)]))
        host = f" on {machine}" if machine else ""
        return f"{self.rule}: {', '.join(name + spec for name, spec in self.wanted.items())}{python}{host}"


class Recipes:
    """The recipes and probes by hand, read."""

    def __init__(self, folder: Path = HERE) -> None:
        self.rules: dict[str, Any] = {}
        for path in sorted(glob.glob(str(folder / "recipes*.yaml"))):
            for name, recipe in (load(path) or {}).items():
                unknown = set(recipe) - RECIPE_KEYS
                if unknown or name in self.rules:
                    raise Fault(path, recipe.line, f"'{name}': unknown key {unknown}" if unknown else f"'{name}' twice")
                self.rules[name] = recipe
        content = load(str(folder / "probes.yaml")) or {}
        self.probes: dict[str, str] = dict(content.get("probes", {}))
        self.stand_ins: dict[str, str] = dict(content.get("stand-ins", {}))
        self.companions: dict[str, str] = dict(content.get("companions", {}))
        self.skips: dict[str, str] = dict(content.get("skips", {}))

    def probe(self, packages: list[str]) -> str:
        """Code that imports, and where it is known uses, each of `packages`."""
        return "\n".join(self.probes.get(name, f"import {name.replace('-', '_')}") for name in packages)


def cases(rule: Rule, source: Source, recipes: Recipes, rows: int = 0) -> list[Case]:
    """The cases of a rule: its bad examples, and up to `rows` table rows that they do not stand for.

    Raises Skip where the lab can run none of them.
    """
    recipe = recipes.rules.get(rule.id, {})
    if "skip" in recipe:
        raise Skip(recipe["skip"])
    found: list[Case] = []
    extra: list[Case] = []
    why: list[str] = []
    examples = [recipe["pins"]] if "pins" in recipe else rule.examples["bad"]
    for example in examples if isinstance(examples[0], dict) else examples[0]:
        try:
            found.append(_of_example(rule, example, recipe, recipes))
        except Skip as skip:
            why.append(str(skip))
    if rows and rule.over and "pins" not in recipe:
        for clause in clauses(rule, source.tables):
            try:
                case = _of_clause(rule, clause, recipe, recipes, source)
            except Skip as skip:
                why.append(str(skip))
                continue
            if len(extra) < rows and not any(_stands_for(held, clause) for held in found):
                extra.append(case)
    if not found and not extra:
        raise Skip(why[0] if why else "no example to run")
    return found + extra


def _of_example(rule: Rule, example: dict[str, Any], recipe: dict[str, Any], recipes: Recipes) -> Case:
    wanted: dict[str, str] = {}
    env: dict[str, str] = {}
    told: dict[str, Any] = {}
    python = None
    for fact, value in example.items():
        if fact == "problem" and "prepare" in recipe:
            continue
        if fact in ("machine", "glibc") and "system" in recipe:
            continue
        if fact in _ELSEWHERE:
            raise Skip(_ELSEWHERE[fact])
        if fact in _HOST or fact == "cpu":
            told[fact] = value
        elif fact == "python":
            python = ".".join(value.split(".")[:2])
        elif fact.startswith("env:"):
            env[fact[4:]] = value
        else:
            if value and versions.local(value) not in (None, "cpu"):
                raise Skip("needs a build of another index")
            wanted[fact] = f"=={value}"
    good: dict[str, str] = {}
    for other in rule.examples["good"]:
        there = {name: text for name, text in other.items() if isinstance(text, str) and _is_package(name)}
        if wanted and set(wanted) <= set(there) and not good:
            good = {name: text for name, text in there.items() if f"=={text}" != wanted.get(name)}
    case = _case(rule, wanted, python, env, recipe, recipes, good)
    if told:
        # the good example may be good for another machine
        case = case._replace(
            host=_host(told, recipe.get("qemu")), facts=_facts(told), good=dict(recipe.get("good") or {})
        )
    return case._replace(absent=tuple(_absent(rule, set(wanted))))


def _host(told: dict[str, Any], model: str | None = None) -> Host:
    if "cpu" in told and model is None:
        model = next((name for flag, name in _MODELS if flag in told["cpu"]), "qemu64")
    host = Host(cpu=model, **{_HOST[fact]: int(value) for fact, value in told.items() if fact in _HOST})
    if host.lacking:
        raise Skip(host.lacking)
    return host


def _facts(told: dict[str, Any]) -> dict[str, Any]:
    """What a snapshot says of such a machine."""
    example = Block(0)
    example.update(told)
    described = snapshot(example)
    return {key: described[key] for key in ("cpu", "memory") if key in described}


def _companions(wanted: dict[str, str], recipes: Recipes) -> list[str]:
    """What packages need without saying so."""
    found = [(spec, recipes.companions[name]) for name, spec in wanted.items() if name in recipes.companions]
    also = [text.replace("{}", spec.removeprefix("==")) for spec, text in found if "{}" not in text or spec[:2] == "=="]
    return [text for text in also if text.partition("<")[0] not in wanted]


def _is_package(fact: str) -> bool:
    return fact not in _ELSEWHERE and fact not in _HOST and fact not in ("python", "cpu") and ":" not in fact


def _absent(rule: Rule, present: set[str]) -> list[str]:
    """The packages that must not be there for the rule to fire on an example with `present`."""
    for alternative in rule.when:
        gone = [name for name, value in alternative.items() if value == "absent" and not name.startswith("env:")]
        if gone and not present & set(gone):
            return gone
    return []


def _of_clause(rule: Rule, clause: Clause, recipe: dict[str, Any], recipes: Recipes, source: Source) -> Case:
    wanted: dict[str, str] = {}
    python = None
    pythons = [name for name in PYTHONS if _python_fits(name, clause)]
    for condition in clause.conditions:
        if condition[0] == "version" and condition[1] == "python":
            python = pythons[0] if pythons else None
            if python is None:
                raise Skip("needs a Python that is not here")
        elif condition[0] == "version" and _is_package(condition[1]):
            wanted[condition[1]] = _one(condition[2], condition[1], source)
        elif condition[0] == "word" and condition[1] == "os" and "linux" in condition[2]:
            continue
        elif condition[0] != "absent":
            raise Skip(
                _ELSEWHERE.get(condition[1] if isinstance(condition[1], str) else "", f"asks for {condition[0]}")
            )
    if not wanted:
        raise Skip("names no package")
    return _case(rule, wanted, python, {}, recipe, recipes, {})


def _case(
    rule: Rule, wanted: dict[str, str], python: str | None, env: dict[str, str], recipe: dict[str, Any],
    recipes: Recipes, good: dict[str, str],
) -> Case:  # fmt: skip
    system = recipe.get("system")
    for name, spec in wanted.items():
        # the index has builds of torch for the CPU alone for ARM
        cuda = name in _CUDA and not spec.endswith("+cpu") and not (system or "").endswith("arm64")
        if (cuda or name.startswith(_CUDA_STARTS) or name.endswith(_CUDA_ENDS)) and recipe.get("cuda") != "yes":
            raise Skip(f"{name}: only builds for CUDA on the package index")
        if name in recipes.skips:
            raise Skip(f"{name}: {recipes.skips[name]}")
    probe = recipe.get("probe") or recipes.probe(list(wanted))
    return Case(
        rule.id,
        wanted,
        recipe.get("python") or python,
        env,
        probe,
        "probe" in recipe,
        [*_list(recipe.get("with")), *_companions(wanted, recipes)],
        _list(recipe.get("without")),
        _list(recipe.get("sdist")),
        recipe.get("date"),
        dict(recipe.get("good") or good),
        float(recipe.get("seconds", 900 if system else 240)),
        int(recipe.get("memory", 8192)),
        recipe.get("kernel") == "yes",
        system=system,
        prepare=recipe.get("prepare"),
        mend=recipe.get("mend"),
        keep=tuple(_list(recipe.get("keep"))),
        as_named=tuple(_list(recipe.get("as-named"))),
        cuda=recipe.get("cuda") == "yes",
    )


def digest(rule: Rule, case: Case) -> str:
    """A word that changes with what the rule claims and what the case runs; texts that explain do not count."""
    claim = [rule.level, rule.certainty, rule.symptom, str(rule.when), str(rule.fix), case.probe, str(case[1:13])]
    if any(case[14:]):  # most cases have none of these, and what was run before they were known stays known
        claim.append(str(case[14:]))
    return hashlib.sha256("\n".join(claim).encode()).hexdigest()[:12]


def _list(value: Any) -> list[str]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def _python_fits(series: str, clause: Clause) -> bool:
    for condition in clause.conditions:
        if condition[0] == "version" and condition[1] == "python":
            key = versions.key(f"{series}.7")
            return key is not None and versions.contains(condition[2], key)
    return True


def _stands_for(case: Case, clause: Clause) -> bool:
    """Whether a case by an example fires this clause already."""
    for condition in clause.conditions:
        if condition[0] != "version":
            continue
        exact = case.wanted.get(condition[1], "")
        if condition[1] == "python":
            exact = f"=={case.python}.7" if case.python else ""
        key = versions.key(exact[2:]) if exact.startswith("==") else None
        if key is None or not versions.contains(condition[2], key):
            return False
    return True


def _one(intervals: versions.Intervals, package: str, source: Source) -> str:
    """A specifier for the release that tells most: the one nearest to the boundary, where releases are listed."""
    if not intervals:
        raise Skip(f"{package}: no version is bad")
    low, high = intervals[-1]
    listed = source.releases.get(package)
    inside = []
    for row in listed.rows if listed else []:
        key = versions.key(row[0])
        if key is not None and (low is None or low <= key) and (high is None or key < high):
            inside.append((key, row[0]))
    inside.sort()
    if inside:
        if high is not None or low is None:
            return f"=={inside[-1][1]}"
        first = inside[0][0][1][:2]
        return f"=={[version for key, version in inside if key[1][:2] == first][-1]}"
    return as_specifier(low, high)
