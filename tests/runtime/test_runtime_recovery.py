"""Taking over what is left: of one's own accounts alone, and also while the bridge runs."""

import asyncio
import logging
from pathlib import Path

import pytest
from left_behind import leave
from runtime_world import account, counts, echo, skill, texts, until

from imbridge import Bridge
from imbridge.runtime import recovery
from imbridge.storage import Box, EntryState, SqlStorage


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database; those who look for what is left look often."""
    monkeypatch.setattr(recovery, "_EVERY", 0.05)
    return tmp_path / "bridge.db"


async def test_what_other_accounts_have_left_stays_for_them(feishu, path, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    await leave(SqlStorage(path), feishu, app, alice, name="other", answers=("theirs",), messages=("1", "2"))
    await leave(SqlStorage(path), feishu, app, alice, answers=("ours",), messages=("3",))
    with caplog.at_level(logging.INFO):
        async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=SqlStorage(path)):
            await until(lambda: len(feishu.messages) == 2)
            await alice.says("4")
            await until(lambda: len(feishu.messages) == 3)
    assert texts(feishu) == ["ours", "echo: 3", "echo: 4"]
    assert caplog.text.count("feishu:other: 3 entries are kept of this account, and no bridge that runs has it") == 1
    async with Bridge([account(feishu, app, "other")], skills=[skill(echo)], storage=SqlStorage(path)):
        await until(lambda: len(feishu.messages) == 6)
    assert texts(feishu)[3:] == ["theirs", "echo: 1", "echo: 2"]


async def test_what_a_process_leaves_is_taken_over_by_one_that_runs(feishu, path) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=SqlStorage(path)):
        gone = SqlStorage(path)
        await leave(gone, feishu, app, alice, answers=("said before",), messages=("1", "2", "3"))
        await until(lambda: len(feishu.messages) == 4)
        assert texts(feishu) == ["said before", "echo: 1", "echo: 2", "echo: 3"]


async def test_what_a_person_asks_for_again_is_handled_by_the_bridge_that_runs(feishu, path) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    await leave(SqlStorage(path), feishu, app, alice, messages=("hi",))
    undertaker = SqlStorage(path)
    await undertaker.open()
    (entry,) = await undertaker.unfinished_inbound()
    assert await undertaker.give_up(entry, "it is tried")
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=SqlStorage(path)):
        (dead,) = await undertaker.kept(Box.INBOX, EntryState.DEAD)
        assert texts(feishu) == []
        assert await undertaker.retry(Box.INBOX, dead.uid)
        await until(lambda: texts(feishu) == ["echo: hi"])
    assert await undertaker.kept(Box.INBOX, EntryState.PENDING) == []
    await undertaker.close()


async def test_a_storage_that_is_away_is_told_once_and_asked_again(feishu, path, caplog) -> None:
    class Away(SqlStorage):
        looks = 0

        async def unfinished_inbound(self, accounts=None, *, wait=True):
            self.looks += 1
            if 1 < self.looks < 5:
                raise OSError("no route to the database")
            return await super().unfinished_inbound(accounts, wait=wait)

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = Away(path)
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage):
        await until(lambda: storage.looks >= 5)
        await leave(SqlStorage(path), feishu, app, alice, messages=("hi",))
        await until(lambda: texts(feishu) == ["echo: hi"])
    assert caplog.text.count("no route to the database") == 1


async def test_what_an_orderly_stop_leaves_is_handled_at_the_next_start(feishu, path, caplog) -> None:
    async def slow(msg):
        await asyncio.sleep(60)

    app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
    bridge = Bridge([account(feishu, app)], skills=[skill(slow)], storage=SqlStorage(path))
    await bridge.start()
    for text in ("1", "2", "3"):
        await alice.says(text)
        await bob.says(text)
    await until(lambda: counts(bridge)["accepted"] == 6)
    await bridge.stop(grace=0.1)
    assert "stopped with 6 messages not handled and 0 answers not sent: they are kept for the next start" in caplog.text
    assert feishu.stats.acks_ok == 6
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=SqlStorage(path)):
        await until(lambda: len(feishu.messages) == 6)
    for user in (alice, bob):
        assert texts(feishu, feishu.private_chat(user, app)) == ["echo: 1", "echo: 2", "echo: 3"]
    kept = SqlStorage(path)
    await kept.open()
    assert await kept.kept(Box.INBOX, EntryState.PENDING) == []
    await kept.close()
    assert feishu.stats.events_redelivered == 0
