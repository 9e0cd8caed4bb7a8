"""Replies as skills give them, and the messages that they become: as customer-service messages, and as passive replies.

Media have made-up keys in place of content. To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the
diff.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import save, updating
from wechat_rig import Rig
from wechatpy.replies import ArticlesReply, ImageReply, TextReply, VideoReply, VoiceReply

from imbridge.adapters.card_seals import NOT_SEALING, Seals
from imbridge.adapters.wechat.capabilities import WECHAT
from imbridge.adapters.wechat.outbound import message_body, passive_fields, passive_xml
from imbridge.adapters.wechat.received.clicks import clicked, menu_id
from imbridge.adapters.wechat.received.facts import Facts, Identity
from imbridge.adapters.xml import read_xml
from imbridge.protocol import ELEMENT_TYPES, Card, ContentRefusedError, UnknownEvent, to_reply
from imbridge.rendering import Part, PartKind, render

SAMPLES = Path(__file__).parents[2] / "samples" / "wechat" / "out"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
NEVER_SENT = {"toast"}
"""An answer to a click, not a message of its own: see test_wechat_events.py."""
MEDIA = {"media_image": "image", "media_voice": "voice", "media_video": "video", "media_thumb": "thumb"}


def read(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def made_of(reply: Any) -> dict[str, Any]:
    """The messages, the passive replies, and what is shown otherwise than meant."""
    rendered = render(to_reply(reply), WECHAT)
    made = [message_body(part) for part in rendered.parts]
    degradations = [*rendered.degradations, *(one for _, more in made for one in more)]
    return {
        "messages": [body for body, _ in made],
        "passive": [passive_fields(part.elements) for part in rendered.parts],
        "degradations": [one.model_dump() for one in degradations],
    }


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    sample = read(name)
    result = made_of(sample["reply"])
    if updating():
        sample |= result
        save(SAMPLES / f"{name}.json", sample, ascii_only=name == "lone_surrogate")
    assert result == {key: sample[key] for key in ("messages", "passive", "degradations")}


def test_every_kind_of_element_has_a_sample() -> None:
    shown = {element["type"] for name in NAMES for element in read(name)["reply"]}
    assert shown == set(ELEMENT_TYPES) - NEVER_SENT


def real_keys(rig: Rig, text: str) -> str:
    for made_up, kind in MEDIA.items():
        text = text.replace(made_up, rig.wechat.world.media.add(rig.account, kind, b"x").media_id)
    return text


@pytest.mark.parametrize("name", NAMES)
async def test_the_platform_takes_it(rig: Rig, name: str) -> None:
    adapter = await rig.start(passive_reply=0)
    rig.alice.quota.grant("message", 100, 60.0)
    messages = json.loads(real_keys(rig, json.dumps(read(name)["messages"])))
    for message in messages:
        await adapter.api.send(rig.alice.openid, message)
    assert [message.kind for message in rig.wechat.messages] == [message["msgtype"] for message in messages]
    assert rig.wechat.violations == []


ME = Facts({"FromUserName": "o_alice", "ToUserName": "gh_us"}, Identity("work", "wx1"), "1")
PASSIVE = [name for name in NAMES if any(read(name).get("passive", ()))]


@pytest.mark.parametrize("name", PASSIVE)
def test_as_wechatpy_writes_it(name: str) -> None:
    """The XML of a passive reply says the same as that of another writer of the same documents."""
    event = ME.make(UnknownEvent)
    for part in render(to_reply(read(name)["reply"]), WECHAT).parts:
        xml = passive_xml(event, part.elements)
        if xml is None:
            continue
        ours = read_xml(xml)
        theirs = read_xml(theirs_of(ours))
        for fields in (ours, theirs):
            fields.pop("CreateTime")
        assert ours == theirs


def theirs_of(ours: dict[str, Any]) -> str:
    head = {"source": ours["FromUserName"], "target": ours["ToUserName"]}
    kind = ours["MsgType"]
    if kind == "text":
        # wechatpy does not escape the end of a CDATA section.
        reply = TextReply(content=ours["Content"].replace("]]>", "]]]]><![CDATA[>"), **head)
    elif kind == "image":
        reply = ImageReply(media_id=ours["Image"]["MediaId"], **head)
    elif kind == "voice":
        reply = VoiceReply(media_id=ours["Voice"]["MediaId"], **head)
    elif kind == "video":
        video = ours["Video"]
        reply = VideoReply(media_id=video["MediaId"], title=video["Title"], description=video["Description"], **head)
    else:
        reply = ArticlesReply(**head)
        item = ours["Articles"]["item"]
        article = {"title": item["Title"], "description": item["Description"], "image": item["PicUrl"]}
        reply.add_article({**article, "url": item["Url"]})
    rendered: str = reply.render()
    return rendered


@pytest.mark.parametrize("value", [None, 0, "", "x=y&z", {"a": [1, "é"]}, [None], True])
@pytest.mark.parametrize("action", ["vote", "a=b", "%41", "确认", "a b", "="])
def test_actions_and_values_come_back(action: str, value: Any) -> None:
    for seals, facts in ((NOT_SEALING, {}), (Seals("wechat:work", "secret"), {"verified": True})):
        given = menu_id(action, value, seals.at("o_alice"))
        assert given.isascii()
        assert clicked(given, seals, "o_alice") == {"action": action, "value": value, **facts}


def test_a_card_of_ones_own_has_to_say_what_it_is() -> None:
    with pytest.raises(ContentRefusedError, match="msgtype"):
        message_body(Part(PartKind.CARD, (Card(content={"a": 1}),)))
