"""Does `envaudit why` name the right class of cause for real error texts?  `python -m tests.corpus.why`.

Every failing case of `threads.jsonl` states what was seen (`symptom`); most of them are one line and some are words of
whoever read the thread.  The whole text goes through `why`, without its environment.  The answer is right, "not known",
or wrong; a wrong one is worse than none.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
from typing import Any

from envaudit.matrix.store import Matrix, load
from envaudit.postmortem import signatures
from envaudit.postmortem.signatures import Signatures
from envaudit.postmortem.why import of_text

HERE = os.path.dirname(os.path.abspath(__file__))

# What a category of the corpus is in the families of the why report.  The categories group cases by what clashes, the
# families by what has to be changed, so single cases differ (below).
CATEGORIES = {
    "cuda-driver": "cuda",  # driver or toolkit too old
    "cudnn": "cuda",
    "env-var": "cuda",  # LD_LIBRARY_PATH leads to other CUDA libraries
    "gpu-arch": "cuda",  # no code for this GPU
    "onnxruntime": "cuda",  # wants another CUDA or cuDNN
    "extension-abi": "abi",  # built for another torch or TensorFlow
    "torch-family": "abi",  # torchvision and torchaudio are compiled for one torch
    "numpy-abi": "abi",
    "libc-cpu": "abi",
    "openmp": "abi",
    "hf-stack": "packages",
    "jax": "packages",
    "keras": "packages",
    "protobuf": "packages",
    "python-version": "packages",
    "rapids": "packages",
    "other": "packages",
    "memory": "memory",
    "jupyter": "start-failure",  # the kernel is broken by a package and cannot start
}
# Single cases whose established cause (`cause` in the corpus) belongs to another family than their category.
CASES = {
    "shared-memory": "simplerecon-3 nccl-290 nccl-342 inference-2836",
    # a CUDA library is missing or of another version: CUDA runtime that the wheel was built for, NCCL, system toolkit
    "cuda": "bitblas-39 codejudge-2 paddle-74792a vllm-52300 vllm-1369 vllm-1718a deepspeed-mii-277 Recall2Imagine-1 "
    # a build without its GPU part
    "pytorch-49325 jetson-containers-391 pytorch-aarch64-3 pinokio-1027 mineru-240 mobileagent-60",
    # a Python name or module that a release lacks, or a requirement that is not met: nothing compiled is involved
    "packages": "ai-toolkit-279a bitsandbytes-328 triton-windows-65 runpod-worker-real-esrgan-3 basicsr-533a "
    "unigraph2-1 dialog-hgat-4 qwen-624 apex-1724 internlm-109 colbert-383 comfyui-pmrf-11 "
    "comfyui-animateanyone-evolved-30 stable-diffusion-webui-colab-490 stablediffusion_webui-2 lgm-24a "
    "kohya-trainer-162 animatediff-cli-prompt-travel-87b sast-1 unsloth-2403 tfjs-to-tf-43 librosa-1103 radio-3 "
    "colabtools-5213 chroma-2418 wandb-7810 wanda-58 "
    "tensorflow-41954",
    "abi": "torchcodec-637 tensorflow-39096",  # a compiled part for another FFmpeg, for another Python
    "stale-module": "colabtools-5205",
    "native-crash": "multifit-69",
}
OWN = {case: family for family, cases in CASES.items() for case in cases.split()}
# These texts say no more than that native code crashed: "native-crash" is then as right as what the thread found.
ONLY_A_CRASH = (
    "open3d-5597", "arrow-4472", "ray-60478", "arrow-1450", "tensorflow-57669", "optbinning-178", "Paddle-38266",
    "colabtools-106",
)  # fmt: skip


def cases() -> list[dict[str, Any]]:
    """The failing cases."""
    with open(os.path.join(HERE, "threads.jsonl"), encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return [row for row in rows if row["label"] != "works"]


def expected(case: dict[str, Any]) -> set[str]:
    """The families that are right for a case."""
    family = OWN.get(case["id"], CATEGORIES[case["category"]])
    return {family, "native-crash"} if case["id"] in ONLY_A_CRASH else {family}


def judge(case: dict[str, Any], known: Signatures, matrix: Matrix) -> dict[str, Any]:
    """What `why` says of one case: `answer` is right, not known or wrong."""
    found = of_text(case["symptom"].encode(), known, matrix, None)
    if found.verdict in ("unknown", "none"):
        answer = "not known"
    else:
        answer = "right" if found.verdict in expected(case) else "wrong"
    return {"case": case, "answer": answer, "verdict": found.verdict, "causes": found.causes}


def main() -> int:
    """Print the table; with --misses also what was wrong or not known."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--misses", action="store_true", help="name every case that is wrong or not known")
    options = parser.parse_args()
    known, matrix = signatures.load(), load()
    rows = [judge(case, known, matrix) for case in cases()]
    table: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for row in rows:
        table[row["case"]["category"]][row["answer"]] += 1
        table["all"][row["answer"]] += 1
    print(f"{'':16}{'cases':>6}{'right':>7}{'not known':>11}{'wrong':>7}")
    for category in [*sorted(set(table) - {"all"}), "all"]:
        held = table[category]
        print(f"{category:16}{sum(held.values()):6}{held['right']:7}{held['not known']:11}{held['wrong']:7}")
    for sure in ("high", "medium", "low"):
        told = [row for row in rows if row["causes"] and row["causes"][0].confidence() == sure]
        wrong = sum(row["answer"] == "wrong" for row in told)
        print(f"of {len(told)} answers with {sure} confidence {wrong} are wrong")
    if options.misses:
        for row in rows:
            if row["answer"] != "right":
                case = row["case"]
                wanted = " or ".join(sorted(expected(case)))
                print(f"{row['answer']} {case['id']}: {row['verdict']} for {wanted}: {case['symptom'][:150]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
