from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.manifest import ManifestError, read
from envaudit.manifest.formats import dockerfile
from envaudit.manifest.source import Source

TEXT = r"""# syntax=docker/dockerfile:1
ARG V=3.11
ARG TORCH=2.1.0
FROM --platform=linux/amd64 python:${V}-slim AS Base
ARG TORCH
ENV NP=1.26.4 X="a b"
# RUN pip install commented
RUN pip install --no-cache-dir \
    # a comment in between

    "numpy==${NP}" torch==$TORCH \
    'pandas>=2,<3' && rm -rf /tmp/x
FROM ubuntu AS other
RUN pip install not-this
FROM base
RUN --mount=type=cache,target=/root ["pip", "install", "scipy>=1.2"]
RUN <<EOF
pip install -U foo==1
EOF
COPY --from=other /x /x
run pip uninstall -y foo
"""


def docker(tmp_path, text, name="Dockerfile"):
    (tmp_path / name).write_text(text)
    return read(str(tmp_path / name))


def names(manifest):
    return [r.name + r.specifier for r in manifest.requirements]


def test_a_build_of_stages(tmp_path):
    manifest = docker(tmp_path, TEXT)
    assert [
        (r.name, r.specifier, r.kind, r.step, r.place.line, r.place.column, r.place.written)
        for r in manifest.requirements
    ] == [
        ("numpy", "==1.26.4", "install", 0, 11, None, ""),
        ("torch", "==2.1.0", "install", 0, 11, None, ""),
        ("pandas", "<3,>=2", "install", 0, 12, 11, ">=2,<3"),
        ("scipy", ">=1.2", "install", 1, 16, 61, ">=1.2"),
        ("foo", "==1", "install", 2, 18, 18, "==1"),
        ("foo", "", "remove", 3, 21, 24, ""),
    ]
    assert manifest.format == "dockerfile"
    assert (manifest.host, manifest.python, manifest.complete) == ("python:3.11-slim", "==3.11.*", False)
    assert [line for line, _ in manifest.notes] == [20]
    assert "'other'" in manifest.notes[0][1]


@pytest.mark.parametrize(
    ("text", "host", "python"),
    [
        ("FROM python:3.11.4-slim", "python:3.11.4-slim", "==3.11.*"),
        ("FROM docker.io/library/python:3.9", "docker.io/library/python:3.9", "==3.9.*"),
        ("FROM python:3", "python:3", "==3.*"),
        ("FROM python", "python", ""),
        ("FROM ghcr.io/astral-sh/uv:python3.12-bookworm", "ghcr.io/astral-sh/uv:python3.12-bookworm", "==3.12.*"),
        ("ARG I=nvidia/cuda\nFROM ${I}:12.1.0-base-ubuntu22.04", "nvidia/cuda:12.1.0-base-ubuntu22.04", ""),
        ("FROM x:${TAG:-1}", "x:1", ""),
        ("FROM a AS b\nFROM B as c\nFROM c", "a", ""),
        ("FROM a AS b\nFROM x", "x", ""),
        ("FROM scratch", None, ""),
        ("from python:3.10", "python:3.10", "==3.10.*"),
    ],
)
def test_base_image(tmp_path, text, host, python):
    manifest = docker(tmp_path, text)
    assert (manifest.host, manifest.python, manifest.notes) == (host, python, [])


def test_a_base_image_that_is_not_known(tmp_path):
    manifest = docker(tmp_path, "ARG I\nFROM $I\nRUN pip install a")
    assert manifest.host is None
    assert "variable" in manifest.notes[0][1]
    assert names(manifest) == ["a"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("RUN pip install a; \\\n  pip install b", ["a", "b"]),
        ("RUN pip install a \\  \n  b", ["a", "b"]),
        ("RUN pip install a \\\n# c\n  b", ["a", "b"]),
        ('RUN ["sh", "-c", "pip install \\"a>=1\\" b"]', ["a>=1", "b"]),
        ("RUN [ -f x ] && pip install a", ["a"]),
        ("RUN <<EOF\nset -e\npip install a\nEOF\nRUN pip install b", ["a", "b"]),
        ("RUN <<-'X' bash\n\tpip install a\n\tX\n", ["a"]),
        ("RUN bash <<EOF && pip install b\npip install a\nEOF\n", ["a", "b"]),
        ("RUN <<EOF\n#!/usr/bin/env python\npip install a\nEOF\n", []),
        ("RUN python <<EOF\npip install a\nEOF\n", []),
        ("RUN cat > x <<EOF\npip install a\nEOF\n", []),
        ("COPY <<EOF /x\nRUN pip install a\nEOF\n", []),
        ("RUN echo <<NEVER\nRUN pip install a", ["a"]),
        ("ENV A 1.2 3\nRUN pip install a==$A", ["a==1.2", "3"][:1]),
        ("ENV A=1\nARG A=2\nRUN pip install a==$A", ["a==1"]),
        ("ARG A=2\nRUN pip install a==${A}", ["a==2"]),
        ("ARG A=2\nARG B=$A.1\nRUN pip install a==${B}", ["a==2.1"]),
        ("ENV P='a b'\nRUN pip install $P", ["a", "b"]),
        (
            'CMD pip install a\nLABEL x=\'pip install a\'\nENTRYPOINT ["pip", "install"]\nONBUILD RUN pip install a',
            [],
        ),
        ("RUN pip install a\r\nRUN pip install \\\r\n b\r\n", ["a", "b"]),
    ],
)
def test_instructions(tmp_path, body, expected):
    manifest = docker(tmp_path, "FROM x\n" + body)
    found = [name for name in names(manifest) if name != "3"]
    assert found == expected


