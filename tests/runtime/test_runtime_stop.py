"""A word from the person for whom a skill works stops it, and what grew until then says so."""

import asyncio
from typing import Any

import pytest
from runtime_world import chat, counts, skill, texts, until
from stream_writer import StreamWriter, show_quickly

from imbridge import AskTimeoutError, BridgeOptions, ChatOpened
from imbridge.skills import event_skill

MARK = "\n\n⏹ 已停止 (stopped)"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    show_quickly(monkeypatch)


class Slow:
    """A skill that works until it is cancelled."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ended: list[str] = []

    async def __call__(self, msg: Any) -> str:
        self.heard.append(msg.text)
        if msg.text != "work":
            return f"heard {msg.text}"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        finally:
            self.ended.append("cleaned up")
        return "never"


async def working(room: Any, slow: Slow, count: int = 1) -> None:
    await until(lambda: slow.heard.count("work") == count)


@pytest.mark.parametrize("word", ["停止", "停", "stop", " STOP\n"])
async def test_a_word_stops_the_skill_at_work(word: str) -> None:
    slow = Slow()
    async with chat(skill(slow.__call__)) as room:
        room.user.says("work")
        await working(room, slow)
        room.user.says(word)
        await room.user.receives("Stopped.")
        assert slow.ended == ["cancelled", "cleaned up"]
        room.user.says("hello")
        await room.user.receives("heard hello")
        assert slow.heard == ["work", "hello"], "the word is told to no skill"
        found = counts(room.bridge)
        assert (found["stopped"], found["stop_words"], found["failed"]) == (1, 1, 0)


async def test_the_bridge_says_it_in_its_language() -> None:
    slow = Slow()
    async with chat(skill(slow.__call__), options=BridgeOptions(language="zh")) as room:
        room.user.says("work")
        await working(room, slow)
        room.user.says("停")
        await room.user.receives("已停止。")


@pytest.mark.parametrize("text", ["stop", "停"])
async def test_where_nothing_runs_it_is_a_message_as_any_other(text: str) -> None:
    slow = Slow()
    async with chat(skill(slow.__call__)) as room:
        room.user.says(text)
        await room.user.receives(f"heard {text}")


@pytest.mark.parametrize("text", ["stop it", "please stop", "停一下", "stop stop", "/stop", "stop."])
async def test_more_than_the_word_is_a_message_that_waits(text: str) -> None:
    slow = Slow()
    async with chat(skill(slow.__call__)) as room:
        room.user.says("work")
        await working(room, slow)
        await room.user.says(text)
        await until(lambda: counts(room.bridge)["accepted"] == 2)
        assert (slow.ended, slow.heard) == ([], ["work"])
        room.user.says("stop")
        await room.user.receives(f"heard {text}")


async def test_other_words_and_none_at_all() -> None:
    slow = Slow()
    async with chat(skill(slow.__call__), options=BridgeOptions(stop_words=("Genug!",))) as room:
        room.user.says("work")
        await working(room, slow)
        await room.user.says("stop")
        await until(lambda: counts(room.bridge)["accepted"] == 2)
        assert not slow.ended
        room.user.says("genug!")
        await room.user.receives("heard stop")
    slow = Slow()
    async with chat(skill(slow.__call__), options=BridgeOptions(stop_words=())) as room:
        room.user.says("work")
        await working(room, slow)
        await room.user.says("stop")
        await until(lambda: counts(room.bridge)["accepted"] == 2)
        await room.bridge.stop(grace=0)
        assert slow.heard == ["work"]


async def test_a_full_lane_does_not_keep_the_word_out() -> None:
    slow = Slow()
    async with chat(skill(slow.__call__), options=BridgeOptions(lane_length=1)) as room:
        room.user.says("work")
        await working(room, slow)
        await room.user.says("waits")
        await until(lambda: counts(room.bridge)["accepted"] == 2)
        await room.user.says("stop")
        await room.user.receives("heard waits")
        assert texts(room.feishu) == ["Stopped.", "heard waits"]
        assert counts(room.bridge)["overloaded"] == 0


@pytest.mark.parametrize("markdown", [False, True])
async def test_an_answer_that_grows_says_that_it_was_stopped(markdown: bool) -> None:
    writer = StreamWriter(markdown=markdown)
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("so far")
        message = await room.user.receives("so far")
        room.user.says("stop")
        await until(lambda: counts(room.bridge)["stopped"])
        mark = "\n\n⏹ *已停止 (stopped)*" if markdown else MARK
        assert message.text == f"so far{mark}"
        assert not message.entity.streaming
        assert len(room.feishu.messages) == 1, "nothing else is said"


async def test_code_is_closed_before_the_word() -> None:
    writer = StreamWriter(markdown=True)
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("```py\na = 1")
        message = await room.user.receives("```py\na = 1\n```")
        room.user.says("stop")
        await until(lambda: counts(room.bridge)["stopped"])
        assert message.text == "```py\na = 1\n```\n\n⏹ *已停止 (stopped)*"


@pytest.mark.parametrize("opened", ["returned", "left open"])
async def test_a_generator_is_closed_and_its_answer_marked(opened: str) -> None:
    ended = asyncio.Event()

    async def pieces() -> Any:
        try:
            yield "one "
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def answer(msg: Any) -> Any:
        if opened == "returned":
            return pieces()
        out = msg.stream()
        async for piece in pieces():
            await out.write(piece)
        return None

    async with chat(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives("one ")
        room.user.says("stop")
        await until(lambda: counts(room.bridge)["stopped"])
        assert ended.is_set()
        assert message.text == f"one {MARK}"


async def test_an_answer_that_is_being_closed_is_not_stopped_and_the_word_is_no_message() -> None:
    heard: list[str] = []

    async def answer(msg: Any) -> Any:
        heard.append(msg.text)
        out = msg.stream()
        await out.write("all of it")

    async with chat(skill(answer)) as room:
        slow = room.feishu.faults.http_delay("*/cardkit/v1/cards/*/settings", 1.5)
        room.user.says("go")
        message = await room.user.receives("all of it")
        await until(lambda: slow.hits)
        await room.user.says("stop")
        await until(lambda: counts(room.bridge)["stop_words"])
        await until(lambda: not message.entity.streaming)
        assert (message.text, heard, counts(room.bridge)["stopped"]) == ("all of it", ["go"], 0)


async def test_nobody_stops_what_is_done_for_somebody_else() -> None:
    slow = Slow()
    async with chat(skill(slow.__call__)) as room:
        alice, bob = room.group("Alice", "Bob")
        alice.says("work")
        await working(room, slow)
        await bob.says("stop")
        await until(lambda: counts(room.bridge)["accepted"] == 2)
        assert not slow.ended
        alice.says("stop")
        await bob.receives("heard stop")
        assert [message.text for message in room.feishu.messages] == ["Stopped.", "heard stop"]


async def test_an_open_question_gets_the_word_as_its_answer() -> None:
    async def answer(msg: Any) -> str:
        try:
            return f"answered {(await msg.ask('stop the server?', timeout=5)).text}"
        except AskTimeoutError:
            return "no answer"

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("stop the server?")
        room.user.says("stop")
        await room.user.receives("answered stop")
        assert counts(room.bridge)["stopped"] == 0


async def test_a_skill_that_holds_it_back_is_told_again_and_may_have_the_last_word() -> None:
    told = 0

    async def answer(msg: Any) -> str:
        nonlocal told
        while msg.text == "go":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told += 1
                if told == 2:
                    return "I heard you"
        return "fine"

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await until(lambda: counts(room.bridge)["accepted"])
        await room.user.says("stop")
        await until(lambda: told == 1)
        await room.user.says("stop")
        await room.user.receives("I heard you")
        room.user.says("again")
        await room.user.receives("fine")


async def test_a_skill_that_works_on_an_event_is_stopped() -> None:
    begun = asyncio.Event()
    cleaned = asyncio.Event()

    async def opened(event: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    async with chat(event_skill(opened, ChatOpened)) as room:
        room.user._user.enters_chat(room.user._bot)
        async with asyncio.timeout(8):
            await begun.wait()
        room.user.says("stop")
        await room.user.receives("Stopped.")
        assert cleaned.is_set()


async def test_a_stopping_bridge_is_no_stop() -> None:
    writer = StreamWriter()
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("so far")
        message = await room.user.receives("so far")
        await room.bridge.stop(grace=0)
        assert message.text == "so far\n\n⏹ 已中断 (interrupted)"
