"""A server on this machine that hands out a file as it is told to: whole, slowly, cut short, without a length."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class FileServer:
    """What it hands out, and what it was asked with.

    Attributes:
        place: Its address.
        body: The file.
        headers: What the answer says of it.
        how: `whole`, `chunked` (no length is told), `cut` (half of it comes), `stuck` (half of it comes, and no more).
        status: Of the answer.
        asked: The headers of each request for it.
        json: What is answered at other paths, by their ends.
    """

    place: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    how: str = "whole"
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)
    json: dict[str, Any] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        for end, answer in self.json.items():
            if request.path.endswith(end):
                return web.json_response(answer)
        self.asked.append(dict(request.headers))
        if self.how == "whole":
            return web.Response(status=self.status, body=self.body, headers=self.headers)
        response = web.StreamResponse(status=self.status, headers=self.headers)
        if self.how == "chunked":
            response.enable_chunked_encoding()
        else:
            response.content_length = len(self.body)
        await response.prepare(request)
        await response.write(self.body if self.how == "chunked" else self.body[: len(self.body) // 2])
        if self.how == "stuck":
            await self.done.wait()
        if self.how in ("cut", "stuck"):
            assert request.transport is not None
            request.transport.close()
        return response


@asynccontextmanager
async def file_server(body: bytes = b"", **headers: str) -> AsyncIterator[FileServer]:
    """One that runs, and hands out these bytes."""
    server = FileServer(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        server.place = f"http://{host}:{port}"
        yield server
    finally:
        server.done.set()
        await runner.cleanup()
