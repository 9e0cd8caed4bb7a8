"""Two bridges on one database share the work of one account: each conversation in order, each message answered once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from databases import Place, database_of
from runtime_world import account, counts, skill, texts, until
from stream_writer import show_quickly

from imbridge import AskTimeoutError, Bridge, BridgeOptions
from imbridge.runtime import recovery

database = database_of("postgresql", "mariadb", "mongodb")
postgresql = database_of("postgresql")


@asynccontextmanager
async def two(
    feishu: Any, app: Any, database: Place, handle: Callable[..., Any], card: Any = None, **options: Any
) -> AsyncIterator[tuple[Bridge, Bridge]]:
    """Two bridges of one app, that know of each other."""

    def bridge() -> Bridge:
        storage = database.storage(shared=True, **options)
        return Bridge(
            [account(feishu, app, **(card or {}))],
            skills=[skill(handle)],
            storage=storage,
            options=BridgeOptions(typing_after=None),
        )

    async with bridge() as one, bridge() as other:
        for each in (one, other):
            await each.storage._nodes.say_so()  # type: ignore[attr-defined]
        await until(lambda: feishu.connections(app) == 2)
        yield one, other


async def say(feishu: Any, user: Any, text: str) -> None:
    """The platform sends the next message when it knows that the last one is there."""
    acknowledged = feishu.stats.acks_ok
    await user.says(text)
    await until(lambda: feishu.stats.acks_ok > acknowledged)


async def test_each_conversation_is_in_order_and_each_message_answered_once(feishu, database) -> None:
    app = feishu.add_app()
    users = [feishu.add_user(f"U{number}") for number in range(4)]
    seen: dict[str, int] = {}

    async def count(msg: Any) -> str:
        before = msg.session.get("count", 0)
        await asyncio.sleep(0.01 if int(msg.text) % 3 else 0.05)  # so that others could overtake it
        msg.session["count"] = before + 1
        seen[msg.id] = seen.get(msg.id, 0) + 1
        return f"{msg.text} of {before}"

    async with two(feishu, app, database, count) as bridges:
        for number in range(15):
            for user in users:
                await say(feishu, user, f"{number}")
        await until(lambda: len(feishu.messages) == 60, timeout=30)
        for user in users:
            said = texts(feishu, feishu.private_chat(user, app))
            assert said == [f"{number} of {number}" for number in range(15)], "in order, with one session"
        assert set(seen.values()) == {1}
        handed = [counts(bridge)["handed_over"] for bridge in bridges]
        taken = [counts(bridge)["taken_from_others"] for bridge in bridges]
        assert sum(handed) > 0, "the platform spreads its events"
        assert handed == taken[::-1]
        assert all(counts(bridge)["handled"] for bridge in bridges), "each had a part of the work"


async def test_the_answer_to_a_question_finds_its_way_from_the_other_process(feishu, postgresql) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")

    async def asks(msg: Any) -> str:
        try:
            answer = await msg.ask("Which?", timeout=20)
        except AskTimeoutError:
            return "nobody answered"
        return f"{msg.text}: {answer.text}"

    async with two(feishu, app, postgresql, asks) as bridges:
        handed = 0
        for number in range(6):
            await say(feishu, alice, f"question {number}")
            await until(lambda asked=number: len(feishu.messages) == 2 * asked + 1, timeout=20)
            await say(feishu, alice, f"answer {number}")
            await until(lambda asked=number: len(feishu.messages) == 2 * asked + 2, timeout=20)
            assert texts(feishu)[-1] == f"question {number}: answer {number}"
            handed = sum(counts(bridge)["handed_over"] for bridge in bridges)
        assert sum(counts(bridge)["answers"] for bridge in bridges) == 6
        assert handed > 0


async def test_a_word_that_stops_is_heard_from_the_other_process(feishu, postgresql) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")

    async def endless(msg: Any) -> None:
        await asyncio.Event().wait()

    async with two(feishu, app, postgresql, endless) as bridges:
        for number in range(6):
            await say(feishu, alice, "go on")
            await until(lambda: sum(len(bridge._handling.inbox.stops._at_work) for bridge in bridges) == 1)
            await say(feishu, alice, "stop")
            await until(lambda said=number: len(feishu.messages) == said + 1)
        assert sum(counts(bridge)["stop_words"] for bridge in bridges) == 6
        assert sum(counts(bridge)["handed_over"] for bridge in bridges) > 0


async def test_the_stop_button_works_when_the_click_comes_to_the_other_process(feishu, postgresql, monkeypatch) -> None:
    show_quickly(monkeypatch)
    app, alice = feishu.add_app(), feishu.add_user("Alice")

    async def grows(msg: Any) -> None:
        async with msg.stream() as out:
            await out.write(msg.text)
            await asyncio.Event().wait()

    elsewhere = 0
    async with two(feishu, app, postgresql, grows, card={"stop_button": True}) as bridges:
        for number in range(8):
            await say(feishu, alice, f"go {number}")
            message = await until(lambda asked=number: growing(feishu, f"go {asked}"))
            handed = sum(counts(bridge)["handed_over"] for bridge in bridges)
            await feishu.clicks(alice, message, button="Stop")
            await until(lambda card=message: not card.entity.streaming, timeout=20, what="the answer stops growing")
            assert message.text == f"go {number}\n\n⏹ 已停止 (stopped)"
            elsewhere += sum(counts(bridge)["handed_over"] for bridge in bridges) - handed
        await until(lambda: sum(counts(bridge)["stopped"] for bridge in bridges) == 8)
        assert elsewhere > 0
        assert feishu.violations == []


def growing(feishu: Any, text: str) -> Any:
    """The card that has this text, and its button."""
    return next((one for one in feishu.messages if one.entity is not None and one.text == f"{text}\nStop"), None)


async def test_what_a_process_loses_it_breaks_off_and_the_other_does(feishu, database, monkeypatch) -> None:
    monkeypatch.setattr(recovery, "_EVERY", 0.1)
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    hold = asyncio.Event()
    begun: list[str] = []
    broken_off: list[str] = []

    async def slow(msg: Any) -> str:
        begun.append(msg.text)
        try:
            await hold.wait()
        except asyncio.CancelledError:
            broken_off.append(msg.text)
            raise
        return f"echo: {msg.text}"

    async with two(feishu, app, database, slow, lease=60.0) as (one, other):
        for text in ("1", "2", "3"):
            await say(feishu, alice, text)
        await until(lambda: begun == ["1"])
        holds = one if one._handling.inbox._lanes.waiting else other
        await until(lambda: holds._handling.inbox._lanes.waiting == 2)
        nodes = holds.storage._nodes  # type: ignore[attr-defined]
        await database.change("nodes", {"until": 1.0}, {"id": nodes.id})
        await until(lambda: begun == ["1", "1"])
        lost = nodes.id
        await nodes.say_so()
        assert nodes.id != lost
        await until(lambda: broken_off == ["1"])
        hold.set()
        await until(lambda: len(feishu.messages) == 3, timeout=20)
        assert texts(feishu) == ["echo: 1", "echo: 2", "echo: 3"]
        assert counts(holds)["lost_to_others"] == 1
        await say(feishu, alice, "4")
        await until(lambda: len(feishu.messages) == 4)
        assert feishu.violations == []
