"""A bridge as a process of its own: what `bridge.run()` does with signals, crashes and the event loop."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from imbridge.emulators.feishu import App, FeishuEmulator

PROLOGUE = """
import asyncio, logging, sys, time
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
from imbridge import BaseSkill, Bridge, BridgeOptions, FeishuConfig
FAST = dict(chat_rate="1000/s", api_rate="1000/s", api_minute_rate="60000/m")

class Slow(BaseSkill):
    async def handle_message(self, msg):
        await asyncio.sleep(0.02)
        return f"echo: {msg.text}"

def bridge(skill=Slow(), **options):
    if not options:
        return Bridge.from_env(skills=[skill])
    return Bridge([config()], skills=[skill], options=BridgeOptions(**{"durability": "memory", **options}))

def config():
    import os
    env = os.environ
    return FeishuConfig(app_id=env["FEISHU_APP_ID"], app_secret=env["FEISHU_APP_SECRET"],
                        base_url=env["FEISHU_BASE_URL"], **FAST)
"""


class BridgeProcess:
    """A running program, and what it has written so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.log += line.decode()

    async def logs(self, text: str, *, timeout: float = 60.0) -> None:
        try:
            async with asyncio.timeout(timeout):
                while text not in self.log:
                    assert self.process.returncode is None, self.log
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{text!r} was not logged:\n{self.log}") from None

    async def ended(self, *, timeout: float = 60.0) -> int:
        """Its exit status."""
        try:
            async with asyncio.timeout(timeout):
                status = await self.process.wait()
                await self._reading
        except TimeoutError:
            raise AssertionError(f"it did not end:\n{self.log}") from None
        return status

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading


@asynccontextmanager
async def bridge_process(
    feishu: FeishuEmulator, app: App, program: str, **environ: Any
) -> AsyncIterator[BridgeProcess]:
    """Run a program that follows `PROLOGUE`; its account is in the environment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "dev", "-W", "error", "-c", PROLOGUE + program,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent,
        env={**os.environ, "FEISHU_APP_ID": app.app_id, "FEISHU_APP_SECRET": app.app_secret,
             "FEISHU_BASE_URL": feishu.base_url, "PYTHONASYNCIODEBUG": "0", **environ},
    )  # fmt: skip
    running = BridgeProcess(process)
    try:
        yield running
    finally:
        await running.end()
