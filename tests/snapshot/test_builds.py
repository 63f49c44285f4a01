import pytest

from envaudit.snapshot import builds

TORCH = "from typing import Optional\n\n__version__ = '2.4.0'\ndebug = False\n"
PAIRS = "import collections\n\nbuild_info = collections.OrderedDict([{}])\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TORCH + "cuda: Optional[str] = '12.1'\ngit_version = 'ab'\nhip: Optional[str] = None\n", "cu121"),
        ("__version__ = '1.9.0'\ndebug = False\ncuda = '10.2'\nhip = None\n", "cu102"),
        ("__version__ = '1.0.0'\ndebug = False\ncuda = None\n", "cpu"),
        (TORCH + "cuda: Optional[str] = None\nhip: Optional[str] = '6.1.40091-a8dbc0c19'\n", "rocm6.1"),
        (TORCH + "cuda: Optional[str] = None\nhip: Optional[str] = None\nxpu: Optional[str] = '20250000'\n", "xpu"),
        (TORCH + "cuda: Optional[str] = None\nhip: Optional[str] = None\nxpu: Optional[str] = None\n", "cpu"),
        (TORCH + "cuda: Optional[str] = 'many'\n", None),
        (TORCH, None),
        ("\0\xff", None),
    ],
)
def test_torch(tmp_path, text, expected):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text(text)
    assert builds.read("torch", str(tmp_path)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PAIRS.format("('cuda_version', '12.5.1'), ('cudnn_version', '9'), ('is_cuda_build', True)"), "cu125"),
        (PAIRS.format("('cuda_version', '11.2'), ('is_cuda_build', True), ('is_rocm_build', False)"), "cu112"),
        (PAIRS.format("('cuda_version', '64_112'), ('is_cuda_build', True)"), "cu112"),
        (PAIRS.format("('is_cuda_build', False), ('is_rocm_build', False)"), "cpu"),
        (PAIRS.format("('is_cuda_build', False), ('is_rocm_build', True)"), None),
        ("build_info = {'cuda_version': '10.1', 'is_rocm_build': False, 'is_cuda_build': True}\n", "cu101"),
        (PAIRS.format("('cuda_compute_capabilities', ['sm_60', 'compute_90']), ('is_cuda_build', True)"), None),
        ("", None),
    ],
)
def test_tensorflow(tmp_path, text, expected):
    folder = tmp_path / "tensorflow" / "python" / "platform"
    folder.mkdir(parents=True)
    (folder / "build_info.py").write_text(text)
    assert builds.read("tensorflow", str(tmp_path)) == expected
    assert builds.read("tensorflow-cpu", str(tmp_path)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__version__ = '0.19.0+cu121'\ngit_version = 'ab'\nfrom torchvision.extension import x\n", "cu121"),
        ('__version__ = "2.4.0+cpu"\n', "cpu"),
        ("__version__ = '0.19.0'\n", None),
        ("", None),
    ],
)
def test_torchvision_and_torchaudio(tmp_path, text, expected):
    for name in ("torchvision", "torchaudio"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "version.py").write_text(text)
        assert builds.read(name, str(tmp_path)) == expected


def test_what_is_not_there_says_nothing(tmp_path):
    assert builds.read("torch", str(tmp_path)) is None
    assert builds.read("numpy", str(tmp_path)) is None
