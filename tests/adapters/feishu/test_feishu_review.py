"""Mistakes that a reader found: each has its test."""

import asyncio
import json
from typing import Any

import pytest
from feishu_rig import Rig, text
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.adapters.feishu.frames import parse_json
from imbridge.adapters.feishu.inbound import Identity, decode
from imbridge.adapters.feishu.outbound import as_plain_text, message_body
from imbridge.protocol import (
    Card,
    DeliveryError,
    Element,
    Emoji,
    Forward,
    Link,
    Location,
    Markdown,
    Message,
    Quote,
    RateLimitedError,
    Text,
    Unknown,
    UnknownEvent,
)
from imbridge.rendering import Part, PartKind
from leap import Leap

EVIL = '<at user_id="all">'
ELEMENTS: list[Element] = [
    Text(EVIL), Markdown(EVIL), Emoji(code=EVIL), Emoji(code=f"é{EVIL}"), Link(url="https://e.example", title=EVIL),
    Location(latitude=1, longitude=2, name=EVIL), Quote(message_id="m", text=EVIL), Forward(text=EVIL, title=EVIL),
    Unknown(kind=EVIL), Card(text=EVIL),
]  # fmt: skip


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element.type)
@pytest.mark.parametrize("kind", [PartKind.TEXT, PartKind.RICH])
def test_no_element_calls_everybody(element: Element, kind: PartKind) -> None:
    if isinstance(element, Markdown) and kind is PartKind.TEXT:
        kind = PartKind.MARKDOWN
    for elements in ((element,), (Text("a "), element)):
        part = Part(kind, elements)
        for msg_type, content in (message_body(part), as_plain_text(part)):
            body = json.loads(content)
            if msg_type == "text":
                assert "<at" not in body["text"]
            else:
                nodes = [node for row in body["zh_cn"]["content"] for node in row]
                assert not [node for node in nodes if node["tag"] == "at"]
                assert not [node for node in nodes if node["tag"] == "md" and "<at" in node["text"]]


def test_what_only_together_looks_like_a_mention_calls_nobody() -> None:
    for second in (Link(url="u", title='at user_id="all">'), Emoji(code='at user_id="all">')):
        _, content = as_plain_text(Part(PartKind.RICH, (Text("x <"), second)))
        assert "<at" not in json.loads(content)["text"]


async def test_a_lost_answer_and_then_a_recalled_original_make_no_second_message(rig: Rig) -> None:
    adapter = await rig.start()
    asked = await rig.alice.says("hi", chat=rig.chat)
    rig.feishu.faults.cut_after_accept(times=1)
    rig.feishu.faults.http_delay("*/reply", 0.0, times=1)

    sending = asyncio.create_task(adapter.send(rig.target(reply_to=asked.message_id), text("once"), "k"))
    while not rig.feishu.stats.sends:
        await asyncio.sleep(0)
    rig.feishu.faults.refuse_send(230011)
    with pytest.raises(DeliveryError) as caught:
        await sending
    assert caught.value.ambiguous
    assert rig.feishu.stats.sends == 1


@pytest.mark.parametrize("held_back_by", ["rates", "token", "credentials"])
async def test_a_lost_answer_stays_in_doubt_when_it_cannot_be_asked_again(
    rig: Rig, held_back_by: str, leap: Leap
) -> None:
    adapter = await rig.start(send_timeout=30, **({"chat_rate": "1/60s"} if held_back_by == "rates" else {}))
    caller = adapter.caller
    rig.feishu.faults.cut_after_accept()
    if held_back_by != "rates":
        sending = asyncio.create_task(adapter.send(rig.target(), text("once"), "k"))
        while not rig.feishu.stats.sends:
            await asyncio.sleep(0)
        caller.tokens.invalidate(await caller.tokens.get())
        body = '{"code":10014,"msg":"app secret invalid"}' if held_back_by == "credentials" else ""
        rig.feishu.faults.http_fail("*tenant_access_token*", 200 if body else 503, times=None, body=body)
    else:
        sending = asyncio.create_task(adapter.send(rig.target(), text("once"), "k"))
    with pytest.raises(DeliveryError) as caught:
        await leap.over(31, sending, lambda: caller.pacer.waiting if held_back_by == "rates" else caller.retries >= 2)
    assert rig.feishu.stats.sends == 1
    assert caught.value.ambiguous


