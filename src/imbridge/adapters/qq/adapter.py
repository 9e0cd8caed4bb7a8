"""The QQ adapter: wiring of start, stop, probe and the ways to speak."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Sent, Target
from imbridge.adapters.card_seals import Seals
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.capabilities import BOT, BOT_WITHOUT_MARKDOWN
from imbridge.adapters.qq.config import Mode, QQConfig
from imbridge.adapters.qq.hearing.base import Hearing
from imbridge.adapters.qq.hearing.callbacks import Callbacks
from imbridge.adapters.qq.hearing.gateway import OPTIONS, Gateway
from imbridge.adapters.qq.modes import MODES, SCRIPT
from imbridge.adapters.qq.outbound import measure
from imbridge.adapters.qq.received.completing import Completing
from imbridge.adapters.qq.received.downloads import Downloads
from imbridge.adapters.qq.received.identity import Identity
from imbridge.adapters.qq.received.reading import Reading
from imbridge.adapters.qq.sent.addresses import Addresses
from imbridge.adapters.qq.sent.answerable import note_inbound
from imbridge.adapters.qq.sent.answers import AnsweringIntake
from imbridge.adapters.qq.sent.markdown import GUILD
from imbridge.adapters.qq.sent.media import QQMedia
from imbridge.adapters.qq.sent.plans import Plans
from imbridge.adapters.qq.sent.reactions import Reactions
from imbridge.adapters.qq.sent.rights import Rights
from imbridge.adapters.qq.sent.speaking import Speaking
from imbridge.adapters.qq.sent.streaming import C2CStream, growing_in
from imbridge.adapters.qq.sent.streams import Streams
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.adapters.qq.services.open_api import OpenApi
from imbridge.adapters.qq.services.sdk import Sdk
from imbridge.adapters.rehearsal import RehearsalPool
from imbridge.adapters.taking import Taking
from imbridge.config import AccountConfig
from imbridge.protocol import (
    Bot,
    Card,
    Channel,
    ChannelKind,
    Event,
    ImbridgeError,
    Media,
    Message,
    NotSupportedError,
)
from imbridge.rendering import Part, PartKind, Rendered
from imbridge.transport import LinkOptions, WebhookRoute

log = logging.getLogger(__name__)

_PATIENCE = float("inf")
"""What the inbox has no room for is offered again: the gateway does not send it a second time."""


class QQAdapter(Adapter):
    """One bot, over the gateway or webhooks."""

    platform: ClassVar[str] = "qq"
    config_type: ClassVar[type[AccountConfig]] = QQConfig
    capabilities = BOT
    modes = MODES
    script = SCRIPT
    dialects = (GUILD,)
    noted: ClassVar[str] = "the gateway's sessions, and which answers were given"

    def __init__(
        self, config: AccountConfig, context: AdapterContext, *, link_options: LinkOptions | None = None
    ) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, QQConfig):
            raise TypeError(f"the QQ adapter needs a QQConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.settings = config
        self.capabilities = BOT if config.markdown != "off" else BOT_WITHOUT_MARKDOWN
        self.api = QQApi(config, context.pool, context.notes)
        self.me = Identity(config.name, seals=Seals(config.key, config.secret.get_secret_value()))
        self.api.on_sent = self.me.references.note
        self.windows = Windows(context.notes)
        self.rights = Rights(config.key, config.markdown, context.notes)
        self.media = QQMedia(self.api, context.uploads)
        self._addresses = Addresses(context.notes)
        self._plans = Plans(context.notes)
        self._speaking = Speaking(
            config, self.api, self.windows, self.rights, self._addresses, self.media, self._plans, self.me
        )
        self._reactions = Reactions(self.api)
        self.streams = Streams(self.api, self.windows, self._speaking, self.rights, context.notes)
        self._sdk = Sdk(self.api, self.windows)
        self._open_api = OpenApi(self.api)
        self.counts: Counter[str] = Counter()
        self._intake = AnsweringIntake(context.intake, self.api, self.counts)
        self._reading = Reading(self.key, self.me, self.counts)
        self._completing = Completing(self.api, self.me, self.counts)
        self.downloads = Downloads(config, context.pool)
        self.link_options = link_options or OPTIONS
        self._hearing = self._make_hearing()
        self._closed = False

    def _make_hearing(self) -> Hearing:
        config, context = self.settings, self.context
        if config.mode is Mode.WEBHOOK:
            return Callbacks(config, self.api, self._intake, self._decode, self.me.learn, self.tell, self.counts)
        taking = Taking(config.key, self._intake, self.counts, patience=_PATIENCE, again=True)
        return Gateway(
            config, self.api, context.pool, context.notes, taking, self._decode, self.me.learn, self.tell,
            self.counts, options=self.link_options,
        )  # fmt: skip

    # -- life ----------------------------------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Read what an earlier process has answered, how, and what it was refused."""
        await self.windows.restore()
        await self.rights.restore()
        await self._addresses.restore()
        await self._plans.restore()

    async def start(self) -> None:
        """Connect, or see that the credentials are right where the platform connects to us; however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        await self.remember()
        await self.streams.start()
        await self._hearing.start()

    async def stop_reading(self) -> None:
        """Take nothing new: what comes later is replayed to the next process, which resumes the session."""
        await self._hearing.stop()

    async def close(self) -> None:
        """Let go of everything."""
        if self._closed:
            return
        self._closed = True
        await self.stop_reading()
        await self._intake.close()
        await self.streams.close()
        await self._sdk.close()
        await self.api.close()
        await self.context.notes.flush()
        self.tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """Ask who we are."""
        try:
            me = await self.api.me(patience=10.0)
        except ImbridgeError as error:
            return Probe(ok=False, problems=(str(error),))
        identity, name = str(me.get("id") or self.settings.app_id), str(me.get("username") or "")
        return Probe(ok=True, bot_id=identity, bot_name=name, problems=tuple(self._hearing.problems()))

    # -- hearing -------------------------------------------------------------------------------------------------------

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URL, in mode `webhook`."""
        return self._hearing.routes()

    def _decode(self, payload: dict[str, Any]) -> Inbound | None:
        inbound = self._reading.read(payload)
        self._listen(payload, inbound.item)
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

    def _listen(self, payload: dict[str, Any], item: Message | Event) -> None:
        """What speaking has to know of what comes: what can be answered, and what became of audits."""
        note_inbound(self.windows, payload, item)
        self._speaking.audits.heard(str(payload.get("t", "")), payload.get("d") or {})

    def bot(self) -> Bot | None:
        """The bot, once the platform has told who that is."""
        me = self.me
        if not me.bot_id:
            return None
        return Bot(platform=self.platform, account=me.account, id=me.bot_id, name=me.name, aliases=self.config.aliases)

    def chat_for_all(self, channel: Channel) -> str:
        """A channel of a guild has one id; of a group every bot sees an openid of its own (bot.q.qq.com, "openid")."""
        return channel.id if channel.kind is ChannelKind.GUILD else ""

    # -- speaking ------------------------------------------------------------------------------------------------------

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    def plan(self, target: Target, parts: Sequence[Part], key: str) -> Rendered:
        """So few parts as answers are left."""
        return self._speaking.plan(target, parts, key, self.capabilities)

    def hands_over(self, media: Media, *, in_card: bool = False) -> bool:
        """QQ fetches what is at an address, where the settings say so; pictures in cards, which need one, always."""
        return in_card or self.settings.media_urls == "hand_over"

    def rehearsing(self, pool: RehearsalPool, target: Target) -> Adapter:
        """A twin that knows what this bot was refused, and what is quoted by what."""
        twin = super().rehearsing(pool, target)
        if isinstance(twin, QQAdapter):
            twin.rights.know(self.rights)
            twin._addresses.know(self._addresses)
            if target.reply_to:
                twin.me.references.note(self.me.references.index(target.reply_to), target.reply_to)
        return twin

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part: as an answer while something can be answered, else unasked."""
        first = part.elements[0] if part.kind is PartKind.CARD else None
        if isinstance(first, Card) and (stream_id := growing_in(first)):
            return await self.streams.say(target, first, stream_id, key)
        return await self._speaking.say(target, part, key)

    def key_lasts(self, target: Target, part: Part, key: str) -> float:
        """While the message is open that it answers with a number; elsewhere there is no key."""
        return self.windows.key_lasts(target.channel, key)

    def grow(self, *, markdown: bool, channel: Channel | None = None) -> C2CStream | None:
        """A message that grows, in single chats; None elsewhere."""
        return self.streams.grow(channel, markdown=markdown)

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back, within 2 minutes."""
        if not message_id:
            raise NotSupportedError("QQ gave no id for this message: the answer to it got lost")
        await self.api.recall(channel, message_id)

    async def react(self, channel: Channel, message_id: str, emoji: str) -> None:
        """Put an emoji on a message of a guild's channel: a character, or the number of one of QQ's own."""
        await self._reactions.put(channel, message_id, emoji, on=True)

    async def unreact(self, channel: Channel, message_id: str, emoji: str) -> None:
        """Take our emoji off a message."""
        await self._reactions.put(channel, message_id, emoji, on=False)

    async def typing(self, channel: Channel, message_id: str, on: bool) -> None:
        """Show in a single chat that an answer is on its way, for a minute; it ends with the next message."""
        await self._speaking.typing(channel, message_id, on=on)

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

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        once: bool | None = None,
    ) -> Any:
        """Call any API of the platform, with the bot's token: `await adapter.call("GET", "/users/@me/guilds")`.

        For what the official SDK has no method for. It goes over the bridge's connections, is paced, given a new token
        when it needs one, and tried again while the platform has passing trouble, for `send_timeout`.

        Args:
            method: HTTP method.
            path: As the platform's documents have it, without the host.
            json: The body. An answer to a message needs its `msg_seq`, which must not be one that was used.
            params: The query.
            once: Whether an attempt that may have arrived is the last one, and its error `ambiguous`. Left out: so it
                is unless the method is GET, PUT or DELETE. Say `once=False` to a POST that only asks.

        Returns:
            The answer's JSON; an empty dict when there is none.

        Raises:
            ValueError: the path or the method is none.
            DeliveryError: and its kinds: the platform refuses it. Its `code` is the platform's.
            AuthError: the credentials are refused.
        """
        return await self._open_api.call(method, path, json=json, params=params, once=once)

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller = self.api.caller
        return {
            **self.counts,
            **self._hearing.counters(),
            **self.media.uploads.counts,
            **self.streams.counts,
            "calls": caller.calls,
            "retries": caller.retries,
            "token_refreshes": caller.refreshes,
        }
