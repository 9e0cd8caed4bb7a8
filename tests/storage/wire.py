"""The network between a storage and its server: it can be cut at a moment that is chosen, and go down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from databases import Place


class Wire:
    """Passes bytes between its own port and a server's.

    Attributes:
        lose_answer_to: The next time that this is said to the server, the connections are cut when the server has
            answered, before the answer passes.
        losses: How often that was done.
        passes: While it is not set nothing passes, and nobody is told: the server hangs.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked: set[asyncio.StreamWriter] = set()
        self.lose_answer_to: bytes | None = None
        self.losses = 0
        self.passes = asyncio.Event()
        self.passes.set()
        self.port = 0

    async def up(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Nobody gets through, and who was is cut."""
        self.passes.set()
        if self._listener is not None:
            self._listener.close()
            self.cut()
            await self._listener.wait_closed()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_server = await asyncio.open_connection(*self._server)
        self._writers |= {writer, to_server}
        for source, target, asks in ((reader, to_server, True), (there, writer, False)):
            task = asyncio.create_task(self._pass(source, target, writer, asks=asks))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, client: asyncio.StreamWriter, *, asks: bool
    ) -> None:
        try:
            while data := await source.read(65_536):
                await self.passes.wait()
                if asks and self.lose_answer_to is not None and self.lose_answer_to in data:
                    self.lose_answer_to = None
                    self._asked.add(client)
                elif not asks and client in self._asked:
                    self._asked.discard(client)
                    self.losses += 1
                    self.cut()
                    return
                target.write(data)
                await target.drain()
        except ConnectionError:
            pass  # cut
        finally:
            target.transport.abort()


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
