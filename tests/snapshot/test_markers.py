import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

from envaudit.snapshot.markers import evaluator
from tests.snapshot.environments import run

LINUX = {
    "python_version": "3.10",
    "python_full_version": "3.10.13",
    "implementation_version": "3.10.13",
    "implementation_name": "cpython",
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
}


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("python_version < '3.11'", True),
        ('python_version>="3.11"', False),
        ("python_version >= '3.9'", True),  # as versions, not as words
        ("'3.9' <= python_version", True),
        ("python_version == '3.*'", True),
        ("python_version ~= '3.8'", True),
        ("python_full_version < '3.10.13'", False),
        ("python_version in '2.7 3.10'", True),
        ("python_version not in '2.7, 3.10'", False),
        ("sys_platform == 'linux'", True),
        ("sys_platform != 'win32' and platform_machine == 'x86_64'", True),
        ("platform_machine in 'x86_64 AMD64'", True),
        ("platform_system == 'Darwin' or platform_system == 'Linux'", True),
        ("platform_system == 'Darwin' and python_version > '3' or os_name == 'posix'", True),
        ("platform_system == 'Darwin' and (python_version > '3' or os_name == 'posix')", False),
        ("extra == 'test'", False),
        ("extra == 'test' or python_version > '3'", True),
        ("(extra == 'a' or extra == 'b') and python_version > '3'", False),
        ("extra != 'test'", True),
        ("os.name == 'posix'", True),  # the old spelling
        ("platform_release == 'no such release'", False),  # packaging knows it
        ("nonsense", False),
        ("python_version", False),
        ("python_version <", False),
        ("python_version < '3", False),
        ("(python_version > '3'", False),
        ("python_version > '3' python_version", False),
        ("'a' == 'a'", None),  # packaging has changed its mind about this one
        ("(" * 1000 + "os_name == 'posix'" + ")" * 1000, None),
        ("", False),
        ("x" * 100_000, False),
    ],
)
def test_evaluator(marker, expected):
    answer = evaluator(LINUX)(marker)
    assert isinstance(answer, bool)
    assert expected is None or answer is expected


_versions = st.sampled_from(
    ["3", "3.8", "3.10", "3.10.13", "3.11", "3.10.*", "4.0", "2.7", "3.8.1", "", "x", "3.10.0rc1"]
)
_comparisons = st.one_of(
    st.tuples(
        st.sampled_from(["python_version", "python_full_version", "implementation_version"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "~=", "===", "in", "not in"]),
        _versions,
    ),
    st.tuples(
        st.sampled_from(
            ["sys_platform", "platform_system", "platform_machine", "os_name", "implementation_name", "extra"]
        ),
        st.sampled_from(["==", "!=", "in", "not in"]),
        st.sampled_from(["linux", "Linux", "win32", "x86_64", "x86_64 AMD64", "posix", "cpython", "test"]),
    ),
)


@st.composite
def _markers(draw, depth=2):
    if depth and draw(st.booleans()):
        parts = draw(st.lists(_markers(depth - 1), min_size=1, max_size=3))
        joined = draw(st.sampled_from([" and ", " or ", "  and\t"])).join(parts)
        return f"({joined})" if draw(st.booleans()) else joined
    name, operator, literal = draw(_comparisons)
    quote = draw(st.sampled_from("'\""))
    space = draw(st.sampled_from(["", " "])) if operator[0] in "<>=!~" else " "
    left, right = f"{name}", f"{quote}{literal}{quote}"
    if operator in ("<", "<=", ">", ">=", "==", "!=") and draw(st.booleans()):
        left, right = right, left
    return f"{left}{space}{operator}{space}{right}"


def _judge(marker):
    try:
        return Marker(marker).evaluate({**LINUX, "extra": ""})
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName):
        return False


@given(_markers())
@settings(max_examples=200)
def test_it_agrees_with_packaging(marker):
    assert evaluator(LINUX)(marker) == _judge(marker)


@given(st.text(alphabet="ao\"' ()<>=!~.3_pythn versixt", max_size=40))
def test_any_text_has_an_answer(text):
    assert evaluator(LINUX)(text) in (True, False)


def test_common_markers_need_no_packaging():
    code = (
        "import sys; from envaudit.snapshot.markers import evaluator\n"
        f"holds = evaluator({LINUX!r})\n"
        "for marker in sys.argv[1:]: holds(marker)\n"
        "print('packaging' in sys.modules)"
    )
    common = (
        "python_version < '3.8'",
        "extra == 'x' and sys_platform == 'win32'",
        "(platform_machine in 'x86_64 AMD64' or os_name != 'nt')",
        "python_full_version >= '3.9.1'",
    )
    assert run(sys.executable, "-c", code, *common).strip() == "False"
