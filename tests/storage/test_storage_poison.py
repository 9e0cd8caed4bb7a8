"""One piece of work that cannot be done harms nobody else, and is told to whoever asked for it."""

import asyncio

import pytest
from databases import Place

from imbridge.protocol import to_reply
from imbridge.storage import Box, EntryState, Job, SqlStorage, StorageError
from imbridge.testing.storage_entries import SENT, inbox_entry, outbox_entry

KEY, OTHER_KEY = "A" * 43 + "=", "B" * 43 + "="


async def test_statements_that_fail_by_themselves(database: Place) -> None:
    """Their error goes to who asked; what was asked for beside them is done."""
    storage = database.storage(keys=[KEY])
    await storage.open()
    await storage.tokens.put("a", "kind", "name", "value")
    await storage.close()
    storage = database.storage(keys=[OTHER_KEY])
    await storage.open()
    beside = storage.add_inbound(inbox_entry("a", "beside"))
    rotated = asyncio.ensure_future(storage.tokens.rotate())
    with pytest.raises(StorageError, match="cannot be decrypted"):
        await rotated
    assert await beside
    assert await storage.add_inbound(inbox_entry("a", "behind"))
    with pytest.raises((StorageError, ValueError)):
        await storage.jobs.put(Job("job", 1.0, {"no JSON": object()}))
    assert await storage.add_inbound(inbox_entry("a", "and behind that"))
    await storage.close()


async def test_a_reason_that_no_database_takes(database: Place) -> None:
    storage = database.storage()
    await storage.open()
    one, other = inbox_entry("a", "one"), outbox_entry("other")
    await asyncio.gather(storage.add_inbound(one), storage.add_outbound(other))
    assert await storage.give_up(one, "half \ud83d and nul \0")
    assert await storage.put_off(other, 2e9, "half \ud83d and nul \0")
    (dead,) = await storage.kept(Box.INBOX, EntryState.DEAD)
    assert dead.history[-1]["why"] == "half ? and nul \ufffd"
    assert not await storage.retry(Box.INBOX, 2**62)
    assert await storage.retry(Box.INBOX, dead.uid)
    await storage.close()


@pytest.mark.parametrize("letter", ["\u6c49", '"'], ids=["three bytes", "escaped"])
async def test_an_answer_that_is_larger_than_it_looks(letter: str, database: Place) -> None:
    """Its characters are few enough, its bytes are not; whatever the server makes of it, others are stored."""
    storage = database.storage()
    await storage.open()
    large = outbox_entry("large")
    large.reply = to_reply(letter * (8 * 1024 * 1024 - 1000))
    others = [storage.add_inbound(inbox_entry("a", f"e{number}")) for number in range(5)]
    added = storage.add_outbound(large)
    others += [storage.add_inbound(inbox_entry("a", f"f{number}")) for number in range(5)]
    assert await asyncio.gather(*others) == [True] * 10
    await added
    storage.finish_outbound(large, SENT)
    await storage.save_session("flush", {})
    assert await storage.kept(Box.OUTBOX, EntryState.PENDING) == []
    await storage.close()


async def test_what_a_server_refuses_harms_nobody_beside_it(mariadb: Place) -> None:
    storage = mariadb.storage()
    await storage.open()
    storage._rows._max_bytes = 2**30  # as if nobody had asked the server for its bound
    others = [storage.add_inbound(inbox_entry("a", f"e{number}")) for number in range(5)]
    added = storage.add_outbound(outbox_entry("large", "\u6c49" * (8 * 1024 * 1024)))
    others += [storage.add_inbound(inbox_entry("a", f"f{number}")) for number in range(5)]
    with pytest.raises(StorageError, match="not stored"):
        await added
    assert await asyncio.gather(*others) == [True] * 10
    await storage.close()


async def test_what_led_to_an_answer_survives(sqlite: Place) -> None:
    """Bots that talk to each other end, also when the process does not last."""
    storage = SqlStorage(sqlite.url)
    await storage.open()
    entry = outbox_entry("k")
    entry.hops, entry.calls = 3, False
    await storage.add_outbound(entry)
    await storage.close()
    again = SqlStorage(sqlite.url)
    await again.open()
    (left,) = await again.unfinished_outbound()
    assert (left.hops, left.calls) == (3, False)
    await again.close()
