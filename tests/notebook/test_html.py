"""The display: escaped, and readable in light and dark."""

from __future__ import annotations

import pytest

from envaudit.finding import Audit, Finding
from envaudit.notebook import html
from envaudit.notebook.loaded import Stale
from envaudit.report.document import Report


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *html.BADGES.values(),
    *(
        (theme[text], theme[back])
        for theme in (html.LIGHT, html.DARK)
        for text in ("text", "quiet")
        for back in ("back",)
    ),
    *((theme["text"], theme["code"]) for theme in (html.LIGHT, html.DARK)),
]


@pytest.mark.parametrize(("text", "back"), PAIRS)
def test_contrast_is_that_of_wcag_aa(text: str, back: str) -> None:
    assert contrast(text, back) >= 4.5


def test_what_others_wrote_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    card = {
        "id": "x", "level": "crash", "title": evil, "symptom": evil, "why": evil, "note": evil,
        "sources": ["javascript:alert(1)"], "proof": "reported", "supersedes": [],
    }  # fmt: skip
    found = Audit([Finding(card, "definite", ["numpy"], [])], [{"what": evil, "because": evil}], [])
    page = html.page(Report({"packages": {"numpy": "1"}}, found, None), [Stale(evil, "1", "2")])
    assert "<script" not in page and "javascript:" not in page
    assert page.count("&lt;script&gt;") == 7
