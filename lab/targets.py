"""Makes the bundled targets in envaudit/targets/data/ from clones of public repositories.

    python -m lab.targets --clones DIR       write every target, and the index of their names

A clone of OWNER/NAME is looked for at DIR/OWNER/NAME, DIR/OWNER+NAME and DIR/OWNER+NAME/repo; it needs its history, no
work tree.  Which images are bundled, at which commits, and what no file of theirs states, stands in lab/targets.yaml.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from packaging.utils import canonicalize_name

from envaudit.recorded import read
from envaudit.targets import images
from lab.origins import git
from lab.releases import clone_of
from lab.uvlock import locked

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "envaudit" / "targets" / "data"
NO_GPU: dict[str, Any] = {"gpus": [], "driver": None, "driver_cuda": None}


class Made(NamedTuple):
    """One target, as its file holds it."""

    name: str
    version: str
    date: str
    about: str
    source: str
    snapshot: dict[str, Any]


class Repository:
    """A clone, read at given commits."""

    def __init__(self, clones: Path, name: str) -> None:
        self.clone, self.name = clone_of(clones, name), name

    def text(self, commit: str, path: str) -> str:
        """A file.  Raises OSError where there is none."""
        return git(self.clone, "show", f"{commit}:{path}").decode()

    def has(self, commit: str, path: str) -> bool:
        """Whether the file is there."""
        return bool(git(self.clone, "ls-tree", "--name-only", commit, path).strip())

    def date(self, commit: str, *path: str) -> str:
        """The day of the commit, or of the last one up to it that changed `path`."""
        return git(self.clone, "log", "-1", "--format=%cs", commit, "--", *path).decode().strip()

    def before(self, time: str) -> str:
        """The newest commit that is not later than `time`."""
        return git(self.clone, "log", "-1", f"--before={time}", "--format=%H").decode().strip()

    def named(self, commit: str, *paths: str) -> str:
        """How a target names its source."""
        return f"{self.name} at {commit[:12]}: {', '.join(paths)}"


# Colab


def colab(clones: Path, told: dict[str, Any], libstdcxx: dict[str, str]) -> Iterator[Made]:
    """CPU, GPU and TPU runtimes of each version."""
    repository = Repository(clones, told["repository"])
    for kind in ("gpu", "cpu", "tpu"):
        for runtime in told["runtimes"]:
            commit, version = runtime["commit"], runtime["version"]
            snapshot, paths, shared = colab_image(repository, commit, kind, libstdcxx)
            source = repository.named(commit, *paths)
            about = f"Google Colab, {kind.upper()} runtime {version}"
            if kind != "tpu":
                snapshot["memory"] = told["memory"]
                source += f"; {told['memory_source']}"
            if kind == "gpu":
                snapshot["gpus"] = [told["gpu"]]
                source += f"; {told['gpu_source']}"
                driver = told["drivers"].get(version)
                if driver:
                    source += f"; {driver['source']}"
                    snapshot["driver"], snapshot["driver_cuda"] = driver["driver"], driver["driver_cuda"]
                else:
                    about += "; its driver is not published"
                    snapshot["unknown"] = [{"what": "NVIDIA driver", "because": "Colab does not publish it"}]
            else:
                snapshot.update(NO_GPU)
            if shared:
                about += " (one image for CPU and GPU)"
            yield Made(f"colab-{kind}", version, repository.date(commit), about, source, snapshot)


def colab_image(
    repository: Repository, commit: str, kind: str, libstdcxx: dict[str, str]
) -> tuple[dict[str, Any], list[str], bool]:
    """(snapshot, files read, whether CPU and GPU runtimes shared them).

    Before 2026 one list stood for both kinds: the image had CUDA in it.
    """
    shared = kind != "tpu" and not repository.has(commit, "pip-freeze.gpu.txt")
    dot, dash = ("", "") if kind == "cpu" or shared else (f".{kind}", f"-{kind}")
    paths = [f"pip-freeze{dot}.txt", f"os-info{dash}.txt", f"apt-list{dash}.txt"]
    freeze, system, apt = (repository.text(commit, path) for path in paths)
    recorded: dict[str, Any] = dict(read(freeze.encode(), paths[0]))
    python = re.search(r"^Python ([0-9.]+)", system, re.M)
    release = re.search(r"^(Ubuntu [0-9.]+)", system, re.M)
    assert python and release, f"{paths[1]} at {commit} names no Python or no release"
    # what pip freeze leaves out
    silent = ["pip"] if int(python[1].split(".")[1]) >= 12 else ["pip", "setuptools", "wheel"]
    unversioned = {*recorded.get("packages_unversioned", ()), *silent} - set(recorded["packages"])
    snapshot = {
        "schema": "envaudit.snapshot/1",
        "python": python[1],
        "platform": {"system": "Linux", "release": release[1], "machine": "x86_64"},
        "packages": recorded["packages"],
        "packages_complete": True,
        "packages_unversioned": sorted(unversioned),
        "runtime": "colab",
        "runtimes": ["colab", "docker"],
        **_from_apt(apt, libstdcxx),
    }
    libc = _apt_version(apt, "libc6")
    if libc:
        snapshot["platform"]["libc"] = f"glibc {libc.partition('-')[0]}"
    return snapshot, paths, shared


def _from_apt(apt: str, libstdcxx: dict[str, str]) -> dict[str, Any]:
    """CUDA toolkit, cuDNN and libraries of the system; None where the list, which is whole, has none."""
    libraries: dict[str, str] = {}
    toolkit = re.search(r"^cuda-nvcc-([0-9]+)-([0-9]+)/", apt, re.M)
    cudnn = _apt_version(apt, r"libcudnn[0-9]+(?:-cuda-[0-9]+)?")
    nccl = _apt_version(apt, "libnccl2")
    gcc = _apt_version(apt, r"libstdc\+\+6")
    if nccl:
        libraries["nccl"] = nccl.partition("-")[0]
    if gcc and gcc.partition(".")[0] in libstdcxx:
        libraries["libstdcxx"] = libstdcxx[gcc.partition(".")[0]]
    return {
        "toolkit": f"{toolkit[1]}.{toolkit[2]}" if toolkit else None,
        "cudnn": ".".join(cudnn.partition("-")[0].split(".")[:3]) if cudnn else None,
        "libraries": libraries,
    }


def _apt_version(apt: str, package: str) -> str | None:
    found = re.search(rf"^{package}/\S* (\S+) amd64 \[installed", apt, re.M)
    return found[1] if found else None


# Kaggle


def kaggle(clones: Path, told: dict[str, Any], libstdcxx: dict[str, str]) -> Iterator[Made]:
    """The images that Kaggle builds upon Colab's: the versions that the build holds fast, names of the rest."""
    repository, base = Repository(clones, told["repository"]), Repository(clones, told["base"])
    for kind in ("gpu", "cpu"):
        for image in told["commits"]:
            commit, version = image["commit"], image["version"]
            recipe = repository.text(commit, "Dockerfile.tmpl")
            word = "public/runtime" if kind == "gpu" else "public/cpu-runtime"
            built = re.search(rf"{word}:\S*?_(\d{{4}})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)", recipe)
            assert built, f"Dockerfile.tmpl at {commit} names no base image of Colab"
            upon = base.before("{}-{}-{}T{}:{}:{}Z".format(*built.groups()))
            snapshot, paths, _ = colab_image(base, upon, kind, libstdcxx)
            held = snapshot["packages"]
            asked = read_requirements(repository.text(commit, "kaggle_requirements.txt"))
            kept = {name: held[name] for name in held if re.search("tensorflow|keras|torch|jax", name)}
            pins = {name: pin for name, pin in asked.items() if pin and name not in kept}
            pins.update(re.findall(r'"([a-z0-9-]+)==([0-9.]+)"', recipe))
            removed = set(re.findall(r"^RUN uv pip uninstall (?:--\S+ )*(\S+)$", recipe, re.M))
            known = {**kept, **pins}
            del snapshot["packages_complete"]
            snapshot["packages"] = dict(sorted(known.items()))
            rest = {*held, *snapshot["packages_unversioned"], *asked} - set(known) - removed
            snapshot["packages_unversioned"] = sorted(rest)
            snapshot["runtime"], snapshot["runtimes"] = "kaggle", ["kaggle", "docker"]
            about = f"Kaggle notebooks, {kind.upper()}; most package versions are not published"
            if kind == "cpu":
                snapshot.update(NO_GPU)
            else:
                about += ", nor is the driver; the GPU is chosen: gpu=T4, gpu=P100"
            source = f"{repository.named(commit, 'Dockerfile.tmpl', 'kaggle_requirements.txt')}; "
            source += base.named(upon, *paths)
            yield Made(f"kaggle-{kind}", version, repository.date(commit), about, source, snapshot)


