"""The adapter of a smart bot over its long connection: wiring of start, stop, probe and the ways to speak."""

import logging
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from imbridge.adapters.base import Adapter, AdapterContext, Health, Probe, Sent, Target
from imbridge.adapters.card_seals import Seals
from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.adapters.link_health import HEALTH_OF
from imbridge.adapters.rehearsal import NoIntake, RehearsalPool
from imbridge.adapters.taking import Taking
from imbridge.adapters.uploaded_once import again_when_gone
from imbridge.adapters.wecom.bot.awaited import Awaited
from imbridge.adapters.wecom.bot.calls import BotCaller
from imbridge.adapters.wecom.bot.capabilities import BOT
from imbridge.adapters.wecom.bot.downloads import BotDownloads
from imbridge.adapters.wecom.bot.facts import BotIdentity
from imbridge.adapters.wecom.bot.frames import Frame
from imbridge.adapters.wecom.bot.inbound import Received, decode, unreadable
from imbridge.adapters.wecom.bot.link import BotLink
from imbridge.adapters.wecom.bot.outbound import card_body, content_of, measure, stream_in
from imbridge.adapters.wecom.bot.rehearsed import RehearsedCaller
from imbridge.adapters.wecom.bot.speaking import BotSpeaker, Said
from imbridge.adapters.wecom.bot.streaming import BotStream
from imbridge.adapters.wecom.bot.uploads import BotUploads
from imbridge.adapters.wecom.bot.ways import Ways
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.adapters.wecom.modes import SCRIPT
from imbridge.adapters.wecom.sent.cards import DoesNotFitError
from imbridge.adapters.wecom.sent.markdown import BOT as DIALECT
from imbridge.adapters.wecom.sent.media import GONE
from imbridge.config import AccountConfig
from imbridge.protocol import (
    AuthError,
    Bot,
    Card,
    Channel,
    ContentRefusedError,
    DecodeError,
    Degradation,
    DeliveryError,
    LinkError,
    Loss,
    Markdown,
    Media,
    Message,
    Reply,
    SentPart,
    Text,
)
from imbridge.rendering import Part, PartKind, render
from imbridge.rendering.cards import card_text
from imbridge.transport import Link, LinkOptions, LinkState

log = logging.getLogger(__name__)

_OPTIONS = LinkOptions(ping_timeout=45.0, send_timeout=30.0, max_msg_size=16 << 20)
"""A second ping after 30 s has 15 s to be answered: dead after two missed ones. 700 KB of an upload take their time."""
_NOTABLE = 1.0
"""Seconds for which a message may be held back without a word."""


