"""What people send arrives as what it is: over the socket, from the emulated platform."""

from typing import Any

import pytest
from contract import until
from dingtalk_rig import PNG, Rig

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.emulators.dingtalk import EmulatorSettings, Group
from imbridge.protocol import (
    Audio,
    Card,
    Element,
    File,
    Forward,
    Image,
    Mention,
    Message,
    Quote,
    Text,
    Unknown,
    Video,
)


async def received(rig: Rig, count: int = 1) -> Message:
    """The newest message, once there are so many."""
    await until(lambda: len(rig.intake.offered) == count, f"{count} messages")
    message = rig.intake.items[-1]
    assert isinstance(message, Message)
    return message


def kinds(message: Message) -> list[type[Element]]:
    return [type(element) for element in message.elements]


async def test_a_text_in_private(rig: Rig, adapter: DingTalkAdapter) -> None:
    sent = await rig.alice.says("  hello\nthere ")
    message = await received(rig)
    assert (message.id, message.text, message.raw) == (sent.msg_id, "  hello\nthere ", "  hello\nthere ")
    assert message.channel == rig.target().channel
    assert (message.sender.id, message.sender.name) == (rig.alice.userid, "Alice")
    assert message.sender.ids["dingtalk_id"] == rig.alice.dingtalk_id
    assert not message.mentions_me
    assert message.payload == sent.data


