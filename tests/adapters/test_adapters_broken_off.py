"""A word below a text that was broken off: what was open in it is closed, and nothing of it is changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.broken_off import INTERRUPTED, broken_off, closed, marked

PIECES = ("word", " ", "\n", "**", "_", "`", "```", "~~~", "# ", "- ", "> ", "[", "](", ")", "|", "|--|", "好")


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_the_text_stays(text: str) -> None:
    assert closed(text).startswith(text)
    assert marked(text, INTERRUPTED).endswith(INTERRUPTED)
    if text.strip():
        assert marked(text, INTERRUPTED).startswith(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("so far", f"so far\n\n{INTERRUPTED}"),
        ("```py\na", f"```py\na\n```\n\n{INTERRUPTED}"),
        ("```py\na\n``", f"```py\na\n```\n\n{INTERRUPTED}"),
        ("say **so", f"say **so**\n\n{INTERRUPTED}"),
        ("see [he", f"see [he\n\n{INTERRUPTED}"),
        ("", ""),
        (" \n", " \n"),
    ],
)
def test_what_is_open_is_closed(text: str, said: str) -> None:
    assert broken_off(text) == said


def test_in_plain_text_nothing_is_markup() -> None:
    assert marked("```a", INTERRUPTED, markdown=False) == "```a\n\n⏹ 已中断 (interrupted)"
    assert marked(" ", INTERRUPTED, markdown=False) == "⏹ 已中断 (interrupted)"
