"""A place of one's own on a database server, which can be cut off, and ended when the server is our own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import URL, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.nodes.wire import Wire
from benchmarks.survival.faults.servers import Server
from imbridge.storage.sql.database import database_url

COMMIT = {"postgresql": b"COMMIT;", "mariadb": b"\x03COMMIT", "mongodb": b"commitTransaction"}
"""As the drivers say it: "READ COMMITTED" is something else."""
_CONNECTIONS = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE application_name = '{}'",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE db = '{}' AND id != connection_id()",
}
_END = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}


class Database:
    """A schema of PostgreSQL, or a database of MariaDB, that processes reach over a wire.

    Attributes:
        url: For the processes.
        schema: For the processes; empty where the URL says it all.
        server: The server, if it is our own.
    """

    def __init__(self, place: URL, name: str, wire: Wire, server: Server | None) -> None:
        """`place` is where it is without the wire, `name` what it is called there."""
        self._place = place
        self._name = name
        self._wire = wire
        self._kind = "postgresql" if place.get_backend_name() == "postgresql" else "mariadb"
        self.server = server
        self.url = place.set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False)
        self.schema = name if self._kind == "postgresql" else ""

    async def cut(self) -> None:
        """The server ends all connections of the processes, in whatever they are."""
        for connection in await _ask(self._place, _CONNECTIONS[self._kind].format(self._name)):
            with suppress(OperationalError):  # it has ended by itself
                await _ask(self._place, _END[self._kind].format(connection))

    async def lose_a_commit(self, seconds: float) -> None:
        """The answer to the next commit is lost, and nobody reaches the server from then on, for so long."""
        before = self._wire.losses
        self._wire.loses_all = True
        self._wire.lose_answer_to = COMMIT[self._kind]
        while self._wire.losses == before:  # noqa: ASYNC110 - as often as the processes commit, which is often
            await asyncio.sleep(0.01)
        self._wire.loses_all = False
        await self._wire.down()
        await asyncio.sleep(seconds)
        await self._wire.up()

    async def restart(self, seconds: float) -> None:
        """The server is ended in the middle of what it does, and started again after so long."""
        assert self.server is not None
        await self.server.stop()
        await asyncio.sleep(seconds)
        await self.server.start()

    async def left(self) -> dict[str, int]:
        """What is in the boxes, by box and state."""
        prefix = f"{self.schema}." if self.schema else ""
        found: dict[str, int] = {}
        for box in ("inbox", "outbox"):
            query = f"SELECT state FROM {prefix}imbridge_{box}"  # noqa: S608 - our own name
            for state in await _ask(self._place, query):
                found[f"{box}, {state}"] = found.get(f"{box}, {state}", 0) + 1
        return found


@asynccontextmanager
async def database(url: str, name: str, server: Server | None = None) -> AsyncIterator[Database]:
    """A place with this name on a server; removed at the end."""
    at = database_url(url)
    assert at.host is not None
    is_schema = at.get_backend_name() == "postgresql"
    what = "SCHEMA" if is_schema else "DATABASE"
    await _ask(at, f"CREATE {what} {name}")
    wire = Wire(at.host, at.port or (5432 if is_schema else 3306))
    await wire.up()
    try:
        yield Database(at if is_schema else at.set(database=name), name, wire, server)
    finally:
        await wire.down()
        await _ask(at, f"DROP {what} {name}" + (" CASCADE" if is_schema else ""))


async def _ask(server: URL, statement: str) -> list[object]:
    """The first column of what it answers."""
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            result = await connection.execute(text(statement))
            return list(result.scalars()) if result.returns_rows else []
    finally:
        await engine.dispose()