def read_requirements(text: str) -> dict[str, str | None]:
    """Name -> version where it is pinned, else None."""
    found: dict[str, str | None] = {}
    for line in text.splitlines():
        entry = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?(?:==([0-9.]+))?", line)
        if entry and not line.startswith("git+"):
            found[canonicalize_name(entry[1])] = entry[2]
    return found


# Amazon


def aws(clones: Path, told: dict[str, Any]) -> Iterator[Made]:
    """Deep learning containers: what their catalogue states, and the lock file of those that have one."""
    repository, commit = Repository(clones, told["repository"]), told["commit"]
    for image in told["images"]:
        path = f"docs/src/data/{image['file']}.yml"
        entry = yaml.safe_load(repository.text(commit, path))
        paths = [path]
        where = "SageMaker" if entry["platform"] == "sagemaker" else "EC2, ECS and EKS"
        about = f"AWS deep learning container, {entry['framework']} {entry['version']} with CUDA for {where}"
        tag = f"{entry['tags'][0]}-{entry['cuda']}-{entry['os']}-{entry['python']}"
        name = f"public.ecr.aws/deep-learning-containers/{image['file'].partition('/')[0]}:{tag}"
        target = images.read(name)
        assert target, f"{name} is not understood"
        snapshot: dict[str, Any] = {**target.snapshot}
        if "lock" in image:
            lock = f"{image['lock']}/uv.lock"
            paths.append(lock)
            snapshot["packages"] = locked(repository.text(commit, lock), snapshot["python"], image.get("extra"))
            about += "; what its build adds to the lock file is not known"
        else:
            about += "; its other packages are not known"
        snapshot["platform"]["machine"] = "x86_64"
        yield Made(image["name"], image["version"], entry["ga"], about, repository.named(commit, *paths), snapshot)


