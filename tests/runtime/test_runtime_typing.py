"""The sign that an answer is on its way."""

import asyncio

import pytest
from runtime_world import chat, counts, skill, until

from imbridge import BridgeOptions
from imbridge.adapters.feishu.adapter import FeishuAdapter

SOON = BridgeOptions(typing_after=0.05)
NEVER = BridgeOptions(typing_after=None)


def signs(message) -> list[str]:
    return [reaction.emoji_type for reaction in message.reactions]


async def test_a_slow_answer_is_announced_and_the_sign_goes_away() -> None:
    async def answer(msg):
        await ready.wait()
        return "done"

    ready = asyncio.Event()
    async with chat(skill(answer), options=SOON) as room:
        said = await room.user.says("go")
        await until(lambda: signs(said) == ["Typing"])
        ready.set()
        await room.user.receives("done")
        await until(lambda: signs(said) == [])
        assert room.feishu.violations == []


async def test_a_quick_answer_is_not() -> None:
    async with chat(skill(lambda msg: "done"), options=BridgeOptions(typing_after=5)) as room:
        await room.user.says("go")
        await room.user.receives("done")
        assert room.feishu.stats.reactions == 0


async def test_an_answer_that_is_seen_to_grow_is_not() -> None:
    async def answer(msg):
        async with msg.stream() as out:
            await out.write("one ")
            await until(lambda: out.is_growing)
            msg._bound().show_typing()  # as when its time has come
            await out.write("two")

    async with chat(skill(answer), options=NEVER) as room:
        room.user.says("go")
        message = await room.user.receives("one ")
        await until(lambda: message.text == "one two")
        await until(lambda: counts(room.bridge)["handled"] == 1)
        assert room.feishu.stats.reactions == 0


async def test_switched_off() -> None:
    async def answer(msg):
        await asyncio.sleep(0.2)
        return "done"

    async with chat(skill(answer), options=NEVER) as room:
        await room.user.says("go")
        await room.user.receives("done")
        assert room.feishu.stats.reactions == 0


@pytest.mark.parametrize("options", [SOON, NEVER])
async def test_a_skill_can_hold_the_sign_itself(options: BridgeOptions) -> None:
    async def answer(msg):
        async with msg.typing():
            inside.set()
            await ready.wait()
        await until(lambda: signs(seen[0]) == [] or options is SOON)
        return "done"

    ready, inside, seen = asyncio.Event(), asyncio.Event(), []
    async with chat(skill(answer), options=options) as room:
        seen.append(await room.user.says("go"))
        await inside.wait()
        await until(lambda: signs(seen[0]) == ["Typing"])
        ready.set()
        await room.user.receives("done")
        await until(lambda: signs(seen[0]) == [])


async def test_a_failing_skill_leaves_no_sign() -> None:
    async def answer(msg):
        await until(lambda: signs(seen[0]))
        raise RuntimeError("broken")

    seen = []
    async with chat(skill(answer), options=SOON) as room:
        seen.append(await room.user.says("go"))
        await room.user.receives(lambda message: "Sorry" in message.text)
        await until(lambda: signs(seen[0]) == [])


async def test_a_stopping_bridge_leaves_no_sign() -> None:
    async def answer(msg):
        await asyncio.Event().wait()

    async with chat(skill(answer), options=SOON) as room:
        said = await room.user.says("go")
        await until(lambda: signs(said) == ["Typing"])
        await room.bridge.stop(grace=0)
        assert signs(said) == []


async def test_a_refused_sign_costs_nothing() -> None:
    async def answer(msg):
        await until(lambda: fault.hits)
        return "done"

    async with chat(skill(answer), options=SOON) as room:
        fault = room.feishu.faults.refuse("*/reactions", 231001, times=None)
        await room.user.says("go")
        await room.user.receives("done")
        await until(lambda: counts(room.bridge)["handled"])
        assert counts(room.bridge)["failed"] == 0


async def test_where_the_platform_has_no_such_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    without = FeishuAdapter.capabilities.model_copy(update={"typing": False})
    monkeypatch.setattr(FeishuAdapter, "capabilities", without)

    async def answer(msg):
        async with msg.typing():
            await asyncio.sleep(0.1)
        return "done"

    async with chat(skill(answer), options=SOON) as room:
        await room.user.says("go")
        await room.user.receives("done")
        assert room.feishu.stats.reactions == 0


async def test_a_sign_on_the_answer_to_a_question_is_gone_when_the_bridge_stops() -> None:
    """What a skill begins on the answer belongs to the message that asked: it is waited for like its own."""

    async def answer(msg):
        reply = await msg.ask("which?")
        async with reply.typing():
            await until(lambda: signs(said[-1]) == ["Typing"])
            room.feishu.faults.http_delay("*/reactions/*", 0.5)
        return "done"

    said = []
    async with chat(skill(answer), options=NEVER) as room:
        await room.user.says("go")
        await room.user.receives("which?")
        said.append(await room.user.says("this"))
        await room.user.receives("done")
        await room.bridge.stop()
        assert signs(said[0]) == []


async def test_a_sign_that_cannot_be_taken_away_in_time_is_given_up() -> None:
    """No task is left behind when the bridge has stopped."""

    async def answer(msg):
        await asyncio.Event().wait()

    async with chat(skill(answer), options=SOON) as room:
        said = await room.user.says("go")
        await until(lambda: signs(said) == ["Typing"])
        room.feishu.faults.http_delay("*/reactions/*", 600)
        await room.bridge.stop(grace=0)
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "typing sign"]


async def test_an_adapter_that_fails_costs_the_sign_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self, channel, message_id, on):
        raise RuntimeError("a mistake in the adapter")

    monkeypatch.setattr(FeishuAdapter, "typing", broken)

    async def answer(msg):
        async with msg.typing():
            await asyncio.sleep(0)
        return "done"

    async with chat(skill(answer), options=NEVER) as room:
        await room.user.says("go")
        await room.user.receives("done")
        await until(lambda: "the typing sign could not be changed" in caplog.text)


async def test_no_sign_while_it_is_the_person_s_turn() -> None:
    async def answer(msg):
        await until(lambda: signs(said[0]) == ["Typing"])
        reply = await msg.ask("which?")
        again = await reply.ask("and?")
        await until(lambda: signs(said[0]) == ["Typing"])
        return f"{reply.text} {again.text}"

    said = []
    async with chat(skill(answer), options=SOON) as room:
        said.append(await room.user.says("go"))
        await room.user.receives("which?")
        await until(lambda: signs(said[0]) == [])
        await room.user.says("this")
        await room.user.receives("and?")
        await until(lambda: signs(said[0]) == [])
        await room.user.says("that")
        await room.user.receives("this that")
        await until(lambda: signs(said[0]) == [])
        assert room.feishu.violations == []
