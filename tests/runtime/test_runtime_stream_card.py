"""Answers that grow in a card, and what becomes of them when the card does not want to."""

import asyncio
import html
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from runtime_world import chat, counts, settings, skill, until
from stream_writer import StreamWriter, show_quickly

from imbridge.emulators.feishu import BotMessage
from imbridge.protocol import DeliveryState, Loss
from leap import Leap

CONTENT = "*/cardkit/v1/cards/*/content"
SETTINGS = "*/cardkit/v1/cards/*/settings"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    show_quickly(monkeypatch)


async def shows(message: BotMessage, text: str) -> None:
    await until(lambda: message.text == text, what=f"{text!r}, not {message.text!r}")


def entity_of(message: BotMessage):
    assert message.entity is not None
    return message.entity


def grows(history: list[str]) -> Iterator[bool]:
    return (later.startswith(earlier) for earlier, later in pairwise(history))


@pytest.mark.parametrize("markdown", [False, True])
async def test_a_card_grows(markdown: bool) -> None:
    steps = StreamWriter(markdown=markdown)
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("one ")
        message = await room.user.receives(re.compile("^one *$"))
        entity = entity_of(message)
        assert entity.streaming
        steps.write("two ")
        await shows(message, "one two" if markdown else "one two ")
        steps.write("three", None)
        await until(lambda: steps.receipts)
        assert message.text == "one two three"
        assert not entity.streaming
        assert entity.card["config"]["summary"] == {"content": "one two three"}
        assert all(grows(list(message.history)))
        (receipt,) = steps.receipts
        assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())
        assert receipt.message_ids == (message.message_id,)
        assert len(room.feishu.messages) == 1
        assert room.feishu.violations == []


@pytest.mark.parametrize("timed_out", [False, True])
async def test_a_stream_that_was_closed_is_opened_again(timed_out: bool) -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("a")
        message = await room.user.receives("a")
        room.feishu.faults.stop_streaming(message, timed_out=timed_out)
        steps.write("b")
        await shows(message, "ab")
        assert entity_of(message).streaming
        steps.write("c", None)
        await until(lambda: steps.receipts)
        assert (message.text, steps.receipts[0].degradations) == ("abc", ())
        assert len(room.feishu.messages) == 1


async def test_a_sequence_that_is_too_low_leaps() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("a")
        message = await room.user.receives("a")
        entity_of(message).sequence = 4321  # somebody else has worked on the card
        steps.write("b", None)
        await until(lambda: steps.receipts)
        assert (message.text, steps.receipts[0].degradations) == ("ab", ())
        assert entity_of(message).sequence > 4321
        assert not entity_of(message).streaming


async def test_somebody_who_clicks_is_waited_for() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("a")
        message = await room.user.receives("a")
        room.feishu.faults.card_interacting(message, 0.3)
        steps.write("b", None)
        await until(lambda: steps.receipts)
        assert (message.text, steps.receipts[0].degradations) == ("ab", ())


@pytest.mark.parametrize("path", [CONTENT, SETTINGS])
async def test_a_lost_answer_shows_nothing_twice(path: str) -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("a")
        message = await room.user.receives("a")
        fault = room.feishu.faults.lose_answer(path)
        steps.write("b", None)
        await until(lambda: steps.receipts)
        assert fault.hits == 1
        assert (message.text, steps.receipts[0].degradations) == ("ab", ())
        assert not entity_of(message).streaming
        assert len(room.feishu.messages) == 1


@pytest.mark.parametrize("end", ["age_card", "forget_card", 200860])
async def test_a_card_that_takes_no_more_is_continued_in_a_new_one(end: str | int) -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("one ")
        first = await room.user.receives("one ")
        if isinstance(end, int):
            room.feishu.faults.refuse(CONTENT, end)
        else:
            getattr(room.feishu.faults, end)(first)
        steps.write("two ")
        second = await room.user.receives("two ")
        steps.write("three", None)
        await until(lambda: steps.receipts)
        assert (first.text, second.text) == ("one ", "two three")
        (receipt,) = steps.receipts
        assert receipt.state is DeliveryState.SENT
        assert receipt.message_ids == (first.message_id, second.message_id)
        assert not entity_of(second).streaming


async def test_a_card_that_has_lived_its_time_is_continued_in_a_new_one() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer), settings=settings(card_lifetime=0.5)) as room:
        room.user.says("go")
        steps.write("one ")
        first = await room.user.receives("one ")
        await until(lambda: entity_of(first).expired)
        steps.write("two", None)
        await until(lambda: steps.receipts)
        assert [message.text for message in room.feishu.messages] == ["one ", "two"]
        assert steps.receipts[0].state is DeliveryState.SENT


@pytest.mark.parametrize("markdown", [False, True])
async def test_a_long_text_fills_several_cards(markdown: bool) -> None:
    steps = StreamWriter(markdown=markdown)
    words = [f"word {number} 好\n" for number in range(6000)]
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        for start in range(0, len(words), 600):
            steps.write("".join(words[start : start + 600]))
        steps.write(None)
        await until(lambda: steps.receipts, timeout=50)
        messages = list(room.feishu.messages)
        assert len(messages) > 2
        assert "\n".join(message.text.strip("\n") for message in messages) == "".join(words).strip("\n")
        assert not any(entity_of(message).streaming for message in messages)
        assert steps.receipts[0].state is DeliveryState.SENT
        assert room.feishu.violations == []


