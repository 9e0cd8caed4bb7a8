"""Mistakes that a reader found: each has its test."""

import asyncio
import logging
import socket

import pytest
from runtime_world import account, chat, counts, echo, emulated, skill, until

from imbridge import Bridge, BridgeOptions, ReactionAdded
from imbridge.adapters.base import Health
from imbridge.adapters.feishu.adapter import _PATIENCE
from imbridge.runtime.lanes import Lanes


def dead_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_an_account_that_cannot_be_reached_keeps_nobody_from_starting(monkeypatch, leap) -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        nowhere = {"app_id": "cli_nowhere", "base_url": f"http://127.0.0.1:{dead_port()}"}
        lost = account(feishu, app, "lost").model_copy(update=nowhere)
        bridge = Bridge([lost, account(feishu, app, "good")], skills=[skill(echo)])
        starting = asyncio.create_task(bridge.start())
        await until(lambda: bridge.health()["feishu:good"] is Health.UP)
        leap(_PATIENCE)
        await starting
        try:
            assert bridge.health() == {"feishu:lost": Health.DOWN, "feishu:good": Health.UP}
            await alice.says("hi")
            await alice.receives("echo: hi")
        finally:
            await bridge.stop()
        assert not [task for task in asyncio.all_tasks() if "start" in task.get_name()]


async def test_an_answer_to_an_event_without_a_conversation_is_told(caplog) -> None:
    async def thanks(event):
        return "thanks"

    async with chat(skill(echo)) as room:
        await room.user.says("hi")
        answer = await room.user.receives("echo: hi")
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        bridge = Bridge([account(feishu, app)], skills=[skill(echo)])
        bridge.on_event(ReactionAdded)(thanks)
        async with bridge:
            await alice.says("hi")
            answer = await alice.receives("echo: hi")
            alice.reacts(answer, "THUMBSUP")
            await until(lambda: counts(bridge)["unsendable"] == 1)
    assert "the answer of thanks is not sent" in caplog.text


async def test_stopping_apologises_to_nobody_for_an_open_question(caplog) -> None:
    async def answer(msg):
        await msg.ask("which city?", timeout=60)

    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[skill(answer)]):
            await alice.says("go")
            await alice.receives("which city?")
        assert len(feishu.messages) == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_command_typed_early_is_no_answer() -> None:
    release = asyncio.Event()

    async def answer(msg):
        if msg.text == "weather":
            await release.wait()
            return f"got {(await msg.ask('which city?', timeout=30)).text}"
        return f"plain {msg.text}"

    async with chat(skill(answer)) as room:
        room.user.says("weather")
        room.user.says("/help")
        await room.user.says("Beijing")
        await until(lambda: counts(room.bridge)["accepted"] == 3)
        release.set()
        await room.user.receives("which city?")
        await room.user.receives("got Beijing")
        await room.user.receives("plain /help")


async def test_messages_that_are_too_old_are_told_of(caplog) -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge(
            [account(feishu, app)], skills=[skill(echo)], options=BridgeOptions(stale_after=1e-9)
        ) as bridge:
            for _ in range(3):
                await alice.says("hi")
            await until(lambda: counts(bridge)["stale"] == 3)
    warnings = [record for record in caplog.records if "too old to be answered" in record.getMessage()]
    assert len(warnings) == 1


async def test_a_stream_whose_finish_was_timed_out_is_no_failure() -> None:
    async def answer(msg):
        out = msg.stream()
        await out.write("one ")
        try:
            async with asyncio.timeout(0.05):
                await out.finish()
        except TimeoutError:
            pass

    async with chat(skill(answer)) as room:
        with room.feishu.faults.http_delay("*/messages", 0.5, times=1):
            room.user.says("go")
            await room.user.receives("one ")
        await room.user.receives_nothing(within=0.5)
        assert counts(room.bridge)["failed"] == 0


async def test_a_stream_can_be_pushed() -> None:
    async def pieces():
        yield "one "
        yield "two"

    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        room = feishu.private_chat(alice, app)
        async with Bridge([account(feishu, app)]) as bridge:
            assert await bridge.send(f"feishu:work/private/{room.chat_id}", pieces())
        await alice.receives("one two")


async def test_nobody_overtakes_who_waits_for_room() -> None:
    release = asyncio.Event()
    done: list[str] = []

    async def work(item: str) -> None:
        await release.wait()
        done.append(item)

    lanes = Lanes(work, name="test", max_running=1, max_length=1, max_waiting=10)
    lanes.push("a", "first")
    await asyncio.sleep(0)
    lanes.push("a", "second")
    third = asyncio.create_task(lanes.put("a", "third"))
    await asyncio.sleep(0)

    async def later() -> None:
        while len(done) < 1:
            await asyncio.sleep(0)
        await lanes.put("a", "fourth")

    fourth = asyncio.create_task(later())
    release.set()
    await asyncio.gather(third, fourth)
    await lanes.drain()
    assert done == ["first", "second", "third", "fourth"]
    assert lanes._room == {}


@pytest.mark.parametrize("reached", [True, False])
async def test_probe_does_not_take_for_ever(monkeypatch, reached: bool) -> None:
    if not reached:
        monkeypatch.setattr("imbridge.adapters.feishu.adapter._PATIENCE", 0.2)
    async with emulated() as feishu:
        config = account(feishu, feishu.add_app())
        if not reached:
            config = config.model_copy(update={"base_url": f"http://127.0.0.1:{dead_port()}"})
        found = await Bridge([config]).probe()
        assert found["feishu:work"].ok is reached
