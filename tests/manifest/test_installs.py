from __future__ import annotations

import pytest

from envaudit.manifest.installs import Installs
from envaudit.manifest.requirement import Manifest
from envaudit.manifest.source import Source
from envaudit.manifest.traced import Lines, Traced


def install(script, tmp_path=None, **options):
    manifest = Manifest(str(tmp_path / "x") if tmp_path else "x", "dockerfile")
    source = Source(manifest.path, script, [str(tmp_path or "/nowhere")], [])
    Installs(manifest, source, Lines(manifest.path, script), **options).shell(Traced(script, 0))
    return manifest


def told(manifest):
    return [r.name + (f"[{','.join(r.extras)}]" if r.extras else "") + r.specifier for r in manifest.requirements]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pip install a", ["a"]),
        ("pip3.11 install -q 'a>=1' b==2", ["a>=1", "b==2"]),
        ("/opt/venv/bin/pip install a", ["a"]),
        ("python -m pip install a", ["a"]),
        ("python3.11 -W ignore -u -m pip --no-cache-dir install a", ["a"]),
        ("python -mpip install a", ["a"]),
        ("{sys.executable} -m pip install a", ["a"]),
        ("$PYTHON -m pip install a && ${PIP} install b", ["a", "b"]),
        ("uv pip install --system a", ["a"]),
        ("uv --quiet pip install -p 3.11 a --torch-backend auto b", ["a", "b"]),
        ("uv add --dev 'a>=1'", ["a>=1"]),
        ("uv run --with x python -m pip install a", ["a"]),
        ("poetry add a@^1.2 b==2 'c>=3' --group dev d@latest", ["a>=1.2,<2", "b==2", "c>=3", "d"]),
        ("poetry run pip install a", ["a"]),
        (
            "conda install -y -c pytorch -n base numpy=1.24 'pandas>=1.5,<2' conda-forge::scipy",
            ["numpy==1.24.*", "pandas>=1.5,<2", "scipy"],
        ),
        ("mamba install -yq pytorch==2.1.0=*cuda*", ["torch==2.1.0"]),
        ("micromamba create -n x numpy", ["numpy"]),
        ("conda run --no-capture-output -n x pip install a", ["a"]),
        ("sudo -H -u me env -u Y X=1 pip install a", ["a"]),
        ("X=1 Y=2 pip install a", ["a"]),
        ("if true; then pip install a; else pip install b; fi", ["a", "b"]),
        ("for x in 1 2; do pip install a; done", ["a"]),
        ("timeout -k 5 600 pip install a", ["a"]),
        ("(cd x && { pip install a; })", ["a"]),
        ("bash -lc 'pip install \"a>=1\"'", ["a>=1"]),
        ("bash -o pipefail -c 'pip install a'", ["a"]),
        ("bash <<EOF\npip install a\nEOF\n", ["a"]),
        ("pip install -i https://x.test --extra-index-url=https://y.test -f w --index-url z --trusted-host h a", ["a"]),
        ("pip install -fw -iz a --no-binary :all: -t d b", ["a", "b"]),
        ("pip install -- a", ["a"]),
        (
            "pip install 'a[x,y]==1 ; os_name==\"nt\"' https://x.test/w/b_c-1.0-py3-none-any.whl",
            ["a[x,y]==1", "b-c==1.0"],
        ),
        ("V=1.2; pip install a==$V ${W}", ["a==1.2"]),
        ("echo 'pip install a'; apt-get install -y b; pipx install c; pip download d; pip list", []),
        ("pip install --dry-run a; pip install --help", []),
        ("python setup.py install; python -c 'pip install a'; uv sync; conda env list", []),
        ("yes | pip install a 2>&1 | tee log", ["a"]),
    ],
)
def test_what_is_installed(script, expected):
    assert told(install(script)) == expected


def test_steps_kinds_and_upgrades():
    manifest = install(
        "pip install a b\npip list\npip install -qU c && pip uninstall -y d e\nuv pip install --upgrade f"
    )
    assert [(r.name, r.step, r.kind, r.upgrade) for r in manifest.requirements] == [
        ("a", 0, "install", False),
        ("b", 0, "install", False),
        ("c", 1, "install", True),
        ("d", 2, "remove", False),
        ("e", 2, "remove", False),
        ("f", 3, "install", True),
    ]


def test_places():
    script = "pip install a \\\n  'b>=1' \\\n  \"c[x]\" d\\>=2\nconda install numpy=1.24 pytorch=2.1=py3*"
    assert [(r.place.line, r.place.column, r.place.written) for r in install(script).requirements] == [
        (1, 13, ""),
        (2, 4, ">=1"),
        (3, 7, ""),
        (3, 11, ">=2"),
        (4, 19, "=1.24"),
        (4, None, ""),
    ]


@pytest.mark.parametrize(
    ("script", "name", "words"),
    [
        ("pip install a>=1.2", "a", "needs quotes"),
        ("pip install a==$V", "a", "any a is assumed"),
        ("conda install numpy=$V", "numpy", "any numpy is assumed"),
        ("pip install $V b", "b", "variable"),
        ("pip install . b", "b", "does not say which"),
        ("pip install -e ./x b", "b", "does not say which"),
        ("pip install -r none.txt b", "b", "was not found"),
        ("pip install -r $V b", "b", "only where it runs"),
        ("pip install -r https://x.test/r.txt b", "b", "is a URL"),
        ("conda install 'a[' b", "b", "left out"),
    ],
)
def test_notes(script, name, words):
    manifest = install(script)
    assert [(r.name, r.specifier) for r in manifest.requirements] == [(name, "")]
    assert [line for line, _ in manifest.notes] == [1]
    assert words in manifest.notes[0][1]


def test_what_the_shell_cuts_off_is_not_rewritten():
    (requirement,) = install("pip install a>=1.2").requirements
    assert requirement.place.column is None


def test_python_expressions():
    manifest = install("pip install a=={version} {what}", python=True)
    assert [(r.name, r.specifier) for r in manifest.requirements] == [("a", "")]
    assert len(manifest.notes) == 2


def test_files(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "r.txt").write_text("a==1\n-c c.txt\n")
    (tmp_path / "sub" / "c.txt").write_text("b<2\n")
    (tmp_path / "environment.yml").write_text("dependencies:\n  - numpy=1.24\n")
    script = "pip install x\ncd sub && pip install -Uqr r.txt -c c.txt\npip uninstall -y -r c.txt"
    manifest = install(script, tmp_path)
    assert [(r.name, r.kind, r.step, r.upgrade, r.place.line) for r in manifest.requirements] == [
        ("x", "install", 0, False, 1),
        ("a", "install", 1, True, 1),
        ("b", "constraint", 1, True, 1),
    ]
    manifest = install("conda env update -n base -f environment.yml", tmp_path)
    assert [(r.name, r.specifier, r.conda) for r in manifest.requirements] == [("numpy", "==1.24.*", True)]


def test_a_removed_file(tmp_path):
    (tmp_path / "r.txt").write_text("a==1\n")
    (requirement,) = install("pip uninstall -yr r.txt", tmp_path).requirements
    assert (requirement.name, requirement.kind) == ("a", "remove")


def test_python_of_conda():
    manifest = install("conda install -y python=3.10 pip")
    assert manifest.python == "==3.10.*"
    assert [r.name for r in manifest.requirements] == ["pip"]
