"""Answers that grow by edits."""

import asyncio
import re

import pytest
from runtime_world import chat, counts, skill, until
from stream_writer import show_quickly

from imbridge import SkillError
from imbridge.adapters.feishu.adapter import FeishuAdapter


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    show_quickly(monkeypatch)


@pytest.fixture
def no_edits(monkeypatch) -> None:
    monkeypatch.setattr(FeishuAdapter, "capabilities", FeishuAdapter.capabilities.model_copy(update={"edit": False}))


def talk(*skills):
    return chat(*skills, stream="edit")


async def test_a_message_grows_by_edits() -> None:
    async def answer(msg):
        async with msg.stream() as out:
            for word in ("a ", "b ", "c"):
                await out.write(word)
                await step.wait()
                step.clear()
        return

    step = asyncio.Event()
    async with talk(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives("a ")
        step.set()
        await until(lambda: message.text == "a b ")
        step.set()
        await until(lambda: message.text == "a b c")
        step.set()
        await until(lambda: counts(room.bridge)["handled"])
        assert len(message.edits) == 2
        assert len(room.feishu.messages) == 1
        assert room.feishu.violations == []


async def test_many_states_keep_within_the_platforms_edits() -> None:
    async def answer(msg):
        async with msg.stream() as out:
            for number in range(60):
                await out.write(f"{number} ")
                await asyncio.sleep(0.03)
        receipts.append(await out.finish())

    receipts: list = []
    async with talk(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives(timeout=10)
        await until(lambda: receipts)
        assert message.text == "".join(f"{number} " for number in range(60))
        assert len(message.edits) == 20
        assert len(room.feishu.messages) == 1
        assert receipts[0]
        assert receipts[0].message_id == message.message_id
        assert receipts[0].degradations == ()
        assert room.feishu.violations == []


@pytest.mark.parametrize("markdown", [False, True], ids=["text", "markdown"])
async def test_a_text_that_outgrows_a_message_goes_on_in_the_next(markdown) -> None:
    async def answer(msg):
        async with msg.stream(markdown=markdown) as out:
            for number in range(count):
                await out.write(f"{number:05d} {'x' * 93}\n")
                if number % 100 == 0:
                    await asyncio.sleep(0.03)
        receipts.append(await out.finish())

    count = 500 if markdown else 2500
    receipts: list = []
    async with talk(skill(answer)) as room:
        room.user.says("go")
        await until(lambda: receipts, timeout=30)
        assert len(room.feishu.messages) == 2
        assert receipts[0].message_ids == tuple(message.message_id for message in room.feishu.messages)
        numbers = re.findall(r"(\d{5}) x+", "\n".join(message.text for message in room.feishu.messages))
        assert numbers == [f"{number:05d}" for number in range(count)]
        assert room.feishu.violations == []


async def test_what_was_written_before_a_failure_is_shown(caplog) -> None:
    async def answer(msg):
        async with msg.stream() as out:
            await out.write("so far ")
            await out.write("so good")
            raise ValueError("boom")

    async with talk(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives(re.compile("so far"))
        await room.user.receives(re.compile("went wrong"))
        assert message.text == "so far so good\n\n⏹ 已中断 (interrupted)"
        assert "ValueError: boom" in caplog.text


async def test_a_returned_iterator_that_fails(caplog) -> None:
    async def answer(msg):
        yield "so far"
        raise ValueError("boom")

    async with talk(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("so far")
        await room.user.receives(re.compile("went wrong"))
        assert "ValueError: boom" in caplog.text


async def test_a_stream_left_open_is_finished_by_the_runtime() -> None:
    async def answer(msg):
        first, second = msg.stream(), msg.stream()
        await first.write("a")
        await first.write("b")
        await second.write("c")

    async with talk(skill(answer)) as room:
        room.user.says("go")
        await until(lambda: sorted(message.text for message in room.feishu.messages) == ["ab", "c"])
        await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "stream"])
        assert counts(room.bridge)["handled"] == 1


async def test_a_finished_stream_takes_no_more() -> None:
    async def answer(msg):
        out = msg.stream()
        await out.write("a")
        receipt = await out.finish()
        assert await out.finish() is receipt
        with pytest.raises(SkillError, match="finished"):
            await out.write("b")
        return "ok"

    async with talk(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("a")
        await room.user.receives("ok")


async def test_an_empty_stream_says_nothing() -> None:
    async def answer(msg):
        async with msg.stream() as out:
            await out.write("")
        return (await out.finish()).state.value

    async with talk(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("skipped")
        assert len(room.feishu.messages) == 1


async def test_a_platform_that_cannot_edit_gets_the_whole_at_the_end(no_edits) -> None:
    async def answer(msg):
        async with msg.stream() as out:
            for word in ("a ", "b ", "c"):
                await out.write(word)
                await asyncio.sleep(0.03)
        receipts.append(await out.finish())

    receipts: list = []
    async with talk(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives("a b c")
        await until(lambda: receipts)
        assert message.edits == []
        assert len(room.feishu.messages) == 1
        assert [(d.what, d.how) for d in receipts[0].degradations] == [("stream", "sent whole at the end")]


async def test_a_refused_edit_makes_the_rest_a_message_of_its_own() -> None:
    async def answer(msg):
        async with msg.stream() as out:
            await out.write("one ")
            await shown.wait()
            await out.write("two ")
            await asyncio.sleep(0.1)
            await out.write("three")
        receipts.append(await out.finish())

    shown, receipts = asyncio.Event(), []
    async with talk(skill(answer)) as room:
        room.feishu.faults.http_fail(
            "*/messages/*", 400, times=None, method="PUT", body='{"code": 230071, "msg": "operator is not the sender"}'
        )
        room.user.says("go")
        await room.user.receives("one ")
        shown.set()
        await room.user.receives("two three")
        await until(lambda: receipts)
        assert [message.text for message in room.feishu.messages] == ["one ", "two three"]
        assert receipts[0]
        assert len(receipts[0].message_ids) == 2
        assert [d.what for d in receipts[0].degradations] == ["stream"]
        assert "230071" in receipts[0].degradations[0].why


async def test_a_refused_first_message_ends_it() -> None:
    async def answer(msg):
        async with msg.stream() as out:
            await out.write("one ")
            await asyncio.sleep(0.1)
            await out.write("two")
        receipts.append(await out.finish())

    receipts: list = []
    async with talk(skill(answer)) as room:
        room.feishu.faults.refuse_send(230013)
        room.user.says("go")
        await until(lambda: receipts)
        assert not receipts[0]
        assert receipts[0].code == 230013
        assert len(room.feishu.messages) == 0


async def test_a_stream_and_other_answers_keep_their_order() -> None:
    async def answer(msg):
        await msg.reply("before")
        out = msg.stream()
        await out.write("stream")
        await out.finish()
        return "after"

    async with talk(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("after")
        assert [message.text for message in room.feishu.messages] == ["before", "stream", "after"]


async def test_a_stream_that_never_ends_is_cut_when_the_bridge_stops() -> None:
    async def answer(msg):
        async with msg.stream() as out:
            number = 0
            while True:
                await out.write(f"{number} ")
                number += 1
                await asyncio.sleep(0.01)

    async with talk(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives()
        await until(lambda: message.edits)
        await room.bridge.stop(grace=0.1)
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "stream"]
        assert counts(room.bridge)["handled"] == 0
