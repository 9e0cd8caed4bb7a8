"""The part of Markdown that DingTalk shows, and how long what is made of any text is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from imbridge.adapters.dingtalk.capabilities import CUSTOM_ROBOT, ROBOT
from imbridge.adapters.dingtalk.outbound import (
    API_BYTES,
    WEBHOOK_BYTES,
    api_body,
    as_api,
    measure,
    measure_webhook,
    title_of,
    webhook_body,
)
from imbridge.adapters.dingtalk.sent.markdown import CARD, is_plain
from imbridge.adapters.dingtalk.sent.markdown import ROBOT as DIALECT
from imbridge.adapters.markdown_told import shown
from imbridge.protocol import Element, Link, Markdown, Mention, MentionAll, Text, to_reply
from imbridge.rendering import render

PIECES = [
    "<",
    "@",
    "alice",
    ">",
    "all",
    "`",
    "\\",
    "*",
    "~~",
    "_",
    "\n",
    " ",
    "|",
    "-",
    "灾",
    "\x01",
    '"',
    "#",
    "```\n",
]
NASTY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("one\ntwo", "one  \ntwo"),
        ("one  \ntwo", "one  \ntwo"),
        ("one\\\ntwo", "one  \ntwo"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("# one\ntwo", "# one\ntwo"),
        ("one\n# two", "one\n# two"),
        ("one\n- two\n- three", "one\n- two\n- three"),
        ("- one\n  more", "- one  \n  more"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("> one\n> two\nthree", "> one  \n> two\n\nthree"),
        ("one\n> two", "one\n> two"),
        ("one\n---\ntwo", "one\n\n---\ntwo"),
        ("```\na\nb\n```\nc\nd", "```\na\nb\n```\nc  \nd"),
        ("~~~\na\n```\nb\n~~~\nc\nd", "````\na\n```\nb\n````\nc  \nd"),
        ("* one\n+ two", "- one\n\n- two"),
    ],
)
def test_lines_end_where_they_end(written: str, expected: str) -> None:
    made = shown(written, DIALECT)
    assert (made.text, made.changed) == (expected, {})


@pytest.mark.parametrize(
    ("written", "expected", "changed"),
    [
        ("**bold** *italic* `code` [x](https://x.example)", "**bold** *italic* `code` [x](https://x.example)", {}),
        ("![c](https://x.example/c.png)", "![c](https://x.example/c.png)", {}),
        (r"2 \* 3 \_ 4 \*x\*", r"2 * 3 _ 4 \*x\*", {}),
        ("~~old~~", "old", {"strikethrough": "without"}),
        ("| a | b |\n| - | - |\n| 1 | 2 |", "```\na  b\n1  2\n```", {"table": "aligned text"}),
        ("a < b and b > c", "a < b and b > c", {}),
        ("<b>x</b> <!-- y --> <?php", "&lt;b>x&lt;/b> &lt;!-- y --> &lt;?php", {}),
        ('<font color="#ff0000">red</font><br>', '<font color="#ff0000">red</font>', {}),
        ('<font color="#ff0000" onclick="x">', '&lt;font color="#ff0000" onclick="x">', {}),
        ("```\n<b>\n```", "```\n&lt;b>\n```", {}),
    ],
)
def test_what_clients_show(written: str, expected: str, changed: dict[str, str]) -> None:
    made = shown(written, DIALECT)
    assert (made.text, made.changed) == (expected, changed)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a\nb", "a<br>b"),
        ("a\n\nb", "a\n\nb"),
        ("- a\n  more\n- b", "- a<br>more\n- b"),
        ("> a\n> b", "> a<br>b"),
        ("t\n|a|b|\n|:-|-:|\n|1<br>2|3|\nend", "t\n\n| a | b |\n|:--|--:|\n| 1<br>2 | 3 |\n\nend"),
        ("```py\na\n<b>\n```\nd\ne", "```py\na\n&lt;b>\n```\nd<br>e"),
        ("<br>typed &lt;br> <script>", "typed &lt;br> &lt;script>"),
        ("~~old~~", "~~old~~"),
    ],
)
def test_what_cards_show(written: str, expected: str) -> None:
    made = shown(written, CARD)
    assert (made.text, made.changed) == (expected, {})


@pytest.mark.parametrize("text", ["two words", "1 + 1", "a-b", "3.14", "x@y", "“quoted” (well)"])
def test_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize("text", ["*", "_", "`", "[", "]", "<", "# x", "- x", "1. x", "\t x", "    x", "a|b", "\\"])
def test_not_plain(text: str) -> None:
    assert not is_plain(text)


@pytest.mark.parametrize(
    ("text", "title"),
    [("# Down\nx", "Down"), ("\n\n> quoted", "quoted"), ("", "…"), ("***", "…"), ("x" * 100, "x" * 59 + "…")],
)
def test_titles(text: str, title: str) -> None:
    assert title_of(text) == title


def test_a_title_does_not_end_its_link() -> None:
    links = [{"title": "[1] one", "messageURL": "https://x.example", "picURL": "@pic"}]
    made, _ = as_api({"msgtype": "feedCard", "feedCard": {"links": links}})
    assert json.loads(made["msgParam"])["text"] == "![](@pic)\n\n[(1) one](https://x.example)"


def elements(typed: list[str]) -> list[Element]:
    made: list[Element] = []
    for number, one in enumerate(typed):
        made.append(Markdown(one) if number % 3 == 2 else Text(one))
        if number % 3 == 1:
            made += [Mention(id=f"u{number}", name=one), Link(url=f"https://x.example/{number}", title=one)]
    return made


@given(st.lists(NASTY, max_size=6), st.integers(1, 400), st.booleans())
def test_everything_fits(typed: list[str], times: int, everybody: bool) -> None:
    said = elements([one * times for one in typed]) + ([MentionAll()] if everybody else [])
    for part in render(to_reply(said), ROBOT, measure=measure).parts:
        assert len(api_body(part)[0]["msgParam"].encode()) <= API_BYTES
        assert len(to_json(webhook_body(part)[0])) <= WEBHOOK_BYTES
    for part in render(to_reply(said), CUSTOM_ROBOT, measure=measure_webhook).parts:
        assert len(to_json(webhook_body(part)[0] | {"msgUuid": "0" * 32})) <= WEBHOOK_BYTES


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_no_text_calls_anybody(typed: list[str]) -> None:
    for part in render(to_reply([*map(Text, typed), *map(Markdown, typed)]), ROBOT, measure=measure).parts:
        assert "at" not in webhook_body(part)[0]
