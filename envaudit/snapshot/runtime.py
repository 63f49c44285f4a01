"""Which host this is: Colab, Kaggle, SageMaker, a container, WSL, … by environment variables and marker files."""

from __future__ import annotations

from envaudit.snapshot import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# what `runtime` of the snapshot may be; the other hosts appear in `runtimes` only
_MAIN = ("kaggle", "colab", "databricks", "sagemaker", "slurm", "jetson", "wsl", "docker", "conda")


class Place:
    """What the markers are looked for in."""

    __slots__ = ("base_prefix", "environ", "kernel_pid", "release", "root")

    def __init__(
        self,
        environ: dict[str, str],
        *,
        release: str = "",
        base_prefix: str = "",
        kernel_pid: int | None = None,
        root: str = "/",
    ) -> None:
        self.environ = environ
        self.release = release  # of the operating system's kernel
        self.base_prefix = base_prefix
        self.kernel_pid = kernel_pid
        self.root = root

    def has(self, path: str) -> bool:
        return files.exists(self.root, path)


def hosts(place: Place) -> list[str]:
    """Every host marker that holds, innermost product first: ["kaggle", "docker"]."""
    found = [name for name, holds in _HOSTS if holds(place)]
    if "kaggle" in found and "colab" in found:  # Kaggle's images are built on Colab's and keep its marks
        found.remove("colab")
    return found


def main_host(found: list[str]) -> str | None:
    """The one word for `runtime`: the innermost product that the report's format knows."""
    return next((name for name in found if name in _MAIN), None)


def _kaggle(place: Place) -> bool:
    return "KAGGLE_KERNEL_RUN_TYPE" in place.environ or place.has("/kaggle/input")


def _colab(place: Place) -> bool:
    enterprise = place.environ.get("VERTEX_PRODUCT") == "COLAB_ENTERPRISE"
    return enterprise or "COLAB_RELEASE_TAG" in place.environ or place.has("/var/colab/hostname")


def _sagemaker(place: Place) -> bool:
    return place.has("/opt/ml/metadata/resource-metadata.json")


def _vscode(place: Place) -> bool:
    """VS Code starts notebook kernels itself, with a connection file of its own naming."""
    if place.kernel_pid is None:
        return False
    return "kernel-v3" in (files.text(place.root, f"/proc/{place.kernel_pid}/cmdline", 8192) or "")


def _jetson(place: Place) -> bool:
    return place.has("/etc/nv_tegra_release") or "jetson" in _board(place.root)


def _board(root: str) -> str:
    return (files.text(root, "/proc/device-tree/model", 256) or "").lower()


def _wsl(place: Place) -> bool:
    return "microsoft" in place.release.lower()


def _container(place: Place) -> bool:
    """Any container: Docker, Podman, or a pod of Kubernetes."""
    return place.has("/.dockerenv") or place.has("/run/.containerenv") or "KUBERNETES_SERVICE_HOST" in place.environ


def _conda(place: Place) -> bool:
    return bool(place.base_prefix) and place.has(f"{place.base_prefix}/conda-meta")


def _variable(name: str) -> Callable[[Place], bool]:
    return lambda place: name in place.environ


def _prefix(prefix: str) -> Callable[[Place], bool]:
    return lambda place: any(name.startswith(prefix) for name in place.environ)


_HOSTS: tuple[tuple[str, Callable[[Place], bool]], ...] = (
    ("kaggle", _kaggle),
    ("colab", _colab),
    ("databricks", _variable("DATABRICKS_RUNTIME_VERSION")),
    ("sagemaker", _sagemaker),
    ("runpod", _variable("RUNPOD_POD_ID")),
    ("paperspace", _variable("PAPERSPACE_CLUSTER_ID")),
    ("binder", _prefix("BINDER_")),
    ("jupyterhub", _prefix("JUPYTERHUB_")),
    ("kubernetes", _variable("KUBERNETES_SERVICE_HOST")),
    ("slurm", _variable("SLURM_JOB_ID")),
    ("vscode", _vscode),
    ("jetson", _jetson),
    ("wsl", _wsl),
    ("docker", _container),
    ("conda", _conda),
)
