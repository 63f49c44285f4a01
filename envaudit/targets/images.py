"""What the name of a container image says: its tag names versions, and some images are bundled targets."""

from __future__ import annotations

import re

from envaudit.targets import Target, find, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from envaudit.snapshot.model import Platform, Snapshot

    Reader = Callable[[str, str], "Snapshot | Target | None"]

_RELEASES = {  # word in a tag -> (name of the system, its C library by release)
    "ubuntu": ("Ubuntu", {"16.04": "2.23", "18.04": "2.27", "20.04": "2.31", "22.04": "2.35", "24.04": "2.39"}),
    "debian": ("Debian", {"9": "2.24", "10": "2.28", "11": "2.31", "12": "2.36", "13": "2.41"}),
    "ubi": ("Red Hat Enterprise Linux", {"7": "2.17", "8": "2.28", "9": "2.34", "10": "2.39"}),
    "rockylinux": ("Rocky Linux", {"8": "2.28", "9": "2.34", "10": "2.39"}),
    "almalinux": ("AlmaLinux", {"8": "2.28", "9": "2.34", "10": "2.39"}),
    "centos": ("CentOS", {"7": "2.17", "8": "2.28"}),
    "amzn": ("Amazon Linux", {"2": "2.26", "2023": "2.34"}),
    "amazonlinux": ("Amazon Linux", {"2": "2.26", "2023": "2.34"}),
    "fedora": ("Fedora", {}),
}
_CODENAMES = {
    "stretch": ("debian", "9"), "buster": ("debian", "10"), "bullseye": ("debian", "11"), "bookworm": ("debian", "12"),
    "trixie": ("debian", "13"), "xenial": ("ubuntu", "16.04"), "bionic": ("ubuntu", "18.04"),
    "focal": ("ubuntu", "20.04"), "jammy": ("ubuntu", "22.04"), "noble": ("ubuntu", "24.04"),
}  # fmt: skip
# the image's Python is not in its name; those that were read in one: https://github.com/pytorch/pytorch/issues/73714,
# https://github.com/rlan/notebooks/issues/144
_PYTORCH_PYTHONS = {"1.11.0": "3.8", "1.12.0": "3.7", "2.5.1": "3.11.10"}
_VERSION = r"[0-9]+(?:\.[0-9]+){1,2}"


def read(image: str) -> Target | None:
    """See `envaudit.targets.for_image`."""
    name, tag = _split(image)
    for pattern, reader in _READERS:
        if re.fullmatch(pattern, name):
            found = reader(name, tag)
            if found is None:
                return None
            if isinstance(found, Target):
                return Target(image.strip(), found.snapshot, date=found.date, source=found.source, about=found.about)
            return Target(image.strip(), found, source="the name of the image", about=_ABOUT)
    return None


_ABOUT = "only what the image's name says; its packages are not known"


def _split(image: str) -> tuple[str, str]:
    """(name, tag) of an image reference, without digest and default registry."""
    name = image.strip()[:300].lower().partition("@")[0]
    cut = name.rfind(":")
    tag = ""
    if cut > name.rfind("/"):
        name, tag = name[:cut], name[cut + 1 :]
    for prefix in ("docker.io/", "index.docker.io/", "registry-1.docker.io/", "library/"):
        name = name[len(prefix) :] if name.startswith(prefix) else name
    return name, tag


# parts of a tag


def _container(tag: str, *hosts: str) -> Snapshot:
    """A Linux container, with the release that `tag` names."""
    platform: Platform = {"system": "Linux"}
    system, release = _distribution(tag)
    if release == "alpine":
        platform["release"], platform["libc"] = "Alpine Linux", "musl"
    elif system:
        title, libraries = _RELEASES[system]
        platform["release"] = f"{title} {release}".strip()
        if release in libraries:
            platform["libc"] = f"glibc {libraries[release]}"
    return {
        "schema": "envaudit.snapshot/1",
        "platform": platform,
        "runtime": "docker",
        "runtimes": ["docker", *hosts],
    }


def _distribution(tag: str) -> tuple[str, str]:
    words = re.split(r"[-_:]", tag)
    for word in words:
        if word in _CODENAMES:
            return _CODENAMES[word]
        if word.startswith("alpine"):
            return "", "alpine"
        found = re.fullmatch(rf"({'|'.join(_RELEASES)})([0-9.]*)", word)
        if found:
            return found[1], found[2]
    return "", ""


