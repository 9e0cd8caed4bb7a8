"""The adapter of a smart bot over HTTP callbacks: it speaks when spoken to, and once more within the hour."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from imbridge.adapters.base import Adapter, AdapterContext, Health, Probe, Sent, Target
from imbridge.adapters.card_seals import Seals
from imbridge.adapters.envelope import Envelope
from imbridge.adapters.rehearsal import NoIntake, RehearsalPool
from imbridge.adapters.uploads import look
from imbridge.adapters.wecom.bot.capabilities import CALLBACK_BOT
from imbridge.adapters.wecom.bot.downloads import BotDownloads
from imbridge.adapters.wecom.bot.facts import BotIdentity
from imbridge.adapters.wecom.bot.inbound import Received
from imbridge.adapters.wecom.bot.outbound import card_body, content_of, markdown_body, measure, stream_in
from imbridge.adapters.wecom.bot.rehearsed import RehearsedTurn
from imbridge.adapters.wecom.bot.response_urls import ResponseUrls
from imbridge.adapters.wecom.bot.turn import Piece, Turn, TurnOverError
from imbridge.adapters.wecom.bot.turn_stream import TurnStream
from imbridge.adapters.wecom.bot.webhook import BotWebhook
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.adapters.wecom.modes import SCRIPT
from imbridge.adapters.wecom.sent.cards import DoesNotFitError
from imbridge.adapters.wecom.sent.markdown import BOT as DIALECT
from imbridge.adapters.wecom.sent.media import IMAGE_BYTES, TAKER
from imbridge.config import AccountConfig
from imbridge.media.formats import is_picture
from imbridge.protocol import (
    Bot,
    Card,
    Channel,
    ContentRefusedError,
    Degradation,
    Element,
    Image,
    Loss,
    Markdown,
    Media,
    Message,
    SentPart,
    Text,
)
from imbridge.rendering import Part, PartKind
from imbridge.rendering.cards import Choice, card_text
from imbridge.transport import WebhookRoute

_LEAST_ROOM = 1024
"""Bytes that have to be left in an answer for another text to grow in it."""


class BotCallbackAdapter(Adapter):
    """One smart bot over HTTP callbacks."""

    platform: ClassVar[str] = "wecom"
    config_type: ClassVar[type[AccountConfig]] = WeComConfig
    capabilities = CALLBACK_BOT
    script = SCRIPT
    dialects = (DIALECT,)

    def __init__(self, config: AccountConfig, context: AdapterContext) -> None:
        """Keep the settings; there is no I/O before a callback comes."""
        if not isinstance(config, WeComConfig):
            raise TypeError(f"the WeCom adapter needs a WeComConfig, not a {type(config).__name__}")
        if config.token is None or config.aes_key is None:
            raise ValueError(f"{config.key}: callbacks need token and aes_key")
        super().__init__(config, context)
        self.me = BotIdentity(
            config.name, config.bot_id, config.bot_name, Seals(config.key, config.aes_key.get_secret_value())
        )
        self.downloads = BotDownloads(config, context.pool, context.notes)
        self.response_urls = ResponseUrls(config, context.pool, context.notes)
        # A smart bot's envelopes are for nobody in particular, whatever else is set.
        envelope = Envelope(config.token.get_secret_value(), config.aes_key.get_secret_value(), "")
        self.webhook = BotWebhook(config, envelope, self.me, context.intake, self._received)
        self._streams: WeakValueDictionary[str, TurnStream] = WeakValueDictionary()

    # -- life ----------------------------------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Read where messages can be answered, and where their media are."""
        await self.downloads.restore()
        await self.response_urls.restore()

    async def start(self) -> None:
        """There is nobody to ask: whether token and key are right is seen when the first callback comes."""
        await self.remember()
        self.tell(Health.UP, "waiting for callbacks")

    async def stop_reading(self) -> None:
        """Take nothing new; what is being answered is answered."""
        self.webhook.stop_reading()

    async def close(self) -> None:
        """Let go of everything."""
        await self.webhook.close()
        self.tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """What is known: the platform offers nothing to ask."""
        problems = () if self.me.bot_id else ("not checked: no callback has come yet, and there is nobody to ask",)
        return Probe(True, self.me.bot_id, self.me.name, problems)

    def _received(self, got: Received) -> None:
        item = got.inbound.item
        if isinstance(item.payload, dict) and not self.me.bot_id:
            self.me.bot_id = str(item.payload.get("aibotid") or "")
        if isinstance(item, Message):
            self.downloads.remember(got.media)
        if item.channel is not None:
            self.response_urls.remember(item.id, item.channel.address, got.response_url)

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

    # -- speaking ------------------------------------------------------------------------------------------------------

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    def _turn(self, target: Target) -> Turn | None:
        """The answer to the callback, while more can be said in it."""
        return self.webhook.turn(target.answers)

    def rehearsing(self, pool: RehearsalPool, target: Target) -> Adapter:
        """A twin that answers the same message the same way; without one, a message that nobody wrote."""
        twin = _RehearsingAdapter(self.config, AdapterContext(NoIntake(), pool))
        spoken_to = self.response_urls.has(target.answers, target.channel.address)
        twin.answers = self._turn(target) is not None or (target.answers is None and not spoken_to)
        twin.response_urls.know(self.response_urls, target.answers, target.channel.address)
        return twin

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part: in the answer to the callback, while there is one; else once by its `response_url`.

        Back when the platform has it.
        """
        degradations: list[Degradation] = []
        choices: list[Choice] = []
        if target.reply_to is not None:
            why = "a smart bot's message cannot quote another"
            degradations.append(Degradation(loss=Loss.MOVED, what="reply", how="sent to the chat", why=why))
        turn = self._turn(target)
        if turn is not None:
            try:
                kind = await self._say_in(turn, target, part, key, degradations, choices)
            except TurnOverError:
                pass  # it has to go the other way
            else:
                sent = SentPart(message_id=turn.stream_id, kind=kind, key=key)
                return Sent(sent, 1, tuple(degradations)).offering(choices)
        await self.webhook.after_answer(target.answers)
        body = self._once(target, part, key, degradations, choices)
        target.forbid(*degradations)
        attempts = await self.response_urls.say(target.answers, target.channel.address, body)
        task = body.get("template_card", {}).get("task_id", "")
        sent = SentPart(message_id=task, kind=body["msgtype"], key=key)
        return Sent(sent, attempts, tuple(degradations)).offering(choices)

    async def _say_in(
        self,
        turn: Turn,
        target: Target,
        part: Part,
        key: str,
        degradations: list[Degradation],
        choices: list[Choice],
    ) -> str:
        first = part.elements[0]
        stream = self._streams.get(stream_in(part))
        if stream is not None:
            await stream.begin(turn)
            return "stream"
        said: Piece | dict[str, Any]
        if isinstance(first, Image) and part.kind is PartKind.MEDIA:
            said, kind = turn.add_image(await _picture(first)), "image"
        elif part.kind is PartKind.CARD and (body := self._card(first, key, degradations, target.channel)) is not None:
            said, kind = turn.add_card(body["template_card"]), "template_card"
        else:
            said, kind = turn.add(content_of(_as_text(part, degradations, choices))), "stream"
        try:
            await turn.fetched()
        except TurnOverError:
            turn.withdraw(said)
            raise
        return kind

    def _once(
        self, target: Target, part: Part, key: str, degradations: list[Degradation], choices: list[Choice]
    ) -> dict[str, Any]:
        """The body for a `response_url`: Markdown or a card."""
        stream_id = stream_in(part)
        if stream_id:
            degradations.append(
                Degradation(loss=Loss.DELAYED, what="stream", how="text: it does not grow", why=_NOT_GROWING)
            )
            stream = self._streams.get(stream_id)
            text = part.elements[0].as_text()
            plain = Markdown(text) if stream is not None and stream.markdown else Text(text)
            return markdown_body(content_of(Part(PartKind.TEXT, (plain,))))
        if (
            part.kind is PartKind.CARD
            and (body := self._card(part.elements[0], key, degradations, target.channel)) is not None
        ):
            return body
        if part.kind is PartKind.MEDIA:
            why = "a smart bot sends Markdown and cards only, once its first answer is finished"
            degradations.append(Degradation(loss=Loss.AS_TEXT, what="image", how="text", why=why))
        return markdown_body(content_of(_as_text(part, degradations, choices)))

    def _card(
        self, card: Element, key: str, degradations: list[Degradation], channel: Channel
    ) -> dict[str, Any] | None:
        """The body of a card's message; None when it has to be text."""
        if not isinstance(card, Card):
            return None
        try:
            body, changed = card_body(card, key, self.me.seal(channel))
        except (ContentRefusedError, DoesNotFitError) as error:
            degradations.append(Degradation(loss=Loss.AS_TEXT, what="card", how="text", why=str(error)))
            return None
        degradations += changed
        return body

    def grow(self, *, markdown: bool, channel: Channel | None = None) -> TurnStream:
        """A piece of the answer."""
        stream = TurnStream(markdown=markdown)
        self._streams[stream.id] = stream
        return stream

    def can_grow(self, message_id: str) -> bool:
        """While the platform asks for the rest of the answer, and there is room in it.

        What begins otherwise takes the one thing that can be said besides, and what comes after it nobody can say.
        """
        turn = self.webhook.turn(message_id)
        return turn is not None and turn.room >= _LEAST_ROOM

    async def read(self, message_id: str, media: Media) -> bytes:
        """Fetch the bytes of a received media element, within 5 minutes; at most `download_limit`."""
        return await self.downloads.read(media)

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write a received media element to disk, within 5 minutes; at most `download_limit`."""
        return await self.downloads.save(media, to)

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URL."""
        return (self.webhook.route(),)

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        return dict(self.webhook.counts)


