"""The storage is away for a while: what a skill has said meanwhile is said when it is back, and once."""

import asyncio
from typing import Any

from runtime_world import account, counts, skill, texts, until
from storage_double import GroupCommitStorage

from imbridge import Bridge
from imbridge.protocol import Receipt
from imbridge.storage import OutboxEntry, StorageError


class Away(GroupCommitStorage):
    """Takes deliveries in, and cannot keep answers as long as it is away."""

    away = True
    passing = True

    def add_outbound(self, entry: OutboxEntry) -> "asyncio.Future[Receipt | None]":
        if not self.away:
            return super().add_outbound(entry)
        refused: asyncio.Future[Receipt | None] = asyncio.get_running_loop().create_future()
        refused.set_exception(StorageError("not stored: the disk is full", passing=self.passing))
        return refused


async def test_answers_wait_until_the_storage_is_back(feishu, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = Away()
    worked = []

    async def answer(msg) -> str:
        worked.append(msg.text)
        return f"echo: {msg.text}"

    async with Bridge([account(feishu, app)], skills=[skill(answer)], storage=storage) as bridge:
        for number in range(3):
            await alice.says(f"{number}")
        await until(lambda: "waits until the storage is back" in caplog.text)
        await until(lambda: feishu.stats.acks_ok == 3)
        assert texts(feishu) == []
        storage.away = False
        await until(lambda: len(feishu.messages) == 3)
        assert texts(feishu) == ["echo: 0", "echo: 1", "echo: 2"]
        assert counts(bridge)["delivery_sent"] == 3
    assert worked == ["0", "1", "2"]
    assert caplog.text.count("waits until the storage is back") == 1
    assert "failure" not in caplog.text


class Forgetful(GroupCommitStorage):
    """Knows no session as long as it is away."""

    away = True

    async def load_session(self, lane: str) -> dict[str, dict[str, Any]]:
        if self.away:
            raise StorageError("not read: the connection was lost", passing=True)
        return await super().load_session(lane)

    async def save_session(self, lane: str, state: dict[str, dict[str, Any]]) -> None:
        if self.away:
            raise StorageError("not stored: the connection was lost", passing=True)
        await super().save_session(lane, state)


async def test_sessions_are_waited_for(feishu, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = Forgetful()

    async def count(msg) -> str:
        storage.away = msg.text == "go away"
        msg.session["count"] = msg.session.get("count", 0) + 1
        return f"{msg.session['count']}"

    async with Bridge([account(feishu, app)], skills=[skill(count)], storage=storage):
        await alice.says("hi")
        await until(lambda: "waits until the storage is back" in caplog.text)
        assert texts(feishu) == []
        storage.away = False
        await alice.receives("1")
        await alice.says("go away")
        await alice.receives("2")
        await alice.says("and again")
        await until(lambda: caplog.text.count("waits until the storage is back") == 2)
        assert texts(feishu) == ["1", "2"]
        storage.away = False
        await alice.receives("3")
    assert "failure" not in caplog.text
    assert storage.disk.inbox == {}


async def test_what_can_never_be_kept_is_a_failure_at_once(feishu, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = Away()
    storage.passing = False

    async def answer(msg) -> str:
        return msg.text

    async with Bridge([account(feishu, app)], skills=[skill(answer)], storage=storage):
        await alice.says("hi")
        await until(lambda: "the disk is full" in caplog.text)
    assert texts(feishu) == []
    assert "waits until the storage is back" not in caplog.text
