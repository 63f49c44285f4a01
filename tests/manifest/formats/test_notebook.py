from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.manifest import ManifestError, read
from envaudit.manifest.formats import notebook
from envaudit.manifest.source import Source


def code(*sources):
    return [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]


def put(tmp_path, cells, metadata=None, indent=1, **more):
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": cells, **more}
    (tmp_path / "n.ipynb").write_text(json.dumps(content, indent=indent))
    return str(tmp_path / "n.ipynb")


def names(manifest):
    return [r.name + r.specifier for r in manifest.requirements]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("!pip install -q a 2>/dev/null\n", ["a"]),
        ("%pip install 'a>=1' b==2", ["a>=1", "b==2"]),
        ("!!pip3 install a", ["a"]),
        ("  ! pip install a", ["a"]),
        ("if x:\n    !pip install a\nelse:\n    %pip install b", ["a", "b"]),
        ("out = !pip install a", ["a"]),
        ("!uv pip install --system a\n%uv pip install b", ["a", "b"]),
        (
            "%conda install -y numpy=1.24\n!conda install -y pytorch\n%mamba install scipy",
            ["numpy==1.24.*", "torch", "scipy"],
        ),
        ("!{sys.executable} -m pip install a", ["a"]),
        ('!"{sys.executable}" -m pip install a', ["a"]),
        ("!pip install a \\\n   b \\\n   c\n!pip install d", ["a", "b", "c", "d"]),
        ("# !pip install a\n#%pip install b\nx = 1 # !pip install c", []),
        ("'''\n!pip install a\n'''\n!pip install b", ["b"]),
        ('x = """!pip\n!pip install a\n""" + \'"""\'\n!pip install b', ["b"]),
        ("x = 'don\\'t' # it's\n!pip install b", ["b"]),
        ("x = 'open\n!pip install b", ["b"]),
        ("x = 1 + \\\n!pip install b", []),
        ("%%bash\npip install a\nconda install -y numpy", ["a", "numpy"]),
        ("\n%%sh -e\n# pip install a\npip install b", ["b"]),
        ("%%script bash\npip install a", ["a"]),
        ("%%capture out\n!pip install a", ["a"]),
        ("%%time\n%%bash\npip install a", ["a"]),
        ("#@title Setup\n%%capture\n%pip install a", ["a"]),
        ("#@title Setup\n!pip install a", ["a"]),
        ("# comment\n%%bash\npip install a", []),
        ("%%writefile x.sh\n!pip install a", []),
        ("%%html\n!pip install a", []),
        ("%%time !pip install a\nx = 1", ["a"]),
        ("%time !pip install a", ["a"]),
        ("%sx pip install a", ["a"]),
        ("%system pip install a", ["a"]),
        ("pip install a", ["a"]),
        ("\npip install a\n", ["a"]),
        ("pip install a\npip install b", []),
        ("x = 5 %pip", []),
        ("!echo pip install a", []),
        ("!apt-get install b && pip install a; pip uninstall -y c", ["a", "c"]),
        ("get_ipython().system('pip install a')", ["a"]),
        ("get_ipython().run_line_magic('pip', 'install -q a')", ["a"]),
        ("get_ipython().magic('pip install a')", ["a"]),
        ("import os\nos.system('pip install a')", ["a"]),
        ("subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'a>=1'])", ["a>=1"]),
        ("subprocess.run(\n  [\n  sys.executable, '-m', 'pip', 'install',\n  'a', 'b'],\n check=True)", ["a", "b"]),
        ("from subprocess import check_call\ncheck_call(['pip', 'install'] + ['a'])", ["a"]),
        ("subprocess.run('pip install a', shell=True)", ["a"]),
        ("subprocess.run('pip install a'.split())", ["a"]),
        ("subprocess.run(('pip install '\n  'a b'), shell=True)", ["a", "b"]),
        ("import pip\npip.main(['install', 'a'])", ["a"]),
        ("print(['pip', 'install', 'a'])\nfoo('pip install a')", []),
        ("subprocess.run(['pip', 'install', 'a'])\n!pip install b\nos.system('pip install c')", ["a", "b", "c"]),
        ("é = 'ö'; os.system('pip install a')", ["a"]),
        ("os.system('pip install a'", []),
    ],
)
@pytest.mark.parametrize("as_list", [True, False])
def test_one_cell(tmp_path, source, expected, as_list):
    manifest = read(put(tmp_path, code(source.splitlines(keepends=True) if as_list else source)))
    assert names(manifest) == expected
    assert manifest.notes == []
    text = (tmp_path / "n.ipynb").read_text().split("\n")
    for requirement in manifest.requirements:
        place = requirement.place
        assert place.column is not None
        assert text[place.line - 1][place.column : place.column + len(place.written)] == place.written
        before = text[place.line - 1][: place.column]
        assert before.endswith("pytorch" if requirement.name == "torch" else requirement.name)


