"""`envaudit rules` and `envaudit explain RULE`."""

from __future__ import annotations

from difflib import get_close_matches

from envaudit.report.document import dump
from envaudit.report.layout import paragraph, verbatim, width_of, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

    from envaudit.matrix.store import Matrix
    from envaudit.report.layout import Line

_PAIRS = 12  # rows of tried versions that are shown
_PROOF = {
    "reproduced": "reproduced: the bad and the good set were run with the real wheels",
    "documented": "documented: by the vendor, or in the metadata of the wheels",
    "reported": "reported: in a public thread",
}


def listing(matrix: Matrix, form: str, out: TextIO) -> None:
    """All rules: a line each, or as JSON."""
    cards = [matrix.card(rule) for rule in matrix.rule_ids()]
    if form == "json":
        keys = ("id", "level", "title", "packages", "proof", "sources")
        dump({"rules": [{key: general(card[key]) for key in keys} for card in cards]}, out)
        return
    page: list[Line] = []
    for card in cards:
        page.append(
            [(f"{card['level']:9}", card["level"]), (card["id"], "title"), (f"  {general(card['title'])}", "quiet")]
        )
    page.append([(f"{len(cards)} rules; envaudit explain RULE tells all about one", "quiet")])
    write(page, out)


def explain(matrix: Matrix, rule: str, form: str, out: TextIO) -> None:
    """Everything about one rule.  KeyError with a sentence for the user when there is no such rule."""
    try:
        card = matrix.card(rule)
    except KeyError:
        near = get_close_matches(rule, matrix.rule_ids(), 3)
        hint = f"; did you mean {', '.join(near)}?" if near else "; `envaudit rules` lists them"
        raise KeyError(f"there is no rule '{rule}'{hint}") from None
    if form == "json":
        dump(card, out)
        return
    write(_page({name: general(value) for name, value in card.items()}, width_of(out)), out)


def general(value: Any) -> Any:
    """A text of a rule without the places for the versions of one environment: "numpy {numpy}" gives "numpy …"."""
    if not isinstance(value, str):
        return value
    head, *parts = value.split("{")
    return head + "".join("…" + part.partition("}")[2] for part in parts)


def _page(card: dict[str, Any], width: int) -> list[Line]:
    page = paragraph([(f" {card['level']} ", card["level"]), (f" {card['id']}", "title")], width)
    page += paragraph([(card["title"], "")], width)
    page += _part("What the user sees", verbatim(card["symptom"], "symptom", 2))
    page += _part("Why", paragraph([(card["why"], "")], width, 2))
    ways = [", ".join(f"{name} {spec}".strip() for name, spec in option.items()) for option in card["fix"]]
    if ways:
        page += _part("Ways out, best first", [line for way in ways for line in paragraph([(way, "")], width, 2)])
    if card["note"]:
        page += _part("What helps", paragraph([(card["note"], "")], width, 2))
    if card["over"]:
        about = f"every row of table {card['over']}: {card['table']}"
        page += _part("Applies to", paragraph([(about, "")], width, 2))
    if card["certainty"] == "possible":
        text = "possible: the parts can be seen, the use that fails cannot"
        page += _part("Certainty", paragraph([(text, "")], width, 2))
    page += _part("Proof", paragraph([(_PROOF[card["proof"]], "")], width, 2))
    runs = [line for row in card["reproductions"] for line in _run(row, width)]
    if runs:
        page += _part("Run with real wheels", runs)
    pairs = [line for row in card["measured"][:_PAIRS] for line in _pair(row, width)]
    if pairs:
        more = len(card["measured"]) - _PAIRS
        rest = f"{more} more in the JSON form" if more > 0 else ""
        page += _part(
            "Tried together, version by version", pairs + (paragraph([(rest, "quiet")], width, 2) if rest else [])
        )
    page += _part("Sources", [line for source in card["sources"] for line in verbatim(source, "", 2)])
    for kind, name in (("bad", "Fires on"), ("good", "Is silent on")):
        shown = [", ".join(f"{fact} {value}" for fact, value in example.items()) for example in card["examples"][kind]]
        page += _part(name, [line for text in shown for line in paragraph([(text, "")], width, 2)])
    page += paragraph([(f"Written in rules/{card['file']}", "quiet")], width)
    return page


def _run(row: dict[str, str], width: int) -> list[Line]:
    """One reproduction of the lab, before and after the fix."""
    host = f", {row['host']}" if row.get("host") else ""
    before = f"{row['pins']} on Python {row['python']}{host} ({row['date']}): {row['outcome']}"
    after = f"then {row['fixed']}: {row['fixed-outcome']}"
    page = paragraph([(before, "")], width, 2)
    if row.get("error"):
        page += verbatim(row["error"], "symptom", 4)
    return page + paragraph([(after, "")], width, 4)


def _pair(row: dict[str, Any], width: int) -> list[Line]:
    """The versions of one package that the lab has tried a release of another with."""
    tried = [f"{word} with {_list(row[word])}" for word in ("works", "fails") if row.get(word)]
    page = paragraph([(f"{row['other']} {row['release']} and {row['package']}: {'; '.join(tried)}", "")], width, 2)
    return page + [line for error in row.get("errors", [])[:1] for line in verbatim(error, "symptom", 4)]


def _list(cell: Any) -> str:
    return cell if isinstance(cell, str) else ", ".join(cell)


def _part(name: str, content: list[Line]) -> list[Line]:
    return [[(name, "title")], *content]