async def test_a_text_in_a_group(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    await rig.alice.says("hello", chat=team, mentions=[rig.app])
    message = await received(rig)
    assert (message.text, message.raw, message.mentions_me) == ("hello", " hello", True)
    assert message.channel.address == rig.target(team).channel.address
    assert message.channel.name == "Team"
    assert message.mentions[0].id == rig.app.chatbot_user_id


async def test_others_are_called_too(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    bob = rig.ding.add_user("Bob")
    team.members.append(bob)
    await rig.alice.says("look", chat=team, mentions=[rig.app, bob])
    message = await received(rig)
    assert message.text == "@Bob look"
    first = message.mentions[0]
    assert (first.id, first.name, first.is_self) == (bob.userid, "Bob", False)
    assert message.mentions_me


async def test_several_people_are_called(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    """Which name is whose is not told, so they are called without a place, and the text stays as it is."""
    bob, eve = rig.ding.add_user("Bob"), rig.ding.add_user("Eve", external=True)
    team.members += [bob, eve]
    await rig.alice.says("look", chat=team, mentions=[rig.app, bob, eve])
    message = await received(rig)
    assert message.text == "@Bob @Eve look"
    assert {one.id for one in message.mentions} == {rig.app.chatbot_user_id, bob.userid, eve.dingtalk_id}


async def test_a_person_from_outside(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    eve = rig.ding.add_user("Eve", external=True)
    team.members.append(eve)
    await eve.says("hi")
    private = await received(rig)
    assert private.channel.id == private.sender.id == eve.dingtalk_id
    await eve.says("hi", chat=team, mentions=[rig.app])
    assert (await received(rig, 2)).sender.id == eve.dingtalk_id


@pytest.mark.parametrize("settings", [EmulatorSettings(rate_limits=False, null_at_users=True)])
async def test_a_list_that_is_null(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    await rig.alice.says("hi", chat=team, mentions=[rig.app])
    assert (await received(rig)).mentions_me
    await rig.alice.says("hi")
    assert not (await received(rig, 2)).mentions_me


async def test_texts_and_pictures_in_their_order(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    sent = await rig.alice.sends_rich(["before ", PNG, " after"])
    message = await received(rig)
    assert kinds(message) == [Text, Image, Text]
    assert message.text == "before [image] after"
    assert message.media[0].key == sent.data["content"]["richText"][1]["downloadCode"]
    await rig.alice.sends_rich([PNG, "look"], chat=team, mentions=[rig.app])
    message = await received(rig, 2)
    assert kinds(message) == [Image, Text, Mention]
    assert message.mentions_me


async def test_media(rig: Rig, adapter: DingTalkAdapter) -> None:
    sent = await rig.alice.sends_image(PNG)
    image = (await received(rig)).elements[0]
    assert isinstance(image, Image)
    assert image.key == sent.data["content"]["downloadCode"]
    await rig.alice.sends_audio(recognition="what was said", duration=2500)
    message = await received(rig, 2)
    audio = message.elements[0]
    assert isinstance(audio, Audio)
    assert (audio.duration, audio.transcript, message.text) == (2.5, "what was said", "what was said")
    await rig.alice.sends_video(duration=7)
    video = (await received(rig, 3)).elements[0]
    assert isinstance(video, Video)
    assert (video.duration, video.mime) == (7.0, "video/mp4")
    await rig.alice.sends_file(b"data", "plan.pdf")
    file = (await received(rig, 4)).elements[0]
    assert isinstance(file, File)
    assert file.name == "plan.pdf"
    assert all(element.key for element in (audio, video, file))


@pytest.mark.parametrize("settings", [EmulatorSettings(rate_limits=False, recognition=False)])
async def test_a_voice_that_was_not_recognised(rig: Rig, adapter: DingTalkAdapter) -> None:
    await rig.alice.sends_audio(recognition="secret")
    message = await received(rig)
    assert isinstance(message.elements[0], Audio)
    assert (message.elements[0].transcript, message.text) == ("", "[audio]")


async def test_a_quoted_text(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    first = await rig.alice.says("the plan", chat=team, mentions=[rig.app])
    await rig.alice.says("and this?", chat=team, mentions=[rig.app], quoting=first)
    message = await received(rig, 2)
    assert message.quote == Quote(message_id=first.msg_id, text="the plan")
    assert (message.reply_to, message.text) == (first.msg_id, "and this?")
    assert isinstance(message.elements[0], Quote)


async def test_other_quotations(rig: Rig, adapter: DingTalkAdapter) -> None:
    quoted = [
        (await rig.alice.sends_rich(["see ", PNG]), "see [image]"),
        (await rig.alice.sends_image(PNG), "[image]"),
        (await rig.alice.sends_file(b"x", "plan.pdf"), "[file: plan.pdf]"),
        (await rig.alice.sends_audio(recognition="spoken"), "spoken"),
    ]
    for number, (sent, text) in enumerate(quoted, len(quoted) + 1):
        await rig.alice.says("what is it?", quoting=sent)
        message = await received(rig, number)
        assert message.quote is not None
        assert (message.quote.text, message.quote.message_id) == (text, sent.msg_id)


async def test_an_answer_to_a_picture_beside_one(rig: Rig, adapter: DingTalkAdapter) -> None:
    first = await rig.alice.says("the plan")
    await rig.alice.sends_rich(["like ", PNG], quoting=first)
    message = await received(rig, 2)
    assert kinds(message) == [Quote, Text, Image]
    assert message.quote is not None
    assert message.quote.text == "the plan"


async def test_what_is_quoted_of_us_is_named_as_in_its_receipt(rig: Rig, adapter: DingTalkAdapter) -> None:
    body = {"msgKey": "sampleText", "msgParam": '{"content":"our own words"}'}
    answer = await adapter.api.send_to_users([rig.alice.userid], body)
    await rig.alice.says("really?", quoting=rig.ding.messages[0])
    message = await received(rig)
    assert message.reply_to == answer.body["processQueryKey"]
    assert message.quote is not None
    assert message.quote.text == "our own words"


@pytest.mark.parametrize("settings", [EmulatorSettings(rate_limits=False, old_quotes=True)])
async def test_both_forms_of_a_quotation_at_once(rig: Rig, adapter: DingTalkAdapter) -> None:
    first = await rig.alice.says("the plan")
    await rig.alice.says("and this?", quoting=first)
    message = await received(rig, 2)
    assert [type(element) for element in message.elements] == [Quote, Text]


async def test_messages_forwarded_together(rig: Rig, adapter: DingTalkAdapter) -> None:
    await rig.alice.sends_chat_record([("Bob", "hi"), ("Eve", "ho")], title="Bob and Eve")
    message = await received(rig)
    forward = message.elements[0]
    assert isinstance(forward, Forward)
    assert [(one.sender_name, one.text) for one in forward.messages] == [("Bob", "hi"), ("Eve", "ho")]
    assert (forward.title, forward.complete, message.text) == ("Bob and Eve", True, "Bob: hi\nEve: ho")
    await rig.alice.sends_chat_record([("Bob", "hi"), ("Eve", "ho")], detailed=False)
    forward = (await received(rig, 2)).elements[0]
    assert isinstance(forward, Forward)
    assert (forward.messages, forward.complete, forward.text) == ((), False, "Bob:hi\nEve:ho")


async def test_a_document(rig: Rig, adapter: DingTalkAdapter) -> None:
    await rig.alice.sends_card("Plan 2026", url="https://alidocs.dingtalk.com/i/nodes/abc")
    message = await received(rig)
    card = message.elements[0]
    assert isinstance(card, Card)
    assert message.content_type == "card"
    assert message.text == "Plan 2026\nhttps://alidocs.dingtalk.com/i/nodes/abc"
    assert card.content["biz_custom_action_url"] == "https://alidocs.dingtalk.com/i/nodes/abc"


async def test_what_robots_cannot_receive(rig: Rig, adapter: DingTalkAdapter) -> None:
    sent = await rig.alice.sends_unknown()
    message = await received(rig)
    assert kinds(message) == [Unknown]
    element = message.elements[0]
    assert isinstance(element, Unknown)
    assert (element.kind, element.payload) == ("unknownMsgType", sent.data)


CREDENTIALS: list[dict[str, Any]] = [
    {"msgtype": "text", "text": {"content": "hi"}},
    {"msgtype": "new", "content": {}},
]


@pytest.mark.parametrize("fields", CREDENTIALS)
async def test_the_session_webhook_is_in_no_repr(rig: Rig, adapter: DingTalkAdapter, fields: dict[str, Any]) -> None:
    sent = await rig.alice.sends(fields)
    message = await received(rig)
    assert sent.data["sessionWebhook"] not in repr(message)
    assert message.payload["sessionWebhook"] == sent.data["sessionWebhook"]