def studio(clones: Path, told: dict[str, Any]) -> Iterator[Made]:
    """SageMaker distribution: the images of SageMaker Studio, from their explicit conda lists."""
    repository = Repository(clones, told["repository"])
    for kind in ("gpu", "cpu"):
        for image in told["images"]:
            version, commit = image["version"], image["commit"]
            major, minor, _ = version.split(".")
            path = f"build_artifacts/v{major}/v{major}.{minor}/v{version}/{kind}.env.out"
            rows = ["# packages in environment at /opt/conda:", "#", "# Name Version Build Channel"]
            listed = re.findall(r"^https://\S+/([^/#\s]+?)(?:\.conda|\.tar\.bz2)", repository.text(commit, path), re.M)
            for entry in listed:
                name, number, build = entry.rsplit("-", 2)
                if name == "flatbuffers":  # the C++ library; the Python package is python-flatbuffers
                    continue
                rows.append(f"{name} {number} {build} conda-forge")
            snapshot: dict[str, Any] = dict(read("\n".join(rows).encode(), path))
            snapshot["platform"] = {"system": "Linux", "machine": "x86_64"}
            snapshot["runtime"], snapshot["runtimes"] = "sagemaker", ["sagemaker", "docker", "conda"]
            if kind == "cpu":
                snapshot.update(NO_GPU)
            about = f"SageMaker Studio, distribution {version}, {kind.upper()}; what pip adds to it is not known"
            if kind == "gpu":
                about += ", nor are GPU and driver"
            source = repository.named(commit, path)
            yield Made(f"sagemaker-studio-{kind}", version, repository.date(commit, path), about, source, snapshot)


# NVIDIA


def ngc(told: list[dict[str, Any]]) -> Iterator[Made]:
    """What release notes state of NVIDIA's containers."""
    for image in told:
        stated = image["snapshot"]
        framework = image["name"].partition("-")[2]
        snapshot = {
            "schema": "envaudit.snapshot/1",
            **stated,
            "platform": {"system": "Linux", **stated.get("platform", {})},
            "runtime": "docker",
            "runtimes": ["docker"],
        }
        if framework == "tensorflow":
            snapshot["packages_unversioned"] = ["tensorflow"]
        title = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}[framework]
        about = f"NVIDIA's {title} container {image['version']}, its own build; its other packages are not known"
        yield Made(image["name"], image["version"], image["date"], about, image["source"], snapshot)


def write(made: list[Made], folder: Path) -> None:
    """The files and their index, in place of those that are there."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.json"):
        path.unlink()
    index: dict[str, list[list[str]]] = {}
    dump = functools.partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
    for target in made:
        index.setdefault(target.name, []).append([target.version, target.date, target.about])
        text = dump(target._asdict())
        (folder / f"{target.name}@{target.version}.json").write_text(f"{text}\n", "utf-8")
    rows = [f"{dump(name)}:{dump(held)}" for name, held in index.items()]
    (folder / "index.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")


def make(clones: Path) -> list[Made]:
    """Every target.  Raises OSError where a clone, a commit or a file of it is missing."""
    told = yaml.safe_load((HERE / "targets.yaml").read_text("utf-8"))
    makers: list[Callable[[], Iterator[Made]]] = [
        lambda: colab(clones, told["colab"], told["libstdcxx"]),
        lambda: kaggle(clones, told["kaggle"], told["libstdcxx"]),
        lambda: studio(clones, told["studio"]),
        lambda: aws(clones, told["aws"]),
        lambda: ngc(told["ngc"]),
    ]
    return [target for maker in makers for target in maker()]


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 where a clone does not have what it should."""
    parser = argparse.ArgumentParser(prog="python -m lab.targets", description=__doc__.partition("\n")[0])
    parser.add_argument("--clones", type=Path, required=True, metavar="DIR", help="folder with the clones")
    options = parser.parse_args(argv)
    try:
        made = make(options.clones)
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    write(made, DATA)
    for target in made:
        size = (DATA / f"{target.name}@{target.version}.json").stat().st_size
        versions = len(target.snapshot.get("packages") or ())
        print(f"{target.name}@{target.version}\t{target.date}\t{versions} packages\t{size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
