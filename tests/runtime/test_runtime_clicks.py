"""Clicks in cards: what the skill is told, and what the person who clicked is shown in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from runtime_world import account, chat, counts, emulated, skill, until

from imbridge import (
    Bridge,
    Button,
    ButtonClicked,
    Card,
    DatePicker,
    Form,
    Image,
    Input,
    Link,
    LinkPreviewRequested,
    Reply,
    Select,
    Toast,
    testing,
)
from imbridge.adapters.feishu.sent.answers import ANSWER_WITHIN
from imbridge.emulators.feishu import CallbackError
from imbridge.runtime.answers import give
from imbridge.skills import FunctionSkill, event_skill
from leap import Leap

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


def on(*kinds: type) -> Any:
    def declare(function: Any) -> FunctionSkill:
        return event_skill(function, *kinds, name=function.__name__)

    return declare


@asynccontextmanager
async def shown(card: Card, *skills: FunctionSkill) -> AsyncIterator[tuple[testing.Chat, Any, Any]]:
    """A room in which the card is shown; with its user and the message."""
    async with chat(*skills) as room:
        user = room.user._user
        private = room.feishu.private_chat(user, room.user._bot)
        assert await room.bridge.send(f"feishu:test/private/{private.chat_id}", card)
        yield room, user, room.feishu.messages[-1]


ASKED = Card(
    title="Deploy?",
    body=[
        Button("Yes", action="approve", value={"id": 7}),
        Select(name="speed", options={"s": "Slow", "f": "Fast"}),
        Select(name="people", options=["Alice", "Bob"], multiple=True),
        Input(name="note"),
        DatePicker(name="day"),
        Form(
            name="details",
            body=[
                Input(name="reason"),
                Select(name="level", options=["low", "high"]),
                Button("Send", action="send", submit=True),
            ],
        ),
    ],
)


async def test_a_click_tells_what_was_clicked() -> None:
    @on(ButtonClicked)
    def clicked(event: ButtonClicked) -> None:
        seen.append(event)

    seen: list[ButtonClicked] = []
    async with shown(ASKED, clicked) as (room, user, message):
        feishu = room.feishu
        await feishu.clicks(user, message, button="Yes")
        await feishu.clicks(user, message, button="speed", selected="Fast")
        await feishu.clicks(user, message, button="people", selected=["Alice", "Bob"])
        await feishu.clicks(user, message, button="note", text="hello")
        await feishu.clicks(user, message, button="day", date="2026-12-01")
        await feishu.clicks(user, message, button="Send", form={"reason": "because", "level": "high"})
        told = [(event.action, event.value) for event in seen]
        assert told[:4] == [("approve", {"id": 7}), ("speed", "f"), ("people", ["Alice", "Bob"]), ("note", "hello")]
        assert told[4][0] == "day"
        assert told[4][1].startswith("2026-12-01")
        assert told[5] == ("send", None)
        assert seen[5].form == {"reason": "because", "level": "high"}
        first = seen[0]
        assert first.message_id == message.message_id
        assert first.channel is not None
        assert first.channel.id == message.chat_id
        assert first.actor is not None
        assert first.actor.id == user.open_id
        assert feishu.violations == []


async def test_a_toast_is_seen_by_who_clicked() -> None:
    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Toast:
        return Toast("Saved", kind="success")

    async with shown(ASKED, clicked) as (room, user, message):
        answer = await room.feishu.clicks(user, message, button="Yes")
        assert answer == {"toast": {"type": "success", "content": "Saved"}}
        assert len(room.feishu.messages) == 1
        assert message.text.startswith("Deploy?")


async def test_a_card_takes_the_place_of_the_old_one() -> None:
    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> list[Any]:
        return [Toast("Done"), Card(title="Deployed", body=["by you", Image(data=PNG)])]

    async with shown(ASKED, clicked) as (room, user, message):
        answer = await room.feishu.clicks(user, message, button="Yes")
        assert answer["toast"]["content"] == "Done"
        assert answer["card"]["type"] == "raw"
        assert message.text.startswith("Deployed\nby you")
        assert len(room.feishu.messages) == 1
        assert room.feishu.violations == []


async def test_text_and_a_reply_are_messages() -> None:
    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Any:
        if event.action == "approve":
            return ["so be it", Toast("ok")]
        return Reply(elements=(Card(title="another card"),))

    async with shown(ASKED, clicked) as (room, user, message):
        answer = await room.feishu.clicks(user, message, button="Yes")
        assert answer["toast"]["content"] == "ok"
        await room.user.receives("so be it")
        assert await room.feishu.clicks(user, message, button="speed", selected="Fast") in ({}, None)
        await room.user.receives("another card")
        assert message.text.startswith("Deploy?")


async def test_a_click_does_not_wait_behind_a_skill_that_runs() -> None:
    async def slow(msg: Any) -> str:
        await ready.wait()
        return "at last"

    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Toast:
        return Toast("at once")

    ready = asyncio.Event()
    async with shown(ASKED, clicked, skill(slow, name="slow")) as (room, user, message):
        await room.user.says("go")
        answer = await room.feishu.clicks(user, message, button="Yes")
        assert answer["toast"]["content"] == "at once"
        ready.set()
        await room.user.receives("at last")


async def test_what_comes_too_late_changes_the_card_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imbridge.adapters.feishu.link.ANSWER_WITHIN", 0.1)

    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> list[Any]:
        await ready.wait()
        return [Card(title="Deployed"), Toast("nobody sees this")]

    ready = asyncio.Event()
    async with shown(ASKED, clicked) as (room, user, message):
        assert await room.feishu.clicks(user, message, button="Yes") in ({}, None)
        ready.set()
        await until(lambda: message.text == "Deployed")
        await until(lambda: counts(room.bridge)["answered_too_late"] == 1)
        assert room.feishu.violations == []


async def test_a_picture_that_takes_too_long_does_not_hold_the_toast_up(leap: Leap) -> None:
    """The person waits 3 seconds at most; the card follows when its picture is there."""

    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> list[Any]:
        return [Card(title="Deployed", body=[Image(data=PNG)]), Toast("at once")]

    async with shown(ASKED, clicked) as (room, user, message):
        delayed = room.feishu.faults.http_delay("*/images", 4, times=1)
        clicking = asyncio.create_task(room.feishu.clicks(user, message, button="Yes"))
        await until(lambda: delayed.hits)
        leap(ANSWER_WITHIN)
        answer = await clicking
        assert answer == {"toast": {"type": "info", "content": "at once"}}
        await until(lambda: message.text.startswith("Deployed"))
        assert counts(room.bridge)["answered_too_late"] == 0
        assert room.feishu.violations == []


async def test_an_answer_whose_connection_is_lost_changes_the_card_all_the_same() -> None:
    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> list[Any]:
        room.feishu.faults.drop_connections()
        await until(lambda: room.bridge.counters()["feishu:test"]["drops"] == 1)  # it may be up again already
        return [Card(title="Deployed"), Toast("nobody sees this")]

    async with shown(ASKED, clicked) as (room, user, message):
        assert await room.feishu.clicks(user, message, button="Yes") in ({}, None)  # a repetition is told nothing
        await until(lambda: message.text == "Deployed")
        await until(lambda: counts(room.bridge)["answered_too_late"] == 1)


async def test_a_skill_that_fails_or_says_nothing_answers_at_once() -> None:
    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> None:
        if event.action == "approve":
            raise RuntimeError("broken")

    async with shown(ASKED, clicked) as (room, user, message):
        assert await room.feishu.clicks(user, message, button="Yes") in ({}, None)
        assert await room.feishu.clicks(user, message, button="speed", selected="Fast") in ({}, None)
        assert counts(room.bridge)["failed"] == 1
        assert room.feishu.violations == []


async def test_nobody_who_listens() -> None:
    async with shown(ASKED) as (room, user, message):
        assert await room.feishu.clicks(user, message, button="Yes") in ({}, None)
        assert room.feishu.violations == []


async def test_a_link_is_shown_with_a_title() -> None:
    @on(LinkPreviewRequested)
    async def preview(event: LinkPreviewRequested) -> Link:
        return Link(url=event.url, title=f"Ticket {event.url[-1]}")

    async with chat(preview) as room:
        answer = await room.user._user.previews_link(room.user._bot, "https://t.example/7")
        assert answer == {"inline": {"title": "Ticket 7"}}
        assert room.feishu.violations == []


@asynccontextmanager
async def served(bridge: Bridge) -> AsyncIterator[str]:
    """The bridge's callbacks on a port of this machine."""
    config = uvicorn.Config(bridge.asgi(), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def test_the_same_by_http_callback() -> None:
    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Any:
        return [Toast("Saved"), Card(title="Saved")] if event.action == "approve" else None

    async with emulated() as feishu:
        app = feishu.add_app(encrypt_key="callback-key")
        alice = feishu.add_user("Alice")
        keys = {"encrypt_key": app.encrypt_key, "verification_token": app.verification_token}
        config = account(feishu, app, mode="webhook", **keys)
        async with Bridge([config], skills=[clicked]) as bridge, served(bridge) as url:
            await feishu.set_callback(app, f"{url}/feishu/work")
            private = feishu.private_chat(alice, app)
            assert await bridge.send(f"feishu:work/private/{private.chat_id}", ASKED)
            message = feishu.messages[-1]
            answer = await feishu.clicks(alice, message, button="Yes")
            assert answer["toast"]["content"] == "Saved"
            assert message.text == "Saved"
            assert feishu.violations == []


async def test_the_emulator_complains_about_a_late_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """That it does is what makes the tests above worth something."""
    monkeypatch.setattr("imbridge.adapters.feishu.link.ANSWER_WITHIN", 60)

    @on(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Toast:
        await until(late.is_set)
        return Toast("late")

    late = asyncio.Event()
    async with shown(ASKED, clicked) as (room, user, message):
        room.feishu.settings.ack_timeout = 0.3
        with pytest.raises((CallbackError, TimeoutError)):
            await room.feishu.clicks(user, message, button="Yes", timeout=1)
        late.set()


async def test_a_late_card_whose_place_is_not_known_is_not_taken_for_shown() -> None:
    """The older callback does not always name the chat: what cannot be shown is told."""
    event = ButtonClicked(id="e", platform="feishu", account="a", timestamp=datetime.now(UTC), message_id="om_1")
    adapter: Any = None  # it is not asked
    card = Card(title="late")
    assert await give(event, (card,), None, adapter) == (card,)
