"""What pip's own parser makes of the same files: the names, specifiers, markers and constraints must be the same."""

from __future__ import annotations

import logging
import os

import pytest

from envaudit.manifest import read
from envaudit.snapshot.metadata import canonical

try:
    from pip._internal.network.session import PipSession
    from pip._internal.req.constructors import install_req_from_parsed_requirement
    from pip._internal.req.req_file import parse_requirements
except ImportError:
    pytest.skip("this pip has no such parser", allow_module_level=True)

HASH = "--hash=sha256:" + "0123456789abcdef" * 4
FILES = {
    "sub/more.txt": "more==1\n-c ../limits.txt\n-r deeper/most.txt\n",
    "sub/deeper/most.txt": "most>=2,!=2.1\n",
    "limits.txt": "numpy<2\nscipy==1.10.* ; python_version < '3.12'\n-r under_limits.txt\n",
    "under_limits.txt": "really-installed\n",
    "quick.txt": "quick\n",
    "last.txt": "last\n",
}
TEXTS = {
    "plain": "numpy\nnumpy==1.26.4\nFoo.Bar_baz~=1.0\nx===weird\ny!=1,>0.5\n",
    "spaces": "  numpy  >=  1 , < 2  \n\tpandas\t==\t2.0\n",
    "brackets": "numpy (>=1,<2)\n",
    "extras": "a[x]\nb[x,Y-z]==1\nc [x] >= 1\nd[]\n",
    "markers": 'a; python_version < "3"\nb==1 ; sys_platform == \'linux\'\nc;python_version>="3"\nd==1;\n',
    "comments": "# x\na # y\nb#c\n#\n   # z\nd==1 #e\ne==2\t# f\n",
    "continued": "a==1 \\\n\nb\\\n==2\nc \\\n>=1, \\\n<2\n\\\nd\ne \\\n# comment\nf\n",
    "continued comment": "# comment \\\na==1\nb # c \\\nd\n",
    "ends in a backslash": "a==1 \\",
    "double backslash": "a==1 \\\\\n--pre\n",
    "hashes": f"a==1 \\\n    {HASH} \\\n    {HASH}\n    # via b\nb==2 {HASH}\n",
    "options": "-i https://x.test/simple\n--index-url=https://x.test\n--extra-index-url https://x.test\n"
    "-f ./w\n--find-links ./w\n--pre\n"
    "--no-index\n--no-binary :all:\n--only-binary=numpy\n--prefer-binary\n--trusted-host x.test\na\n",
    "abbreviated options": "--requirem sub/deeper/most.txt\n--constr limits.txt\n",
    "options of one requirement": "a==1 --config-settings k=v\n",
    "an option that pip ignores there": "a==1 -i https://x.test\n",
    "included": "a\n-r sub/more.txt\n-rquick.txt\n--requirement=last.txt\nz\n",
    "constraints": "a\n-c limits.txt\n",
    "both on a line": "-c limits.txt -r under_limits.txt\n",
    "urls": "a @ https://x.test/a.zip\nb[x] @ git+https://x.test/b.git@main ; python_version > '3'\nc@https://x.test/c.tar.gz\n",
    "bare urls": "https://x.test/w/foo_bar-1.0.1-py3-none-any.whl\ngit+https://x.test/b.git#egg=B\n"
    "https://x.test/c.zip#egg=c&subdirectory=d\n"
    "https://x.test/torch-2.1.0%2Bcu121-cp311-cp311-linux_x86_64.whl ; os_name == 'posix'\nhttps://x.test/unnamed.zip\n",
    "paths": "./w/foo_bar-1.0.1-2-py3-none-any.whl\n./w/x-1-py3-none-any.whl[e]\n./w/unnamed.tar.gz\n",
    "editables": "-e git+https://x.test/b.git#egg=B\n--editable git+https://x.test/c.git@v1#egg=c&subdirectory=d\n"
    "-e git+ssh://git@x.test/e.git#egg=e -e git+https://x.test/f#egg=f\n",
    "dash without a space": "a-b==1\na--b\n",
    "tab before an option": "a==1\t--hash=x\nb\n",
    "windows": "a==1\r\nb \\\r\n>=2\r\n-c limits.txt\r\n",
    "old mac": "a==1\rb==2\r",
    "other line ends": "a==1\x0bb==2\x0cc==3\u2028d==4\x85e==5\n",
    "not broken by text in comments": "# -r none.txt\n# a==1\n",
    "byte order mark": "\ufeffa==1\nb\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_as_pip(tmp_path, monkeypatch, text):
    logging.getLogger("pip").setLevel(logging.CRITICAL)
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        os.makedirs(tmp_path / os.path.dirname(name), exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "requirements.txt").write_bytes(text.encode("utf-8"))
    expected = _by_pip()
    assert [
        (r.name, "" if r.url else r.specifier, r.marker, list(r.extras), r.kind == "constraint")
        for r in read("requirements.txt").requirements
    ] == expected
    assert expected or text.startswith("# -r")


def _by_pip():
    found = []
    for parsed in parse_requirements("requirements.txt", PipSession()):
        try:
            requirement = install_req_from_parsed_requirement(parsed)
        except Exception:  # pip stops at what is no requirement; envaudit notes it and goes on
            continue
        if requirement.req is None:
            continue  # its name is known when it was downloaded
        found.append(
            (
                canonical(requirement.req.name),
                "" if requirement.link else str(requirement.req.specifier),
                str(requirement.markers or ""),
                sorted(map(canonical, requirement.extras)),
                parsed.constraint,
            )
        )
    return found


def test_line_numbers_as_pip(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "# c\n\na==1 \\\n  --hash=sha256:00\n# via\nb\\\n>=2\n\n\nc\n"
    (tmp_path / "requirements.txt").write_text(text)
    by_pip = [int(parsed.line_source.split()[1]) for parsed in parse_requirements("requirements.txt", PipSession())]
    assert [r.place.line for r in read("requirements.txt").requirements] == by_pip == [3, 6, 10]
