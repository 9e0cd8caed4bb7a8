"""A wire to a database of a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from benchmarks.nodes.wire import Wire
from databases import Place

__all__ = ["Wire", "wired"]


@asynccontextmanager
async def wired(database: Place) -> AsyncIterator[tuple[Wire, Place]]:
    """A wire to the database, and the database as it is reached over it."""
    url = urlsplit(database.url)
    assert url.hostname is not None
    assert url.port is not None
    wire = Wire(url.hostname, url.port)
    await wire.up()
    user, at, _ = url.netloc.rpartition("@")
    over = url._replace(netloc=f"{user}{at}127.0.0.1:{wire.port}").geturl()
    try:
        yield wire, replace(database, url=over)
    finally:
        await wire.down()
