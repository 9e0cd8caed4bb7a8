"""What a handler says to somebody who opens the chat, and answers that must not grow."""

import asyncio
from typing import Any

import pytest
from runtime_world import chat, skill, until
from stream_writer import StreamWriter, show_quickly

from imbridge import Card, ChatOpened, Image, Markdown, Reply, Text
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.pending import PendingAnswer
from imbridge.protocol import DeliveryState
from imbridge.runtime.answers import welcome
from imbridge.skills import event_skill


async def greet(content: Any, shows: int) -> tuple[tuple[Any, ...], Reply]:
    """What is offered to the platform, of which it shows so many elements, and what is left to be sent."""
    waiting = PendingAnswer()

    async def platform() -> tuple[Any, ...]:
        said = await waiting.wait(5)
        waiting.shown(said[:shows])
        return said

    showing = asyncio.create_task(platform())
    left = await welcome(content, waiting)
    waiting.release()
    return await showing, left


async def test_what_the_platform_shows_is_not_sent() -> None:
    said, left = await greet("Hello", 1)
    assert said == (Text("Hello"),)
    assert not left


async def test_the_rest_is_sent_in_order() -> None:
    image = Image(data=b"x")
    said, left = await greet([Text("a"), image, Markdown("b"), Card(title="c")], 1)
    assert said == (Text("a"), Markdown("b"), Card(title="c"))
    assert left.elements == (image, Markdown("b"), Card(title="c"))


async def test_what_comes_too_late_is_sent() -> None:
    waiting = PendingAnswer()
    waiting.shown(())
    assert (await welcome("Hello", waiting)).elements == (Text("Hello"),)


async def test_where_messages_go_that_way_anyhow_it_is_one() -> None:
    waiting = PendingAnswer(takes_messages=True)
    assert (await welcome("Hello", waiting)).elements == (Text("Hello"),)


@pytest.mark.parametrize("content", [Image(data=b"x"), None])
async def test_what_is_no_welcome_keeps_nobody_waiting(content: Any) -> None:
    said, left = await greet(content, 0)
    assert said == ()
    assert len(left.elements) == (content is not None)


async def test_where_nobody_waits_it_is_a_message() -> None:
    assert (await welcome("Hello", None)).elements == (Text("Hello"),)
    said: list[ChatOpened] = []

    async def hello(event: ChatOpened) -> str:
        said.append(event)
        return "Hello"

    async with chat(event_skill(hello, ChatOpened, name="hello")) as room:
        user = room.user._user
        room.feishu.push_event(
            room.user._bot,
            "im.chat.access_event.bot_p2p_chat_entered_v1",
            {
                "chat_id": room.feishu.private_chat(user, room.user._bot).chat_id,
                "operator_id": {"open_id": "ou_x", "user_id": "u", "union_id": "on_x"},
            },
        )
        await room.user.receives("Hello")
    assert len(said) == 1


async def test_an_answer_that_cannot_grow_here_is_shown_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter is asked for the message that is answered."""
    show_quickly(monkeypatch)
    asked: list[str] = []

    def can_grow(adapter: FeishuAdapter, message_id: str) -> bool:
        asked.append(message_id)
        return False

    monkeypatch.setattr(FeishuAdapter, "can_grow", can_grow)
    steps = StreamWriter()
    async with chat(skill(steps.answer)) as room:
        room.user.says("go")
        steps.write("one ", "two", None)
        await until(lambda: steps.receipts)
        (message,) = room.feishu.messages
        assert (message.msg_type, message.text) == ("text", "one two")
    assert steps.receipts[0].state is DeliveryState.SENT
    assert asked
    assert all(message_id.startswith("om_") for message_id in asked)
