"""Ways for a GPU program to fail, each really run: what it writes is the material of the signatures of `why`.

The family is what `why` has to name, written down before it was asked (one was changed after: torch-no-such-gpu was
"cuda", and it is the program that asks for a GPU that is not there).
"""

from __future__ import annotations

from typing import NamedTuple


class Failure(NamedTuple):
    """One way.

    code     Python that fails
    family   of the cause that `why` has to name
    environ  variables on top
    shell    a command that runs `python code.py` itself, where more than variables has to be set
    """

    name: str
    family: str
    code: str
    environ: tuple[tuple[str, str], ...] = ()
    shell: str = ""


# another process that holds all of the GPU's memory but so many MiB, and says so
_OTHER = """
import subprocess, sys
holder = subprocess.Popen([sys.executable, "-c", '''
import sys, torch
torch.cuda.init()
free = torch.cuda.mem_get_info()[0]
held = torch.empty(free - ({left} << 20), dtype=torch.uint8, device="cuda")
print("held", flush=True)
sys.stdin.read()
'''], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
holder.stdout.readline()
"""

_TRITON = """
import torch, triton, triton.language as tl
@triton.jit
def wild(p, n: tl.constexpr):
    tl.store(p + 1099511627776 + tl.arange(0, n), 1.0)
x = torch.zeros(32, device="cuda")
wild[(1,)](x, 32)
"""

_EXTENSION = """
import torch
from torch.utils.cpp_extension import load_inline
source = '''
#include <torch/extension.h>
#include <c10/cuda/CUDAException.h>
__global__ void twice(float* x) { x[threadIdx.x] *= 2; }
void run(torch::Tensor x) { twice<<<1, 32>>>(x.data_ptr<float>()); C10_CUDA_KERNEL_LAUNCH_CHECK(); }
'''
built = load_inline("twice", "void run(torch::Tensor x);", source, functions=["run"], build_directory=".",
                    extra_cuda_cflags=["-gencode=arch=compute_80,code=sm_80"])
x = torch.ones(32, device="cuda"); built.run(x); torch.cuda.synchronize(); print(x.sum())
"""

_LOADER = """
import torch
class Data(torch.utils.data.Dataset):
    def __len__(self): return 64
    def __getitem__(self, index): return torch.ones(4, 512, 512)
for batch in torch.utils.data.DataLoader(Data(), batch_size=8, num_workers=2):
    batch.cuda()
"""

_TORCH = "import torch\n"
_KERNEL = 'extern "C" __global__ void k(float* x) { x[threadIdx.x] *= 2; }'
_CUBIN = f"""
import cupy, subprocess
open("k.cu", "w").write({_KERNEL!r})
subprocess.run(["nvcc", "-cubin", "-arch=sm_80", "k.cu", "-o", "k.cubin"], check=True)
cupy.RawModule(path="k.cubin").get_function("k")
"""
_PTX = f"""
import cupy, re, subprocess
open("k.cu", "w").write({_KERNEL!r})
subprocess.run(["nvcc", "-ptx", "-arch=compute_80", "k.cu", "-o", "k.ptx"], check=True)
text = re.sub(r"\\.version [0-9.]+", ".version 9.9", open("k.ptx").read())
open("k.ptx", "w").write(text)
cupy.RawModule(path="k.ptx").get_function("k")
"""