def _python(snapshot: Snapshot, tag: str) -> None:
    """The Python of words such as py3.10, py310, python3.12, python-3.11."""
    found = re.search(rf"(?:^|[-_.:])py(?:thon)?[-_]?({_VERSION}|3[0-9]{{1,2}})(?![0-9])", tag)
    if found:
        version = found[1]
        snapshot["python"] = version if "." in version else f"3.{version[1:]}"


def _cuda(tag: str) -> str | None:
    """The CUDA version of words such as cuda12.1, cuda12.4.1, cu126."""
    found = re.search(rf"(?:^|[-_.])(?:cuda-?({_VERSION})|cu(1[0-9])([0-9]))(?![0-9])", tag)
    if not found:
        return None
    return found[1] or f"{found[2]}.{found[3]}"


# images


def _nvidia_cuda(name: str, tag: str) -> Snapshot | None:
    found = re.match(_VERSION, tag)
    if not found:
        return None
    snapshot = _container(tag)
    if "base" not in tag.split("-"):  # that flavour holds the CUDA runtime library alone
        snapshot["toolkit"] = found[0]
    if "cudnn" in tag:
        snapshot["unknown"] = [{"what": "cuDNN", "because": "the image's name says its major version at most"}]
    return snapshot


def _pytorch(name: str, tag: str) -> Snapshot:
    snapshot = _container(tag)
    found = re.match(r"([0-9]+\.[0-9]+\.[0-9]+)(?:-|$)", tag)
    cuda = _cuda(tag)
    if found:
        snapshot["packages"] = {"torch": found[1]}
        if found[1] in _PYTORCH_PYTHONS:
            snapshot["python"] = _PYTORCH_PYTHONS[found[1]]
        if cuda:
            snapshot["builds"] = {"torch": "cu" + "".join(cuda.split(".")[:2])}
    else:
        snapshot["packages_unversioned"] = ["torch"]
    if cuda and tag.endswith("-devel"):
        snapshot["toolkit"] = cuda
    return snapshot


def _tensorflow(name: str, tag: str) -> Snapshot:
    """GPU images hold tensorflow; the others tensorflow or, since 2021, tensorflow-cpu."""
    snapshot = _container(tag)
    found = re.match(r"([0-9]+\.[0-9]+\.[0-9]+)(?:-|$)", tag)
    gpu = "gpu" in tag.split("-")
    if found and gpu:
        snapshot["packages"] = {"tensorflow": found[1]}
    elif gpu:
        snapshot["packages_unversioned"] = ["tensorflow"]
    else:
        because = "images without GPU hold tensorflow or tensorflow-cpu, and the name does not say which"
        snapshot["unknown"] = [{"what": "TensorFlow", "because": because}]
    return snapshot


def _python_image(name: str, tag: str) -> Snapshot:
    snapshot = _container(tag)
    found = re.match(_VERSION, tag)
    if found:
        snapshot["python"] = found[0]
    if "windows" in tag or "nanoserver" in tag:
        snapshot["platform"] = {"system": "Windows"}
    return snapshot


def _system(name: str, tag: str) -> Snapshot:
    word = name.rpartition("/")[2]
    found = re.match(r"[0-9]+(?:\.[0-9]+)?", tag)
    release = found[0] if found else ""
    if word not in ("ubuntu", "amazonlinux"):
        release = release.partition(".")[0]  # minor releases of the others share their libraries
    return _container(f"{word}{release}" if release or word == "alpine" else tag)


def _conda(name: str, tag: str) -> Snapshot:
    snapshot = _container(tag, "conda")
    _python(snapshot, tag)
    return snapshot


def _jupyter(name: str, tag: str) -> Snapshot:
    snapshot = _conda(name, tag)
    word = name.rpartition("/")[2].partition("-")[0]
    package = {"pytorch": "torch", "tensorflow": "tensorflow"}.get(word)
    if package:
        snapshot["packages_unversioned"] = [package]
    return snapshot


def _ngc(name: str, tag: str) -> Snapshot | Target:
    word = name.rpartition("/")[2]
    release = re.match(r"[0-9]{2}\.[0-9]{2}", tag)
    bundled = find(f"ngc-{word}", release[0]) if release else None
    if bundled:
        return bundled
    snapshot = _container(tag)
    snapshot["packages_unversioned"] = ["torch" if word == "pytorch" else "tensorflow"]
    because = "NVIDIA's own build, of a release that is not bundled"
    snapshot["unknown"] = [{"what": word, "because": because}]
    return snapshot