def test_steps_lines_and_columns(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["!pip install no"]},
        {"cell_type": "raw", "source": ["!pip install no"]},
        *code(['!pip install -U "a<2"\n', "import x\n", "%pip install b \\\n", "  c==1"], "!pip uninstall -y a"),
    ]
    manifest = read(put(tmp_path, cells))
    assert manifest.format == "notebook"
    assert [
        (r.name, r.kind, r.step, r.upgrade, r.place.line, r.place.column, r.place.written)
        for r in manifest.requirements
    ] == [
        ("a", "install", 0, True, 23, 24, "<2"),
        ("b", "install", 1, False, 25, 19, ""),
        ("c", "install", 1, False, 26, 8, "==1"),
        ("a", "remove", 2, False, 33, 33, ""),
    ]


def test_escapes_of_json(tmp_path):
    source = '"\\u0021pip install \\"a>=1\\" \'b\\u003e=2\' \\ud83d\\ude00 c\\n"'
    text = '{"cells": [{"cell_type": "code", "source": [' + source + "]}]}"
    (tmp_path / "n.ipynb").write_text(text)
    manifest = read(str(tmp_path / "n.ipynb"))
    assert names(manifest) == ["a>=1", "b>=2", "c"]
    a, b, c = (r.place for r in manifest.requirements)
    assert text[a.column :].startswith('>=1\\"')
    assert b.column is None
    assert text[: c.column].endswith("\\ude00 c")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("get_ipython().run_cell_magic('bash', '', 'pip install a\\npip install b')", ["a", "b"]),
        ("subprocess.run(f'{sys.executable} -m pip install a', shell=True)", ["a"]),
        ("os.system('pip install \\'a\\'')", ["a"]),
    ],
)
def test_strings_that_python_writes_in_another_way_are_not_rewritten(tmp_path, source, expected):
    manifest = read(put(tmp_path, code("x = 1\n" + source)))
    assert names(manifest) == expected
    assert {r.place.column for r in manifest.requirements} == {None}
    text = (tmp_path / "n.ipynb").read_text().split("\n")
    assert all(
        "pip install a" in text[r.place.line - 1] or "'a" in text[r.place.line - 1] for r in manifest.requirements
    )


