"""Names: of packages as PyPI knows them, as conda knows them, and as people and reports write them."""

from __future__ import annotations

import re

from envaudit import versions

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9A-Za-z!][0-9A-Za-z.!+_*~-]{0,199}")

# conda package -> distribution that it installs, where the names differ
CONDA = {
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyqt": "pyqt5",
    "pytables": "tables",
    "python-flatbuffers": "flatbuffers",
    "pytorch": "torch",
    "pytorch-cluster": "torch-cluster",
    "pytorch-cpu": "torch",
    "pytorch-geometric": "torch-geometric",
    "pytorch-gpu": "torch",
    "pytorch-scatter": "torch-scatter",
    "pytorch-sparse": "torch-sparse",
    "pytorch-spline-conv": "torch-spline-conv",
    "pyg": "torch-geometric",
    "torchtriton": "triton",
}

# how reports and people write a package -> its distribution; what is not here is not taken from loose text
_PLAIN = """
    accelerate aiohttp albucore albumentations anndata anyio apex arviz auto-gptq autoawq awscli basicsr bitsandbytes
    brax catboost causal-conv1d charset-normalizer chex chromadb ctranslate2 cudf cugraph cuml cupy cython dask
    datasets decord deepspeed detectron2 dgl diffusers dill dm-haiku dynamax e3nn easyocr evaluate exllamav2 exllamav3
    fairscale fairseq faiss faiss-cpu faiss-gpu fastai fastapi fbgemm-gpu flash-attn flashinfer flashinfer-python flask
    flax fsspec gensim geopandas gfpgan gptqmodel gradio grpcio gymnasium h5py hdbscan horovod huggingface-hub
    hydra-core imageio imbalanced-learn intel-extension-for-pytorch ipykernel ipython jax jax-cuda12-pjrt
    jax-cuda12-plugin jax-cuda13-plugin jaxlib jinja2 joblib jupyter-client jupyter-server jupyterlab k-diffusion
    kaolin keras kornia lancedb langchain langchain-core librosa lightgbm lightning lightning-utilities
    llama-cpp-python llvmlite mamba-ssm matplotlib mediapipe megatron-core ml-dtypes mlflow mmaction2 mmcls mmcv
    mmcv-full mmdet mmdet3d mmengine mmocr mmpose mmpretrain mmsegmentation mpi4py mxnet mxnet-cu112 natten nbconvert
    netcdf4 networkx nibabel nltk numba numba-cuda numcodecs numexpr numpy numpyro nunchaku nvidia-cudnn-cu11
    nvidia-cudnn-cu12 omegaconf onnx onnxruntime onnxruntime-directml onnxruntime-gpu open3d openai-whisper
    opencv-contrib-python opencv-contrib-python-headless opencv-python opencv-python-headless optax optimum
    orbax-checkpoint ortools packaging paddlepaddle paddlepaddle-gpu pandas peft pillow polars protobuf pyannote-audio
    pyarrow pydantic pydantic-core pymatgen pymc pyspark pytensor pytorch-lightning pytorch3d pywavelets pyyaml pyzmq
    rasterio ray requests s3fs safetensors scanpy scikit-image scikit-learn scipy seaborn segmentation-models
    sentence-transformers sentencepiece setuptools sgl-kernel sglang shap shapely simpletransformers spacy speechbrain
    sqlalchemy stable-baselines3 statsmodels streamlit sympy tensorboard tensorflow tensorflow-addons tensorflow-cpu
    tensorflow-datasets tensorflow-decision-forests tensorflow-directml tensorflow-estimator tensorflow-gpu
    tensorflow-hub tensorflow-intel tensorflow-io tensorflow-macos tensorflow-metal tensorflow-probability
    tensorflow-text tensorrt tf-keras tf-nightly thinc timm tokenizers torch torch-cluster torch-geometric
    torch-scatter torch-sparse torch-spline-conv torch-tensorrt torch-xla torchao torchaudio torchcodec torchdata
    torchmetrics torchsde torchtext torchtune torchvision tqdm traitlets transformer-engine transformers triton trl tts
    typer typing-extensions ultralytics umap-learn unsloth urllib3 vllm wandb werkzeug wheel whisperx xarray xformers
    xgboost zarr
"""
LABELS = {name: name for name in _PLAIN.split()}
LABELS.update(
    {
        "deepspeed info": "deepspeed",
        "flash-attention": "flash-attn",
        "hf hub": "huggingface-hub",
        "huggingface hub": "huggingface-hub",
        "jax-lib": "jaxlib",
        "mmdetection": "mmdet",
        "mmdetection3d": "mmdet3d",
        "np": "numpy",
        "onnx runtime version or commit id": "onnxruntime",
        "onnx runtime": "onnxruntime",
        "pil": "pillow",
        "pytorch": "torch",
        "pytorch lightning": "pytorch-lightning",
        "pytorch version": "torch",
        "scikit learn": "scikit-learn",
        "sklearn": "scikit-learn",
        "tensorflow gpu": "tensorflow-gpu",
        "tf": "tensorflow",
        "tfp": "tensorflow-probability",
        "torch vision": "torchvision",
        "torch audio": "torchaudio",
    }
)


def canonical(name: str) -> str | None:
    """The PEP 503 name, or None when `name` is no package name."""
    if not _NAME.fullmatch(name):
        return None
    return re.sub(r"[-_.]+", "-", name).lower()


def from_conda(name: str) -> str | None:
    """The distribution that a conda package installs, else conda's own name; None for conda's virtual packages."""
    known = canonical(name)
    return None if known is None else CONDA.get(known, known)


def from_label(label: str) -> str | None:
    """The distribution that a report or a person means by `label`, None when it is not a known one."""
    if label.startswith("nvidia-") and label[-5:-2] == "-cu":
        return canonical(label)  # the CUDA libraries' wheels: nvidia-cublas-cu12
    return LABELS.get(label) or LABELS.get(label.replace("_", "-"))


def is_version(text: str) -> bool:
    """Whether `text` can stand where a version stands in a package list: one word of harmless characters."""
    return _VERSION.fullmatch(text) is not None


def is_release(text: str) -> bool:
    """Whether `text` is a version of PEP 440 with at least two numbers, as people write one in a sentence."""
    head = text.partition("+")[0]
    return text[:1].isdigit() and "." in head and len(text) < 60 and is_version(text) and versions.key(text) is not None


def conda_build(build: str) -> str | None:
    """The CUDA build that a conda build string tells: "py3.8_cuda11.1_cudnn8.0.5_0" gives "cu111"."""
    match = re.search(r"(?:^|_)cuda(\d{1,2})\.(\d)", build) or re.search(r"(?:^|_)cu(?:da)?(\d{1,2})(\d)(?!\d)", build)
    if match:
        return f"cu{match[1]}{match[2]}"
    match = re.search(r"(?:^|_)rocm(\d\.\d)", build)
    if match:
        return f"rocm{match[1]}"
    return "cpu" if re.search(r"(?:^|_)cpu(?:_|$)", build) else None
