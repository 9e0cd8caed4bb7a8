"""Skills that ask, and processes that end in between: the dialogue goes on where it was."""

import asyncio
import sys

import pytest
from bridge_process import bridge_process
from runtime_world import account, counts, emulated, skill, texts, until

from imbridge import Bridge, BridgeOptions
from imbridge.runtime.intake import dialogues
from imbridge.storage import Box, EntryState, SqlStorage

ASKER = """
import os
class Order(BaseSkill):
    async def handle_message(self, msg):
        if msg.text != "order":
            return f"plain: {msg.text}"
        what = await msg.ask("what?", timeout=60)
        if what.text == "poison" and os.environ["LIFE"] == "1":
            await asyncio.sleep(0.5)  # until all that is known is written
            os._exit(9)
        where = await msg.ask("where?", timeout=60)
        return f"{what.text} to {where.text}"
sys.exit(bridge(Order()).run())
"""


async def order(msg):
    if msg.text != "order":
        return f"plain: {msg.text}"
    what = await msg.ask("what?", timeout=60)
    where = await msg.ask("where?", timeout=60)
    return f"{what.text} to {where.text}"


def bridge(feishu, app, path, handle=order, **options) -> Bridge:
    return Bridge(
        [account(feishu, app)], skills=[skill(handle)], storage=SqlStorage(path), options=BridgeOptions(**options)
    )


async def pending(path) -> list[str]:
    storage = SqlStorage(path)
    await storage.open()
    try:
        return [entry.text for entry in await storage.kept(Box.INBOX, EntryState.PENDING)]
    finally:
        await storage.close()


@pytest.mark.timeout(240)  # a busy machine takes long to start a process
@pytest.mark.skipif(sys.platform == "win32", reason="an exit status that POSIX gives")
async def test_a_dialogue_survives_that_its_process_is_killed(tmp_path) -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        keep = {"IMBRIDGE_STORAGE": str(tmp_path / "bridge.db")}
        async with bridge_process(feishu, app, ASKER, LIFE="1", **keep) as first:
            await first.logs("feishu:default: up")
            await alice.says("order")
            await until(lambda: texts(feishu) == ["what?"])
            await alice.says("poison")
            assert await first.ended() == 9
        async with bridge_process(feishu, app, ASKER, LIFE="2", **keep):
            await until(lambda: texts(feishu) == ["what?", "where?"], timeout=30)
            await alice.says("home")
            await until(lambda: len(feishu.messages) == 3, timeout=30)
            await alice.says("thanks")
            await until(lambda: len(feishu.messages) == 4, timeout=30)
        assert texts(feishu) == ["what?", "where?", "poison to home", "plain: thanks"]


async def test_a_dialogue_survives_an_orderly_stop_which_does_not_wait_for_it(feishu, tmp_path) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    path = tmp_path / "bridge.db"
    first = bridge(feishu, app, path)
    await first.start()
    await alice.says("order")
    await until(lambda: texts(feishu) == ["what?"])
    await alice.says("tea")
    await until(lambda: texts(feishu) == ["what?", "where?"])
    async with asyncio.timeout(20):
        await first.stop(grace=60)
    async with bridge(feishu, app, path) as second:
        await until(lambda: counts(second)["answers"] == 1)
        await alice.says("home")
        await until(lambda: len(feishu.messages) == 3)
    assert texts(feishu) == ["what?", "where?", "tea to home"]
    assert await pending(path) == []


async def test_what_waits_behind_a_dialogue_stays_behind_it_over_a_stop(feishu, tmp_path) -> None:
    app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice, bob], apps=[app])
    path = tmp_path / "bridge.db"
    first = bridge(feishu, app, path)
    await first.start()
    await alice.says("order", chat=group, mentions=[app])
    await until(lambda: texts(feishu) == ["what?"])
    await bob.says("hello", chat=group, mentions=[app])
    await until(lambda: counts(first)["accepted"] == 2)
    await first.stop(grace=60)
    assert texts(feishu) == ["what?"]
    async with bridge(feishu, app, path) as second:
        await until(lambda: counts(second)["delivery_repeated"] == 1)
        await alice.says("tea", chat=group, mentions=[app])
        await until(lambda: len(feishu.messages) == 2)
        await alice.says("home", chat=group, mentions=[app])
        await until(lambda: len(feishu.messages) == 4)
    assert texts(feishu) == ["what?", "where?", "tea to home", "plain: hello"]


async def test_answers_are_over_with_the_skill_that_asked(feishu, tmp_path) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    path = tmp_path / "bridge.db"
    async with bridge(feishu, app, path):
        await alice.says("order")
        await until(lambda: texts(feishu) == ["what?"])
        await alice.says("tea")
        await until(lambda: texts(feishu) == ["what?", "where?"])
        assert await pending(path) == ["order", "tea"]
        await alice.says("home")
        await until(lambda: len(feishu.messages) == 3)
    assert await pending(path) == []
    async with bridge(feishu, app, path):
        await alice.says("thanks")
        await until(lambda: len(feishu.messages) == 4)
    assert texts(feishu)[2:] == ["tea to home", "plain: thanks"]


@pytest.mark.parametrize("said", ["/tea", "too long"])
async def test_what_could_not_be_gone_through_again_is_not_kept(feishu, tmp_path, monkeypatch, said) -> None:
    """A command would not be found again, and of a long dialogue no beginning is left over."""
    if said == "too long":
        monkeypatch.setattr(dialogues, "MOST", 1)
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    path = tmp_path / "bridge.db"

    async def three(msg):
        for number in range(3):
            await msg.ask(f"{number}?", timeout=60)
        await asyncio.sleep(60)

    first = bridge(feishu, app, path, three)
    await first.start()
    await alice.says("go")
    for number, text in enumerate(("one", said, "three")):
        await until(lambda number=number: texts(feishu)[-1:] == [f"{number}?"])
        await alice.says(text)
    await until(lambda: counts(first)["answers"] == 3)
    await first.stop(grace=0.1)
    assert await pending(path) == ["go"]


async def test_a_question_after_the_stop_began_is_left_to_the_next_process(feishu, tmp_path) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    path = tmp_path / "bridge.db"
    goes_on = asyncio.Event()

    async def slow(msg):
        await goes_on.wait()
        answer = await msg.ask("well?", timeout=60)
        return f"so {answer.text}"

    first = bridge(feishu, app, path, slow)
    await first.start()
    await alice.says("go")
    await until(lambda: counts(first)["accepted"] == 1)
    stopping = asyncio.create_task(first.stop(grace=60))
    await asyncio.sleep(0.2)
    goes_on.set()
    async with asyncio.timeout(20):
        await stopping
    assert "went wrong" not in " ".join(texts(feishu))
    async with bridge(feishu, app, path, slow):
        await until(lambda: texts(feishu) == ["well?"])
        await alice.says("be it")
        await until(lambda: len(feishu.messages) == 2)
    assert texts(feishu) == ["well?", "so be it"]
    assert await pending(path) == []