def test_the_third_format(tmp_path):
    content = {
        "nbformat": 3,
        "metadata": {},
        "worksheets": [
            {"cells": [{"cell_type": "code", "input": ["!pip install a==1\n"], "language": "python"}]},
            {"cells": [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code", "input": "%pip install b"}]},
        ],
    }
    (tmp_path / "n.ipynb").write_text(json.dumps(content, indent=1))
    manifest = read(str(tmp_path / "n.ipynb"))
    assert [(r.name, r.place.line) for r in manifest.requirements] == [("a", 10), ("b", 24)]


@pytest.mark.parametrize(
    ("metadata", "host", "python"),
    [
        ({"colab": {"provenance": []}, "accelerator": "GPU"}, "colab-gpu", ""),
        ({"colab": {"gpuType": "T4"}}, "colab-gpu", ""),
        ({"colab": {"gpuType": "V28"}}, "colab-tpu", ""),
        ({"colab": {"gpuType": "V100"}, "accelerator": "GPU"}, "colab-gpu", ""),
        ({"colab": {"gpuType": "V100"}}, "colab-gpu", ""),
        ({"accelerator": "TPU"}, "colab-tpu", ""),
        ({"colab": {}}, "colab-cpu", ""),
        ({"kaggle": {"accelerator": "nvidiaTeslaT4"}}, "kaggle-gpu", ""),
        ({"kaggle": {"accelerator": "none"}}, "kaggle-cpu", ""),
        ({"kaggle": {"isGpuEnabled": True}}, "kaggle-gpu", ""),
        ({"language_info": {"name": "python", "version": "3.10.12"}}, None, "==3.10.*"),
        ({"language_info": {"name": "julia", "version": "1.10.0"}}, None, ""),
        ({"colab": {}, "language_info": {"name": "python", "version": "3.10.12"}}, "colab-cpu", ""),
        ({}, None, ""),
    ],
)
def test_host_and_python(tmp_path, metadata, host, python):
    manifest = read(put(tmp_path, code("!pip install a"), metadata))
    assert (manifest.host, manifest.python) == (host, python)


def test_files_and_folders(tmp_path):
    (tmp_path / "r.txt").write_text("a==1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "s.txt").write_text("b==1\n")
    cells = code(
        "!pip install -r r.txt", "!cd sub\n%cd sub\n!pip install -r s.txt", "%cd /elsewhere\n!pip install -r r.txt"
    )
    manifest = read(put(tmp_path, cells))
    assert [(r.name, r.step) for r in manifest.requirements] == [("a", 0), ("b", 1)]
    assert "was not found" in manifest.notes[0][1]


def test_variables_of_python(tmp_path):
    source = "v = 1\n!pip install a=={v}\n!pip install $b\nsubprocess.run(['pip', 'install', c, f'd=={v}'])"
    manifest = read(put(tmp_path, code(source)))
    assert names(manifest) == ["a", "d"]
    assert len(manifest.notes) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON"),
        ("{]", "n.ipynb:1: is no JSON"),
        ("[]", "no cells"),
        ('{"cells": 1}', "no cells"),
        ("[" * 100_000, "n.ipynb"),
        ("1" * 5_000, "n.ipynb"),
    ],
)
def test_no_notebook(tmp_path, text, words):
    (tmp_path / "n.ipynb").write_text(text)
    with pytest.raises(ManifestError, match=words) as caught:
        read(str(tmp_path / "n.ipynb"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "python",
    [
        "(" * 100_000,
        "-" * 100_000 + "1",
        "not " * 100_000 + "1",
        "x = " + "1+" * 100_000 + "1",
        "subprocess.run(" + "[]+" * 5_000 + "[])",
        "subprocess.run('x'" + ".split()" * 5_000 + ")",
        "lambda:" * 50_000 + "1",
        "f" + "()" * 50_000,
        "if 1:\n " * 5_000,
    ],
    ids=lambda python: python[:20],
)
def test_python_that_is_nested_deep_spoils_no_other_cell(tmp_path, python):
    manifest = read(put(tmp_path, code("subprocess\n" + python, "!pip install a")))
    assert names(manifest) == ["a"]


def test_outputs_that_look_like_cells_do_not_count(tmp_path):
    cells = code("!pip install a")
    cells[0]["outputs"] = [{"cells": [{"source": "x"}], "data": {"source": ["!pip install no\n"]}, "source": "y"}]
    cells[0]["metadata"] = {"source": "z"}
    manifest = read(put(tmp_path, cells, {"cells": [{"source": "x"}]}))
    (requirement,) = manifest.requirements
    assert requirement.place.column is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["source", "cell_type", "cells", "x"]), inner, max_size=3),
    max_leaves=8,
)
PIECES = [
    "!pip install ",
    "%pip install ",
    "a>=1",
    " ",
    "\\\n",
    "\n",
    "'",
    '"',
    '"""',
    "#",
    "%%bash\n",
    "%%capture\n",
    "os.system(",
    "[",
    ")",
    "{x}",
    "%cd ",
    "\\",
]


@given(st.dictionaries(st.sampled_from(["cells", "metadata", "worksheets"]), json_values), json_values, json_values)
def test_wrong_types_are_refused_or_noted(notebook_json, cell, metadata):
    cells = [cell, {"cell_type": "code", "source": cell}]
    about = {"colab": metadata, "kaggle": cell, "language_info": metadata}
    for content in (notebook_json, {"cells": cells, "metadata": about}):
        try:
            notebook.read(Source("n.ipynb", json.dumps(content), ["/nowhere"], []))
        except ManifestError as error:
            assert "\n" not in str(error)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=25).map("".join), st.booleans())
def test_any_cell_is_read(source, ascii_only):
    text = json.dumps({"cells": code(source.splitlines(keepends=True))}, indent=1, ensure_ascii=ascii_only)
    manifest = notebook.read(Source("n.ipynb", text, ["/nowhere"], []))
    for requirement in manifest.requirements:
        place = requirement.place
        line = text.split("\n")[place.line - 1]
        if place.column is not None:
            assert line[place.column : place.column + len(place.written)] == place.written


def test_mutations_of_a_good_notebook(tmp_path):
    path = put(tmp_path, code("!pip install a>=1 'b<2'\nos.system('pip install c')"), {"colab": {}})
    good = (tmp_path / "n.ipynb").read_bytes()
    chance = random.Random(2)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "n.ipynb").write_bytes(data)
        try:
            read(path)
        except ManifestError as error:
            assert "\n" not in str(error)
