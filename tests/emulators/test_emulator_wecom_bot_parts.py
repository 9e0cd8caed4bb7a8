"""Parts of the smart-bot emulator that need no connection."""

import base64
import struct

import pytest
from wechatpy.enterprise.crypto import WeChatCrypto

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.wecom.bot import crypto
from imbridge.emulators.wecom.bot.card_text import card_text
from imbridge.emulators.wecom.bot.message import blank

KEY = Ids(0).aes_key()


def sealed(envelope: bytes) -> str:
    return base64.b64encode(crypto.encrypt_bytes(crypto.key_of(KEY), envelope)).decode()


def test_wechatpy_reads_what_the_emulator_writes() -> None:
    encrypted = crypto.encrypt_text(KEY, '{"text": "汉"}', bytes(16))
    signed = crypto.signature("token", "1700000000", "nonce", encrypted)
    theirs = WeChatCrypto("token", KEY, "")
    assert theirs.decrypt_message({"Encrypt": encrypted}, signed, "1700000000", "nonce") == '{"text": "汉"}'
    assert crypto.decrypt_text(KEY, encrypted) == ('{"text": "汉"}', "")
    assert crypto.decrypt_text(KEY, crypto.encrypt_text(KEY, "x", bytes(16), "corp")) == ("x", "corp")


@pytest.mark.parametrize(
    ("encrypted", "why"),
    [
        ("?", "not Base64"),
        ("", "not whole blocks"),
        (base64.b64encode(bytes(16)).decode(), "not whole blocks"),
        (base64.b64encode(bytes(32)).decode(), "wrong padding"),
        (sealed(bytes(10)), "too short"),
        (sealed(bytes(16) + struct.pack(">I", 5) + b"1234"), "wrong length"),
        (sealed(bytes(16) + struct.pack(">I", 1) + b"\xff"), "not UTF-8"),
    ],
)
def test_what_cannot_be_read_says_why(encrypted: str, why: str) -> None:
    with pytest.raises(crypto.UnreadableError, match=why):
        crypto.decrypt_text(KEY, encrypted)


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
