"""The official Python client, from READY on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from official_client import OfficialClient, running

from imbridge.emulators.qq import Bot, QQEmulator


@asynccontextmanager
async def official_client(qq: QQEmulator, bot: Bot, cwd: Path, *args: str) -> AsyncIterator[OfficialClient]:
    """Runs the client; it writes its log file where it is started."""
    own = (qq.base_url, bot.app_id, bot.secret)
    async with running("qq_echo.py", *own, *args, cwd=cwd, PYTHONWARNINGS="ignore") as process:
        client = OfficialClient(process)
        note = await client.notes("ready")
        assert note == {"what": "ready", "name": bot.name, "id": bot.bot_id}
        yield client
