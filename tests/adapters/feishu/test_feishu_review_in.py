"""Mistakes that a reader found in what arrives: each has its test."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from imbridge.adapters.card_seals import NOT_SEALED
from imbridge.adapters.feishu.inbound import Identity, decode
from imbridge.adapters.feishu.received.fetched import Bounds, forwarded
from imbridge.adapters.feishu.sent.answers import written_answer
from imbridge.adapters.pending import PendingAnswer
from imbridge.protocol import ButtonClicked, Card, Element, Message, Toast, UnknownEvent
from imbridge.runtime.intake.gate import Gate, Pass

SAMPLES = Path(__file__).parents[2] / "samples" / "feishu"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def me() -> Identity:
    return Identity(account="work", app_id="cli_a1b2c3", bot_id="ou_bot", bot_name="Demo Bot")


def old_text(text: str, **more: Any) -> Message:
    payload = sample("old_text")
    payload["event"] |= {"text": text} | more
    item = decode(payload, me()).item
    assert isinstance(item, Message)
    return item


# -- older schema ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "post"])
@pytest.mark.parametrize("piece", ["<at>", "<at ", "<", '<at open_id="', "</at", "< at>x< /at "])
def test_tags_without_an_end_are_read_in_linear_time(kind: str, piece: str) -> None:
    """Cut at every tag to the end of the text again, half a megabyte of them would take minutes."""
    assert old_text(piece * (500_000 // len(piece)), msg_type=kind).content_type == "text"


TAG = '<at open_id="ou_bot">@Demo Bot</at> hello'


def test_a_typed_tag_is_no_mention_of_us() -> None:
    """The platform's flag says whether the bot is meant; the older text has tags and what people type side by side."""
    assert not old_text(TAG, chat_type="group", is_mention=False).mentions_me
    assert old_text(TAG, chat_type="group", is_mention=True).mentions_me
    assert old_text(TAG, chat_type="group", is_mention=True).text == "hello"


def test_older_messages_without_an_id_are_not_taken_for_one() -> None:
    payload = sample("old_text")
    payload["event"]["open_message_id"] = ""
    inbound = decode(payload, me())
    assert isinstance(inbound.item, UnknownEvent)
    assert inbound.dedup_keys == (payload["uuid"],)


# -- forwarded messages ------------------------------------------------------------------------------------------------


def test_what_hangs_nowhere_in_a_bundle_makes_it_incomplete() -> None:
    """Messages whose bundle is not in the answer, or that name one another, are not read: that has to be told."""
    text = {"msg_type": "text", "body": {"content": '{"text": "hi"}'}}
    items = [
        {"message_id": "om_0", "msg_type": "merge_forward"},
        text | {"message_id": "1", "upper_message_id": "om_0"},
    ]
    assert forwarded(items, "om_0", me(), Bounds(3, 100)).complete
    lost = text | {"message_id": "2", "upper_message_id": "om_elsewhere"}
    found = forwarded([*items, lost], "om_0", me(), Bounds(3, 100))
    assert [message.id for message in found.messages] == ["1"]
    assert not found.complete


def test_a_lone_surrogate_costs_its_own_message_only() -> None:
    items = [
        {"message_id": "1", "upper_message_id": "om_0", "msg_type": "text", "body": {"content": '{"text": "\ud800"}'}},
        {"message_id": "2", "upper_message_id": "om_0", "msg_type": "text", "body": {"content": '{"text": "hi"}'}},
    ]
    read = forwarded(items, "om_0", me(), Bounds(3, 100)).messages
    assert [(message.content_type, message.text) for message in read] == [("unknown", "[text]"), ("text", "hi")]


# -- answers to clicks -------------------------------------------------------------------------------------------------


async def answered(name: str, *elements: Element) -> Any:
    """What the platform is answered, as JSON."""
    inbound = decode(sample(name), me())
    assert isinstance(inbound.item, ButtonClicked)
    inbound.answer = PendingAnswer()
    showing = asyncio.create_task(inbound.answer.show(elements))

    async def upload(card: Card) -> dict[int, str]:
        return {}

    written, shown = await written_answer(inbound, 10, upload, NOT_SEALED)
    inbound.answer.shown(shown)
    assert await showing == ()
    return json.loads(written)


OWN_JSON = {"elements": [{"tag": "hr"}], "header": {"title": {"tag": "plain_text", "content": "Done"}}}
TEMPLATE = {"type": "template", "data": {"template_id": "AAq"}}


