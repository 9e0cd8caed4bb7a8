"""The network between storages and their server: it can be cut at a moment that is chosen, and go down."""

import asyncio


class Wire:
    """Passes bytes between its own port and a server's.

    Attributes:
        lose_answer_to: The next time that this is said to the server, the connections are cut when the server has
            answered, before the answer passes.
        loses_all: Nobody gets through any more from that moment, until it is `up` again.
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
        self.loses_all = False
        self.losses = 0
        self.passes = asyncio.Event()
        self.passes.set()
        self.port = 0

    async def up(self) -> None:
        """Listen, on the same port each time."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Nobody gets through, and who was is cut."""
        self.passes.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            self.cut()
            await listener.wait_closed()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """End all connections; new ones get through."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            there, to_server = await asyncio.open_connection(*self._server)
        except ConnectionError:  # the server is away
            self._end(writer)
            return
        self._writers.add(to_server)
        if writer.is_closing():  # it was cut meanwhile
            self._end(writer)
            self._end(to_server)
            return
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
                    self._lose(client)
                    return
                target.write(data)
                await target.drain()
        except ConnectionError:
            pass  # cut
        finally:
            self._end(target)

    def _lose(self, client: asyncio.StreamWriter) -> None:
        self._asked.discard(client)
        self.losses += 1
        if self.loses_all and self._listener is not None:
            self._listener.close()
        self.cut()

    def _end(self, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()
        self._writers.discard(writer)
        self._asked.discard(writer)
