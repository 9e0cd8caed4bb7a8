"""What begins as soon as it is kept is written down as begun with its addition; what has to wait after all is not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from left_behind import leave
from runtime_world import account, counts, skill, texts, until

from imbridge import Bridge, BridgeOptions, Message
from imbridge.runtime import recovery
from imbridge.storage import Box, EntryState, InboxEntry, Kept, OutboxEntry, SqlStorage


class Watched(SqlStorage):
    """Notes which beginnings were written down by themselves, and holds back what is being kept until it may go on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.begun: list[str] = []
        self.loaded = 0
        self.held: dict[str, asyncio.Event] = {}

    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":
        assert isinstance(entry.item, Message)
        return self._holding(entry.item.text, super().add_inbound(entry))

    def add_outbound(self, entry: OutboxEntry) -> "asyncio.Future[Any]":
        return self._holding(entry.reply.elements[0].as_text(), super().add_outbound(entry))

    def _holding(self, text: str, kept: "asyncio.Future[Any]") -> "asyncio.Future[Any]":
        async def later() -> Any:
            result = await kept
            await self.held[text].wait()
            return result

        return asyncio.ensure_future(later()) if text in self.held else kept

    async def load_session(self, lane: str) -> dict[str, dict[str, Any]]:
        self.loaded += 1
        return await super().load_session(lane)

    def start_inbound(self, entry: InboxEntry) -> "asyncio.Future[None] | None":
        assert isinstance(entry.item, Message)
        return self._noting(entry.item.text, super().start_inbound(entry))

    def start_outbound(self, entry: OutboxEntry) -> "asyncio.Future[None] | None":
        return self._noting(entry.reply.elements[0].as_text(), super().start_outbound(entry))

    def _noting(self, text: str, marked: "asyncio.Future[None] | None") -> "asyncio.Future[None] | None":
        if marked is None:
            return None
        self.begun.append(text)
        return self._holding(text, marked)

    async def waiting(self, box: Box) -> dict[str, bool]:
        """What is kept, and whether it is written down as begun."""
        found = {kept.text: _is_begun(kept) for kept in await self.kept(box, EntryState.PENDING)}
        assert None not in found.values()
        return {text: bool(begun) for text, begun in found.items()}


def _is_begun(kept: Kept) -> bool | None:
    """None: its row says both."""
    begun = kept.started_at is not None
    return begun if begun == bool(kept.attempts) else None


