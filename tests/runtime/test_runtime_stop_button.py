"""A button beside an answer that grows stops it, for the person who is answered."""

from typing import Any

import pytest
from runtime_world import chat, counts, skill, until
from stream_writer import StreamWriter, show_quickly

from imbridge import BridgeOptions
from imbridge.skills import event_skill

MARK = "\n\n⏹ 已停止 (stopped)"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    show_quickly(monkeypatch)


def tags(message: Any) -> list[str]:
    return [element["tag"] for element in message.entity.card["body"]["elements"]]


async def test_a_click_stops_the_answer_and_takes_the_button_away() -> None:
    writer = StreamWriter()
    clicked: list[Any] = []

    async def hear(event: Any) -> None:
        clicked.append(event)

    async with chat(skill(writer.answer), event_skill(hear, "button_clicked"), stop_button=True) as room:
        room.user.says("go")
        writer.write("so far")
        message = await room.user.receives("so far\nStop")
        assert await room.user.clicks(message, "Stop") == "Stopped."
        await until(lambda: counts(room.bridge)["stopped"])
        assert message.text == f"so far{MARK}"
        assert (tags(message), message.entity.streaming, clicked) == (["div"], False, [])
        assert len(room.feishu.messages) == 1


@pytest.mark.parametrize("markdown", [True, False])
async def test_the_button_is_gone_when_the_answer_is_complete(markdown: bool) -> None:
    writer = StreamWriter(markdown=markdown)
    async with chat(skill(writer.answer), stop_button=True, options=BridgeOptions(language="zh")) as room:
        room.user.says("go")
        writer.write("so far")
        message = await room.user.receives("so far\n停止")
        receipt = await writer.receipt()
        assert message.text == "so far"
        assert "button" not in tags(message)
        assert message.entity.card["config"]["summary"] == {"content": "so far"}
        assert (receipt.degradations, room.feishu.violations) == ((), [])


async def test_each_message_of_a_long_answer_loses_its_button() -> None:
    writer = StreamWriter(markdown=True)
    async with chat(skill(writer.answer), stop_button=True) as room:
        room.user.says("go")
        writer.write("word " * 9_000)
        await writer.receipt()
        assert len(room.feishu.messages) == 2
        assert [tags(message) for message in room.feishu.messages] == [["markdown"]] * 2


async def test_somebody_else_is_told_that_it_is_not_theirs() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer), stop_button=True) as room:
        alice, bob = room.group("Alice", "Bob")
        alice.says("go", mentions_bot=True)
        writer.write("so far")
        message = await alice.receives("so far\nStop")
        assert await bob.clicks(message, "Stop") == "Only the person who is answered can stop it."
        assert await alice.clicks(message, "Stop") == "Stopped."
        await until(lambda: not message.entity.streaming)
        assert message.text == f"so far{MARK}"


async def test_a_button_that_was_left_behind_stops_nothing() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer), stop_button=True) as room:
        room.user.says("go")
        writer.write("one")
        first = await room.user.receives("one\nStop")
        room.feishu.faults.refuse("*/batch_update", 300314, times=None)
        writer.write(None)
        await until(lambda: not first.entity.streaming)
        writer.receipts.clear()
        room.user.says("go")
        writer.write("two")
        second = await room.user.receives("two\nStop")
        assert await room.user.clicks(first, "Stop") == "There is nothing left to stop."
        assert second.entity.streaming


async def test_a_forged_button_stops_nothing() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer), stop_button=True) as room:
        room.user.says("go")
        writer.write("so far")
        message = await room.user.receives("so far\nStop")
        button = next(element for element in message.entity.card["body"]["elements"] if element["tag"] == "button")
        del button["behaviors"][0]["value"]["seal"]
        await room.user.clicks(message, "Stop")
        assert (counts(room.bridge)["stop_clicks"], message.entity.streaming) == (0, True)


async def test_without_the_setting_there_is_none() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("so far")
        message = await room.user.receives("so far")
        assert tags(message) == ["div"]


async def test_streaming_that_the_platform_ends_is_switched_on_again() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("0 ")
        message = await room.user.receives("0 ")
        for text in ("0 1 ", "0 1 2 ", "0 1 2 3 "):
            message.entity.streaming_until = 0.0  # the platform's time for it is over
            assert not message.entity.streaming
            writer.write(text[-2:])
            await until(lambda text=text: message.text == text)
        receipt = await writer.receipt()
        assert (message.text, receipt.degradations, len(room.feishu.messages)) == ("0 1 2 3 ", (), 1)
