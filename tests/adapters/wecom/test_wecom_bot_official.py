"""Against a foreign client: the official SDK, which comes back whenever it loses the bot. We do not fight."""

import asyncio
import sys
from pathlib import Path

from contract import until
from wecom_bot_rig import BotRig

from imbridge.adapters.base import Health
from imbridge.adapters.wecom.bot.adapter import BotAdapter

SCRIPT = Path(__file__).parents[2] / "emulators" / "scripts" / "aibot_bot.py"


async def test_the_official_client_keeps_the_bot_and_we_say_so(bots: BotRig, bot: BotAdapter) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, SCRIPT, bots.platform.ws_url, bots.bot.bot_id, bots.bot.secret, "-1",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await until(lambda: bot.health is Health.FAILED, "giving up", timeout=30)
        assert "another process uses this bot" in bots.health[-1][1]
        await until(lambda: bots.platform.subscribed(bots.bot), "the other one's subscription", timeout=30)
        subscribes = bots.platform.stats.subscribes
        await asyncio.sleep(0.3)
        assert bots.platform.stats.subscribes == subscribes
        assert process.returncode is None
    finally:
        process.kill()
        await process.wait()
