"""`imbridge.testing.chat` without pytest's fixtures."""

import asyncio

import pytest

from imbridge import BaseSkill, BridgeOptions
from imbridge.emulators.feishu import EmulatorSettings
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
