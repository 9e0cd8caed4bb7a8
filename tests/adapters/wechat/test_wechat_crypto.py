"""Signatures and envelopes of callbacks, beside those of wechatpy, in both directions."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature
from wechatpy.utils import to_text as wechatpy_text

from imbridge.adapters.envelope import Envelope, signature
from imbridge.adapters.wechat.crypto import CallbackKeys
from imbridge.adapters.xml import read_xml, write_xml
from imbridge.transport import Refused

TOKEN, KEY, APP_ID = "token", "a" * 42 + "8", "wx0123456789abcdef"
THEIRS = WeChatCrypto(TOKEN, KEY, APP_ID)
OURS = CallbackKeys(TOKEN, Envelope(TOKEN, KEY, APP_ID), allow_plain=False)
PLAIN = CallbackKeys(TOKEN, None, allow_plain=False)

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)


@given(texts)
def test_we_open_what_they_seal(text: str) -> None:
    """wechatpy seals an answer; the platform's callbacks have the same envelope."""
    xml = write_xml({"Content": text})
    sealed = read_xml(THEIRS.encrypt_message(xml, "nonce", "1700000000"))
    query = {
        "encrypt_type": "aes", "msg_signature": sealed["MsgSignature"], "timestamp": "1700000000", "nonce": "nonce",
    }  # fmt: skip
    body = f"<xml><Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt></xml>".encode()
    content, encrypted = OURS.open(query, body)
    assert (content.decode(), encrypted) == (xml, True)


@given(texts)
def test_they_open_what_we_seal(text: str) -> None:
    xml = write_xml({"Content": text})
    fields = OURS.seal(xml.encode(), "1700000000", "nonce")
    answer = write_xml({"Encrypt": fields["Encrypt"]})
    opened = THEIRS.decrypt_message(answer, fields["MsgSignature"], "1700000000", "nonce")
    assert wechatpy_text(opened) == xml


@given(texts, texts)
def test_plain_signatures(timestamp: str, nonce: str) -> None:
    given_signature = signature(TOKEN, timestamp, nonce)
    check_signature(TOKEN, given_signature, timestamp, nonce)
    if timestamp and nonce:
        PLAIN.check({"signature": given_signature, "timestamp": timestamp, "nonce": nonce})


@pytest.mark.parametrize("change", [{"signature": "0" * 40}, {"nonce": "m"}, {"timestamp": "2"}])
def test_both_refuse_the_same(change: dict[str, Any]) -> None:
    query = {"signature": signature(TOKEN, "1", "n"), "timestamp": "1", "nonce": "n"} | change
    with pytest.raises(InvalidSignatureException):
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    with pytest.raises(Refused):
        PLAIN.check(query)


def test_every_damaged_byte_is_refused_in_one_way() -> None:
    """Nothing tells a wrong padding from a wrong receiver or a wrong length: there is no oracle to ask."""
    envelope = Envelope(TOKEN, KEY, APP_ID)
    other = Envelope(TOKEN, KEY, "wx_another")
    stamp = str(int(time.time()))
    told: set[tuple[int, str]] = set()
    for sealed in [other.seal(b"<xml/>"), *(_damaged(envelope.seal(b"<xml/>"), place) for place in range(0, 80, 7))]:
        query = {
            "encrypt_type": "aes", "timestamp": stamp, "nonce": "n", "msg_signature": envelope.sign(stamp, "n", sealed),
        }  # fmt: skip
        try:
            OURS.open(query, f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode())
        except Refused as refusal:
            told.add((refusal.status, refusal.reason))
    assert told == {(403, "cannot be decrypted")}


def _damaged(sealed: str, place: int) -> str:
    place %= len(sealed) - 4
    return sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
