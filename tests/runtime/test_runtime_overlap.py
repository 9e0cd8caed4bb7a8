"""What is said while a skill works for the same person: it waits, takes the place of what waits, or stops the skill."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from runtime_world import account, chat, counts, emulated, skill, until
from storage_double import Disk, GroupCommitStorage
from stream_writer import show_quickly

from imbridge import NOT_MINE, BaseSkill, Bridge, BridgeOptions, SkillError
from imbridge.skills import FunctionSkill, command_skill, message_skill
from imbridge.storage import MemoryStorage


class Gated:
    """A skill that works on what begins with `work` until it is let go, one message after another."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ended: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self, msg: Any) -> str:
        self.heard.append(msg.text)
        if msg.text.startswith("work"):
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.ended.append(msg.text)
                raise
        return f"did {msg.text}"

    def skill(self, on_overlap: str | None, name: str = "gated", priority: int = 0) -> FunctionSkill:
        return message_skill(self.__call__, name=name, priority=priority, on_overlap=on_overlap)


async def says(room: Any, user: Any, *said: str) -> None:
    """One after another, each taken in before the next."""
    for text in said:
        before = counts(room.bridge)["accepted"]
        await user.says(text)
        await until(lambda before=before: counts(room.bridge)["accepted"] == before + 1)


async def working(gated: Gated, text: str = "work") -> None:
    await until(lambda: text in gated.heard, what=f"work on {text}")


@pytest.mark.parametrize("rule", [None, "queue"])
async def test_by_default_all_are_handled_in_order(rule: str | None) -> None:
    gated = Gated()
    async with chat(gated.skill(rule)) as room:
        await says(room, room.user, "work", "a", "b", "c")
        gated.go.set()
        await room.user.receives("did c")
        assert gated.heard == ["work", "a", "b", "c"]
        assert counts(room.bridge)["superseded"] == 0


async def test_latest_handles_the_newest_of_those_that_wait(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "imbridge")
    gated = Gated()
    async with chat(gated.skill("latest")) as room:
        await says(room, room.user, "work")
        await working(gated)
        await says(room, room.user, "a", "b", "c")
        assert counts(room.bridge)["waiting"] == 1
        gated.go.set()
        await room.user.receives("did work")
        await room.user.receives("did c")
        await room.user.receives_nothing()
        assert gated.heard == ["work", "c"], "what is at work is not stopped"
        assert counts(room.bridge)["superseded"] == 2
        assert caplog.text.count("gated answers the latest (on_overlap)") == 2
        assert room.feishu.unacknowledged_events(room.user._bot) == 0


async def test_latest_keeps_what_others_say_and_what_is_for_another_skill() -> None:
    gated, other = Gated(), Gated()
    command = command_skill(other.__call__, "help", name="help")
    async with chat(gated.skill("latest"), command) as room:
        alice, bob = room.group("Alice", "Bob")
        await says(room, alice, "work")
        await working(gated)
        await says(room, alice, "a1")
        await says(room, bob, "b1")
        await says(room, alice, "/help", "a2")
        await says(room, bob, "b2")
        gated.go.set()
        await until(lambda: counts(room.bridge)["handled"] == 4)
        # The newer one stands where the older one stood: nobody loses their turn by writing on.
        assert gated.heard == ["work", "a2", "b2"]
        assert other.heard == ["/help"]
        assert counts(room.bridge)["superseded"] == 2


async def test_latest_finds_room_where_there_is_none() -> None:
    gated = Gated()
    async with chat(gated.skill("latest"), options=BridgeOptions(lane_length=1)) as room:
        await says(room, room.user, "work")
        await working(gated)
        await says(room, room.user, "a", "b", "c")
        assert counts(room.bridge)["overloaded"] == 0
        gated.go.set()
        await room.user.receives("did c")
        assert gated.heard == ["work", "c"]


async def test_interrupt_stops_the_skill_and_is_handled_next(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "imbridge")
    gated = Gated()
    async with chat(gated.skill("interrupt")) as room:
        await says(room, room.user, "work 1")
        await working(gated, "work 1")
        await says(room, room.user, "work 2")
        await working(gated, "work 2")
        await says(room, room.user, "now")
        await room.user.receives("did now")
        await room.user.receives_nothing()
        assert gated.heard == ["work 1", "work 2", "now"]
        assert gated.ended == ["work 1", "work 2"], "a CancelledError in the skill's task"
        found = counts(room.bridge)
        assert (found["interrupted"], found["stopped"], found["failed"]) == (2, 0, 0)
        assert caplog.text.count("stops what gated does for") == 2


