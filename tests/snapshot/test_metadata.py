import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.snapshot import metadata


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (b"Metadata-Version: 2.1\nName: Foo._Bar\nVersion: 1.0+cu121", ("foo-bar", "1.0+cu121", [])),
        (b"Version: 2\nRequires-Dist: a>=1\nName: late", ("late", "2", [" a>=1"])),
        (b"Name: a\r\nVersion: 1\r\nRequires-Dist: b\r\nProvides-Extra: x\r\n", ("a", "1", [" b"])),
        (b"Name:a\nVersion:1", ("a", "1", [])),
        (b"Name: a\nVersion: ", ("a", "", [])),
        (b"Name: not a name\nVersion: 1", ("", "1", [])),
        (b"Name: a\nVersion: 1; rm -rf /", ("a", "", [])),
        (b"Summary: Name: b\n  Name: c\nVersion: 1", ("", "1", [])),
        (b"\xff\xfe\x00Name: a\nVersion: 1", ("", "1", [])),
        (b"", ("", "", [])),
    ],
)
def test_parse(headers, expected):
    assert metadata.parse(headers) == expected


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("count", [0, 3, 400, 5000])
def test_read_stops_at_the_empty_line_however_far_it_is(tmp_path, end, count):
    lines = [b"Metadata-Version: 2.1", b"Name: a", b"Version: 1"]
    lines += [b"Requires-Dist: package-%d>=1.2.3; extra == 'all'" % number for number in range(count)]
    lines += [b"", b"Requires-Dist: in-the-body"]
    (tmp_path / "METADATA").write_bytes(end.join(lines))
    name, version, requires = metadata.read(str(tmp_path / "METADATA"))
    assert (name, version, len(requires)) == ("a", "1", count)
    assert not count or requires[-1] == f" package-{count - 1}>=1.2.3; extra == 'all'"


def test_headers_without_end_are_cut_at_a_line(tmp_path):
    (tmp_path / "METADATA").write_bytes(b"Name: a\nVersion: 1\n" + b"Requires-Dist: package\n" * 100_000)
    requires = metadata.read(str(tmp_path / "METADATA"))[2]
    assert set(requires) == {" package"}
    assert 10_000 < len(requires) < 100_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_hold_it_up(tmp_path):
    os.mkfifo(tmp_path / "METADATA")
    assert metadata.read(str(tmp_path / "METADATA")) == ("", "", [])


@given(
    st.binary(max_size=300)
    | st.builds(
        lambda parts: b"\n".join(parts),
        st.lists(
            st.sampled_from(
                [
                    b"Name: a",
                    b"Name:",
                    b"Version: 1",
                    b"Requires-Dist: b;",
                    b"Requires-Dist:",
                    b"",
                    b" ",
                    b"\r",
                    b"\xc4\xb0",
                    b"\x00",
                ]
            )
        ),
    )
)
def test_parse_never_raises(data):
    name, version, requires = metadata.parse(data)
    assert name == "" or name == metadata.canonical(name)
    assert version == "" or version == metadata.sane_version(version)
    assert all("\n" not in requirement for requirement in requires)


@given(st.text(max_size=20))
def test_names_are_canonical_as_packaging_has_them(name):
    from packaging.utils import canonicalize_name

    mine = metadata.canonical(name)
    assert mine == "" or mine == canonicalize_name(name)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("torch-2.4.0+cu121.dist-info", ("torch", "2.4.0+cu121")),
        ("ruamel.yaml-0.17.21.dist-info", ("ruamel-yaml", "0.17.21")),
        ("six-1.16.0-py3.8.egg-info", ("six", "1.16.0")),
        ("six-1.16.0-py3.8.egg", ("six", "1.16.0")),
        ("pyarrow-1.0-py3.8-linux-x86_64.egg", ("pyarrow", "1.0")),
        ("mine.egg-info", ("mine", "")),
        ("-1.0.dist-info", ("", "1.0")),
        (".dist-info", ("", "")),
    ],
)
def test_from_folder_name(folder, expected):
    assert metadata.from_folder_name(folder) == expected
