"""`imbridge.testing.chat` without pytest's fixtures."""

import asyncio

import pytest

from imbridge import (
    BaseSkill,
    BridgeOptions,
    Button,
    ButtonClicked,
    Card,
    Form,
    Input,
    ReactionAdded,
    Select,
    Toast,
    on_command,
    on_event,
)
from imbridge.emulators.feishu import EmulatorSettings, NothingToDoError
from imbridge.testing import Chat, Person, chat


class Echo(BaseSkill):
    async def handle_message(self, msg):
        return f"echo: {msg.text}"


async def test_a_chat_has_a_bridge_a_platform_and_a_person() -> None:
    async with chat(Echo()) as room:
        assert isinstance(room, Chat)
        assert isinstance(room.user, Person)
        said = await room.user.says("hi")
        answer = await room.user.receives("echo: hi")
        assert said.chat is answer.chat
        assert room.bridge.counters()["bridge"]["accepted"] == 1


async def test_people_do_not_hear_each_other_in_private() -> None:
    async with chat(Echo()) as room:
        bob = room.person("Bob")
        room.user.says("hi")
        await room.user.receives("echo: hi")
        await bob.receives_nothing()


async def test_options_permissions_settings_and_account() -> None:
    async with chat(
        Echo(),
        options=BridgeOptions(max_lanes=3),
        permissions={"skills": {"echo": {"allow_users": []}}},
        settings=EmulatorSettings(ping_interval=7, reconnect_nonce=0),
        chat_rate="2/s",
    ) as room:
        assert room.bridge.options.max_lanes == 3
        room.user.says("hi")
        await room.user.receives_nothing()
        assert room.bridge.adapter("feishu:test").config.chat_rate == "2/s"  # type: ignore[attr-defined]


async def test_it_connects_again_at_once_unless_told_otherwise() -> None:
    async with chat(Echo()) as room:
        for number in range(3):
            room.feishu.faults.drop_connections()
            room.user.says(f"{number}")
            await room.user.receives(f"echo: {number}")


async def test_nothing_is_left_when_the_test_ends_in_the_middle() -> None:
    before = asyncio.all_tasks()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the context's exit is the test
        async with chat(Echo()) as room:
            room.user.says("never awaited")
            raise ZeroDivisionError
    assert not [task for task in asyncio.all_tasks() - before if "in_turn" in repr(task) or "lane" in task.get_name()]


async def test_unknown_names_are_attribute_errors() -> None:
    import imbridge.testing

    with pytest.raises(AttributeError, match="no attribute 'speak'"):
        imbridge.testing.speak  # noqa: B018 - the access is the test


class Deploy(BaseSkill):
    @on_command("deploy")
    async def ask(self):
        day, why = Select(name="day", options=["today", "tomorrow"]), Input(name="why")
        form = Form(name="later", body=[day, why, Button("Postpone", action="postpone", submit=True)])
        return Card(title="Deploy?", body=[Button("Approve", action="approve"), Button("Ping", action="ping"), form])

    @on_event(ButtonClicked)
    async def clicked(self, event):
        match event.action:
            case "postpone":
                return Toast(f"{event.form['day']}: {event.form['why']}")
            case "ping":
                return "pong"
            case _:
                return [Toast("Noted", kind="success"), Card(title="Approved")]

    @on_event(ReactionAdded)
    async def liked(self, event):
        self.liked = (event.message_id, event.emoji)

    async def handle_message(self, msg):
        return f"about: {msg.quote.text}" if msg.quote else "what?"


async def test_clicks_replies_and_reactions() -> None:
    skill = Deploy()
    async with chat(skill) as room:
        room.user.says("/deploy")
        card = await room.user.receives()
        assert await room.user.clicks(card, "Postpone", form={"day": "tomorrow", "why": "late"}) == "tomorrow: late"
        assert await room.user.clicks(card, "Ping") == ""
        pong = await room.user.receives("pong")
        assert await room.user.clicks(card, "Approve") == "Noted"
        assert "Approved" in card.text
        room.user.replies(pong, "and?")
        await room.user.receives("about: pong")
        room.user.reacts(pong, "THUMBSUP")
        room.user.says("?")
        await room.user.receives("what?")
        assert skill.liked == (pong.message_id, "THUMBSUP")
        assert not room.feishu.violations


async def test_a_click_on_what_is_not_there_fails_the_test() -> None:
    async with chat(Deploy()) as room:
        room.user.says("/deploy")
        card = await room.user.receives()
        with pytest.raises(NothingToDoError, match="Reject"):
            await room.user.clicks(card, "Reject")
