"""The storage is away for a while: what a skill has said meanwhile is said when it is back, and once."""

import asyncio
import logging
from typing import Any

import pytest
from runtime_world import account, counts, echo, skill, texts, until
from storage_double import GroupCommitStorage

from imbridge import Bridge
from imbridge.protocol import DeliveryState, Receipt
from imbridge.runtime.intake.unstored import Unstored
from imbridge.storage import InboxEntry, OutboxEntry, StorageError
from leap import Leap


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


@pytest.mark.parametrize("hangs", [False, True], ids=["refuses", "hangs"])
async def test_who_sends_unasked_waits_for_it_for_a_time_and_nothing_is_said_twice(
    feishu, hangs: bool, monkeypatch: pytest.MonkeyPatch, leap: Leap
) -> None:
    monkeypatch.setattr("imbridge.runtime.speaking._AT_LEAST", 0.0)
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    to = f"feishu:work/private/{feishu.private_chat(alice, app).chat_id}"
    storage = Away()
    async with Bridge([account(feishu, app, send_timeout=5)], storage=storage) as bridge:
        if hangs:  # what it was given is kept all the same, when nobody waits for it any more
            storage.away = False
            storage.held.clear()
        sending = asyncio.create_task(bridge.send(to, "news", key="n"))
        await asyncio.sleep(0.05)
        leap(5)
        with pytest.raises(StorageError, match="the storage was away for 5 s") as caught:
            await sending
        assert caught.value.passing
        storage.away = False
        storage.held.set()
        assert await bridge.send(to, "more")
        assert "n" not in [entry.key for entry in storage.disk.outbox.values()]  # the next process would say it
        assert (await bridge.send(to, "news", key="n")).state is DeliveryState.SENT
        assert (await bridge.send(to, "news", key="n")).repeated
    assert texts(feishu) == ["more", "news"]


class Refusing(Away):
    """Cannot keep deliveries either."""

    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":
        if not self.away:
            return super().add_inbound(entry)
        refused: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        refused.set_exception(StorageError("not stored: the disk is full", passing=self.passing))
        return refused


async def test_that_it_refuses_deliveries_is_told_once_and_how_many_when_it_is_over(feishu, caplog) -> None:
    app, people = feishu.add_app(), [feishu.add_user(f"U{number}") for number in range(3)]
    storage = Refusing()
    with caplog.at_level(logging.WARNING, "imbridge.runtime.intake"):
        async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage) as bridge:
            for person in people:
                await person.says("hi")
            await until(lambda: counts(bridge)["storage_failed"] >= 3)
            storage.away = False
            for person in people:
                await person.receives("echo: hi")
            failed = counts(bridge)["storage_failed"]
    told = [record.getMessage() for record in caplog.records if record.name.startswith("imbridge.runtime.intake")]
    assert "could not be stored (StorageError: not stored: the disk is full)" in told[0]
    assert told[1:] == [
        f"deliveries are stored again: {failed} could not be, and the platforms were asked to deliver them again"
    ]


def test_what_one_delivery_is_refused_for_is_told_of_each(caplog) -> None:
    unstored = Unstored()
    for _ in range(2):
        unstored.refused("feishu:work/group/1", StorageError("a text that it cannot keep"))
    assert len(caplog.records) == 2
    unstored.stored()
    assert len(caplog.records) == 2


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
