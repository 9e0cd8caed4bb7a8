"""The Feishu adapter: wiring of start, stop, probe and the ways to speak."""

import logging
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Sent, Target
from imbridge.adapters.card_seals import Seals
from imbridge.adapters.feishu.api import FeishuApi, receive_id_type
from imbridge.adapters.feishu.authorisation.oauth import OAuth
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.adapters.feishu.config import Domain, FeishuConfig, Mode, StreamMode
from imbridge.adapters.feishu.custom.custom_bot import CustomBotAdapter
from imbridge.adapters.feishu.errors import GONE, GONE_REACTION, NO_THREAD
from imbridge.adapters.feishu.inbound import Identity
from imbridge.adapters.feishu.link import FeishuLink, handshake_refusal
from imbridge.adapters.feishu.modes import MODES, SCRIPT
from imbridge.adapters.feishu.outbound import as_plain_text, measure, message_body
from imbridge.adapters.feishu.received.completion import Completion
from imbridge.adapters.feishu.refusals import DegradeError, RetargetError, gone, passing
from imbridge.adapters.feishu.sent.answers import written_answer
from imbridge.adapters.feishu.sent.card_streams import CardStreams
from imbridge.adapters.feishu.sent.cards import images_in, losses_in, simpler
from imbridge.adapters.feishu.sent.edits import MarkdownEdits
from imbridge.adapters.feishu.sent.emoji import emoji_type
from imbridge.adapters.feishu.sent.markdown import CARD, POST
from imbridge.adapters.feishu.sent.media import FeishuMedia
from imbridge.adapters.feishu.sent.people import ImaginedPeople, People
from imbridge.adapters.feishu.sent.streaming import StreamingCard, key_for
from imbridge.adapters.feishu.services import granted
from imbridge.adapters.feishu.services.approvals import Approvals
from imbridge.adapters.feishu.services.chats import FeishuChats
from imbridge.adapters.feishu.services.contacts import FeishuContacts
from imbridge.adapters.feishu.services.messages import FeishuMessages
from imbridge.adapters.feishu.services.sdk import Sdk
from imbridge.adapters.feishu.webhook import FeishuWebhook
from imbridge.adapters.link_health import HEALTH_OF
from imbridge.adapters.patience import patiently
from imbridge.adapters.pending import Answer
from imbridge.adapters.rehearsal import RehearsalPool
from imbridge.adapters.uploaded_once import Taken
from imbridge.config import AccountConfig
from imbridge.protocol import (
    Bot,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    ImbridgeError,
    Loss,
    Media,
    Message,
    NotSupportedError,
    SentPart,
    Text,
)
from imbridge.rendering import Part, PartKind
from imbridge.rendering.cards import all_choices
from imbridge.rendering.media import word_for_part
from imbridge.transport import Link, LinkOptions, LinkState, WebhookRoute

log = logging.getLogger(__name__)


_TYPING = "Typing"
_PATIENCE = 10.0
"""Seconds for the platform to say who we are, before somebody is told that it does not."""


