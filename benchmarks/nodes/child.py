"""One of the processes: a bridge that answers each message with its text. Its settings come as JSON."""

import asyncio
import json
import logging
import os
import random
import signal
import sys
from typing import Any

from pydantic import SecretStr

from imbridge import Bridge, BridgeOptions, FeishuConfig
from imbridge.skills import message_skill
from imbridge.storage import SqlStorage

log = logging.getLogger("benchmarks.nodes")

FAST = {"chat_rate": "1000/s", "api_rate": "1000/s", "api_minute_rate": "60000/m"}


async def answer(msg: Any) -> str:
    """Takes a moment, so that a message could be overtaken, or be under way when the process ends."""
    await asyncio.sleep(random.uniform(0, 0.03))  # noqa: S311 - no secret
    msg.session["answered"] = msg.session.get("answered", 0) + 1
    return f"{msg.text} by {os.getpid()}"


async def main(settings: dict[str, Any]) -> None:
    """Run until SIGTERM."""
    account = FeishuConfig(
        name="work",
        app_id=settings["app_id"],
        app_secret=SecretStr(settings["app_secret"]),
        base_url=settings["base_url"],
        **FAST,
    )
    storage = SqlStorage(
        settings["url"],
        schema=settings["schema"] or None,
        lease=settings["lease"],
        shared=settings["shared"],
        hints=settings["hints"] or None,
        connect_args={"server_settings": {"application_name": settings["schema"]}} if settings["schema"] else None,
        max_attempts=10_000,  # it is the kills that are to blame, and no message
    )
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    skills = [message_skill(answer, name="answer", priority=0)]
    options = BridgeOptions(typing_after=None)
    async with Bridge([account], skills=skills, storage=storage, options=options) as bridge:
        print("ready", flush=True)
        await ended.wait()
        counters = bridge.counters()["bridge"]
    log.info("counters: %s", counters)


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    )
    asyncio.run(main(json.loads(sys.argv[1])))
