"""Labels of "label: value" lines, as reports print and people write them, and what each speaks of."""

from __future__ import annotations

import re

from envaudit.recorded import names

PYTHON = {"python", "python interpreter", "python ver"}
SYSTEM = {
    "os", "os platform and distribution", "operating system", "os platform", "os version", "linux distribution",
    "distribution", "platform", "system", "os/platform", "python platform", "os and version", "linux version",
    "windows version", "linux", "windows", "distro", "operating system and version", "os type",
    "platform & distribution",
}  # fmt: skip
GPU = {
    "gpu", "gpus", "gpu model", "gpu models", "gpu type", "gpu model and memory", "gpu models and configuration",
    "gpu name", "graphics card", "graphic card", "video card", "accelerator", "gpu.name", "nvidia gpu", "gpu card",
    "gpu device", "gpu model name", "gpu info", "gpu configuration", "cuda device", "gpu hardware",
    "gpu models & configuration", "number and type of gpus", "device name", "gpu count and types",
}  # fmt: skip
DRIVER = {
    "nvidia driver", "driver", "gpu driver", "nvidia gpu driver", "cuda driver", "nvidia drivers", "nvidia-driver",
    "graphics driver", "driver version", "drivers", "nvidia driver version", "display driver", "nvidia-smi driver",
}  # fmt: skip
TOOLKIT = {"cuda toolkit", "nvcc", "cuda-toolkit", "nvcc -v", "nvcc --version", "system cuda toolkit"}
CUDNN = {"cudnn", "cuda/cudnn", "cuda / cudnn", "cuda & cudnn", "libcudnn", "cuda and cudnn"}
LIBC = {"libc", "glibc", "gnu libc"}
CPU = {"cpu", "cpu model", "processor", "cpu type"}
TORCH_CUDA = {"torch.version.cuda", "torch cuda", "torch.cuda", "pytorch cuda", "cuda used to build pytorch"}

_OTHER = {
    "running on google colab", "running in google colab", "system ram", "mmcv cuda compiler", "gpu.compute_capability",
    "kernel", "architecture", "machine", "sys.platform", "using gpu in script", "name", "device",
}  # fmt: skip
_MACHINE = (PYTHON, SYSTEM, GPU, DRIVER, TOOLKIT, CUDNN, LIBC, CPU, TORCH_CUDA)
GPU_NUMBERS = re.compile(r"gpu ?(\d{1,2}(?:,\d{1,2})*)")
_PREFIXES = ("installed ", "my ", "current ", "the ")
_SUFFIXES = (".__version__", ".version.version", ".version", " version", " versions", " ver", "-version", "_version")


def normal(text: str) -> str:
    """A label as the tables have it: "`transformers` version" is "transformers", "PyTorch version (GPU?)" "pytorch"."""
    label = re.sub(r"\([^()]{0,80}\)", "", text).lower()
    label = re.sub(r"[^a-z0-9._/&,() -]", "", label)
    label = re.sub(r"\s+", " ", label).strip(" .-")
    for prefix in _PREFIXES:
        label = label.removeprefix(prefix)
    for suffix in _SUFFIXES:
        label = label.removesuffix(suffix)
    return label.strip()


def known(label: str) -> bool:
    """Whether a label says what a reader can use."""
    found = names.from_label(label) or label in _OTHER or GPU_NUMBERS.fullmatch(label)
    return bool(found) or any(label in table for table in _MACHINE)
