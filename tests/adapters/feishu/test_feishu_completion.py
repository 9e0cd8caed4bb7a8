"""What a message quotes, what is forwarded with it, and cards as they were sent: asked for over the wire."""

import json
from typing import Any

import pytest
from feishu_rig import Rig, no_violations, text

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import Chat
from imbridge.emulators.feishu.message import Message as Sent
from imbridge.protocol import Card, Forward, Message, Quote, Text

GET = "/open-apis/im/v1/messages/om_"
FLAT = {"title": "Order 7", "elements": [[{"tag": "text", "text": "请升级至最新版本客户端，以查看内容"}]]}
WHOLE = {
    "schema": "2.0",
    "header": {"title": {"tag": "plain_text", "content": "Order 7"}},
    "body": {"elements": [{"tag": "markdown", "content": "is **ready**"}]},
}


async def heard(rig: Rig, sent: Sent) -> Message:
    """The message as the adapter decoded it."""

    def found() -> Message | None:
        return next((item for item in rig.intake.items if item.id == sent.message_id), None)

    await rig.intake_has(1)
    while (message := found()) is None:
        await rig.intake_has(len(rig.intake.offered) + 1)
    assert isinstance(message, Message)
    return message


@pytest.fixture
def group(rig: Rig) -> Chat:
    return rig.feishu.add_group("Team", [rig.alice], [rig.app])


async def test_a_plain_message_needs_nothing(rig: Rig, adapter: FeishuAdapter) -> None:
    message = await heard(rig, await rig.alice.says("hello"))
    assert adapter.is_complete(message)
    assert rig.calls(GET) == []


async def test_a_reply_has_the_quoted_text_in_front_and_not_in_its_own(rig: Rig, adapter: FeishuAdapter) -> None:
    first = await rig.alice.says("is it @bot?", mentions=[rig.app])
    message = await heard(rig, await rig.alice.replies(first, "it is"))
    assert not adapter.is_complete(message)
    with no_violations(rig.feishu):
        message = await adapter.complete(message)
    quote = Quote(message_id=first.message_id, sender_name=rig.alice.open_id, text="is it @Demo Bot?")
    assert message.elements == (quote, Text("it is"))
    assert message.quote == quote
    assert (message.text, message.raw) == ("it is", "it is")
    assert not message.mentions_me, "who the quoted message mentions is not mentioned by the answer"
    assert adapter.is_complete(message), "it is not asked for again"
    assert len(rig.calls(GET, "GET")) == 1
    assert adapter.counters()["quotes_read"] == 1


async def test_a_reply_to_us_quotes_us_by_name(rig: Rig, adapter: FeishuAdapter) -> None:
    await rig.alice.says("hi")
    ours = await say(rig, adapter, "the answer")
    message = await adapter.complete(await heard(rig, await rig.alice.replies(ours, "why?")))
    assert message.quote == Quote(message_id=ours.message_id, sender_name="Demo Bot", text="the answer")


async def say(rig: Rig, adapter: FeishuAdapter, words: str) -> Any:
    await adapter.send(rig.target(), text(words), "key-1")
    return await rig.alice.receives(words)


async def test_a_reply_in_a_topic_quotes_its_root(rig: Rig, adapter: FeishuAdapter) -> None:
    topics = rig.feishu.add_group("Topics", [rig.alice], [rig.app], topic=True)
    root = await rig.alice.says("the topic", chat=topics)
    await rig.alice.replies(root, "first")
    message = await adapter.complete(await heard(rig, await rig.alice.replies(root, "second")))
    assert message.thread is not None
    assert message.quote is not None
    assert (message.quote.message_id, message.quote.text) == (root.message_id, "the topic")


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("image", {"image_key": "img_1"}, "[image]"),
        ("file", {"file_key": "f", "file_name": "a.txt"}, "[file: a.txt]"),
        ("interactive", WHOLE, "Order 7\nis **ready**"),
        ("interactive", {"type": "card", "data": {"card_id": "1"}}, "[card]"),
        ("vote", {"topic": "Lunch?", "options": ["rice"]}, "[vote: Lunch?]\n- rice"),
        ("hologram", {"a": 1}, "[hologram]"),
    ],
)
async def test_what_is_no_text_is_quoted_as_text(
    rig: Rig, adapter: FeishuAdapter, kind: str, content: dict[str, Any], said: str
) -> None:
    first = await rig.alice.sends(kind, content)
    message = await adapter.complete(await heard(rig, await rig.alice.replies(first, "this")))
    assert message.quote is not None
    assert message.quote.text == said


