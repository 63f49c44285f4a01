"""Rules about CUDA that the machine's own stack can break: a wheel laid over it, a variable, a library moved.

The machine has torch, JAX, CuPy and their CUDA wheels in one environment that works; each case breaks one thing, runs a
probe, asks envaudit, puts it right and runs the probe again.
"""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """One case.

    rule     that has to fire (its id)
    probe    code that fails on the bad side and runs on the good one
    over     distributions that are laid over the environment, NAME-VERSION as wheel files begin
    good     the same for the good side; what is not named is the environment's own
    environ  variables of the bad side
    hold     another command around both the probe and envaudit on the bad side: {run} stands for what it wraps
    swap     library folder in site-packages: files of {extra}/NAME are put there meanwhile
    aside    files in site-packages that are moved away meanwhile
    pins     what clashes, in words of the record
    fixed    what was moved, in words of the record
    """

    rule: str
    pins: str
    probe: str
    over: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    environ: tuple[tuple[str, str], ...] = ()
    hold: str = ""
    swap: tuple[tuple[str, str], ...] = ()
    aside: tuple[str, ...] = ()
    fixed: str = ""


_GPU = "import torch\nprint(torch.ones(4, device='cuda').sum().item())"
_NUMBA = """from numba import cuda
print(cuda.device_array(4, "float32").copy_to_host())"""
_CONVOLUTION = """import torch
x, w = torch.rand(1, 3, 32, 32, device='cuda'), torch.rand(4, 3, 3, 3, device='cuda')
print(torch.nn.functional.conv2d(x, w).sum())"""
_JAX = """import jax, jax.numpy as jnp
print(jax.lax.conv(jnp.ones((1, 3, 32, 32)), jnp.ones((4, 3, 3, 3)), (1, 1), 'SAME').sum())
assert jax.devices()[0].platform == 'gpu', jax.devices()"""
_CHOLESKY = """import jax, jax.numpy as jnp
print(jax.devices(), jnp.linalg.cholesky(jnp.eye(4)).sum())
assert jax.devices()[0].platform == 'gpu', jax.devices()"""
_TRANSLATE = """import ctranslate2
translator = ctranslate2.Translator("{extra}/tiny", device="cuda")
print(translator.translate_batch([["a", "b"]], beam_size=1, max_decoding_length=4))"""
_QUANTISED = """import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, GPT2Config, GPT2LMHeadModel
GPT2LMHeadModel(GPT2Config(n_layer=1, n_head=2, n_embd=32, vocab_size=64)).save_pretrained("tiny")
model = AutoModelForCausalLM.from_pretrained("tiny", quantization_config=BitsAndBytesConfig(load_in_4bit=True))
print(model(torch.ones(1, 4, dtype=torch.long, device=model.device)).logits.sum())"""
_EIGHT_BIT = """import torch, bitsandbytes
layer = bitsandbytes.nn.Linear8bitLt(64, 64, has_fp16_weights=False).cuda()
print(layer(torch.rand(2, 64, dtype=torch.float16, device='cuda')).sum())"""

# the driver's folder without its libcuda, in a mount namespace of its own
_NO_LIBCUDA = """unshare -m sh -c 'mkdir copy; cp -a /usr/local/nvidia/lib64/. copy/; rm -f copy/libcuda.so*; \\
mount --bind copy /usr/local/nvidia/lib64; exec {run}'"""
_NO_RIGHTS = """unshare -m sh -c 'cp -a /dev/nvidia* . 2>/dev/null; for f in nvidia*; do [ -c $f ] && chmod 600 $f && \\
mount --bind $f /dev/$f; done; exec setpriv --reuid=65534 --regid=65534 --clear-groups {run}'"""