@pytest.fixture
async def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Those who look for what is left look often."""
    monkeypatch.setattr(recovery, "_EVERY", 0.05)
    return Watched(tmp_path / "bridge.db")


async def test_a_delivery_with_nothing_before_it_is_written_as_begun(feishu, storage) -> None:
    go_on = asyncio.Event()

    async def wait(msg):
        await go_on.wait()

    app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
    options = BridgeOptions(max_lanes=1)
    async with Bridge([account(feishu, app)], skills=[skill(wait)], storage=storage, options=options) as bridge:
        await alice.says("1")
        await until(lambda: counts(bridge)["accepted"] == 1)
        await alice.says("2")  # waits in its conversation
        await bob.says("3")  # waits for a place
        await until(lambda: counts(bridge)["accepted"] == 3)
        assert await storage.waiting(Box.INBOX) == {"1": True, "2": False, "3": False}
        go_on.set()
        await until(lambda: sorted(storage.begun) == ["2", "3"])
    assert sorted(storage.begun) == ["2", "3"]


async def test_an_answer_with_nothing_before_it_is_written_as_begun(feishu, storage) -> None:
    async def twice(msg):
        await asyncio.gather(msg.reply("1"), msg.reply("2"))
        await msg.reply("3")

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(twice)], storage=storage):
        await alice.says("hi")
        await until(lambda: len(feishu.messages) == 3)
    assert texts(feishu) == ["1", "2", "3"]
    assert storage.begun == ["2"]


async def test_the_session_comes_with_what_begins_at_once(feishu, storage) -> None:
    go_on = asyncio.Event()
    at_work: list[str] = []

    async def number(msg):
        at_work.append(msg.text)
        await go_on.wait()
        msg.session["n"] = msg.session.get("n", 0) + 1
        return str(msg.session["n"])

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(number)], storage=storage) as bridge:
        await alice.says("first")
        await until(lambda: at_work == ["first"])
        await alice.says("second")
        await until(lambda: counts(bridge)["accepted"] == 2)
        assert storage.loaded == 0
        go_on.set()
        await until(lambda: texts(feishu) == ["1", "2"])
        assert storage.loaded == 1
        await until_async(storage, Box.INBOX, {})
        await alice.says("third")
        await until(lambda: texts(feishu) == ["1", "2", "3"])
    assert storage.loaded == 1


async def test_what_may_be_held_for_what_follows_is_not_begun(feishu, storage) -> None:
    async def answer(msg):
        return msg.text

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    options = BridgeOptions(debounce=0.3)
    async with Bridge([account(feishu, app)], skills=[skill(answer)], storage=storage, options=options) as bridge:
        await alice.says("1")
        await until(lambda: counts(bridge)["held"] == 1)
        assert await storage.waiting(Box.INBOX) == {"1": False}
        await until(lambda: texts(feishu) == ["1"])
    assert storage.begun == ["1"]


async def test_a_delivery_whose_place_is_taken_meanwhile_is_not_begun(feishu, storage) -> None:
    go_on = asyncio.Event()
    at_work: list[str] = []

    async def wait(msg):
        at_work.append(msg.text)
        await go_on.wait()
        return msg.text

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage.held["late"] = asyncio.Event()
    async with Bridge([account(feishu, app)], skills=[skill(wait)], storage=storage) as bridge:
        await alice.says("late")
        await until_async(storage, Box.INBOX, {"late": True})
        await leave(SqlStorage(Path(storage.where)), feishu, app, alice, messages=("left",))
        await until(lambda: at_work == ["left"])
        storage.held["late"].set()
        await until(lambda: counts(bridge)["accepted"] == 1)
        await until_async(storage, Box.INBOX, {"late": False, "left": True})
        assert storage.loaded == 1
        go_on.set()
        await until(lambda: len(feishu.messages) == 2)
    assert texts(feishu) == ["left", "late"]
    assert storage.begun == ["left", "late"]
    assert storage.loaded == 2  # what was left may have changed it


async def test_what_turns_out_to_answer_a_question_is_not_begun(feishu, storage) -> None:
    go_on = asyncio.Event()
    answers: list[str] = []

    async def asks(msg):
        answers.append((await msg.ask("which?", timeout=60)).text)
        await go_on.wait()

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage.held["late"] = asyncio.Event()
    async with Bridge([account(feishu, app)], skills=[skill(asks)], storage=storage):
        await alice.says("late")
        await until_async(storage, Box.INBOX, {"late": True})
        await leave(SqlStorage(Path(storage.where)), feishu, app, alice, messages=("left",))
        await until(lambda: texts(feishu) == ["which?"])
        storage.held["late"].set()
        await until(lambda: answers == ["late"])
        await until_async(storage, Box.INBOX, {"late": False, "left": True})
        go_on.set()
        await until_async(storage, Box.INBOX, {})


async def test_an_answer_whose_place_is_taken_meanwhile_is_not_begun(feishu, storage) -> None:
    async def answer(msg):
        return "late"

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage.held["late"] = asyncio.Event()
    async with Bridge([account(feishu, app)], skills=[skill(answer)], storage=storage):
        await alice.says("hi")
        await until_async(storage, Box.OUTBOX, {"late": True})
        storage.held["left"] = asyncio.Event()
        await leave(SqlStorage(Path(storage.where)), feishu, app, alice, answers=("left",))
        await until(lambda: storage.begun == ["left"])
        storage.held["late"].set()
        await until_async(storage, Box.OUTBOX, {"late": False, "left": True})
        storage.held["left"].set()
        await until(lambda: len(feishu.messages) == 2)
    assert texts(feishu) == ["left", "late"]
    assert storage.begun == ["left", "late"]


async def until_async(storage: Watched, box: Box, wanted: dict[str, bool]) -> None:
    """Wait until this is kept."""
    async with asyncio.timeout(10):
        while await storage.waiting(box) != wanted:
            await asyncio.sleep(0.01)
