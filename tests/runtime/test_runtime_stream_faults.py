"""Streams in trouble: what was written is shown once, and the receipt says what nobody can know."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from outbox_world import soon_tired
from runtime_world import chat, skill, until
from stream_writer import StreamWriter, show_quickly

from imbridge.adapters.feishu.sent import streaming
from imbridge.protocol import DeliveryState
from leap import Leap

CONTENT = "*/cardkit/v1/cards/*/content"
SETTINGS = "*/cardkit/v1/cards/*/settings"
EDIT = "*/im/v1/messages/*"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    show_quickly(monkeypatch)


class Steady:
    """Time between an answer that gets lost and the second attempt, for a test to do something in."""

    def delay(self, attempt: int) -> float:
        return 0.2


def shown(room: Any) -> list[str]:
    return [message.text for message in room.feishu.messages]


async def test_a_card_whose_answers_get_lost_is_not_repeated_in_a_second_message() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("one ")
        await room.user.receives("one ")
        soon_tired(room.bridge, "feishu:test")
        with room.feishu.faults.lose_answer(CONTENT, times=None) as fault:
            writer.write("two ")
            receipt = await writer.receipt()
        assert fault.hits > 1
        assert shown(room) == ["one two "]
        assert (receipt.state, len(receipt.parts)) == (DeliveryState.PARTIAL, 1)
        assert "may have arrived" in receipt.error


async def test_a_state_in_doubt_is_made_sure_by_the_next_one() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("one ")
        message = await room.user.receives("one ")
        soon_tired(room.bridge, "feishu:test")
        with room.feishu.faults.lose_answer(CONTENT, times=None) as fault:
            writer.write("two ")
            await until(lambda: message.text == "one two " and fault.hits == 2)
            await asyncio.sleep(0.1)  # until the state is given up
        writer.write("three")
        receipt = await writer.receipt()
        assert shown(room) == ["one two three"]
        assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())


async def test_an_edit_whose_answers_get_lost_is_not_repeated_in_a_second_message() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer), stream="edit") as room:
        room.user.says("go")
        writer.write("one ")
        await room.user.receives("one ")
        soon_tired(room.bridge, "feishu:test")
        with room.feishu.faults.lose_answer(EDIT, times=None, method="PUT"):
            writer.write("two ")
            receipt = await writer.receipt()
        assert shown(room) == ["one two "]
        assert receipt.state is DeliveryState.PARTIAL


def code_lines(text: str) -> Iterator[str]:
    """The lines of code in a Markdown text; all else has to be a fence that is opened or closed properly."""
    inside = False
    for line in text.split("\n"):
        if line in ("```", "```py"):
            assert (line == "```py") is not inside, f"{line!r} where it cannot be"
            inside = not inside
        elif line:
            assert inside, f"{line!r} is outside of the code"
            yield line


async def test_code_longer_than_several_cards_is_code_in_each_of_them() -> None:
    lines = [f"line {number}" for number in range(12_000)]
    writer = StreamWriter(markdown=True)
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("```py\n" + "\n".join(lines) + "\n```\n")
        receipt = await writer.receipt()
        assert receipt.state is DeliveryState.SENT
        assert len(room.feishu.messages) > 3
        assert [line for text in shown(room) for line in code_lines(text)] == lines


@pytest.mark.parametrize("broken", ["full", "refused"])
async def test_code_that_goes_on_in_another_message_is_still_code_there(broken: str) -> None:
    writer = StreamWriter(markdown=True)
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("```py\na\n")
        await room.user.receives("```py\na\n```")
        room.feishu.faults.refuse(CONTENT, 200860 if broken == "full" else 300313, times=None)
        writer.write("b\n")
        await until(lambda: len(room.feishu.messages) == 2)
        room.feishu.faults.clear()
        writer.write("```\nafter")
        await writer.receipt()
        assert shown(room) == ["```py\na\n```", "```py\nb\n```\nafter"]


@pytest.mark.parametrize("stream", ["card", "edit"])
async def test_halves_of_a_character_in_two_pieces_are_one(stream: str) -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer), stream=stream) as room:
        room.user.says("go")
        writer.write("a\ud83d")
        message = await room.user.receives("a")
        writer.write("\ude00b")
        await until(lambda: message.text == "a\U0001f600b")
        writer.write("\ud83d")
        receipt = await writer.receipt()
        assert shown(room) == ["a\U0001f600b\ufffd"]
        assert receipt.state is DeliveryState.SENT
        assert [degradation.how for degradation in receipt.degradations] == ["U+FFFD in place of lone surrogates"]


async def test_a_message_without_an_id_is_not_sent_again() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer), stream="edit") as room:
        fault = room.feishu.faults.http_fail(
            "*/im/v1/messages*", 200, method="POST", body='{"code":0,"msg":"ok","data":{}}'
        )
        room.user.says("go")
        writer.write("one ")
        await until(lambda: fault.hits)
        writer.write("two")
        receipt = await writer.receipt()
        assert shown(room) == ["two"]
        assert receipt.state is DeliveryState.SENT


async def test_a_card_too_old_to_be_opened_again_is_continued_in_a_new_one() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("one ")
        first = await room.user.receives("one ")
        room.feishu.faults.stop_streaming(first)
        room.feishu.faults.refuse(SETTINGS, 200750)
        writer.write("two")
        second = await room.user.receives("two")
        receipt = await writer.receipt()
        assert second.entity is not None
        assert receipt.degradations == ()


async def test_cards_that_take_nothing_after_their_first_text_are_given_up() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        room.feishu.faults.refuse(CONTENT, 200740, times=None)
        room.user.says("go")
        text = ""
        for number in range(8):
            text += f"{number} "
            writer.write(f"{number} ")
            await until(lambda text=text: "".join(shown(room)) == text)
        receipt = await writer.receipt()
        assert "".join(shown(room)) == text
        assert len(room.feishu.messages) == 3, "two cards, then edits"
        assert receipt.state is DeliveryState.SENT


async def test_a_lost_answer_and_then_a_refusal_is_not_repeated_in_a_second_message() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("one ")
        message = await room.user.receives("one ")
        entity = message.entity
        assert entity is not None
        room.bridge.adapter("feishu:test").caller._backoff = Steady()  # type: ignore[attr-defined]
        room.feishu.faults.lose_answer(CONTENT)
        room.feishu.faults.refuse(SETTINGS, 300311, times=None)
        writer.write("two ")
        await until(lambda: message.text == "one two ")
        entity.uuids.clear()  # so that the second attempt is a new one for the platform
        entity.stop_streaming()
        receipt = await writer.receipt()
        assert shown(room) == ["one two "]
        assert receipt.state is DeliveryState.PARTIAL


async def test_a_lost_answer_and_then_too_many_requests_leave_a_doubt(leap: Leap) -> None:
    """The state that may be there is not taken for one that was held back, so it is not said once more."""
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        faults = room.feishu.faults
        room.user.says("go")
        writer.write("one ")
        message = await room.user.receives("one ")
        room.bridge.adapter("feishu:test").caller._backoff = Steady()  # type: ignore[attr-defined]
        lost = faults.lose_answer(CONTENT)
        writer.write("two ")
        await until(lambda: lost.hits == 1)
        held = faults.refuse(CONTENT, 99991400, times=None)
        await until(lambda: held.hits)
        leap(streaming._PATIENCE)
        await asyncio.sleep(0.1)  # until the state is given up
        assert message.text == "one two "
        faults.clear()
        faults.refuse(CONTENT, 200740, times=None)
        writer.write("three ")
        receipt = await writer.receipt()
        words = "".join(shown(room)).split()
        assert words.count("two") == 1
        assert receipt.state is DeliveryState.PARTIAL
        assert receipt.error