async def test_interrupt_marks_the_answer_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    show_quickly(monkeypatch)

    async def answer(msg: Any) -> Any:
        if msg.text != "tell":
            return f"did {msg.text}"
        async with msg.stream() as out:
            await out.write("once upon a time")
            await asyncio.Event().wait()
        return None

    async with chat(message_skill(answer, on_overlap="interrupt")) as room:
        room.user.says("tell")
        message = await room.user.receives("once upon a time")
        room.user.says("now")
        await room.user.receives("did now")
        assert message.text == "once upon a time\n\n⏹ 已停止 (stopped)"
        assert [one.text for one in room.feishu.messages][-1] == "did now"


async def test_interrupt_stops_nobody_elses_and_no_other_skill() -> None:
    gated, helping = Gated(), Gated()
    command = command_skill(helping.__call__, "help", name="help", on_overlap="interrupt")
    async with chat(gated.skill("interrupt"), command) as room:
        alice, bob = room.group("Alice", "Bob")
        await says(room, alice, "work")
        await working(gated)
        await says(room, bob, "b")
        await says(room, alice, "/help")
        assert gated.ended == [], "neither another person nor another skill"
        await says(room, alice, "a")
        await until(lambda: counts(room.bridge)["handled"] == 3)
        assert gated.heard == ["work", "a", "b"], "it takes the turn of the one that it stops"
        assert helping.heard == ["/help"]


async def test_of_several_that_interrupt_only_the_newest_is_handled_and_the_cleaning_up_is_let_be() -> None:
    heard: list[str] = []
    cancelled = 0
    cleaned = asyncio.Event()

    async def answer(msg: Any) -> str:
        nonlocal cancelled
        heard.append(msg.text)
        if msg.text == "work":
            try:
                await asyncio.Event().wait()
            finally:
                cancelled += 1
                await cleaned.wait()
                heard.append("cleaned")
        return f"did {msg.text}"

    async with chat(message_skill(answer, on_overlap="interrupt")) as room:
        await says(room, room.user, "work")
        await until(lambda: heard)
        await says(room, room.user, "a", "b", "c")
        await until(lambda: cancelled)
        cleaned.set()
        await room.user.receives("did c")
        assert heard == ["work", "cleaned", "c"]
        assert cancelled == 1
        assert (counts(room.bridge)["superseded"], counts(room.bridge)["interrupted"]) == (2, 1)


async def test_what_was_stopped_by_a_word_is_not_cancelled_again() -> None:
    cleaned = asyncio.Event()
    ends: list[str] = []

    async def answer(msg: Any) -> str:
        if msg.text == "work":
            try:
                await asyncio.Event().wait()
            finally:
                ends.append("cancelled")
                await cleaned.wait()
                ends.append("cleaned")
        return f"did {msg.text}"

    async with chat(message_skill(answer, on_overlap="interrupt")) as room:
        await says(room, room.user, "work")
        await until(lambda: counts(room.bridge)["accepted"])
        await says(room, room.user, "stop")
        await until(lambda: ends)
        await says(room, room.user, "now")
        cleaned.set()
        await room.user.receives("Stopped.")
        await room.user.receives("did now")
        assert ends == ["cancelled", "cleaned"]


async def test_a_message_whose_skill_was_not_asked_yet_is_overtaken_too() -> None:
    """Between its turn and the skill there is the storage and the platform's API."""
    gated, begun, go_on = Gated(), asyncio.Event(), asyncio.Event()

    class Slow(MemoryStorage):
        async def load_session(self, lane: str) -> dict[str, dict[str, Any]]:
            begun.set()
            await go_on.wait()
            return {}

    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[gated.skill("interrupt")], storage=Slow()) as bridge:
            await alice.says("work")
            await begun.wait()
            await alice.says("now")
            await until(lambda: counts(bridge)["accepted"] == 2)
            go_on.set()
            await alice.receives("did now")
            assert gated.heard == ["now"]
            assert counts(bridge)["interrupted"] == 1


async def test_an_answer_to_a_question_interrupts_nothing() -> None:
    async def answer(msg: Any) -> str:
        return f"answered {(await msg.ask('sure?', timeout=5)).text}"

    async with chat(message_skill(answer, on_overlap="interrupt")) as room:
        room.user.says("go")
        await room.user.receives("sure?")
        room.user.says("yes")
        await room.user.receives("answered yes")
        assert counts(room.bridge)["interrupted"] == 0


