"""Parts of the smart-bot emulator that need no connection."""

import pytest

from imbridge.emulators.wecom.bot.card_text import card_text
from imbridge.emulators.wecom.bot.message import blank


@pytest.mark.parametrize("content", ["", " \n", "\u200b", "\u200b\ufeff", "<think></think>", "<think></think>\n"])
def test_blank_contents(content: str) -> None:
    assert blank(content)
    assert not blank(content + "x")


def test_the_text_of_a_card() -> None:
    card = {
        "source": {"desc": "CI"},
        "main_title": {"title": "Build", "desc": "42"},
        "emphasis_content": {"title": "3", "desc": "failed"},
        "quote_area": {"title": "Log", "quote_text": "boom"},
        "image_text_area": {"title": "Left", "desc": "Right"},
        "sub_title_text": "sub",
        "vertical_content_list": [{"title": "v", "desc": "w"}],
        "horizontal_content_list": [{"keyname": "who", "value": "Alice"}],
        "select_list": [{"title": "Which", "option_list": [{"text": "One"}, {"text": "Two"}]}],
        "submit_button": {"text": "Go"},
        "jump_list": [{"title": "Open"}, "not an object"],
    }
    lines = ["CI", "Build", "42", "3", "failed", "Log", "boom", "Left", "Right", "sub", "v", "w"]
    assert card_text(card).split("\n") == [*lines, "who: Alice", "Which", "One / Two", "[Go]", "Open"]
