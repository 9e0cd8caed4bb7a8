"""A smart bot over HTTP callbacks: a bridge with one skill behind a web server, which the platform calls back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from served import served
from wecom_bot_rig import BotRig

from imbridge import Bridge, BridgeOptions
from imbridge.protocol import (
    Message,
    Receipt,
)

Skill = Callable[[Message], Any]


class Talk:
    """A bridge with one skill, and what became of what it said."""

    def __init__(self, bots: BotRig, skill: Skill, on_event: Any = None, **settings: Any) -> None:
        self.receipts: list[Receipt] = []
        once = BridgeOptions(retry_for=0)  # one try is looked at here: what it tells, and what it leaves
        self.bridge = Bridge([bots.callback_config(**settings)], options=once)
        if on_event is not None:
            self.bridge.on_event(unverified=True)(on_event)

        @self.bridge.on_message
        async def answer(msg: Message) -> Any:
            said = await skill(msg)
            if isinstance(said, Receipt):
                self.receipts.append(said)
                return None
            return said


@asynccontextmanager
async def talking(bots: BotRig, skill: Skill, on_event: Any = None, **settings: Any) -> AsyncIterator[Talk]:
    """The bridge runs, and the platform calls it back."""
    talk = Talk(bots, skill, on_event, **settings)
    async with talk.bridge, served(talk.bridge.asgi()) as url:
        await bots.platform.set_callback(bots.bot, f"{url}/wecom/bot")
        yield talk


async def echo(msg: Message) -> str:
    return f"echo {msg.text}"


async def silent(msg: Message) -> None:
    return None
