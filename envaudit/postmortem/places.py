"""What hosts are known to end by themselves: told where the cause of a death is not known."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# host (as envaudit.snapshot.runtime names it) -> what it does, where that is written
LIMITS: Final = {
    "binder": (
        "mybinder.org restarts kernels above 2 GB, ends sessions after 10 idle minutes and after 6 hours",
        "jupyterhub/mybinder.org-user-guide docs/about/user-guidelines.md",
    ),
    "colab": (
        "Colab ends idle and long sessions; its figures are not published as fixed",
        "https://research.google.com/colaboratory/faq.html",
    ),
    "jupyterhub": (
        "JupyterHub names its memory limit in MEM_LIMIT and may cull idle servers",
        "jupyterhub/jupyterhub jupyterhub/spawner.py",
    ),
    "kubernetes": (
        "Kubernetes kills the whole container at its memory limit (from 1.28 with cgroup v2): kubectl describe pod",
        "https://github.com/kubernetes/kubernetes/pull/117793",
    ),
    "slurm": (
        "Slurm ends jobs at --mem and --time: sacct -j JOB -o State,MaxRSS",
        "SchedMD/slurm doc/man/man1/sbatch.1",
    ),
    "docker": (
        "exit code 137 of a container is SIGKILL of any kind: docker inspect says OOMKilled, and /dev/shm is 64 MiB",
        "docker/cli docs/reference/commandline/container_ls.md",
    ),
    "wsl": (
        "WSL2 has half of the memory of Windows unless .wslconfig says otherwise",
        "MicrosoftDocs/WSL WSL/wsl-config.md",
    ),
}


def told(hosts: list[str]) -> list[str]:
    """One line for each host that ends kernels by itself, with its source."""
    return [f"{LIMITS[host][0]} ({LIMITS[host][1]})" for host in hosts if host in LIMITS]