PAIRS = (
    Pair("torchvision-cuda-major", "torch 2.11.0+cu130, torchvision 0.25.0 (CUDA 12)", "import torchvision",
         over=("torchvision-0.25.0",), fixed="torchvision 0.26.0"),
    Pair("torchaudio-cuda-minor", "torch 2.11.0+cu130, torchaudio 2.10.0 (CUDA 12)", "import torchaudio",
         over=("torchaudio-2.10.0",), fixed="torchaudio 2.11.0"),
    Pair("torchtext-torch-pair", "torch 2.11.0+cu130, torchtext 0.18.0", "import torchtext",
         over=("torchtext-0.18.0",)),
    Pair("torch-kernels-skipped", "torch 2.11.0+cu130, torchao 0.16.0",
         "import logging, torch\nsaid = []\nclass Keep(logging.Handler):\n    def emit(self, record):\n"
         "        said.append(record.getMessage())\nlogging.getLogger().addHandler(Keep())\nimport torchao\n"
         "told = [line for line in said if 'Skipping import of cpp' in line]\nassert not told, told",
         over=("torchao-0.16.0",), good=("torchao-0.17.0",), fixed="torchao 0.17.0"),
    Pair("xformers-cuda-major", "torch 2.11.0+cu130, xformers 0.0.35",
         "import torch, xformers.ops as ops\nx = torch.rand(1, 16, 2, 32, dtype=torch.float16, device='cuda')\n"
         "import xformers._cpp_lib as lib\nassert lib._cpp_library_load_exception is None, "
         "lib._cpp_library_load_exception\nprint(ops.memory_efficient_attention(x, x, x).sum())",
         over=("xformers-0.0.35",)),
    Pair("cupy14-numpy1", "cupy-cuda13x 14.2.0, numpy 1.26.4", "import cupy\nprint(cupy.ones(4).sum())",
         over=("numpy-1.26.4",), fixed="numpy 2.5.2"),
    Pair("jax-plugin-version", "jaxlib 0.11.2, jax-cuda13-plugin 0.11.1", _CHOLESKY,
         over=("jax_cuda13_plugin-0.11.1",), aside=("jax_cuda13_plugin*",), fixed="jax-cuda13-plugin 0.11.2"),
    Pair("jax-plugin-version", "jaxlib 0.11.2, jax-cuda13-plugin 0.11.0", _CHOLESKY,
         over=("jax_cuda13_plugin-0.11.0",), aside=("jax_cuda13_plugin*",), fixed="jax-cuda13-plugin 0.11.2"),
    Pair("jax-cpu-only", "jax 0.11.2, no plug-in", _JAX, fixed="jax-cuda13-plugin 0.11.2",
         aside=("jax_cuda13_plugin*", "jax_cuda13_pjrt*", "jax_plugins/xla_cuda13")),
    Pair("ctranslate2-cublas-major", "torch 2.11.0+cu130, ctranslate2 4.8.5", _TRANSLATE, over=("ctranslate2-4.8.5",)),
    Pair("bitsandbytes-cuda-library", "torch 2.11.0+cu130, bitsandbytes 0.47.0", _EIGHT_BIT,
         over=("bitsandbytes-0.47.0",), good=("bitsandbytes-0.50.2",), fixed="bitsandbytes 0.50.2"),
    Pair("bitsandbytes-triton-ops", "torch 2.11.0+cu130, bitsandbytes 0.44.1", "import bitsandbytes",
         over=("bitsandbytes-0.44.1",), good=("bitsandbytes-0.50.2",), fixed="bitsandbytes 0.50.2"),
    Pair("bitsandbytes-refused-by-transformers", "transformers 5.17.0, bitsandbytes 0.45.5", _QUANTISED,
         over=("bitsandbytes-0.45.5",), good=("bitsandbytes-0.50.2",), fixed="bitsandbytes 0.50.2"),
    Pair("libcuda-older-than-driver", "driver 580.159.04, libcuda 580.95.05 of cuda-compat-13-0", _GPU,
         environ=(("LD_LIBRARY_PATH", "/usr/local/cuda/compat"),), fixed="LD_LIBRARY_PATH unset"),
    Pair("libcuda-older-than-driver", "driver 580.159.04, libcuda 535.261.03", _GPU,
         environ=(("LD_LIBRARY_PATH", "{extra}/libcuda535"),), fixed="LD_LIBRARY_PATH unset"),
    Pair("jax-ld-library-path", "JAX 0.11.2, LD_LIBRARY_PATH with CUDA 13.0", _JAX,
         environ=(("LD_LIBRARY_PATH", "/usr/local/cuda/lib64"),), fixed="LD_LIBRARY_PATH unset"),
    Pair("torch-cudnn-older", "torch 2.11.0+cu130, nvidia-cudnn-cu13 9.12.0.46",
         "import torch\nprint(torch.backends.cudnn.version())",
         swap=(("cudnn", "nvidia_cudnn_cu13"),), fixed="nvidia-cudnn-cu13 9.19.0.56"),
    Pair("cuda-force-ptx", "torch 2.11.0+cu130, CUDA_FORCE_PTX_JIT=1", _GPU,
         environ=(("CUDA_FORCE_PTX_JIT", "1"),), fixed="CUDA_FORCE_PTX_JIT unset"),
    Pair("cuda-gpus-hidden", "CUDA_VISIBLE_DEVICES=-1", _GPU,
         environ=(("CUDA_VISIBLE_DEVICES", "-1"),), fixed="CUDA_VISIBLE_DEVICES unset"),
    Pair("cuda-gpus-hidden", "CUDA_VISIBLE_DEVICES=", _GPU,
         environ=(("CUDA_VISIBLE_DEVICES", ""),), fixed="CUDA_VISIBLE_DEVICES unset"),
    Pair("cuda-stub-library", "LD_LIBRARY_PATH with the stubs of CUDA 13.0", _GPU,
         environ=(("LD_LIBRARY_PATH", "{stubs}"),), fixed="LD_LIBRARY_PATH unset"),
    Pair("cuda-stub-library", "LD_LIBRARY_PATH with the stubs of CUDA 13.0, numba", _NUMBA,
         environ=(("LD_LIBRARY_PATH", "{stubs}"),), fixed="LD_LIBRARY_PATH unset"),
    Pair("libcuda-stub", "LD_LIBRARY_PATH with stubs that have a libcuda.so.1", _GPU,
         environ=(("LD_LIBRARY_PATH", "{extra}/stubs"),), fixed="LD_LIBRARY_PATH unset"),
    Pair("mpi4py-no-mpi", "mpi4py of the machine", "from mpi4py import MPI", fixed=""),
    Pair("nvml-mismatch", "driver 580.159.04, libnvidia-ml and libcuda 535.261.03",
         "import subprocess\nraise SystemExit(subprocess.call(['nvidia-smi']))",
         environ=(("LD_LIBRARY_PATH", "{extra}/driver535"),), fixed="the driver's own libraries"),
    Pair("libcuda-missing", "driver 580.159.04 without libcuda", _GPU, hold=_NO_LIBCUDA, fixed="libcuda 580.159.04"),
    Pair("nvml-no-permission", "driver 580.159.04, /dev/nvidia* of mode 600, another user", _GPU, hold=_NO_RIGHTS,
         fixed="/dev/nvidia* of mode 666"),
)  # fmt: skip
