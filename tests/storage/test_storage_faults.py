"""What a database does to a storage, done to it: full, read-only, locked, broken, away, and two at once."""

import asyncio
import logging
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from databases import Place, SqlPlace, database_of

from imbridge.protocol import ConfigError, OverloadedError
from imbridge.storage import Box, EntryState, SqlStorage, StorageError
from imbridge.storage.core.storage import DatabaseStorage
from imbridge.testing.storage_entries import SENT, inbox_entry, outbox_entry

server = database_of("postgresql", "mariadb")


@asynccontextmanager
async def opened(storage: DatabaseStorage) -> AsyncIterator[DatabaseStorage]:
    await storage.open()
    try:
        yield storage
    finally:
        await storage.close()


class TestAFile:
    async def test_only_its_owner_can_read_it(self, sqlite: Place, tmp_path: Path) -> None:
        async with opened(sqlite.storage()):
            modes = _modes(tmp_path)
        assert modes["imbridge.db"] == modes["imbridge.db-wal"] == 0o600

    async def test_a_full_disk_refuses_and_recovers(self, tmp_path: Path) -> None:
        storage = SqlStorage(tmp_path / "full.db")
        async with opened(storage):
            assert await storage.add_inbound(inbox_entry("a", "before"))
            await _pragma(storage, "max_page_count = 1")  # SQLite takes the pages that are there
            big = [storage.add_outbound(outbox_entry(f"k{number}", "x" * 20_000)) for number in range(50)]
            refused = await asyncio.gather(*big, return_exceptions=True)
            assert all(isinstance(error, StorageError) and error.passing for error in refused)
            assert "full" in str(refused[0])
            await _pragma(storage, "max_page_count = 1000000")
            await storage.add_outbound(outbox_entry("k", "x" * 20_000))
            assert not await storage.add_inbound(inbox_entry("a", "before"))
        assert _check(tmp_path / "full.db") == [("ok",)]

    async def test_what_is_done_while_the_disk_is_full_is_written_later(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        storage = SqlStorage(tmp_path / "full.db")
        async with opened(storage):
            entry = outbox_entry("k", "x" * 20_000)
            await storage.add_outbound(entry)
            await _pragma(storage, "query_only = 1")
            storage.finish_outbound(entry, SENT)
            with pytest.raises(StorageError, match="readonly"):
                await storage.add_inbound(inbox_entry("a", "refused"))
            await _pragma(storage, "query_only = 0")
            assert await storage.add_inbound(inbox_entry("a", "refused"))
        assert "is written when it is back" in caplog.text
        async with opened(SqlStorage(tmp_path / "full.db")) as again:
            assert list(await again.unfinished_outbound()) == []

    async def test_a_file_that_cannot_be_written(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"storage: .* cannot be used"):
            await SqlStorage(tmp_path).open()
        (tmp_path / "text.db").write_text("just a text that is long enough to be no header of a database")
        with pytest.raises(ConfigError, match=r"file is not a database \(.*put a backup in its place"):
            await SqlStorage(tmp_path / "text.db").open()

    async def test_a_damaged_file_refuses_everything_and_keeps_what_is_done(self, tmp_path: Path) -> None:
        """No row is at fault: what is taken in before waits, as for any database that is away."""
        path = tmp_path / "damaged.db"
        async with opened(SqlStorage(path)) as storage:
            for number in range(200):
                await storage.add_inbound(inbox_entry("a", f"e{number}"))
        with sqlite3.connect(path) as connection:
            query = "SELECT rootpage FROM sqlite_master WHERE name = 'imbridge_dedup'"
            (root,) = connection.execute(query).fetchone()
        connection.close()
        with path.open("r+b") as file:
            file.seek((root - 1) * 4096)
            file.write(b"\xff" * 4096)
        async with opened(SqlStorage(path)) as storage:
            with pytest.raises(StorageError, match=r"malformed \(the file is damaged") as refused:
                await storage.add_inbound(inbox_entry("a", "new"))
            assert refused.value.passing

    async def test_another_writer_is_waited_for(self, sqlite: Place, tmp_path: Path) -> None:
        async with opened(sqlite.storage()) as storage:
            other = sqlite3.connect(tmp_path / "imbridge.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            adding = storage.add_inbound(inbox_entry("a", "e"))
            assert await storage.load_session("lane") == {}  # readers do not wait
            assert not adding.done()
            other.execute("COMMIT")
            other.close()
            assert await adding


class TestServers:
    async def test_a_server_that_is_not_there(self) -> None:
        storage = SqlStorage("postgresql://root:hush@127.0.0.1:1/test")
        with pytest.raises(ConfigError, match="cannot be used") as raised:
            await storage.open()
        assert "hush" not in str(raised.value)

    async def test_connections_that_are_cut_are_made_anew(self, server: SqlPlace) -> None:
        async with opened(server.storage()) as storage:
            for lap in range(3):
                assert await storage.add_inbound(inbox_entry("a", f"{lap} before"))
                await storage.load_session("lane")
                await cut_connections(server)
                assert await storage.add_inbound(inbox_entry("a", f"{lap} after"))
                assert await storage.load_session("lane") == {}

    async def test_a_row_that_is_refused_takes_nobody_with_it(self, database: Place) -> None:
        async with opened(database.storage()) as storage:
            bad = outbox_entry("bad")
            entries = [outbox_entry(f"k{number}") for number in range(20)]
            entries.insert(7, bad)
            added = [storage.add_outbound(entry) for entry in entries]
            bad.uid = entries[0].uid
            bad_row = storage._writer._queue[7].unit.pieces[0]
            bad_row.row["uid"] = entries[0].uid  # two rows with one uid: the unique index refuses the second
            outcome = await asyncio.gather(*added, return_exceptions=True)
            assert isinstance(outcome[7], StorageError)
            assert not outcome[7].passing
            assert outcome[:7] + outcome[8:] == [None] * 20


async def test_texts_that_databases_refuse_are_kept(database: Place) -> None:
    entry = inbox_entry("a", "nul\0key", "half \ud83d", "x" * 5000, "A", lane="la\0ne" * 300)
    async with opened(database.storage()) as storage:
        assert await storage.add_inbound(entry)
        assert not await storage.add_inbound(inbox_entry("a", "nul\0key"))
        assert await storage.add_inbound(inbox_entry("a", "nul"))
        assert await storage.add_inbound(inbox_entry("a", "a"))  # not the same as A, whatever the collation
        assert await storage.add_inbound(inbox_entry("a", "a "))
        await storage.save_session("lane\0", {"s": {"text": "a\0b"}})
        assert await storage.load_session("lane\0") == {"s": {"text": "a\0b"}}
        assert await storage.load_session("LANE\0") == {}
    async with opened(database.storage()) as again:
        left = await again.unfinished_inbound()
        assert left[0] == entry


async def test_two_that_open_at_once_make_the_tables_once(database: Place) -> None:
    storages = [database.storage() for _ in range(3)]
    await asyncio.gather(*(storage.open() for storage in storages))
    added = await asyncio.gather(*(storage.add_inbound(inbox_entry("a", "e", "m")) for storage in storages))
    assert sorted(added) == [False, False, True]
    for storage in storages:
        await storage.close()


async def test_two_take_one_key_each_time_once(database: Place) -> None:
    async with opened(database.storage()) as one, opened(database.storage()) as other:
        names = [f"e{number}" for number in range(300)]
        first = [one.add_inbound(inbox_entry("a", name, f"m{name}")) for name in names]
        second = [other.add_inbound(inbox_entry("a", f"m{name}", name)) for name in reversed(names)]
        by_one, by_other = await asyncio.gather(asyncio.gather(*first), asyncio.gather(*second))
        assert [x + y for x, y in zip(by_one, reversed(by_other), strict=True)] == [1] * 300


async def test_what_others_hold_is_not_taken_from_them(database: Place) -> None:
    async with opened(database.storage()) as one:
        await one.add_inbound(inbox_entry("a", "e"))
        async with opened(database.storage()) as other:
            assert list(await other.unfinished_inbound()) == []
    async with opened(database.storage()) as third:  # the first has gone in good order and left it
        assert [entry.dedup_keys for entry in await third.unfinished_inbound()] == [("e",)]


async def test_the_queue_is_bounded(sqlite: Place) -> None:
    async with opened(sqlite.storage()) as storage:
        storage._writer._max_waiting = 10
        added = [storage.add_inbound(inbox_entry("a", f"e{number}")) for number in range(15)]
        outcome = await asyncio.gather(*added, return_exceptions=True)
        assert outcome[:10] == [True] * 10
        assert all(isinstance(error, OverloadedError) for error in outcome[10:])
        assert await storage.add_inbound(inbox_entry("a", "e14"))


async def test_not_open_is_said(sqlite: Place, caplog: pytest.LogCaptureFixture) -> None:
    storage = sqlite.storage()
    with pytest.raises(StorageError, match="not open"):
        await storage.add_inbound(inbox_entry("a", "e"))
    async with opened(storage):
        pass
    await storage.close()
    with pytest.raises(StorageError, match="not open"):
        await storage.save_session("lane", {})
    with pytest.raises(RuntimeError, match="opened once"):
        await storage.open()
    with caplog.at_level(logging.ERROR):
        storage.finish_inbound(inbox_entry("a", "e"))
    assert "comes after the storage is closed" in caplog.text


async def test_a_large_answer_is_sent_but_not_kept(database: Place) -> None:
    entry = outbox_entry("k", "x" * 5000)
    async with opened(database.storage(max_bytes=1000)) as storage:
        await storage.add_outbound(entry)
    async with opened(database.storage()) as again:
        assert list(await again.unfinished_outbound()) == []
        (dead,) = await again.kept(Box.OUTBOX, EntryState.DEAD)
        assert "its content was not kept" in dead.history[-1]["why"]
        assert "send large media by path" in dead.history[-1]["why"]


async def cut_connections(database: SqlPlace) -> None:
    """The server ends all connections of the storage."""
    if database.kind == "postgresql":
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
        await database.execute(query, name=database.schema)
        return
    for (number,) in await database.execute(
        "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
    ):
        await database.execute(f"KILL {number}")


async def _pragma(storage: SqlStorage, pragma: str) -> None:
    """On the writer's own connection: the bound is the connection's."""
    file = storage._committing._file
    assert file is not None
    if not file.thread.is_connected:
        await storage.save_session("warm up", {})
    await file.thread.run(lambda connection: connection.execute(f"PRAGMA {pragma}").close())


def _check(path: Path) -> list[tuple[str]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return rows


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