class BotAdapter(Adapter):
    """One smart bot over its long connection."""

    platform: ClassVar[str] = "wecom"
    config_type: ClassVar[type[AccountConfig]] = WeComConfig
    capabilities = BOT
    script = SCRIPT
    dialects = (DIALECT,)

    def __init__(
        self, config: AccountConfig, context: AdapterContext, *, link_options: LinkOptions | None = None
    ) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, WeComConfig):
            raise TypeError(f"the WeCom adapter needs a WeComConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.settings = config
        self.me = BotIdentity(
            config.name, config.bot_id, config.bot_name, Seals(config.key, config.bot_secret.get_secret_value())
        )
        self.driver = BotLink(config, self._callback)
        self._link = Link(
            self.driver,
            context.pool,
            options=link_options or _OPTIONS,
            name=config.key,
            on_state=self._on_link_state,
        )
        self.caller = self._calling(self._link)
        self.speaker = BotSpeaker(config, self.caller, Ways(context.notes))
        self._awaited = Awaited(config.key, self.caller, config.welcome, self.me)
        self._taking = Taking(config.key, context.intake, self.driver.counts, taken=self._awaited.taken)
        self._streams: WeakValueDictionary[str, BotStream] = WeakValueDictionary()
        self._uploads = BotUploads(self.caller, context.uploads)
        self.downloads = BotDownloads(config, context.pool, context.notes)
        self._reading = True
        self._closed = False

    def _calling(self, link: Link) -> BotCaller:
        return BotCaller(self.settings, self.driver, link)

    # -- life ----------------------------------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Read how messages can be answered, and where their media are."""
        await self.downloads.restore()
        await self.speaker.ways.restore()

    async def start(self) -> None:
        """Connect and subscribe; back when the first connection stands, however long that takes.

        Raises:
            AuthError: bot_id or secret is wrong.
            LinkError: the platform refuses the connection for good.
        """
        await self.remember()
        self._taking.start()
        try:
            await self._link.start()
        except LinkError as error:
            await self._taking.stop(within=0)
            cause = error.__cause__
            if isinstance(cause, AuthError):
                raise cause from None
            raise

    async def stop_reading(self) -> None:
        """Take nothing new; what came is taken in. The connection stays, for what is still to be said goes over it."""
        self._reading = False
        await self._taking.stop()

    async def close(self) -> None:
        """Finish what is open, and let go of everything."""
        if self._closed:
            return
        self._closed = True
        await self.stop_reading()
        await self._awaited.close()
        await self.speaker.end_streams()
        await self._link.stop()
        self.tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """What is known of the connection.

        An account that is not started is not connected for it: that would take the bot away from a process that has it.
        """
        bot_id, name = self.settings.bot_id, self.settings.bot_name
        if self.health is Health.UP:
            return Probe(True, bot_id, name)
        if not self._link.begun:
            why = "not checked: connecting would take the bot from a process that uses it; the start checks it"
            return Probe(True, bot_id, name, (why,))
        return Probe(False, bot_id, name, (f"not connected: {self._link.error or self.health.value}",))

    def _on_link_state(self, state: LinkState, error: Exception | None) -> None:
        if state is not LinkState.STOPPED:
            self.tell(HEALTH_OF[state], str(error or state.value))

    # -- hearing -------------------------------------------------------------------------------------------------------

    async def _callback(self, frame: Frame) -> None:
        if not self._reading:
            self.driver.counts["after_stop"] += 1
            return
        received = self._decode(frame)
        item = received.inbound.item
        if isinstance(item, Message):
            self.speaker.ways.remember(item.id, frame.req_id, item.channel.id)
            self.downloads.remember(received.media)
        else:
            self._awaited.expect(received.inbound, frame.req_id)
        self._taking.put(received.inbound)

    def _decode(self, frame: Frame) -> Received:
        try:
            return decode(frame.body, self.me)
        except DecodeError as error:
            log.warning("%s: %s; it is passed on as unknown", self.key, error)
        except Exception as error:  # noqa: BLE001 - told, without its text; our mistake must not lose the event
            log.warning("%s: the decoder failed (%s); the callback is passed on whole", self.key, type(error).__name__)
        return unreadable(frame.body, frame.req_id.encode("utf-8", "replace"), self.me)

    # -- speaking ------------------------------------------------------------------------------------------------------

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    def rehearsing(self, pool: RehearsalPool, target: Target) -> Adapter:
        """A twin that knows how the message can be answered."""
        twin = _RehearsingAdapter(self.config, AdapterContext(NoIntake(), pool))
        twin.speaker.ways.know(self.speaker.ways, target.answers)
        return twin

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part: as the answer to a message, while it can be answered, or unasked."""
        return await again_when_gone(
            self._uploads.once,
            lambda more: self._send(target, part, f"{key}{more}"),
            gone=lambda error: error.code == GONE,
        )

    async def _send(self, target: Target, part: Part, key: str) -> Sent:
        degradations: list[Degradation] = []
        if target.reply_to is not None:
            why = "a smart bot's message cannot quote another"
            degradations.append(Degradation(loss=Loss.MOVED, what="reply", how="sent to the chat", why=why))
        if part.kind is PartKind.CARD:
            said = await self._send_card(target, part, key, degradations)
        elif part.kind is PartKind.MEDIA:
            body = await self._uploads.body(part.elements[0], degradations)
            said = await self.speaker.show(target, body)
        else:
            said = await self._say(target, content_of(part), key)
        if said.held > _NOTABLE:
            self.driver.counts["held_back"] += 1
            rates = f"{self.settings.member_rate} and {self.settings.member_hour_rate}"
            why = f"WeCom takes {rates} in a conversation"
            degradations.append(
                Degradation(loss=Loss.DELAYED, what="time", how=f"sent {said.held:.0f} s later", why=why)
            )
        sent = SentPart(message_id=said.message_id, kind=said.kind, key=key)
        return Sent(sent, said.attempts, tuple(degradations)).offering(said.choices)

    async def _say(self, target: Target, content: str, key: str) -> Said:
        return await self.speaker.say(target, content, key)

    async def _send_card(self, target: Target, part: Part, key: str, degradations: list[Degradation]) -> Said:
        stream_id = stream_in(part)
        if stream_id:
            return await self._send_stream(target, part, stream_id, key, degradations)
        card = part.elements[0]
        if not isinstance(card, Card):
            raise ContentRefusedError(f"cannot send a {part.kind} part to WeCom", platform="wecom")
        try:
            body, changed = card_body(card, key, self.me.seal(target.channel))
            said = await self.speaker.show(target, body)
        except (DegradeError, ContentRefusedError, DoesNotFitError) as error:
            if isinstance(error, DeliveryError) and error.ambiguous:
                raise  # it may have arrived, and another form would be a second message
            degradations.append(Degradation(loss=Loss.AS_TEXT, what="card", how="text", why=str(error)))
            target.forbid(*degradations)
            return await self._say_as_text(target, card, f"{key}-t", degradations)
        degradations += changed
        return said

    async def _say_as_text(self, target: Target, card: Card, key: str, degradations: list[Degradation]) -> Said:
        """What a card says, as one message or several."""
        text = card_text(card, "the card is text")
        rendered = render(
            Reply(elements=(Markdown(text.markdown),)), self.capabilities, measure=measure, dialects=self.dialects
        )
        degradations += (*text.degradations, *rendered.degradations)
        first: Said | None = None
        for number, part in enumerate(rendered.parts):
            said = await self._say(target, content_of(part), f"{key}{number}")
            if first is None:
                first = said
            else:
                first.attempts += said.attempts
                first.held += said.held
        if first is None:
            raise ContentRefusedError("a card that says nothing", platform="wecom")
        first.choices = text.choices
        return first

    async def _send_stream(
        self, target: Target, part: Part, stream_id: str, key: str, degradations: list[Degradation]
    ) -> Said:
        stream, way = self._streams.get(stream_id), self.speaker.ways.find(target.answers)
        why = "it answers nothing that can be answered"
        if stream is not None and way is not None and way.is_fresh():
            try:
                done = await stream.begin(way)
            except (RetargetError, DegradeError) as error:
                if error.ambiguous:
                    raise
                why = str(error)
                if isinstance(error, RetargetError):
                    self.speaker.ways.forget(target.answers)
            else:
                return Said(stream_id, "stream", done.attempts, done.held)
        degradations.append(Degradation(loss=Loss.DELAYED, what="stream", how="text: it does not grow", why=why))
        text = part.elements[0].as_text()
        plain = Part(PartKind.TEXT, (Markdown(text) if stream is not None and stream.markdown else Text(text),))
        said = await self._say(target, content_of(plain), f"{key}-t")
        said.message_id = ""  # it is no stream that could be shown growing
        return said

    async def read(self, message_id: str, media: Media) -> bytes:
        """Fetch the bytes of a received media element, within 5 minutes; at most `download_limit`."""
        return await self.downloads.read(media)

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write a received media element to disk, within 5 minutes; at most `download_limit`."""
        return await self.downloads.save(media, to)

    def grow(self, *, markdown: bool, channel: Channel | None = None) -> BotStream:
        """A stream."""
        stream = BotStream(self.speaker, markdown=markdown)
        self._streams[stream.id] = stream
        return stream

    def bot(self) -> Bot | None:
        """The bot; the platform tells nobody its name: that is the setting `bot_name`, or one of `aliases`."""
        return Bot(
            platform=self.platform,
            account=self.me.account,
            id=self.me.bot_id,
            name=self.me.name,
            aliases=self.config.aliases,
        )

    def chat_for_all(self, channel: Channel) -> str:
        """A group's `chatid` is the same for the bots in it: so users of two have seen, while no page says so."""
        return channel.id

    def can_grow(self, message_id: str) -> bool:
        """While the message can be answered, and its answers have not grown for as long as they may."""
        return self.speaker.can_grow(message_id)

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        counts = self._link.counters
        return {
            **self.driver.counts,
            **{name: getattr(counts, name) for name in counts.__slots__},
            "calls": self.caller.calls,
            "retries": self.caller.retries,
        }


class _RehearsingAdapter(BotAdapter):
    """One that is never started, whose commands reach nobody."""

    def _calling(self, link: Link) -> BotCaller:
        pool = self.context.pool
        if not isinstance(pool, RehearsalPool):
            raise TypeError("a rehearsal needs a pool that takes notes")
        return RehearsedCaller(self.settings, self.driver, link, pool)
