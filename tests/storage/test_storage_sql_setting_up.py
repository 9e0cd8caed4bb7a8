"""Connecting, and making the tables, when something is in the way."""

import asyncio
import logging
from pathlib import Path

import pytest
from databases import Place, SqlPlace
from sqlalchemy.exc import SQLAlchemyError

from imbridge.protocol import ConfigError
from imbridge.storage import SqlStorage, StorageError
from imbridge.storage.core.processes import runs
from imbridge.testing.storage_entries import inbox_entry


async def test_tables_that_were_made_in_part_are_completed(sql: SqlPlace) -> None:
    """MariaDB commits each table by itself: a process that is killed in between leaves some of them, and no version."""
    storage = sql.storage()
    await storage.open()
    await storage.close()
    for table in ("version", "jobs", "media", "tokens"):
        await sql.drop(table)
    where = " ON imbridge_log" if sql.kind == "mariadb" else ""
    await sql.execute(f"DROP INDEX ix_imbridge_log_at{where}")
    again = sql.storage()
    await again.open()
    assert await again.add_inbound(inbox_entry("a", "e"))
    assert await again.jobs.all() == []
    await again.close()
    where = f"{where} " if where else ""
    await sql.execute(f"DROP INDEX ix_imbridge_log_at{where}")  # it is there again


async def test_a_first_start_warns_of_nothing(sql: SqlPlace, caplog: pytest.LogCaptureFixture) -> None:
    storage = await sql.opened()
    await storage.close()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_right_to_the_schema_is_enough(postgresql: SqlPlace) -> None:
    """Whoever may not make schemas can work in one that is there."""
    role = f"r{postgresql.schema}"
    await postgresql.execute(f"CREATE ROLE {role} LOGIN")
    await postgresql.execute(f"GRANT ALL ON SCHEMA {postgresql.schema} TO {role}")
    try:
        url = postgresql.url.replace("://root@", f"://{role}@")
        storage = SqlStorage(url, schema=postgresql.schema)
        await storage.open()
        assert await storage.add_inbound(inbox_entry("a", "e"))
        await storage.close()
    finally:
        await postgresql.execute(f"DROP OWNED BY {role}")
        await postgresql.execute(f"DROP ROLE {role}")


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://root:hush@127.0.0.1:1/test?sslmode=disable",
            "postgresql://127.0.0.1:1/test?user=root&password=hush",
            "mariadb://root:hush@127.0.0.1:1/test?charset=utf8mb4&ssl_key=hush",
        ],
    )
    async def test_no_error_holds_what_is_secret(self, url: str) -> None:
        with pytest.raises(ConfigError) as raised:
            await SqlStorage(url).open()
        assert "hush" not in str(raised.value)
        assert "127.0.0.1:1/test" in str(raised.value)

    async def test_sslmode_means_what_it_means_elsewhere(self, postgresql: SqlPlace) -> None:
        storage = SqlStorage(f"{postgresql.url}?sslmode=disable", schema=postgresql.schema)
        await storage.open()
        await storage.close()

    @pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
    async def test_an_option_that_no_driver_knows(self, scheme: str) -> None:
        with pytest.raises(ConfigError, match="no_such_option"):
            await SqlStorage(f"{scheme}://root@127.0.0.1:1/test?no_such_option=1").open()
        with pytest.raises(ConfigError, match="no_such_option"):
            await SqlStorage(f"{scheme}://root@127.0.0.1:1/test?no_such_option=1").look()

    @pytest.mark.parametrize("password", ["hu@sh", "@hush", "hu@s/h", "hu@s?h=1"])
    def test_a_password_with_an_at_is_not_taken_for_a_host(self, password: str) -> None:
        with pytest.raises(ConfigError, match=r"more than one @; .* as %40") as raised:
            SqlStorage(f"postgresql://root:{password}@127.0.0.1:1/test")
        assert "sh" not in str(raised.value)

    async def test_a_host_that_nobody_knows(self) -> None:
        with pytest.raises(ConfigError, match=r"bot\.invalid:1/test cannot be used: gaierror: "):
            await SqlStorage("postgresql://root@bot.invalid:1/test").open()


async def test_readers_leave_room_for_the_sign_of_life(sql: SqlPlace) -> None:
    """Whoever reads much and slowly is not taken for dead."""
    storage = sql.storage(pool_size=2, lease=4.0)
    await storage.open()
    held = asyncio.Event()

    async def read() -> None:
        async with storage._database.reading():
            await held.wait()

    readers = [asyncio.create_task(read()) for _ in range(40)]
    other = sql.storage(lease=4.0)
    await storage.add_inbound(inbox_entry("a", "e"))
    before = await _until(sql)
    while await _until(sql) < before + 1.0:  # it says so every third of its lease
        await asyncio.sleep(0.05)
    assert storage._database.engine.pool.checkedout() <= 4  # type: ignore[attr-defined]
    await other.open()
    assert list(await other.unfinished_inbound()) == []
    held.set()
    await asyncio.gather(*readers)
    await storage.close()
    await other.close()


async def _until(database: Place) -> float:
    return max(until for (until,) in await database.rows("nodes", "until"))


def test_a_process_that_may_not_be_seen_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """`/proc` that is mounted with hidepid shows nothing of processes of others."""

    def refused(pid: int, signal: int) -> None:
        raise PermissionError

    assert not runs("4194305 1")  # beyond the largest number that Linux gives
    monkeypatch.setattr("os.kill", refused)
    assert runs("4194305 1")


async def test_a_file_that_is_locked_for_long_refuses_and_recovers(sqlite: Place, tmp_path: Path) -> None:
    import sqlite3

    storage = SqlStorage(sqlite.url, connect_args={"timeout": 0.1})
    await storage.open()
    other = sqlite3.connect(tmp_path / "imbridge.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for number in range(3):
        with pytest.raises(StorageError, match="locked") as raised:
            await storage.add_inbound(inbox_entry("a", f"{number}"))
        assert raised.value.passing
    other.execute("COMMIT")
    other.close()
    assert await storage.add_inbound(inbox_entry("a", "0"))
    assert not isinstance(raised.value, SQLAlchemyError)
    await storage.close()


async def test_a_file_that_is_taken_away_is_noticed(sqlite: Place, tmp_path: Path) -> None:
    """What is written into a file that has no name any more is gone with the process: it must not be acknowledged."""
    storage = SqlStorage(sqlite.url, lease=4.0)
    await storage.open()
    assert await storage.add_inbound(inbox_entry("a", "before"))
    for name in ("imbridge.db", "imbridge.db-wal", "imbridge.db-shm"):
        (tmp_path / name).unlink()
    while not storage._database.gone:
        await asyncio.sleep(0.05)
    with pytest.raises(StorageError, match="is not there any more"):
        await storage.add_inbound(inbox_entry("a", "behind"))
    with pytest.raises(StorageError, match="unable to open database file"):
        await storage.load_session("lane")
    assert not await asyncio.to_thread((tmp_path / "imbridge.db").exists)
    await storage.close()
