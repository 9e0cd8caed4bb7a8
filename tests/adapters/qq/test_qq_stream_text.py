"""What a stream shows of a text that grows: what was shown once stands at the beginning of all that follows."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imbridge.adapters.qq.sent.stream_text import GrowingText

_PIECES = (
    "a", "b", " ", "\n", "_", "*", "~", "`", "[", "](u)", "|", "\\", "#", "## ", ">", "-", "=", "+ ", "1", ".", ")",
    "<", "</", "@", "<@x>", "<@!x>", "<emoji:1>", "<faceType=1>", '<qqbot-at-user id="x" />', "|--|--|\n", "```py\n",
)  # fmt: skip
texts = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)


@given(texts, st.booleans())
@example("<qqbot-at-user", True)
@example("a_b_c", False)
@example("a * b\n1. c", False)
@example("-_aa", False)
@example("a\n1.*_a", False)
@example("_|--|--|\n#_", True)
def test_a_state_begins_with_the_one_before(text: str, markdown: bool) -> None:
    growing = GrowingText(markdown=markdown)
    before = ""
    for end in range(len(text)):
        state = growing.written(text[:end], last=False)
        assert state.startswith(before)
        assert text[:end].endswith(growing.held)
        before = state
    whole = growing.written(text, last=True)
    assert whole.startswith(before)
    assert growing.held == ""


@given(texts, st.booleans())
def test_the_whole_does_not_depend_on_how_it_grew(text: str, markdown: bool) -> None:
    growing = GrowingText(markdown=markdown)
    for end in range(0, len(text), 3):
        growing.written(text[:end], last=False)
    assert growing.written(text, last=True) == GrowingText(markdown=markdown).written(text, last=True)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("snake_case, 3 * 4, it's -5", "snake_case, 3 * 4, it's -5"),
        ("*a* _b_ ~~c~~ `d` [e](f)", r"\*a\* \_b\_ \~\~c\~\~ \`d\` [e]\(f)"),
        ("# a\n> b\n- c\n+ d\n1. e\n#f", "\\# a\n\\> b\n\\- c\n\\+ d\n1\\. e\n#f"),
        ("a | b\n--|--\nc | d", "a | b\n\\--|--\nc | d"),
        ("a\n===", "a\n\\==="),
        ("2 < 3 <b>", "2 < 3 <\u200bb>"),
        ("<@!1> said", "<\u200b@!1> said"),
    ],
)
def test_plain_text_is_no_markup(said: str, shown: str) -> None:
    assert GrowingText(markdown=False).written(said, last=True) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("**a** _b_ ~~c~~ `d_e` [f](https://g.example)", "**a** *b* ~~c~~ `d_e` [f](https://g.example)"),
        ("| a | b |\n|--|--|\n| c | d |\n", "```\na  b\nc  d\n```"),
        ("<@!1> said <b>", "<\u200b@!1> said <\u200bb>"),
        ("Title\n===\ntext", "Title\n\n---\ntext"),
        ("> a\n> ====\n> b ==", "> a\n>\n> ---\n> b =="),
        ("[a][b]\n\n[b]: https://x.example", "[a][b]\n\n[b]\u200b: https://x.example"),
    ],
)
def test_markdown_is_what_qq_shows(said: str, shown: str) -> None:
    assert GrowingText(markdown=True).written(said, last=True) == shown


def test_half_a_tag_waits() -> None:
    growing = GrowingText(markdown=True)
    assert growing.written("hello <", last=False) == "hello"
    assert growing.held == " <"
    assert growing.written("hello <qqbot-at-user id", last=False) == "hello <\u200bqqbot-at-user id"