class FeishuAdapter(Adapter):
    """One Feishu or Lark app."""

    platform: ClassVar[str] = "feishu"
    config_type: ClassVar[type[AccountConfig]] = FeishuConfig
    capabilities = FEISHU
    mentions_bots = True
    shares_message_ids = True
    one_id_for_all = True
    modes = MODES
    script = SCRIPT
    dialects = (POST, CARD)

    @classmethod
    def create(cls, config: AccountConfig, context: AdapterContext) -> Adapter:
        """The adapter of an app, or of a custom bot."""
        custom = isinstance(config, FeishuConfig) and config.mode is Mode.CUSTOM_BOT
        return CustomBotAdapter(config, context) if custom else cls(config, context)

    def __init__(
        self, config: AccountConfig, context: AdapterContext, *, link_options: LinkOptions | None = None
    ) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, FeishuConfig):
            raise TypeError(f"the Feishu adapter needs a FeishuConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.caller = Caller(config, context.pool, context.notes)
        self.api = FeishuApi(self.caller)
        self.oauth = OAuth(self.caller, context.tokens)
        self.approvals = Approvals(self.caller)
        self._sdk = Sdk(self.caller)
        locale = "en_us" if config.domain is Domain.LARK else "zh_cn"
        seals = Seals(config.key, config.app_secret.get_secret_value())
        self.me = Identity(account=config.name, app_id=config.app_id, locale=locale, seals=seals)
        self._completion = Completion(self.api, self.me, config)
        self.media = FeishuMedia(self.api, context.uploads, config.download_limit, config.download_timeout)
        self.messages = FeishuMessages(self.caller, self.media, self.me)
        self.chats = FeishuChats(self.caller)
        self.contacts = FeishuContacts(self.caller)
        self._people = People(self.chats, self.contacts)
        self._markdown = MarkdownEdits(self.api)
        self.mode = config.mode
        allowed = config.stream is StreamMode.CARD
        self._streams = CardStreams(self.caller, context.notes, allowed=allowed, button=config.stop_button)
        self._webhook = FeishuWebhook(config, self.me, context.intake, self._answer)
        self._driver = FeishuLink(self.caller, self.me, context.intake, self._answer)
        self._link = Link(
            self._driver, context.pool, options=link_options, name=config.key, on_state=self._on_link_state
        )

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find out who we are, then connect; back when the first connection stands, however long that takes.

        Raises:
            NotPermittedError: the app has no bot.
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        try:
            await patiently(self.key, self._identify, self.tell, passing=passing)
            if self.mode is Mode.LONG_CONNECTION:
                await self._link.start()
        except ImbridgeError as error:
            refusal = handshake_refusal(error.__cause__)
            self.tell(Health.FAILED, str(refusal or error))
            if refusal is not None:
                raise refusal from error
            raise
        if self.mode is Mode.WEBHOOK:
            self.tell(Health.UP, "waiting for callbacks")
        await self._streams.start()
        await self.approvals.begin()

    async def stop_reading(self) -> None:
        """Close the connection; sending still works."""
        await self._driver.close()
        await self._link.stop()
        await self._driver.close()  # what came in between the two: the platform will deliver it again

    async def close(self) -> None:
        """Let go of everything."""
        await self.stop_reading()
        await self._streams.close()
        await self.oauth.close()
        await self._sdk.close()
        await self.caller.close()
        self.tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """Ask who we are, and what we are allowed."""
        try:
            await self._identify()
        except ImbridgeError as error:
            return Probe(ok=False, problems=(str(error),))
        found = await granted.look(self.caller)
        return Probe(ok=found.ok, bot_id=self.me.bot_id, bot_name=self.me.bot_name, problems=found.problems)

    async def _identify(self) -> None:
        bot = await self.api.bot(patience=_PATIENCE)
        self.me.bot_id = str(bot["open_id"])
        self.me.bot_name = str(bot.get("app_name") or "")

    async def _answer(self, inbound: Inbound, within: float) -> tuple[bytes, Answer]:
        """The JSON that answers a callback, made of what a skill says in time, and what is in it."""
        seal = self.me.seal(inbound.item.channel)
        return await written_answer(inbound, within, lambda card: self.media.image_keys(images_in(card)), seal)

    def _on_link_state(self, state: LinkState, error: Exception | None) -> None:
        self.tell(HEALTH_OF[state], str(handshake_refusal(error) or error or state.value))

    # -- speaking ------------------------------------------------------------------------------------------------------

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    def rehearsing(self, pool: RehearsalPool, target: Target) -> Adapter:
        """A twin that need not ask who is meant."""
        twin = super().rehearsing(pool, target)
        if isinstance(twin, FeishuAdapter):
            twin._people = ImaginedPeople(self._people)
        return twin

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part; `key` becomes the `uuid`, so that a repeated send makes one message within an hour."""
        with self.media.uploads.taking() as taken:
            return await self._send(target, part, key_for(part, key) if part.kind is PartKind.CARD else key, taken)

    async def _send(self, target: Target, whole: Part, key: str, taken: Taken) -> Sent:
        part, degradations = await self._ready(whole, target.channel)
        while True:
            kind, content = await self._body(part, target.channel)
            try:
                return await self._place(target, kind, content, key, degradations)
            except ContentRefusedError as error:
                if not error.ambiguous and self.media.uploads.forget(taken):
                    # It may be a key that is good no more. A new message key for each form, as below.
                    key, (part, degradations) = f"{key}-u", await self._ready(whole, target.channel)
                    continue
                last = kind == "text" or part.kind is PartKind.MEDIA
                if last or error.ambiguous or not isinstance(error, DegradeError):
                    raise  # ambiguous: an earlier attempt may have arrived, and another form would be a second message
                card = part.elements[0]
                plainer = simpler(card, error.sub_code) if isinstance(card, Card) else None
                # A new key for each form: the refused request may have been remembered under the old one.
                if plainer is None:
                    degradations.append(
                        Degradation(loss=Loss.AS_TEXT, what=word_for_part(part), how="text", why=str(error))
                    )
                    target.forbid(*degradations)
                    sent = await self._place(target, *as_plain_text(part), f"{key}-t", degradations)
                    return sent.offering(all_choices(card) if isinstance(card, Card) else ())
                part, key = Part(PartKind.CARD, (plainer[0],)), f"{key}-s"
                degradations.append(Degradation(loss=Loss.AS_TEXT, what=plainer[1], how="as text", why=str(error)))
                target.forbid(*degradations)

    async def _place(self, target: Target, kind: str, content: str, key: str, degradations: list[Degradation]) -> Sent:
        channel = target.channel
        if channel.kind in (ChannelKind.DEPARTMENT, ChannelKind.TAG):
            raise NotSupportedError(
                f"{channel.address} is no chat on Feishu; adapter.messages.batch_send reaches the people of departments"
            )
        degradations = [*degradations]  # an attempt that fails tells nothing of the next one
        if channel.kind is ChannelKind.PRIVATE:
            self.me.remember(channel.id, ChannelKind.PRIVATE)
        in_thread = target.in_thread
        while target.reply_to is not None:
            try:
                message_id, attempts = await self.api.reply(
                    target.reply_to, channel.id, kind, content, key, in_thread=in_thread
                )
                return Sent(SentPart(message_id=message_id, kind=kind, key=key), attempts, tuple(degradations))
            except RetargetError as error:
                if error.ambiguous:
                    raise  # an earlier attempt may have arrived: anywhere else it would be a second message
                if in_thread and error.code in NO_THREAD:
                    degradations.append(
                        Degradation(loss=Loss.MOVED, what="thread", how="sent as a reply", why=str(error))
                    )
                    target.forbid(*degradations)
                    in_thread, key = False, f"{key}-r"
                    continue
                degradations.append(Degradation(loss=Loss.MOVED, what="reply", how="sent to the chat", why=str(error)))
                target.forbid(*degradations)
                key = f"{key}-c"
                break
        if target.reply_to is None and channel.thread is not None:
            why = "Feishu needs a message of the thread to reply to"
            degradations.append(Degradation(loss=Loss.MOVED, what="thread", how="sent to the chat", why=why))
        id_type = receive_id_type(channel.id) if channel.kind is ChannelKind.USER else "chat_id"
        message_id, attempts = await self.api.create(id_type, channel.id, kind, content, key)
        return Sent(SentPart(message_id=message_id, kind=kind, key=key), attempts, tuple(degradations))

    async def _ready(self, part: Part, channel: Channel) -> tuple[Part, list[Degradation]]:
        """The part with its people found and its media uploaded."""
        if len(part.elements) == 1 and type(part.elements[0]) is Text:
            return part, []  # nearly all of what bots say
        part, unknown = await self._people.found(part, channel)
        part, changed = await self.media.uploaded(part)
        card = part.elements[0]
        lost = losses_in(card) if isinstance(card, Card) else []
        return part, [*unknown, *changed, *lost]

    async def _body(self, part: Part, channel: Channel) -> tuple[str, str]:
        """The request's content; a card is sealed for where it goes, and its pictures are uploaded for it."""
        card = part.elements[0]
        if not isinstance(card, Card):
            return message_body(part)
        return message_body(part, await self.media.image_keys(images_in(card)), self.me.seal(channel))

    async def edit(self, channel: Channel, message_id: str, part: Part) -> Sent:
        """Change a text or a post (20 times a message), or replace a card (for 14 days)."""
        if part.kind in (PartKind.MEDIA, PartKind.CONTACT):
            kind = getattr(part.elements[0], "type", part.kind)
            raise NotSupportedError(f"Feishu can edit text and post messages and cards, not {kind}")
        part, degradations = await self._ready(part, channel)
        try:
            if part.kind is PartKind.MARKDOWN:
                kind, attempts, changed = await self._markdown.edit(message_id, channel.id, part)
                return Sent(SentPart(message_id=message_id, kind=kind), attempts, (*degradations, *changed))
            kind, content = await self._body(part, channel)
            if part.kind is PartKind.CARD:
                attempts = await self.api.update_card(message_id, content)
            else:
                attempts = await self.api.edit(message_id, channel.id, kind, content)
        except RetargetError as error:
            raise gone(error) from None
        return Sent(SentPart(message_id=message_id, kind=kind), attempts, tuple(degradations))

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back."""
        try:
            await self.api.recall(message_id)
        except RetargetError as error:
            if error.code not in GONE:  # recalled already, perhaps by a request whose answer got lost
                raise gone(error) from None

    async def react(self, channel: Channel, message_id: str, emoji: str) -> None:
        """Put a reaction on a message."""
        try:
            await self.api.react(message_id, emoji_type(emoji))
        except RetargetError as error:
            raise gone(error) from None

    async def unreact(self, channel: Channel, message_id: str, emoji: str) -> None:
        """Take our reaction off a message."""
        try:
            await self.api.unreact(message_id, emoji_type(emoji))
        except DeliveryError as error:
            if error.code not in GONE_REACTION:  # by a request whose answer got lost, or with its message
                raise

    async def typing(self, channel: Channel, message_id: str, on: bool) -> None:
        """The reaction `Typing` on the message that is being answered, as Feishu's own assistants do it."""
        await (self.react if on else self.unreact)(channel, message_id, _TYPING)

    def grow(self, *, markdown: bool, channel: Channel | None = None) -> StreamingCard | None:
        """A card that text is streamed into; None where the settings say that messages are to be edited."""
        return self._streams.grow(markdown=markdown, seal=self.me.seal(channel))

    async def read(self, message_id: str, media: Media) -> bytes:
        """Fetch the bytes of a received media element; at most `download_limit`."""
        return await self.media.read(message_id, media)

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write a received media element to disk; at most `download_limit`."""
        return await self.media.save(message_id, media, to)

    def knows_kind(self, channel: Channel) -> bool:
        """False for a chat of which we only know its id, as clicks tell it: it counts as a group."""
        return channel.id in self.me.chats

    def bot(self) -> Bot | None:
        """The app's bot, once the platform has told who that is."""
        me = self.me
        if not me.bot_id:
            return None
        return Bot(
            platform=self.platform, account=me.account, id=me.bot_id, name=me.bot_name, aliases=self.config.aliases
        )

    def chat_for_all(self, channel: Channel) -> str:
        """A `chat_id` is the same for every app (open.feishu.cn, "chat ID description")."""
        return channel.id

    async def is_in(self, channel: Channel) -> bool | None:
        """Whether the bot is in a group; needs the scope `im:chat:readonly`, or one that holds it."""
        return await self.chats.is_member(channel)

    def is_complete(self, message: Message) -> bool:
        """False when it quotes a message, bundles forwarded ones, or is a card that has to be asked for."""
        return self._completion.is_complete(message)

    async def complete(self, message: Message) -> Message:
        """The message with what it quotes and what is forwarded with it; what cannot be read is left out."""
        return await self._completion.complete(message)

    async def sdk(self) -> Any:
        """A `lark_oapi.Client` for all the rest of the platform, over our connections and with our token.

        Loading it takes seconds the first time, off the loop. Await the methods whose names begin with `a`
        (`client.im.v1.chat.alist(...)`); the others work in threads and refuse to block the loop.
        """
        return await self._sdk.client()

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URL, in webhook mode only; where people come back to who authorise, if that is waited for."""
        return (*((self._webhook.route(),) if self.mode is Mode.WEBHOOK else ()), *self.oauth.routes())

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        return {
            **self._driver.counts,
            **self._completion.counts,
            **self.media.uploads.counts,
            **self._streams.counts,
            **{name: getattr(self._link.counters, name) for name in self._link.counters.__slots__},
            **self.caller.counters(),
        }
