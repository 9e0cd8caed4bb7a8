"""The QQ adapter: wiring of start, stop, probe and the ways to speak."""

import asyncio
import logging
from collections import Counter
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Sent, Target
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.capabilities import BOT
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.link import QQLink
from imbridge.adapters.qq.outbound import measure
from imbridge.adapters.qq.received.completing import Completing
from imbridge.adapters.qq.received.downloads import Downloads
from imbridge.adapters.qq.received.identity import Identity
from imbridge.adapters.qq.received.reading import Reading
from imbridge.adapters.qq.sent.speaking import Speaking
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.adapters.qq.services.sdk import Sdk
from imbridge.adapters.qq.sessions import GatewaySession
from imbridge.config import AccountConfig
from imbridge.protocol import (
    AuthError,
    Channel,
    Degradation,
    ImbridgeError,
    LinkError,
    Media,
    Message,
)
from imbridge.rendering import Part
from imbridge.transport import Link, LinkOptions, LinkState

log = logging.getLogger(__name__)

_OPTIONS = LinkOptions(open_timeout=30.0)
_HEALTH = {
    LinkState.CONNECTING: Health.STARTING,
    LinkState.UP: Health.UP,
    LinkState.DOWN: Health.DOWN,
    LinkState.FAILED: Health.FAILED,
    LinkState.STOPPED: Health.STOPPED,
}
_WORST_FIRST = (LinkState.FAILED, LinkState.DOWN, LinkState.CONNECTING, LinkState.UP)
"""Each shard has events of its own: one that is down is missed."""


class QQAdapter(Adapter):
    """One bot over the gateway."""

    platform: ClassVar[str] = "qq"
    config_type: ClassVar[type[AccountConfig]] = QQConfig
    capabilities = BOT

    def __init__(
        self, config: AccountConfig, context: AdapterContext, *, link_options: LinkOptions | None = None
    ) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, QQConfig):
            raise TypeError(f"the QQ adapter needs a QQConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.settings = config
        self.api = QQApi(config, context.pool)
        self.me = Identity(config.name)
        self.windows = Windows(context.notes)
        self._speaking = Speaking(self.api, self.windows)
        self._sdk = Sdk(self.api, self.windows)
        self.counts: Counter[str] = Counter()
        self._reading = Reading(self.key, self.me, self.counts)
        self._completing = Completing(self.api, self.me, self.counts)
        self.downloads = Downloads(config, context.pool)
        self.link_options = link_options or _OPTIONS
        self._links: list[Link] = []
        self._closed = False

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connect; back when each shard's first connection stands, however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        await self.windows.restore()
        shards = self.settings.shards or int((await self.api.gateway()).get("shards") or 1)
        for shard in range(shards):
            session = GatewaySession(self.context.notes, shard, shards)
            await session.restore()
            driver = QQLink(self.settings, self.api, self.context.intake, self._decode, session, self.counts)
            name = self.key if shards == 1 else f"{self.key}#{shard}"
            link = Link(driver, self.context.pool, options=self.link_options, name=name, on_state=self._on_link_state)
            self._links.append(link)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._learn())
                for link in self._links:
                    group.create_task(link.start())
        except* LinkError as errors:
            await self._stop_links()
            error = errors.exceptions[0]
            cause = error.__cause__
            raise (cause if isinstance(cause, AuthError) else error) from None

    async def _learn(self) -> None:
        """Who we are: it tells whether we are called, in guilds."""
        try:
            self.me.learn(await self.api.me(patience=10.0))
        except ImbridgeError as error:
            log.info("%s: who we are could not be asked: %s", self.key, error)

    async def stop_reading(self) -> None:
        """Take nothing new: what comes later is replayed to the next process, which resumes the session."""
        await self._stop_links()

    async def close(self) -> None:
        """Let go of everything."""
        if self._closed:
            return
        self._closed = True
        await self.stop_reading()
        await self._sdk.close()
        await self.api.close()
        await self.context.notes.flush()
        self.tell(Health.STOPPED, "closed")

    async def _stop_links(self) -> None:
        for link in self._links:
            await link.stop()

    async def probe(self) -> Probe:
        """Ask who we are."""
        try:
            me = await self.api.me(patience=10.0)
        except ImbridgeError as error:
            return Probe(ok=False, problems=(str(error),))
        return Probe(ok=True, bot_id=str(me.get("id") or self.settings.app_id), bot_name=str(me.get("username") or ""))

    def _on_link_state(self, state: LinkState, error: Exception | None) -> None:
        states = {link.state for link in self._links}
        worst = next((state for state in _WORST_FIRST if state in states), None)
        if worst is not None and state is not LinkState.STOPPED:
            self.tell(_HEALTH[worst], str(error or worst.value))

    # -- hearing -------------------------------------------------------------------------------------------------------

    def _decode(self, payload: dict[str, Any]) -> Inbound | None:
        inbound = self._reading.read(payload)
        if isinstance(inbound.item, Message):
            self.windows.note(inbound.item)
        return inbound

    async def read(self, message_id: str, media: Media) -> bytes:
        """Fetch what was received."""
        return await self.downloads.read(media)

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write what was received to disk."""
        return await self.downloads.save(media, to)

    def is_complete(self, message: Message) -> bool:
        """False when it quotes a message of a guild, which has to be asked for."""
        return self._completing.is_complete(message)

    async def complete(self, message: Message) -> Message:
        """The message with what it quotes."""
        return await self._completing.complete(message)

    # -- speaking ------------------------------------------------------------------------------------------------------

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part: as an answer while something can be answered, else unasked."""
        degradations: list[Degradation] = []
        if target.reply_to is not None:
            why = "an answer is not attached to a message"
            degradations.append(Degradation(what="reply", how="sent to the chat", why=why))
        sent = await self._speaking.say(target, part, key)
        return Sent(sent.part, sent.attempts, (*degradations, *sent.degradations))

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back, within 2 minutes."""
        await self.api.recall(channel, message_id)

    # -- the rest of the platform --------------------------------------------------------------------------------------

    async def sdk(self) -> Any:
        """`botpy.BotAPI` for all the rest of the platform, over our connections and with our token.

        `await (await adapter.sdk()).get_guild_members(guild_id)`. It is loaded at the first call, in a thread. What is
        refused is raised as of `send`, not as botpy's own errors. Answers to messages are numbered here: `msg_seq` need
        not be given.

        Raises:
            ConfigError: botpy is not installed.
        """
        return await self._sdk.api()

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller = self.api.caller
        totals: Counter[str] = Counter()
        for link in self._links:
            counts = link.counters
            totals.update({name: getattr(counts, name) for name in counts.__slots__})
        return {
            **self.counts,
            **totals,
            "calls": caller.calls,
            "retries": caller.retries,
            "token_refreshes": caller.refreshes,
        }