def _aws(name: str, tag: str) -> Snapshot:
    """AWS deep learning containers: 2.6.0-gpu-py312-cu126-ubuntu22.04-sagemaker."""
    snapshot = _container(tag)
    if "sagemaker" in tag.split("-"):
        snapshot["runtimes"], snapshot["runtime"] = ["sagemaker", "docker"], "sagemaker"
    _python(snapshot, tag)
    cuda = _cuda(tag)
    if cuda:
        snapshot["toolkit"] = cuda
    package = "torch" if "pytorch" in name else "tensorflow"
    found = re.match(r"[0-9]+\.[0-9]+\.[0-9]+(?=-|$)", tag)
    if found and "neuron" not in name:  # those hold a build of their own
        transformers = re.search(rf"-transformers({_VERSION})", tag)
        snapshot["packages"] = {package: found[0], **({"transformers": transformers[1]} if transformers else {})}
    else:
        snapshot["packages_unversioned"] = [package]
    return snapshot


def _google(name: str, tag: str) -> Snapshot:
    """Google's deep learning and Vertex AI containers: pytorch-cu121.2-2.py310, tf2-gpu.2-15."""
    words = name.rpartition("/")[2]
    snapshot = _container(tag)
    _python(snapshot, words)
    cuda = _cuda(words)
    if cuda:
        snapshot["toolkit"] = cuda
    if words.startswith(("pytorch", "tf")):
        snapshot["packages_unversioned"] = ["torch" if words.startswith("pytorch") else "tensorflow"]
    return snapshot


def _rocm(name: str, tag: str) -> Snapshot:
    snapshot = _container(tag)
    _python(snapshot, tag)
    rocm = re.search(r"rocm([0-9]+\.[0-9]+)", tag)
    found = re.search(r"pytorch_(?:release_)?([0-9]+\.[0-9]+\.[0-9]+)", tag)
    if found and rocm:
        snapshot["packages"], snapshot["builds"] = {"torch": found[1]}, {"torch": f"rocm{rocm[1]}"}
    else:
        snapshot["packages_unversioned"] = ["torch"]
    return snapshot


def _kaggle(name: str, tag: str) -> Target | Snapshot:
    return _newest("kaggle", "gpu" if "gpu" in name else "cpu", tag)


def _colab(name: str, tag: str) -> Target | Snapshot:
    return _newest("colab", "cpu" if name.endswith("cpu-runtime") else "gpu", tag)


def _newest(host: str, kind: str, tag: str) -> Target | Snapshot:
    """The bundled target for an image without a version: its bundled snapshot is one of many."""
    if tag in ("", "latest"):
        return load(f"{host}-{kind}")
    snapshot = _container("")
    snapshot["runtime"], snapshot["runtimes"] = host, [host, "docker"]
    return snapshot


def _uv(name: str, tag: str) -> Snapshot | None:
    snapshot = _container(tag)
    _python(snapshot, tag)
    return snapshot if "python" in snapshot or len(snapshot["platform"] or {}) > 1 else None


_READERS: tuple[tuple[str, Reader], ...] = (
    (r"(nvcr\.io/)?nvidia/cuda(-arm64)?", _nvidia_cuda),
    (r"pytorch/pytorch", _pytorch),
    (r"tensorflow/tensorflow", _tensorflow),
    (r"nvcr\.io/nvidia/(pytorch|tensorflow)", _ngc),
    (r"(public\.ecr\.aws/docker/)?python", _python_image),
    (
        r"(public\.ecr\.aws/(docker|ubuntu|amazonlinux)/)?(ubuntu|debian|fedora|alpine|amazonlinux|centos|rockylinux|almalinux)",
        _system,
    ),
    (r"rockylinux/rockylinux", _system),
    (r"(continuumio/(mini|ana)conda3?|condaforge/(miniforge3|mambaforge)|mambaorg/micromamba)", _conda),
    (r"(quay\.io/)?jupyter/[a-z-]+-notebook", _jupyter),
    (
        r"([0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?|public\.ecr\.aws/deep-learning-containers)/[a-z-]*(pytorch|tensorflow)[a-z0-9-]*",
        _aws,
    ),
    (
        r"(gcr\.io/deeplearning-platform-release|us-docker\.pkg\.dev/(deeplearning-platform-release/gcr\.io|vertex-ai/(training|prediction)))/[a-z0-9.-]+",
        _google,
    ),
    (r"(gcr\.io/kaggle(-gpu)?-images|kaggle)/python(-gpu-build)?", _kaggle),
    (r"[a-z]+-docker\.pkg\.dev/colab-images/public/(cpu-)?runtime", _colab),
    (r"rocm/pytorch", _rocm),
    (r"ghcr\.io/astral-sh/uv", _uv),
)
