from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit import versions
from envaudit.manifest.conda import match_spec, parts, version_part, version_spec
from envaudit.manifest.conda_names import distribution


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("numpy", ("numpy", "", "")),
        ("numpy=1.24", ("numpy", "==1.24.*", "")),
        ("numpy =1.24", ("numpy", "==1.24.*", "")),
        ("numpy = 1.24", ("numpy", "==1.24.*", "")),
        ("numpy=1.24.*", ("numpy", "==1.24.*", "")),
        ("numpy 1.24.*", ("numpy", "==1.24.*", "")),
        ("numpy=1.24*", ("numpy", "==1.24.*", "")),
        ("numpy==1.24.*", ("numpy", "==1.24.*", "")),
        ("numpy==1.24.1", ("numpy", "==1.24.1", "")),
        ("numpy 1.24.1", ("numpy", "==1.24.1", "")),
        ("numpy=1.24=", ("numpy", "==1.24.*", "")),
        ("numpy=1.24=*", ("numpy", "==1.24", "")),
        ("numpy=1.24.1=py311h_0", ("numpy", "==1.24.1", "py311h_0")),
        ("numpy 1.24 py3*  # why", ("numpy", "==1.24", "py3*")),
        ("numpy>=1.24=py3*", ("numpy", ">=1.24", "py3*")),
        ("numpy>=1.24,<2", ("numpy", ">=1.24,<2", "")),
        ("numpy >= 1.24, < 2", ("numpy", ">=1.24,<2", "")),
        ("numpy=1.24,<2", ("numpy", "==1.24.*,<2", "")),
        ("numpy=1.24|1.26", ("numpy", "==1.24.*||==1.26", "")),
        ("numpy (optional)", ("numpy", "", "")),
        ("pytorch=2.1.0=py3.11_cuda12.1_cudnn8.9.2_0", ("torch", "==2.1.0", "py3.11_cuda12.1_cudnn8.9.2_0")),
        ("pytorch[version='2.1.*',build='*cuda*']", ("torch", "==2.1.*", "*cuda*")),
        ('pytorch[version=">=1,<2", channel=pytorch]', ("torch", ">=1,<2", "")),
        ("conda-forge::pandas 1.5.*", ("pandas", "==1.5.*", "")),
        ("conda-forge/linux-64::pandas", ("pandas", "", "")),
        ("pyuvdata[casa] >=2.4,<3", ("pyuvdata", ">=2.4,<3", "")),
        ("python>=3.9|3.8.*", ("python", ">=3.9||==3.8.*", "")),
        ("foo~=1.2.3", ("foo", "~=1.2.3", "")),
        ("foo!=1.2.*", ("foo", "!=1.2.*", "")),
        ("foo>=1.2.*", ("foo", ">=1.2", "")),
        ("foo=1!2.0", ("foo", "==1!2.0.*", "")),
        ("foo (>=1|<0.3),!=2", ("foo", ">=1,!=2||<0.3,!=2", "")),
        ("foo=*", ("foo", "", "")),
        ("foo>=1.0a1,<2.0a0", ("foo", ">=1.0a1,<2.0a0", "")),
        ("/a/b/linux-64/numpy-1.24.1-py311h_0.conda", ("numpy", "==1.24.1", "py311h_0")),
        ("openssl=1.1.1w", ("", "", "")),
        ("_libgcc_mutex=0.1=main", ("", "", "main")),
    ],
)
def test_match_specs(text: str, expected: tuple[str, str, str]) -> None:
    assert match_spec(text) == expected
    versions.specifier(expected[1])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no package of conda"),
        ("@foo", "is no package of conda"),
        ("git+https://x.org/y", "is no package of conda"),
        ("foo[bar", "is no package of conda"),
        ("foo[version]", "key=value list"),
        ("foo>", "is no version of conda"),
        ("foo>=1,>", "is no version of conda"),
        ("foo 1.*.3", "is not a version"),
        ("foo=^1.*$", "is not a version"),
        ("foo (>=1", "a bracket is open"),
        ("foo=1.1.1w", "is not a version as Python packages have them"),
        ("foo~=1", "~= needs at least two numbers"),
        ("foo " + ",".join(["(1|2)"] * 9), "more than 50 alternatives"),
        ("foo" + " " * 3_000 + "1", "longer than 2,000 characters"),
    ],
)
def test_what_is_no_match_spec(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        match_spec(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("numpy", (5, "")),
        ("numpy=1.24=py3*", (5, "=1.24=py3*")),
        ("numpy 1.24.*", (6, "1.24.*")),
        ("numpy  >=1, <2 ", (7, ">=1, <2")),
        ("conda-forge::numpy=1.24", (18, "=1.24")),
        ("numpy[version='>=1']", None),
        ("a/numpy-1.24.1-py311h_0.conda", None),
    ],
)
def test_where_the_version_stands(text: str, expected: tuple[int, str] | None) -> None:
    assert version_part(text) == expected
    if expected:
        start, written = expected
        assert text[start : start + len(written)] == written
        assert match_spec(text[:start] + "==1.5" + text[start + len(written) :])[1] == "==1.5"


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("pytorch", "torch"),
        ("pytorch-gpu", "torch"),
        ("tensorflow-gpu", "tensorflow"),
        ("py-opencv", "opencv-python"),
        ("Typing_Extensions", "typing-extensions"),
        ("librosa", "librosa"),
        ("cuda-python", "cuda-python"),
        ("cuda-nvcc", ""),
        ("libcublas", ""),
        ("pytorch-cuda", ""),
        ("r-base", ""),
        ("_openmp_mutex", ""),
        ("python", "python"),
    ],
)
def test_names(package: str, expected: str) -> None:
    assert distribution(package) == expected


@given(st.text(max_size=80) | st.text("numpy=<>!~|,()[]*.'\"1 2#:/", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    version_part(text)
    for function in (match_spec, parts, version_spec):
        try:
            result = function(text)
        except ValueError as error:
            assert str(error)
        else:
            if function is version_spec:
                versions.specifier(result)
