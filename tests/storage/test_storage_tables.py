"""Tables: made by migrations that say what the code says, once, and not behind anybody's back."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from databases import Place, SqlPlace
from sqlalchemy import Connection

from imbridge.protocol import ConfigError
from imbridge.storage.sql.migrate import HEAD, alembic_config
from imbridge.storage.sql.tables import VERSION_TABLE, metadata
from imbridge.testing.storage_entries import inbox_entry


async def test_the_migrations_make_what_the_code_knows(sql: SqlPlace) -> None:
    storage = sql.storage()
    await storage.open()

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "include_object": _ours, "compare_type": True}
        )
        return list(compare_metadata(context, metadata))

    async with storage._database.reading() as connection:
        assert await connection.run_sync(differences) == []
    await storage.close()


def _ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    return kind != "table" or str(name).startswith("imbridge_")


def test_the_newest_migration_is_known_without_looking() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


async def test_tables_are_not_made_when_they_may_not_be(database: Place) -> None:
    storage = database.storage(migrate=False)
    with pytest.raises(ConfigError, match=r"the (tables|collections) are at version none and have to be at"):
        await storage.open()
    made = database.storage()
    await made.open()
    await made.close()
    storage = database.storage(migrate=False)
    await storage.open()
    await storage.close()


async def test_tables_of_a_newer_version_are_left_alone(database: Place) -> None:
    storage = database.storage()
    await storage.open()
    await storage.close()
    column, newer = ("version", 9999) if database.kind == "mongodb" else ("version_num", "9999")
    await database.change("version", {column: newer})
    with pytest.raises(ConfigError, match="newer imbridge"):
        await database.storage().open()


async def test_a_process_elsewhere_is_waited_for_until_its_lease_ends(database: Place) -> None:
    gone = database.storage(lease=60)
    await gone.open()
    await gone.add_inbound(inbox_entry("a", "e"))
    await database.change("nodes", {"host": "elsewhere"})
    assert gone._nodes._beating is not None
    gone._nodes._beating.cancel()  # it says no word any more
    heir = database.storage(lease=3.0)
    await heir.open()
    untils = dict(await database.rows("nodes", "id", "until"))
    half_a_second_left = untils[gone._nodes.id] - 59.5
    await database.change("nodes", {"until": half_a_second_left}, {"id": gone._nodes.id})
    assert [entry.dedup_keys for entry in await heir.unfinished_inbound()] == [("e",)]
    await heir.close()
    await gone.close()


async def test_a_process_elsewhere_that_lives_keeps_what_is_its_own(database: Place) -> None:
    lives = database.storage(lease=3.0)
    await lives.open()
    await lives.add_inbound(inbox_entry("a", "e"))
    await database.change("nodes", {"host": "elsewhere"})
    other = database.storage(lease=3.0)
    await other.open()
    assert list(await other.unfinished_inbound()) == []
    await other.close()
    await lives.close()