@pytest.mark.parametrize("content", [OWN_JSON, TEMPLATE])
async def test_the_older_callback_has_the_card_s_fields_beside_the_toast(content: dict[str, Any]) -> None:
    toast = {"type": "success", "content": "ok"}
    said = (Toast("ok", kind="success"), Card(content=content))
    assert await answered("old_card_button", *said) == {"toast": toast} | content
    card = content if content is TEMPLATE else {"type": "raw", "data": content}
    assert await answered("card_button", *said) == {"toast": toast, "card": card}


async def test_of_two_cards_the_second_is_not_taken_for_shown() -> None:
    waiting, first, second = PendingAnswer(), Card(title="1"), Card(title="1")
    showing = asyncio.create_task(waiting.show((first, second)))
    assert await waiting.wait(10) == (first, second)
    waiting.shown((first,))
    waiting.shown((first, second))  # what is told first counts
    (left,) = await showing
    assert left is second
    assert await waiting.show((first,)) == (first,)


# -- late --------------------------------------------------------------------------------------------------------------

SAID = 1766900000.0
"""When what is in the samples happened."""


def gate(late: float) -> Gate:
    return Gate(stale_after=1800, may_write=lambda item: True, clock=lambda: SAID + late)


@pytest.mark.parametrize(
    "name",
    ["approval_instance_v2", "old_approval_task", "contact_user_deleted", "old_user_left", "bot_removed", "recalled",
     "members_added", "chat_disbanded", "reaction_created", "unknown_event"],
)  # fmt: skip
def test_a_change_is_told_however_late_it_is_heard_of(name: str) -> None:
    """The platform repeats for 7 hours what nobody took: a bridge that was down for one must not lose what changed."""
    assert gate(5 * 3600).check(decode(sample(name), me()).item) is Pass.GO


@pytest.mark.parametrize("name", ["text_private", "card_button", "bot_menu", "url_preview", "chat_opened"])
def test_what_wanted_an_answer_is_stale(name: str) -> None:
    item = decode(sample(name), me()).item
    assert gate(item.timestamp.timestamp() - SAID + 1790).check(item) is Pass.GO
    assert gate(item.timestamp.timestamp() - SAID + 1810).check(item) is Pass.STALE


def test_a_message_that_is_changed_later_is_not_stale_for_its_age() -> None:
    payload = sample("text_private")
    payload["event"]["message"]["update_time"] = str(int((SAID + 3600) * 1000))
    item = decode(payload, me()).item
    assert isinstance(item, Message)
    assert item.edited
    assert gate(3700).check(item) is Pass.GO


# -- texts -------------------------------------------------------------------------------------------------------------


def received(content: Any, **message: Any) -> Message:
    payload = sample("text_private")
    payload["event"]["message"] |= {"content": json.dumps(content)} | message
    item = decode(payload, me()).item
    assert isinstance(item, Message)
    return item


@pytest.mark.parametrize(("text", "called"), [("@_all hi", True), ("@_all，hi", True), ("to @_all_hands", False)])
def test_a_word_that_begins_like_the_placeholder_calls_nobody(text: str, called: bool) -> None:
    message = received({"text": text})
    assert message.mentions_all is called
    assert message.text == text.replace("@_all", "@all", called)


@pytest.mark.parametrize(("chat_type", "kind"), [("private", "private"), ("topic", "group"), ("public", "group")])
def test_a_private_chat_is_one_by_its_other_name_too(chat_type: str, kind: str) -> None:
    assert received({"text": "hi"}, chat_type=chat_type).channel.kind == kind


def test_a_card_that_mentions_us_does_so() -> None:
    """Bots hear other bots in groups only where they are mentioned, and bots write cards."""
    row = [{"tag": "at", "user_id": "@_user_1", "user_name": ""}, {"tag": "text", "text": " look"}]
    mentions = [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "Demo Bot"}]
    message = received({"elements": [row]}, message_type="interactive", mentions=mentions)
    assert message.mentions_me
    assert isinstance(message.elements[0], Card)
    assert message.text == message.raw == "@Demo Bot look"
    assert not received({"elements": [row]}, message_type="interactive").mentions_me


def test_a_system_line_stays_of_a_sensible_size() -> None:
    body = {"template": "{name}" * 10_000, "name": "x" * 50_000}
    assert len(received(body, message_type="system").text) < 2_000_000