async def test_what_waits_may_answer_a_question_before_a_newer_one_takes_its_place() -> None:
    go, asked = asyncio.Event(), asyncio.Event()

    async def answer(msg: Any) -> str:
        if msg.text != "go":
            return f"did {msg.text}"
        asked.set()
        await go.wait()
        return f"answered {(await msg.ask('sure?', timeout=5)).text}"

    async with chat(message_skill(answer, on_overlap="latest")) as room:
        await says(room, room.user, "go")
        await asked.wait()
        await says(room, room.user, "a", "b")
        go.set()
        await room.user.receives("answered b")
        await says(room, room.user, "c")
        await room.user.receives("did c")
        assert counts(room.bridge)["superseded"] == 1


async def test_the_skill_that_is_asked_first_counts_even_if_another_one_answers() -> None:
    gated = Gated()

    async def passes(msg: Any) -> Any:
        return NOT_MINE

    first = message_skill(passes, name="passes", priority=5, on_overlap="latest")
    async with chat(first, gated.skill("queue")) as room:
        await says(room, room.user, "work")
        await working(gated)
        await says(room, room.user, "a", "b")
        gated.go.set()
        await room.user.receives("did b")
        assert gated.heard == ["work", "b"]


async def test_a_trigger_that_fails_loses_no_message(caplog: pytest.LogCaptureFixture) -> None:
    gated = Gated()
    async with chat(gated.skill("latest")) as room:

        def broken(message: Any) -> Any:
            raise RuntimeError("a trigger that cannot be used")

        bound = room.bridge.skills._for_messages
        room.bridge.skills._for_messages = (
            *(type(one)(one.skill, one.name, one.condition, broken, one.call) for one in bound),
        )
        await says(room, room.user, "a")
        await room.user.receives(lambda message: "went wrong" in message.text)
        assert "a trigger failed" in caplog.text


@asynccontextmanager
async def stored(disk: Disk, *skills: BaseSkill) -> AsyncIterator[tuple[Bridge, Any]]:
    """A bridge whose inbox can be looked at, and somebody who writes to it."""
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=skills, storage=GroupCommitStorage(disk)) as bridge:
            yield bridge, alice


async def test_what_is_superseded_is_done_with_in_the_storage() -> None:
    disk, gated = Disk(), Gated()
    async with stored(disk, gated.skill("latest")) as (bridge, alice):
        await alice.says("work")
        await working(gated)
        for text in ("a", "b", "c"):
            await alice.says(text)
        await until(lambda: counts(bridge)["superseded"] == 2)
        await until(lambda: [entry.item.text for entry in disk.inbox.values()] == ["work", "c"])
        gated.go.set()
        await alice.receives("did c")
        await until(lambda: not disk.inbox)


async def test_what_was_interrupted_is_done_with_in_the_storage() -> None:
    disk, gated = Disk(), Gated()
    async with stored(disk, gated.skill("interrupt")) as (bridge, alice):
        await alice.says("work 1")
        await working(gated, "work 1")
        await alice.says("work 2")
        await working(gated, "work 2")
        await until(lambda: len(disk.inbox) == 1, what="the one that was stopped is done with")
        gated.go.set()
        await alice.receives("did work 2")
        await until(lambda: not disk.inbox)
        assert counts(bridge)["waiting"] == 0
        assert bridge._handling.inbox.overlaps._waiting == {}
        assert bridge._handling.inbox.overlaps._keys == {}
        assert bridge._handling.inbox.overlaps._turns == {}


class Classy(BaseSkill):
    on_overlap = "latest"

    async def handle_message(self, msg: Any) -> str:
        return "fine"


def test_where_it_is_said() -> None:
    assert Classy().on_overlap == "latest"
    assert BaseSkill.on_overlap == "queue"
    assert skill(lambda msg: None).on_overlap == "queue"
    bridge = Bridge()

    @bridge.on_message(on_overlap="interrupt")
    async def one(msg: Any) -> None: ...

    @bridge.command("two", on_overlap="latest")
    async def two(msg: Any) -> None: ...

    assert {each.name: str(each.on_overlap) for each in bridge.skills} == {"one": "interrupt", "two": "latest"}


def test_a_wrong_word_is_told() -> None:
    with pytest.raises(SkillError, match='on_overlap is \'newest\'; write one of "queue", "latest", "interrupt"'):
        Bridge(skills=[Classy.__new__(type("Odd", (Classy,), {"on_overlap": "newest"}))])