def test_another_escape(tmp_path):
    manifest = docker(tmp_path, "# escape=`\nFROM x\nRUN pip install a `\n  b\nRUN pip install c\\d\n")
    assert names(manifest) == ["a", "b", "cd"]


def test_an_argument_before_from_needs_its_name_repeated(tmp_path):
    manifest = docker(tmp_path, "ARG V=1\nFROM x\nRUN pip install a==$V\nARG V\nRUN pip install b==$V")
    assert names(manifest) == ["a", "b==1"]


@pytest.mark.parametrize(
    "body",
    [
        "COPY req.txt .\nRUN pip install -r req.txt",
        "COPY deps/r.txt /tmp/\nRUN pip install -r /tmp/r.txt",
        "COPY deps/r.txt /tmp/other.txt\nRUN pip install -r /tmp/other.txt",
        'COPY ["deps/r.txt", "/tmp/other.txt"]\nRUN cd /tmp && pip install -r other.txt',
        "WORKDIR /app\nADD --chown=1:1 . .\nRUN pip install -r deps/r.txt",
        "WORKDIR /app\nCOPY ./deps /app/d\nWORKDIR d\nRUN pip install -r r.txt",
        "RUN --mount=type=bind,source=req.txt,target=req.txt pip install -r req.txt",
        "RUN git clone https://x.test/y && pip install -r deps/r.txt",
    ],
)
def test_files(tmp_path, body):
    (tmp_path / "deps").mkdir()
    (tmp_path / "deps" / "r.txt").write_text("numpy==1.0\n")
    (tmp_path / "req.txt").write_text("numpy==1.0\n")
    manifest = docker(tmp_path, "FROM x\nRUN pip install z\n" + body)
    assert [(r.name, r.step) for r in manifest.requirements] == [("z", 0), ("numpy", 1)]
    assert manifest.requirements[1].place.path.endswith(".txt")
    assert manifest.notes == []


def test_the_build_may_start_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "docker").mkdir()
    (tmp_path / "r.txt").write_text("numpy==1.0\n")
    (tmp_path / "docker" / "Dockerfile").write_text("FROM x\nCOPY r.txt /tmp/\nRUN pip install -r /tmp/r.txt\n")
    monkeypatch.chdir(tmp_path)
    assert names(read("docker/Dockerfile")) == ["numpy==1.0"]


def test_a_file_that_is_not_there(tmp_path):
    manifest = docker(tmp_path, "FROM x\nWORKDIR $W\nRUN pip install -r a.txt\nRUN pip install -r /b.txt")
    assert [line for line, _ in manifest.notes] == [3, 4]


def test_many_here_documents_take_no_time(tmp_path):
    manifest = docker(tmp_path, "FROM x\n" + "RUN <<E\n\tE\nE\n" * 20_000 + "RUN pip install a")
    assert names(manifest) == ["a"]


@pytest.mark.parametrize("text", ["", "hello", "RUN pip install a", "# FROM x"])
def test_no_dockerfile(tmp_path, text):
    with pytest.raises(ManifestError, match="has no FROM"):
        docker(tmp_path, text)


PIECES = [
    "FROM x\n",
    "RUN ",
    "pip install ",
    "a>=1",
    '"',
    "'",
    "\\\n",
    "\n",
    " ",
    "<<E",
    "\nE\n",
    "COPY . .\n",
    "[",
    "]",
    "$A",
    "ARG A=1\n",
    "ENV A ",
    "WORKDIR ",
    "-r x.txt",
    "#",
    "bash -c ",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=30).map("".join))
def test_any_text_gives_a_manifest_or_is_refused(text):
    try:
        manifest = dockerfile.read(Source("Dockerfile", text, ["/nowhere"], []))
    except ManifestError as error:
        assert "\n" not in str(error)
        return
    for requirement in manifest.requirements:
        place = requirement.place
        line = text.split("\n")[place.line - 1]
        if place.column is not None:
            assert line[place.column : place.column + len(place.written)] == place.written
