"""Our envelope and XML beside wechatpy's: what one seals the other opens, what one writes the other reads."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise import create_reply, parse_message
from wechatpy.enterprise.crypto import WeChatCrypto as EnterpriseCrypto
from wechatpy.enterprise.exceptions import InvalidCorpIdException
from wechatpy.exceptions import InvalidSignatureException
from wecom_rig import AES_KEY, TOKEN

from imbridge.adapters.envelope import Envelope, EnvelopeError, sealed_in
from imbridge.adapters.wecom.inbound import Identity, decode
from imbridge.adapters.wecom.outbound import passive_xml
from imbridge.adapters.xml import read_xml, write_xml
from imbridge.protocol import Image, Message, Text, Video

CORP = "ww8a7d6c5b4e3f2a10"
OURS = Envelope(TOKEN, AES_KEY, CORP)
THEIRS = EnterpriseCrypto(TOKEN, AES_KEY, CORP)
ME = Identity(account="work", corp_id=CORP, agent_id=1000002)
printable = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), max_size=300)


@given(st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=3000), st.integers(0, 1 << 33))
def test_what_we_seal_they_open(text: str, nonce: int) -> None:
    timestamp = str(int(time.time()))
    sealed = OURS.seal(text.encode())
    opened = THEIRS.decrypt_message(
        {"Encrypt": sealed}, OURS.sign(timestamp, str(nonce), sealed), timestamp, str(nonce)
    )
    assert opened == text.encode() or opened == text


@given(st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=3000), st.integers(0, 1 << 33))
def test_what_they_seal_we_open(text: str, nonce: int) -> None:
    timestamp = str(int(time.time()))
    answer = THEIRS.encrypt_message(text, str(nonce), timestamp)
    sealed = sealed_in(answer.encode())
    signature = read_xml(answer)["MsgSignature"]
    assert OURS.is_signed(signature, timestamp, str(nonce), sealed)
    assert OURS.open(sealed) == text.encode()


def test_both_refuse_what_is_for_somebody_else_and_what_is_wrongly_signed() -> None:
    sealed = Envelope(TOKEN, AES_KEY, "ww_other").seal(b"<xml/>")
    signature = OURS.sign("1", "2", sealed)
    with pytest.raises(InvalidCorpIdException):
        THEIRS.decrypt_message({"Encrypt": sealed}, signature, "1", "2")
    with pytest.raises(EnvelopeError):
        OURS.open(sealed)
    right = OURS.seal(b"<xml/>")
    with pytest.raises(InvalidSignatureException):
        THEIRS.decrypt_message({"Encrypt": right}, "0" * 40, "1", "2")
    assert not OURS.is_signed("0" * 40, "1", "2", right)


def test_the_official_account_has_the_same_envelope() -> None:
    ours = Envelope(TOKEN, AES_KEY, "wx_app")
    theirs = WeChatCrypto(TOKEN, AES_KEY, "wx_app")
    sealed = sealed_in(theirs.encrypt_message("<xml>hi</xml>", "n", "1").encode())
    assert ours.open(sealed) == b"<xml>hi</xml>"


def received(kind: str, fields: dict[str, Any]) -> tuple[Message, Any]:
    """The same callback as we read it and as they do."""
    head = {"ToUserName": CORP, "FromUserName": "alice", "CreateTime": 1764000000, "MsgType": kind}
    xml = write_xml({**head, **fields, "MsgId": "7", "AgentID": 1000002})
    item = decode(read_xml(xml), ME).item
    assert isinstance(item, Message)
    return item, parse_message(xml)


@given(printable)
def test_texts_are_read_alike(text: str) -> None:
    ours, theirs = received("text", {"Content": text})
    assert ours.text.strip() == (theirs.content or "")  # they drop the white space around a text
    assert (ours.sender.id, ours.id) == (theirs.source, str(theirs.id))
    assert ours.timestamp.timestamp() == float(theirs._data["CreateTime"])


@given(st.floats(-90, 90), st.floats(-180, 180), printable)
def test_places_are_read_alike(latitude: float, longitude: float, label: str) -> None:
    fields = {"Location_X": str(latitude), "Location_Y": str(longitude), "Scale": "15", "Label": label}
    ours, theirs = received("location", fields)
    place: Any = ours.elements[0]
    assert (place.latitude, place.longitude) == (float(theirs.location_x), float(theirs.location_y))
    assert place.name.strip() == (theirs.label or "")


@pytest.mark.parametrize("kind", ["image", "voice", "video"])
def test_media_are_read_alike(kind: str) -> None:
    fields = {"MediaId": "m-1", "PicUrl": "https://example.com/p", "Format": "amr", "ThumbMediaId": "t-1"}
    ours, theirs = received(kind, fields)
    media: Any = ours.elements[0]
    assert media.key == theirs.media_id


@given(printable)
def test_what_we_answer_they_read(text: str) -> None:
    """And it says the same as what they would have written, where that is well-formed."""
    message, theirs = received("text", {"Content": "?"})
    fields = read_xml(passive_xml(message, (Text(text),), CORP))
    assert fields["Content"] == text
    reply = create_reply(text.replace("]]>", "]]]]><![CDATA[>"), theirs) if text else None
    if reply is not None:
        expected = read_xml(reply.render())
        for name in ("ToUserName", "FromUserName", "MsgType", "Content"):
            assert fields[name] == expected[name]


def test_media_that_we_answer_have_their_shape() -> None:
    from wechatpy.enterprise.replies import ImageReply, VideoReply

    message, theirs = received("text", {"Content": "?"})
    ours = read_xml(passive_xml(message, (Image(key="m"),), CORP))
    assert ours["Image"] == read_xml(ImageReply(message=theirs, media_id="m").render())["Image"]
    ours = read_xml(passive_xml(message, (Video(key="m", name="t"),), CORP))
    written = read_xml(VideoReply(message=theirs, media_id="m", title="t", description="").render())["Video"]
    assert ours["Video"] == {name: value for name, value in written.items() if value}