FAILURES = (
    Failure("torch-oom", "gpu-memory", _TORCH + "torch.empty(300 << 30, dtype=torch.uint8, device='cuda')"),
    Failure("torch-oom-beside-another", "gpu-memory", _OTHER.format(left=2048) + _TORCH
            + "torch.ones(1 << 30, device='cuda') @ torch.ones(1 << 30, device='cuda')"),
    Failure("torch-no-room-for-a-context", "gpu-memory", _OTHER.format(left=64) + _TORCH
            + "print(torch.ones(1, device='cuda'))"),
    Failure("cublas-no-room", "gpu-memory", _OTHER.format(left=620) + _TORCH
            + "x = torch.ones(64, 64, device='cuda'); print((x @ x).sum())"),
    Failure("jax-oom", "gpu-memory", "import jax.numpy as jnp\nprint(jnp.ones((300 << 30,), 'uint8').sum())"),
    Failure("jax-oom-beside-another", "gpu-memory", _OTHER.format(left=4096)
            + "import jax, jax.numpy as jnp\nx = jnp.ones((1 << 31,), 'float32'); print(jnp.dot(x, x))"),
    Failure("jax-no-room", "gpu-memory", _OTHER.format(left=64)
            + "import jax, jax.numpy as jnp\nprint(jnp.ones(8).sum())", (("JAX_PLATFORMS", "cuda"),)),
    Failure("cupy-oom", "gpu-memory", "import cupy\ncupy.ones((300 << 30,), 'uint8')"),
    Failure("numba-oom", "gpu-memory", "from numba import cuda\ncuda.device_array(300 << 30, 'uint8')"),
    Failure("torch-device-assert", "program", _TORCH
            + "table = torch.nn.Embedding(10, 4).cuda()\nprint(table(torch.tensor([99]).cuda()))"),
    Failure("torch-class-out-of-range", "program", _TORCH
            + "loss = torch.nn.functional.cross_entropy(torch.rand(4, 3).cuda(), torch.tensor([0, 1, 2, 9]).cuda())\n"
              "print(loss)"),
    Failure("triton-wild-pointer", "program", _TRITON + "torch.cuda.synchronize()"),
    Failure("triton-wild-pointer-at-exit", "program", _TRITON
            + "stream = torch.cuda.Stream(); event = torch.cuda.Event(); event.record(stream)"),
    Failure("cupy-wild-pointer", "program", "import cupy\n"
            "k = cupy.RawKernel('extern \"C\" __global__ void k(float* p) { p[1ull << 40] = 1; }', 'k')\n"
            "k((1,), (1,), (cupy.zeros(4, 'float32'),)); cupy.cuda.Device().synchronize()"),
    Failure("jax-nan", "program", "import jax, jax.numpy as jnp\njax.config.update('jax_debug_nans', True)\n"
            "jax.jit(lambda x: x / 0 * 0)(jnp.zeros(2))"),
    Failure("torch-fork", "program", _TORCH + "import torch.multiprocessing as mp\n"
            "def child(): torch.ones(1).cuda()\n"
            "torch.cuda.init(); p = mp.get_context('fork').Process(target=child); p.start(); p.join()\n"
            "raise SystemExit(p.exitcode)"),
    Failure("extension-for-another-gpu", "cuda", _EXTENSION, (("TORCH_CUDA_ARCH_LIST", "8.0"),)),
    Failure("cubin-for-another-gpu", "cuda", _CUBIN),
    Failure("ptx-of-a-newer-cuda", "cuda", _PTX),
    Failure("torch-gpus-hidden", "cuda", _TORCH + "torch.zeros(1).cuda()", (("CUDA_VISIBLE_DEVICES", "-1"),)),
    Failure("torch-no-such-gpu", "program", _TORCH + "torch.zeros(1, device='cuda:7')"),
    Failure("jax-gpus-hidden", "cuda", "import jax\njax.devices()",
            (("CUDA_VISIBLE_DEVICES", "-1"), ("JAX_PLATFORMS", "cuda"))),
    Failure("force-ptx", "cuda", _TORCH + "print(torch.ones(4).cuda().sum())", (("CUDA_FORCE_PTX_JIT", "1"),)),
    Failure("libcuda-of-another-driver", "cuda", _TORCH + "torch.zeros(1).cuda()",
            (("LD_LIBRARY_PATH", "{extra}/driver535"),)),
    Failure("nvidia-smi-mismatch", "cuda", "import subprocess\nraise SystemExit(subprocess.call(['nvidia-smi']))",
            (("LD_LIBRARY_PATH", "{extra}/driver535"),)),
    Failure("stub-libcuda", "cuda", _TORCH + "torch.zeros(1).cuda()", (("LD_LIBRARY_PATH", "{stubs}"),)),
    Failure("compile-without-a-compiler", "system", _TORCH
            + "print(torch.compile(lambda x: x * 2 + 1)(torch.ones(64, device='cuda')))",
            (("PATH", "{python}"), ("CC", ""), ("TRITON_CACHE_DIR", "cache"), ("TORCHINDUCTOR_CACHE_DIR", "cache"))),
    Failure("compile-out-of-disk", "system", _TORCH
            + "print(torch.compile(lambda x: x * 2 + 1)(torch.ones(64, device='cuda')))", (),
            "mkdir small; mount -t tmpfs -o size=16k tmpfs small; TMPDIR=$PWD/small TRITON_CACHE_DIR=$PWD/small "
            "TORCHINDUCTOR_CACHE_DIR=$PWD/small {python} code.py; s=$?; umount small; exit $s"),
    Failure("dataloader-shm", "shared-memory", _LOADER, (),
            "unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec {python} code.py'"),
)  # fmt: skip