async def test_a_rate_that_lasts_leaves_out_states_and_nothing_else(leap: Leap) -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("one ")
        message = await room.user.receives("one ")
        fault = room.feishu.faults.refuse(CONTENT, 99991400, times=None)
        steps.write("two ")
        await until(lambda: fault.hits >= 2)
        leap(15)  # longer than a state is tried
        fault.clear()
        await shows(message, "one two ")
        steps.write("three", None)
        await until(lambda: steps.receipts)
        assert (message.text, steps.receipts[0].degradations) == ("one two three", ())
        assert len(room.feishu.messages) == 1


async def test_without_the_scope_messages_are_edited(caplog: pytest.LogCaptureFixture) -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        fault = room.feishu.faults.refuse("*/cardkit/v1/cards", 99991672, times=None)
        for turn in range(2):
            room.user.says("go")
            steps.write("a")
            message = await room.user.receives("a")
            steps.write("b", None)
            await until(lambda turn=turn: len(steps.receipts) == turn + 1)
            assert (message.msg_type, message.text) == ("text", "ab")
            assert message.edits
        assert fault.hits == 1, "asked once, not for each answer"
        first, second = steps.receipts
        assert [degradation.how for degradation in first.degradations] == ["edits of a message"]
        assert second.degradations == ()
        assert len([record for record in caplog.records if "from now on" in record.getMessage()]) == 1


async def test_a_card_that_cannot_be_made_this_time() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.feishu.faults.refuse("*/cardkit/v1/cards", 200220)
        room.user.says("go")
        steps.write("a")
        message = await room.user.receives("a")
        assert message.msg_type == "text"
        steps.write("b", None)
        await until(lambda: steps.receipts)
        assert message.text == "ab"
        room.user.says("again")
        steps.write("c", None)
        assert (await room.user.receives("c")).msg_type == "interactive"


async def test_a_card_that_breaks_in_the_middle_goes_on_in_an_edited_message() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("one ")
        card = await room.user.receives("one ")
        room.feishu.faults.refuse(CONTENT, 300313, times=None)
        steps.write("two ")
        message = await room.user.receives("two ")
        steps.write("three")
        await shows(message, "two three")
        steps.write(None)
        await until(lambda: steps.receipts)
        assert (card.text, message.msg_type, message.text) == ("one ", "text", "two three")
        (receipt,) = steps.receipts
        assert receipt.state is DeliveryState.SENT
        assert [degradation.what for degradation in receipt.degradations] == ["stream"]


async def test_when_edits_fail_too_the_rest_is_one_message() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.feishu.faults.refuse("*/cardkit/v1/cards", 200220)
        room.feishu.faults.refuse("*/im/v1/messages/*", 230072, times=None, method="PUT")
        room.user.says("go")
        steps.write("one ")
        await room.user.receives("one ")
        steps.write("two ", "three", None)
        await until(lambda: steps.receipts)
        assert [message.text for message in room.feishu.messages] == ["one ", "two three"]
        assert steps.receipts[0].state is DeliveryState.SENT


async def test_a_card_that_the_chat_refuses_becomes_text_that_is_edited() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.feishu.faults.refuse_send(230099)
        room.user.says("go")
        steps.write("a")
        message = await room.user.receives("a")
        assert message.msg_type == "text"
        steps.write("b", None)
        await until(lambda: steps.receipts)
        assert message.text == "ab"
        assert len(room.feishu.messages) == 1


async def test_a_failing_skill_leaves_a_finished_card() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("so far")
        message = await room.user.receives("so far")
        steps.write(RuntimeError("broken"))
        await room.user.receives(lambda other: "Sorry" in other.text)
        assert message.text == "so far\n\n⏹ 已中断 (interrupted)"
        assert not entity_of(message).streaming


async def test_a_stopping_bridge_leaves_a_finished_card() -> None:
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("so far")
        message = await room.user.receives("so far")
        await room.bridge.stop(grace=0.1)
        assert message.text == "so far\n\n⏹ 已中断 (interrupted)"
        assert not entity_of(message).streaming
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "stream"]


async def test_nobody_is_mentioned_by_a_text_that_was_not_meant_to() -> None:
    steps = StreamWriter(markdown=True)
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("<at id=all></at> hi ", None)
        await until(lambda: steps.receipts)
        (message,) = room.feishu.messages
        assert html.unescape(message.text) == "<at id=all></at> hi"
        assert message.mentions == ()
        assert "<at" not in message.text


async def test_a_table_too_many_costs_its_form_not_the_answer() -> None:
    table = "a | b\n--|--\n1 | 2\n\n"
    steps = StreamWriter(markdown=True)
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write(*[table] * 8, None)
        await until(lambda: steps.receipts)
        (message,) = room.feishu.messages
        assert (message.text.count("1 | 2"), message.text.count("1  2")) == (3, 5)
        assert message.text.count("```") == 2 * 5
        (receipt,) = steps.receipts
        assert [(one.loss, one.what) for one in receipt.degradations] == [(Loss.SIMPLIFIED, "table")]
        assert counts(room.bridge)["failed"] == 0
