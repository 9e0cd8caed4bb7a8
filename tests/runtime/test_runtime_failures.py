"""Skills that fail: what the user is told, what the log says, and that nobody else notices."""

import asyncio
import re
import time

import pytest
from outbox_world import soon_tired
from runtime_world import chat, counts, echo, skill, until

from imbridge import BaseSkill, BridgeOptions, SkillError
from imbridge.config.options import Language
from imbridge.emulators.feishu import FeishuEmulator
from imbridge.runtime import Bridge
from imbridge.skills import SkillFailure


class Fails(BaseSkill):
    """Raises what the message names; anything else is answered."""

    async def handle_message(self, msg):
        kinds = {
            "ValueError": ValueError("secret detail"),
            "SystemExit": SystemExit(3),
            "KeyboardInterrupt": KeyboardInterrupt(),
            "CancelledError": asyncio.CancelledError(),
            "group": ExceptionGroup("many", [ValueError("a"), TypeError("b")]),
            "StopAsyncIteration": StopAsyncIteration(),
            "timeout": TimeoutError(),
        }
        if msg.text in kinds:
            raise kinds[msg.text]
        return f"echo: {msg.text}"


@pytest.mark.parametrize(
    "kind",
    ["ValueError", "SystemExit", "KeyboardInterrupt", "CancelledError", "group", "StopAsyncIteration", "timeout"],
)
async def test_whatever_it_raises_the_user_is_told_and_the_lane_goes_on(kind, caplog) -> None:
    async with chat(Fails()) as room:
        room.user.says(kind)
        room.user.says("next")
        sorry = await room.user.receives(re.compile("went wrong"))
        await room.user.receives("echo: next")
        failure_id = re.search("quote ([0-9a-f]{8})", sorry.text)
        assert failure_id is not None
        assert "secret" not in sorry.text
        (record,) = [record for record in caplog.records if f"failure {failure_id[1]}" in record.getMessage()]
        assert record.levelname == "ERROR"
        assert record.exc_info is not None
        assert "in handle_message" in (record.exc_text or caplog.text)
        assert counts(room.bridge)["failed"] == 1


async def test_a_task_that_was_cancelled_inside_a_skill(caplog) -> None:
    async def answer(msg):
        if msg.text != "go":
            return msg.text
        inner = asyncio.create_task(asyncio.Event().wait())
        inner.cancel()
        return await inner

    async with chat(skill(answer)) as room:
        room.user.says("go")
        room.user.says("next")
        await room.user.receives(re.compile("went wrong"))
        await room.user.receives("next")


async def test_a_skill_that_cancels_its_own_task_does_not_stop_the_lane(caplog) -> None:
    async def answer(msg):
        if msg.text == "go":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)
        return msg.text

    options = BridgeOptions(max_lanes=1)
    async with chat(skill(answer), options=options) as room:
        bob = room.person("Bob")
        room.user.says("go")
        room.user.says("next")
        bob.says("hi")
        await room.user.receives("next")
        await bob.receives("hi")


async def test_in_chinese() -> None:
    async with chat(Fails(), options=BridgeOptions(language=Language.CHINESE)) as room:
        room.user.says("ValueError")
        sorry = await room.user.receives()
        assert re.fullmatch("抱歉，处理这条消息时出了点问题。如需协助，请提供编号 [0-9a-f]{8}。", sorry.text)


async def test_what_was_said_before_the_failure_stays() -> None:
    async def answer(msg):
        await msg.reply("working")
        raise ValueError

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("working")
        await room.user.receives(re.compile("went wrong"))


async def test_a_skill_that_never_returns_holds_up_its_own_conversation_only() -> None:
    async def answer(msg):
        if msg.text == "hang":
            await asyncio.Event().wait()
        return msg.text

    async with chat(skill(answer), options=BridgeOptions(grace=0.1)) as room:
        bob = room.person("Bob")
        await room.user.says("hang")
        await room.user.says("behind it")
        for number in range(5):
            bob.says(f"{number}")
            await bob.receives(f"{number}")
        await room.user.receives_nothing(within=0)


async def test_a_plain_function_that_blocks_holds_up_nobody_else() -> None:
    def answer(msg):
        while msg.text == "block" and not release:
            time.sleep(0.01)
        return msg.text

    release: list[bool] = []
    async with chat(skill(answer)) as room:
        bob = room.person("Bob")
        await room.user.says("block")
        bob.says("hi")
        await bob.receives("hi")
        release.append(True)
        await room.user.receives("block")


async def test_a_failing_setup_stops_the_start_and_names_the_skill() -> None:
    class Broken(BaseSkill):
        async def setup(self):
            raise RuntimeError("no database")

        async def handle_message(self, msg):
            return None

    bridge = Bridge(skills=[Broken()])
    with pytest.raises(SkillFailure, match="broken"):
        await bridge.start()
    assert bridge.state == "stopped"


async def test_a_failing_teardown_is_logged_and_the_rest_goes_on(caplog) -> None:
    torn: list[str] = []

    class Broken(BaseSkill):
        async def teardown(self):
            torn.append("broken")
            raise RuntimeError("no database")

        async def handle_message(self, msg):
            return "hi"

    class Fine(Broken):
        async def teardown(self):
            torn.append("fine")

    async with chat(Fine(), Broken()) as room:
        room.user.says("go")
        await room.user.receives("hi")
    assert torn == ["broken", "fine"]
    assert "no database" in caplog.text
    assert room.bridge.state == "stopped"


async def test_skills_cannot_be_added_to_a_running_bridge() -> None:
    async with chat(skill(echo)) as room:
        with pytest.raises(SkillError, match="before the bridge starts"):
            room.bridge.add_skill(skill(echo, "second"))


async def test_a_platform_that_stays_down_ends_in_a_receipt() -> None:
    async def answer(msg):
        receipts.append(await msg.reply("one"))
        return "two"

    receipts: list = []
    async with chat(skill(answer)) as room:
        soon_tired(room.bridge, "feishu:test")
        with room.feishu.faults.http_fail("*/im/v1/messages*", 502, times=None):
            await room.user.says("go")
            await until(lambda: receipts)
        await room.user.receives("two")
        assert not receipts[0]
        assert "502" in receipts[0].error
        assert receipts[0].attempts >= 1
        assert isinstance(room.feishu, FeishuEmulator)