class _RehearsingAdapter(BotCallbackAdapter):
    """One that is never started.

    Attributes:
        answers: It speaks in the answer to a callback.
    """

    answers: bool = True

    def _turn(self, target: Target) -> Turn | None:
        pool = self.context.pool
        return RehearsedTurn(pool) if self.answers and isinstance(pool, RehearsalPool) else None


_NOT_GROWING = "it answers nothing that can be answered"


def _as_text(part: Part, degradations: list[Degradation], choices: list[Choice]) -> Part:
    """A text as it is; of a card what it says and offers; of anything else what it says."""
    if not part.kind.alone:
        return part
    first = part.elements[0]
    if not isinstance(first, Card):
        return Part(PartKind.TEXT, (Text(first.as_text()),))
    text = card_text(first, "the card is text")
    degradations += text.degradations
    choices[:] = text.choices
    return Part(PartKind.TEXT, (Markdown(text.markdown),))


async def _picture(image: Image) -> bytes:
    """The bytes of an image that an answer can end with.

    Raises:
        ContentRefusedError: it is none, too large, or cannot be read.
    """
    if not image.has_content:
        raise ContentRefusedError("this Image carries nothing that can be sent", platform="wecom")
    content = await look(image, IMAGE_BYTES, TAKER)
    if not is_picture(content.head):
        raise ContentRefusedError("a smart bot's answer shows JPG and PNG", platform="wecom")
    return await content.read(IMAGE_BYTES)
