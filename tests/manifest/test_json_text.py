from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envaudit.manifest import json_text


@given(st.text(), st.booleans())
def test_strings_are_decoded_as_json_has_them(text, ascii_only):
    written = f"  {json.dumps(text, ensure_ascii=ascii_only)} x"
    decoded = json_text.decode(written, 2)
    assert decoded.text == json.loads(written[2:-2])
    assert json_text.end(written, 2) == len(written) - 2


def test_characters_know_their_places():
    written = r'"a\n\u0041é\ud83d\ude00b"'
    decoded = json_text.decode(written, 0)
    assert decoded.text == "a\nAé😀b"
    assert [decoded.offset(index) for index in range(6)] == [1, 2, 4, 10, 11, 23]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"cells": [{"source": "a"}, {"source": ["b", "c"]}, {"x": "d"}]}', [["a"], ["b", "c"], []]),
        ('{"x": {"cells": [{"source": "a"}]}, "cells": [{"y": {"source": "b"}, "source": "c"}]}', [["c"]]),
        ('{"cells": [{"source": ["a"], "source": ["b"]}]}', [["b"]]),
        ('{"cells": {"source": "a"}}', []),
        ('{"cells": [{"x": [{"source": "no"}], "source": "a\\"]}"}]}', [['a"]}']]),
        ('[{"source": "a"}]', []),
        ("{}", []),
    ],
)
def test_strings_under(text, expected):
    json.loads(text)
    found = json_text.strings_under(text, ("cells",), "source")
    assert [[json_text.decode(text, start).text for start in starts] for starts in found] == expected
