"""The collections, their indexes, and the version that says which of them a database has."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from imbridge.protocol import ConfigError
from imbridge.storage.mongo.access import PREFIX, Access

log = logging.getLogger(__name__)

_EXISTS = 48

Keys = list[tuple[str, int]]
INDEXES: dict[str, tuple[Keys, ...]] = {
    "inbox": ([("state", ASCENDING), ("seq", ASCENDING)], [("lane", ASCENDING), ("seq", ASCENDING)]),
    "outbox": ([("state", ASCENDING), ("seq", ASCENDING)],),
    "dedup": ([("expires_at", ASCENDING)],),
    "nodes": (),
    "commits": (),
    "leases": ([("holder", ASCENDING)],),
    "numbers": (),
    "sessions": ([("used_at", ASCENDING)],),
    "log": (
        [("channel", ASCENDING), ("at", DESCENDING)],
        [("sender_id", ASCENDING), ("at", DESCENDING)],
        [("at", DESCENDING)],
    ),
    "tokens": ([("account", ASCENDING), ("kind", ASCENDING)],),
    "notes": ([("account", ASCENDING), ("kind", ASCENDING)], [("expires_at", ASCENDING)]),
    "media": ([("expires_at", ASCENDING)],),
    "jobs": ([("due_at", ASCENDING)],),
}
"""Every collection, with what it is looked for by beside `_id`."""


async def _first(database: Any) -> None:
    for name, indexes in INDEXES.items():  # none is left to be made in a transaction: that is not possible everywhere
        try:
            await database.command("create", PREFIX + name)
        except OperationFailure as error:
            if error.code != _EXISTS:
                raise
        if indexes:
            await database[PREFIX + name].create_indexes([IndexModel(keys) for keys in indexes])


MIGRATIONS: tuple[Callable[[Any], Awaitable[None]], ...] = (_first,)
"""From each version to the next. Two processes may do one at the same time, and one may be cut off: it has to come to
the same when it is done once more."""
HEAD = len(MIGRATIONS)


async def migrate(database: Any, access: Access, *, allowed: bool) -> None:
    """Bring the collections to what this version needs.

    Args:
        database: As pymongo has it.
        access: The same, as rows.
        allowed: Change collections; without it they have to be as they should.

    Raises:
        ConfigError: they are of a newer version, or of an older one and may not be changed.
    """
    version = await version_of(access)
    if version > HEAD:
        raise ConfigError(
            f"storage: the collections are of a newer imbridge (version {version}, this one knows {HEAD}); "
            "update imbridge",
            key="storage",
        )
    if version == HEAD:
        return
    if not allowed:
        raise ConfigError(
            f"storage: the collections are at version {version or 'none'} and have to be at {HEAD}; allow migrations",
            key="storage",
        )
    log.info("the collections of the storage are brought from version %s to %s", version or "none", HEAD)
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        await step(database)
        await _note(access, number)


async def _note(access: Access, version: int) -> None:
    """The collections are at this version, at least."""
    try:
        await access.updated("version", {"_id": "schema"}, {"$max": {"version": version}}, upsert=True)
    except DuplicateKeyError:  # another process made the document meanwhile
        await access.updated("version", {"_id": "schema"}, {"$max": {"version": version}})


async def check(access: Access) -> None:
    """See whether the collections are as this version needs them; nothing is changed.

    Raises:
        ConfigError: they are not.
    """
    version = await version_of(access)
    if not version:
        raise ConfigError(
            "storage: nothing is kept there yet; the collections are made when the bot runs", key="storage"
        )
    if version != HEAD:
        raise ConfigError(
            f"storage: the collections are at version {version}, and this imbridge knows version {HEAD}; "
            + ("update it" if version > HEAD else "run the bot with it once, which brings them there"),
            key="storage",
        )


async def version_of(access: Access) -> int:
    """The version of the collections; 0 where there are none."""
    found = await access.one("version", {"_id": "schema"})
    return 0 if found is None else int(found["version"])
