"""A file's own way to carry out transactions writes what the usual way writes."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from databases import Place, SqlPlace

from imbridge.protocol import to_reply
from imbridge.storage import SqlStorage
from imbridge.testing.storage_entries import SENT, inbox_entry, outbox_entry

TABLES = ("inbox", "outbox", "dedup", "sessions", "log")


async def _life(storage: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that can be asked of the writer, more rows than one statement takes among it."""
    numbers = iter(range(1, 100_000))
    monkeypatch.setattr("imbridge.storage.core.storage.new_uid", lambda: next(numbers))
    await storage.open()
    entries = [inbox_entry("a", f"e{number}", f"m{number}", lane=f"l{number % 7}") for number in range(300)]
    for entry in entries:
        entry.item = entry.item.model_copy(update={"timestamp": datetime(2026, 1, 1, tzinfo=UTC)})
    added = [storage.add_inbound(entry) for entry in entries]
    assert [await one for one in added] == [True] * 300
    again = [storage.add_inbound(inbox_entry("a", f"m{number}")) for number in range(0, 300, 3)]
    assert [await one for one in again] == [False] * 100
    answers = [outbox_entry(f"k{number}", f"answer {number}") for number in range(200)]
    for answer in answers:
        storage.add_outbound(answer)
    for entry in entries[:150]:
        await storage.start_inbound(entry)
    for answer in answers[:120]:
        storage.start_outbound(answer)
    for entry in entries[:100]:
        storage.finish_inbound(entry)
    storage.forget_inbound(entries[299])
    for answer in answers[:80]:
        storage.finish_outbound(answer, SENT)
    for number in range(130):
        await storage.save_session(f"l{number % 50}", {"skill": {"n": number}})
    repeated = outbox_entry("k3")
    repeated.reply = to_reply("said already")
    await storage.add_outbound(repeated)


async def _rows(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """All that is there, without moments and the number of the process."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table in TABLES:
        columns = [str(row[1]) for row in await place.execute(f"PRAGMA table_info(imbridge_{table})")]
        kept = [name for name in columns if name not in {"node", "seq", "at"} and not name.endswith("_at")]
        chosen = ", ".join([*kept, "typeof(" + "), typeof(".join(columns) + ")"])
        found[table] = sorted(await place.execute(f"SELECT {chosen} FROM imbridge_{table}"), key=repr)  # noqa: S608
    return found


async def test_a_session_is_read_with_a_delivery_that_is_handled_at_once(sqlite: Place) -> None:
    storage = sqlite.storage()
    await storage.open()
    await storage.save_session("known", {"skill": {"n": 1}})
    entries = [
        inbox_entry("a", f"e{number}", lane=lane) for number, lane in enumerate(("known", "known", "new", "new"))
    ]
    entries[0].at_once = entries[2].at_once = True
    await asyncio.gather(*(storage.add_inbound(entry) for entry in entries))
    assert [entry.session for entry in entries] == [{"skill": {"n": 1}}, None, {}, None]
    storage.delay_inbound(entries[0])
    assert entries[0].session is None
    await sqlite.execute("UPDATE imbridge_sessions SET used_at = used_at - 3 * 86400")
    used = inbox_entry("a", "used", lane="known")
    used.at_once = True
    assert await storage.add_inbound(used)
    ((age,),) = await sqlite.execute("SELECT unixepoch() - used_at FROM imbridge_sessions")
    assert age < 60
    await sqlite.execute("UPDATE imbridge_sessions SET state = 'broken'")
    unread = inbox_entry("a", "unread", lane="known")
    unread.at_once = True
    assert await storage.add_inbound(unread)
    assert unread.session is None  # whoever loads it is told
    await storage.close()


async def test_both_ways_write_the_same(sqlite: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = sqlite.storage()
    assert quick._committing._file is not None
    await _life(quick, monkeypatch)
    of_quick = await _rows(sqlite)
    await quick.close()
    other = SqlPlace("sqlite", sqlite.url.replace("imbridge.db", "other.db"))
    usual = other.storage()
    usual._committing._file = None
    await _life(usual, monkeypatch)
    of_usual = await _rows(other)
    await usual.close()
    assert {table: len(rows) for table, rows in of_quick.items()} == {
        "inbox": 199, "outbox": 120, "dedup": 598 + 80, "sessions": 50, "log": 380
    }  # fmt: skip
    assert of_quick == of_usual
