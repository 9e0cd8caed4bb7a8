"""What holds for any Markdown: nothing is lost or forged, tables keep within what is allowed, growth is steady."""

import re
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbridge.adapters.dingtalk.sent.markdown import CARD as DINGTALK_CARD
from imbridge.adapters.dingtalk.sent.markdown import ROBOT as DINGTALK
from imbridge.adapters.feishu.sent.markdown import CARD, POST
from imbridge.adapters.qq.sent.markdown import C2C, DMS, GROUP, GUILD
from imbridge.adapters.wecom.sent.markdown import BOT, MARKDOWN, ROBOT, ROBOT_V2
from imbridge.rendering.markdown import EVERYTHING, Dialect, heal, parse, plain, settled, write
from imbridge.rendering.markdown.scanning import open_code, open_link, open_marks

CALLS = {
    POST: r"</?\s*at\b",
    CARD: r"</?\s*(?:at|person|link_card|text_tag|number_tag)\b",
    MARKDOWN: r"<@",
    ROBOT: r"<@",
    ROBOT_V2: r"<@",
    BOT: r"<@|</?think\b",
    DINGTALK: r"<(?!/font>|font color=\"[#\w-]+\">)[A-Za-z/!?]",
    DINGTALK_CARD: r"<(?!br>|/font>|font color=\"[#\w-]+\">)[A-Za-z/!?]",
    C2C: r"<(?:@|#|/?qqbot-|emoji:)",
    GROUP: r"<(?:@|#|/?qqbot-|emoji:)",
    DMS: r"<(?:@|#|/?qqbot-|emoji:)|@everyone",
    GUILD: r"<(?:@|#|/?qqbot-|emoji:)|@everyone",
}
"""What each platform would take for a call, a card or a tag."""
PIECES = (
    "a", "word", " ", "\n", "\n\n", "_", "*", "**", "~~", "`", "```\n", "[", "]", "](https://x.example)", "(", ")",
    "|",
    "\\", "# ", "> ", "- ", "1. ", "<at id=all></at>", '<at user_id="all">', "<", "at id=all>", "<@alice>", "@",
    "<@!1>",
    "<#1>", "</think>", '<qqbot-at-user id="1" />', "qqbot-at-everyone />", "<emoji:1>", "@everyone", "</font>",
    "<font color='red'>", "<script>", "<a href='x'>", "<link_card>", "&lt;at id=all&gt;", "&#60;@alice&#62;",
    "\n|a|b|\n|-|-|\n|1|2|\n", "中文", "，", "<br>", "[c]: word\n", "[a]: https://x.example/word\n", "[a]", "|word|",
    "\n|a|b|\n|-|-|\n|1|word|word `a|word`|\n",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
dialects = st.sampled_from(sorted(CALLS, key=lambda dialect: dialect.name))


@settings(deadline=None)
@given(texts, dialects)
def test_nothing_that_is_typed_is_a_tag(text: str, dialect: Dialect) -> None:
    made = write(parse(text), dialect).text
    assert not re.search(CALLS[dialect], made, re.IGNORECASE), made


@settings(deadline=None)
@given(texts, dialects)
def test_no_word_is_lost(text: str, dialect: Dialect) -> None:
    fences = re.findall(r"^[ \t>]*(?:[-*+]|\d+\.)?[ \t]*(?:`{3,}|~{3,}).*", text, re.MULTILINE)
    if fences:  # what stands behind a fence is markup
        return
    for made in (write(parse(text), dialect).text, plain(parse(text))):
        assert made.count("word") >= text.count("word"), "links by reference repeat an address"
        assert made.count("中文") == text.count("中文")


@settings(deadline=None)
@given(texts)
def test_what_is_written_is_read_the_same(text: str) -> None:
    once = write(parse(text), EVERYTHING).text
    assert plain(parse(once)).replace("\u200b", "").split() == plain(parse(text)).replace("\u200b", "").split()


@settings(deadline=None)
@given(texts, st.integers(0, 2))
def test_tables_keep_within_their_budget(text: str, most: int) -> None:
    made = write(parse(text), Dialect("few", EVERYTHING.shows, tables=most))
    assert made.tables <= most


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(PIECES), max_size=10).map("".join), st.sampled_from([C2C, EVERYTHING.without({"table"})])
)
def test_what_is_settled_stands_at_the_beginning_of_all_that_follows(text: str, dialect: Dialect) -> None:
    def made(part: str) -> str:
        return write(parse(part, growing=True), dialect, growing=True).text

    whole = made(text)
    for end in range(len(text) + 1):
        known = settled(text[:end])
        assert known <= end
        assert whole.startswith(made(text[:known])), (text[:end], text[:known])


def test_hardly_anything_of_prose_waits() -> None:
    text = "Once upon a **time** there was `code_of_old`, and it's 3 * 4 = 12.\n- see https://example.com/a_b\n从前有个人。\n"
    assert all(settled(text[:end]) >= end - 20 for end in range(len(text)))


@settings(deadline=None)
@given(texts)
def test_what_is_healed_keeps_its_words(text: str) -> None:
    for end in range(0, len(text), 7):
        heal(text[:end])


@pytest.mark.parametrize(
    ("text", "seen"),
    [("a `code\n\n", "a `code`\n\n"), ("*a\\", "*a*"), ("**a\\\\", "**a\\\\**"), ("a \\", "a \\")],
)
def test_what_ends_a_mark_ends_it(text: str, seen: str) -> None:
    assert heal(text) == seen


_SENTENCES = st.lists(
    st.sampled_from(
        ["**bold**", "*italics*", "~~gone~~", "`code`", "[a **b** `c`](https://x.example/_y)", "\\*", "2 * 3"]
    ),
    max_size=4,
).map(lambda words: f"It is {', '.join(words)} so.")
_BLOCKS = st.builds("".join, st.tuples(st.sampled_from(["", "- ", "> ", "## ", "1. "]), _SENTENCES))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(_BLOCKS, st.just("```py\na = '*`'\n```")), min_size=1, max_size=4).map("\n\n".join))
def test_every_beginning_of_what_bots_write_is_healed_with_all_its_marks_ended(text: str) -> None:
    for end in range(len(text) + 1):
        seen = heal(text[:end])
        assert heal(seen) == seen
        assert seen.count("```") % 2 == 0
        if "```" not in seen:
            last = seen.rstrip("\n").rpartition("\n")[2]
            assert open_code(last) is None
            assert open_link(last) is None
            assert open_marks(last) == []


HOSTILE = (
    "[",
    "![",
    "*a ",
    "**",
    "`",
    "<",
    "> ",
    "- ",
    "[a](",
    "|",
    "~~a",
    "_",
    "\\",
    "&#",
    "*_",
    "](",
    "<font color=x>",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_length_and_no_faster(piece: str) -> None:
    def steps(text: str) -> int:
        count = 0

        def each(frame: FrameType, event: str, arg: Any) -> None:
            nonlocal count
            count += event == "call"

        before = sys.getprofile()
        sys.setprofile(each)
        try:
            write(parse(text), CARD)
        finally:
            sys.setprofile(before)
        return count

    steps(piece * 10)
    short, long = steps(piece * 300), steps(piece * 1200)
    assert long <= 4 * short * 1.6 + 2000
