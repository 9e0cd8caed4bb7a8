"""Markdown as cards want it: line breaks that are seen, code as it is, tables that are tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.broken_off import closed
from imbridge.adapters.dingtalk.sent.card_markdown import card_markdown

CASES = {
    "a line break": ("a\nb", "a<br>b"),
    "other line breaks": ("a\r\nb\rc", "a<br>b<br>c"),
    "paragraphs": ("a\n\nb", "a\n\nb"),
    "a list": ("- a\n- b\n* c\n+ d", "- a\n- b\n* c\n+ d"),
    "a numbered list": ("1. a\n2) b", "1. a\n2) b"),
    "an item that goes on": ("- a\n  more\n- b", "- a<br>  more\n- b"),
    "a list after a line": ("a\n- b", "a\n- b"),
    "a headline": ("# a\nb\n## c", "# a\nb\n## c"),
    "no headline": ("#a\nb", "#a<br>b"),
    "an underlined headline": ("a\n===\nb\n---", "a\n===<br>b\n---"),
    "a rule": ("a\n\n***\nb", "a\n\n***\nb"),
    "a quotation": ("> a\n> b\n> c", "> a<br>b<br>c"),
    "a quotation and more": ("> a\nb\n\nc", "> a<br>b\n\nc"),
    "code": ("```py\na\n> b\n\nc\n```\nd\ne", "```py\na\n> b\n\nc\n```\nd<br>e"),
    "code in code": ("````\n```\na\nb\n````\nc\nd", "````\n```\na\nb\n````\nc<br>d"),
    "code that is open": ("a\n```\nb\nc", "a\n```\nb\nc"),
    "code with tildes": ("~~~\na\n```\nb\n~~~\nc\nd", "~~~\na\n```\nb\n~~~\nc<br>d"),
    "a table": ("|a|b|\n|-|-|\n|1|2|", "|a|b|\n|-|-|\n|1|2|"),
    "a table after a line": ("t\n|a|b|\n|:-|-:|\n|1|2|\nend", "t\n\n|a|b|\n|:-|-:|\n|1|2|\nend"),
    "a table after a quotation": ("> q\n|a|b|\n|-|-|", "> q\n\n|a|b|\n|-|-|"),
    "no table": ("a | b\nc", "a | b<br>c"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    given_text, wanted = CASES[name]
    assert card_markdown(given_text) == wanted


@pytest.mark.parametrize(("text", "wanted"), [("a\n\n", "a"), ("a\nb\n", "a<br>b"), ("\n\na", "\n\na")])
def test_a_text_that_grows_has_no_empty_lines_at_its_end(text: str, wanted: str) -> None:
    assert card_markdown(text, last=False) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a", "a"),
        ("```\na", "```\na\n```"),
        ("```\na\n```", "```\na\n```"),
        ("````\n```", "````\n```\n````"),
        ("~~~\na", "~~~\na\n~~~"),
    ],
)
def test_open_code_is_ended(text: str, wanted: str) -> None:
    assert closed(text) == wanted


lines = st.sampled_from(["a", "- b", "> c", "```", "~~~", "", "# d", "|e|f|", "|-|-|", "1. g", "    h", "---"])


@given(st.lists(lines, max_size=12).map("\n".join))
def test_nothing_is_lost(text: str) -> None:
    """But for line breaks, and what says that the next line is quoted, too."""

    def words(said: str) -> list[str]:
        return said.replace("<br>", "\n").replace(">", "").split()

    assert words(card_markdown(text)) == words(text)


@given(st.text(max_size=200))
def test_any_text_can_be_written(text: str) -> None:
    assert card_markdown(text, last=False) == card_markdown(text).rstrip("\n")
    assert closed(closed(text)) == closed(text)