async def test_a_quoted_bundle_is_read_in_the_same_call(rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
    one, two = await rig.alice.says("one", chat=group), await rig.alice.says("two", chat=group)
    bundle = await rig.alice.sends_merged(one, two)
    message = await adapter.complete(await heard(rig, await rig.alice.replies(bundle, "read this")))
    who = rig.alice.open_id
    assert message.quote is not None
    assert message.quote.text == f"{who}: one\n{who}: two"
    assert len(rig.calls(GET, "GET")) == 1


async def test_a_recalled_message_is_quoted_without_text(rig: Rig, adapter: FeishuAdapter) -> None:
    first = await rig.alice.says("a mistake")
    reply = await rig.alice.replies(first, "what?")
    rig.alice.recalls(first)
    message = await adapter.complete(await heard(rig, reply))
    assert message.quote is not None
    assert message.quote.text == ""


@pytest.mark.parametrize("code", [230110, 230011, 230027, 230050, 230001, 230002, 99991672])
async def test_what_may_not_be_read_leaves_the_message_usable(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    first = await rig.alice.says("a secret")
    message = await heard(rig, await rig.alice.replies(first, "about that"))
    with rig.feishu.faults.refuse(f"*{first.message_id}", code, times=None):
        message = await adapter.complete(message)
    assert message.elements == (Quote(message_id=first.message_id), Text("about that"))
    assert adapter.counters()["quotes_missed"] == 1
    assert len(rig.calls(first.message_id, "GET")) == 1


async def test_a_platform_that_is_down_is_given_up_soon(
    rig: Rig, adapter: FeishuAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imbridge.adapters.feishu.received.completion._PATIENCE", 0.2)
    first = await rig.alice.says("hello")
    message = await heard(rig, await rig.alice.replies(first, "hello?"))
    with rig.feishu.faults.http_fail("*/messages/*", 502, times=None):
        message = await adapter.complete(message)
    assert message.quote == Quote(message_id=first.message_id)
    assert adapter.counters()["quotes_missed"] == 1


async def test_quotes_can_be_left_alone(rig: Rig) -> None:
    adapter = await rig.start(resolve_quotes=False)
    message = await heard(rig, await rig.alice.replies(await rig.alice.says("hello"), "hello?"))
    assert adapter.is_complete(message)
    assert await adapter.complete(message) == message
    assert rig.calls(GET, "GET") == []


async def bundle_of(rig: Rig, depth: int) -> Sent:
    """A message, in a bundle, in a bundle, ..."""
    inner: Sent = await rig.alice.says("the innermost")
    for number in range(depth):
        inner = await rig.alice.sends_merged(await rig.alice.says(f"level {number}"), inner)
    return inner


async def test_forwarded_messages_are_read(rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
    bob = rig.feishu.add_user("Bob")
    group.members.append(bob)
    said = [
        await rig.alice.says("shall we?", chat=group),
        await bob.says("@bot what do you think", chat=group, mentions=[rig.app]),
        await bob.sends_image(b"x", chat=group),
    ]
    message = await heard(rig, await rig.alice.sends_merged(*said))
    assert message.content_type == "forward"
    assert not adapter.is_complete(message)
    message = await adapter.complete(message)
    forward = message.forward
    assert forward is not None
    assert forward.complete
    assert [(each.sender_id, each.content_type, each.text) for each in forward.messages] == [
        (rig.alice.open_id, "text", "shall we?"),
        (bob.open_id, "text", "@Demo Bot what do you think"),
        (bob.open_id, "image", "[image]"),
    ]
    assert forward.ids == tuple(each.id for each in forward.messages)
    assert all(each.timestamp is not None for each in forward.messages)
    assert message.text == message.raw == forward.text
    assert f"{rig.alice.open_id}: shall we?\n{bob.open_id}: @Demo Bot what" in message.text
    assert not message.mentions_me, "we are mentioned in what is forwarded, not by who forwards it"
    assert adapter.is_complete(message)
    assert len(rig.calls(GET, "GET")) == 1


async def test_bundles_in_bundles_are_read_to_a_depth(rig: Rig, adapter: FeishuAdapter) -> None:
    message = await adapter.complete(await heard(rig, await bundle_of(rig, 3)))
    assert message.forward is not None
    assert message.forward.complete
    assert message.text.endswith(f"\n    {rig.alice.open_id}: the innermost"), "further in at each depth"

    message = await adapter.complete(await heard(rig, await bundle_of(rig, 4)))
    assert message.forward is not None
    assert not message.forward.complete
    assert "level 1" in message.text
    assert "level 0" not in message.text
    nested = message.forward.messages[1].messages[1].messages[1]
    assert (nested.content_type, nested.messages) == ("forward", ())


async def test_a_bundle_is_read_to_a_number(rig: Rig) -> None:
    adapter = await rig.start(forward_count=3)
    said = [await rig.alice.says(f"number {number}") for number in range(4)]
    message = await adapter.complete(await heard(rig, await rig.alice.sends_merged(*said)))
    assert message.forward is not None
    assert not message.forward.complete
    assert [each.text for each in message.forward.messages] == ["number 0", "number 1", "number 2"]


async def test_bundles_can_be_left_alone(rig: Rig) -> None:
    adapter = await rig.start(forward_count=0)
    message = await heard(rig, await rig.alice.sends_merged(await rig.alice.says("one")))
    assert adapter.is_complete(message)
    assert message.elements == (Forward(),)


async def test_a_bundle_that_cannot_be_read_stays_as_it_came(rig: Rig, adapter: FeishuAdapter) -> None:
    message = await heard(rig, await rig.alice.sends_merged(await rig.alice.says("one")))
    with rig.feishu.faults.refuse("*/messages/*", 230027, times=None):
        assert await adapter.complete(message) == message
    assert message.text == "[forwarded messages]"
    assert adapter.counters()["forwards_missed"] == 1


async def test_a_card_that_came_flattened_is_asked_for(
    rig: Rig, adapter: FeishuAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    call = adapter.caller.call

    async def listened(method: str, path: str, **options: Any) -> Any:
        asked.append(options.get("params"))
        return await call(method, path, **options)

    monkeypatch.setattr(adapter.caller, "call", listened)
    sent = await rig.alice.sends("interactive", FLAT)
    message = await heard(rig, sent)
    assert message.text == "Order 7"
    assert not adapter.is_complete(message)
    sent.raw_content = json.dumps(WHOLE)  # what the platform tells when it is asked for `user_card_content`
    message = await adapter.complete(message)
    assert message.elements == (Card(title="Order 7", content=WHOLE, text="Order 7\nis **ready**"),)
    assert message.text == "Order 7\nis **ready**"
    assert adapter.is_complete(message)
    assert asked == [{"user_id_type": "open_id", "card_msg_content_type": "user_card_content"}]


async def test_a_card_that_is_not_told_stays_as_it_came(rig: Rig, adapter: FeishuAdapter) -> None:
    message = await heard(rig, await rig.alice.sends("interactive", FLAT))
    assert await adapter.complete(message) == message
    with rig.feishu.faults.refuse("*/messages/*", 230027, times=None):
        assert await adapter.complete(message) == message
    assert adapter.counters()["cards_missed"] == 1


async def test_cards_can_be_left_alone_and_whole_ones_are(rig: Rig, adapter: FeishuAdapter) -> None:
    assert adapter.is_complete(await heard(rig, await rig.alice.sends("interactive", WHOLE)))
    await adapter.close()
    other = await rig.start(read_cards=False)
    assert other.is_complete(await heard(rig, await rig.alice.sends("interactive", FLAT)))
