"""A Redis for tests: the one that is there, or one of a test's own, which can be killed."""

import asyncio
import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from reaching import free_port, needs

VARIABLE, DEFAULT = "IMBRIDGE_TEST_REDIS", "redis://127.0.0.1:6379"
_PATIENCE = 30.0


def redis_url() -> str:
    """Where a Redis is."""
    url = os.environ.get(VARIABLE, DEFAULT)
    parts = urlsplit(url)
    needs("redis", parts.hostname, parts.port or 6379, VARIABLE)
    return url


class RedisServer:
    """A server of a test's own, on the same port each time it is started; it keeps nothing."""

    def __init__(self, folder: Path, *options: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("no redis-server to start and kill")
        self._program = program
        self._folder = folder
        self._options = options
        self._process: asyncio.subprocess.Process | None = None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Return when it can be reached."""
        kept = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self._folder))
        with (self._folder / "redis.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                self._program, *kept, *self._options, stdout=output, stderr=output
            )
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    assert self._process.returncode is None, (self._folder / "redis.log").read_text()[-2000:]
                    await asyncio.sleep(0.05)
                else:
                    break
        writer.close()
        await writer.wait_closed()

    async def kill(self) -> None:
        """As a power cut; killing it twice is nothing."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.wait()