async def test_an_edit_whose_answer_got_lost_stays_in_doubt_when_the_next_attempt_is_refused(rig: Rig) -> None:
    adapter = await rig.start()
    sent = await adapter.send(rig.target(), text("one"), "k")
    (message,) = rig.feishu.messages
    rig.feishu.faults.lose_answer("*/messages/*", method="PUT")
    editing = asyncio.create_task(adapter.edit(rig.target().channel, sent.part.message_id, text("two")))
    while not message.edits:
        await asyncio.sleep(0)
    rig.feishu.faults.refuse("*/messages/*", 230072, method="PUT")
    with pytest.raises(DeliveryError) as caught:
        await editing
    assert (message.text, caught.value.code, caught.value.ambiguous) == ("two", 230072, True)


async def test_a_long_pause_of_the_platform_does_not_hold_sends_back_for_ever(rig: Rig, leap: Leap) -> None:
    adapter = await rig.start(send_timeout=30)
    rig.feishu.faults.http_fail("*/messages", 429, headers={"Retry-After": "600"})
    with pytest.raises(RateLimitedError):
        await adapter.send(rig.target(), text("x"), "k")
    with pytest.raises(RateLimitedError):
        await leap.over(31, adapter.send(rig.target(), text("x"), "k"), lambda: adapter.caller.pacer.waiting)


def test_numbers_beyond_all_bounds_are_no_crash() -> None:
    me = Identity("work", "cli_a")
    message = {"message_id": "om_1", "chat_id": "oc_1", "message_type": "text", "content": '{"text": "x"}'}
    sender = {"sender_id": {"open_id": "ou_1"}}

    def event(created: str, **more: Any) -> Any:
        header = {"event_id": "e", "event_type": "im.message.receive_v1", "create_time": "HEADER"}
        raw = json.dumps({"header": header, "event": {"sender": sender, "message": {**message, **more}}})
        return parse_json(raw.replace('"CREATED"', created).replace('"HEADER"', created).encode())

    for created in ("1e400", "-1e400", "1" * 400, '"1e400"', "Infinity"):
        item = decode(event(created, create_time="CREATED"), me).item
        assert isinstance(item, UnknownEvent)
    long = '{"file_key": "f", "duration": 1' + "0" * 400 + "}"
    item = decode(event('"1766900000000"', create_time="CREATED", message_type="audio", content=long), me).item
    assert isinstance(item, Message)
    assert item.content_type == "unknown"


@given(st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), float("inf")]))
def test_any_number_as_a_time(number: float) -> None:
    payload = {
        "header": {"event_id": "e", "event_type": "im.message.recalled_v1", "create_time": number},
        "event": {"message_id": "om_1", "chat_id": "oc_1"},
    }
    assert decode(payload, Identity("work", "cli_a")).dedup_keys == ("e",)


def test_an_address_with_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ValidationError, match="must not hold a user or a password") as caught:
        FeishuConfig(app_id="cli_a", app_secret="s", base_url="https://user:hunter2@open.feishu.example")
    assert "hunter2" not in str(caught.value)


async def test_an_expired_pause_of_one_chat_leaves_the_others_quick(rig: Rig, adapter: FeishuAdapter) -> None:
    adapter.caller.pacer.pause("chat:elsewhere", 0.01)
    await asyncio.sleep(0.02)
    await adapter.send(rig.target(), text("x"), "k")
    await adapter.send(rig.target(), text("y"), "l")
    assert adapter.caller.pacer._paused == {}
