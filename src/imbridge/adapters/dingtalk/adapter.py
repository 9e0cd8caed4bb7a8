"""The DingTalk adapter of an app's robot: wiring of start, stop, probe, the ways to hear and the ways to speak."""

import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Sent, Target
from imbridge.adapters.card_seals import Seals
from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.capabilities import ROBOT
from imbridge.adapters.dingtalk.config import DingTalkConfig, Mode
from imbridge.adapters.dingtalk.frames import Frame
from imbridge.adapters.dingtalk.hearing.base import Hearing
from imbridge.adapters.dingtalk.hearing.callbacks import Callbacks
from imbridge.adapters.dingtalk.hearing.streams import OPTIONS, Streams
from imbridge.adapters.dingtalk.inbound import Identity
from imbridge.adapters.dingtalk.link import DingTalkLink
from imbridge.adapters.dingtalk.modes import MODES, SCRIPT
from imbridge.adapters.dingtalk.outbound import measure
from imbridge.adapters.dingtalk.received.downloads import Downloads
from imbridge.adapters.dingtalk.received.reading import Reading
from imbridge.adapters.dingtalk.robot.custom_robot import CustomRobotAdapter
from imbridge.adapters.dingtalk.sent.ai_card import AiCard
from imbridge.adapters.dingtalk.sent.answers import written_answer
from imbridge.adapters.dingtalk.sent.card_api import CardApi
from imbridge.adapters.dingtalk.sent.card_speaking import CardSpeaking
from imbridge.adapters.dingtalk.sent.card_streams import CardStreams
from imbridge.adapters.dingtalk.sent.markdown import ROBOT as MARKDOWN
from imbridge.adapters.dingtalk.sent.media import DingTalkMedia
from imbridge.adapters.dingtalk.sent.reactions import Reactions
from imbridge.adapters.dingtalk.sent.recipients import check_recalled, no_card_for
from imbridge.adapters.dingtalk.sent.sessions import Sessions
from imbridge.adapters.dingtalk.sent.speaking import Speaking
from imbridge.adapters.dingtalk.services.contacts import DingTalkContacts
from imbridge.adapters.dingtalk.services.oauth import OAuth
from imbridge.adapters.dingtalk.services.open_api import OpenApi
from imbridge.adapters.dingtalk.services.probing import probed
from imbridge.adapters.pending import Answer
from imbridge.adapters.rehearsal import RehearsalPool
from imbridge.adapters.taking import Taking
from imbridge.adapters.uploaded_once import again_when_gone
from imbridge.config import AccountConfig
from imbridge.protocol import (
    Bot,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    Loss,
    Media,
    Message,
    NotSupportedError,
)
from imbridge.rendering import Part
from imbridge.transport import LinkOptions, WebhookRoute

log = logging.getLogger(__name__)

_PATIENCE = float("inf")
"""The platform never sends a message again, so there is no use in giving one up."""


class DingTalkAdapter(Adapter):
    """One app's robot, over stream or HTTP callbacks."""

    platform: ClassVar[str] = "dingtalk"
    config_type: ClassVar[type[AccountConfig]] = DingTalkConfig
    capabilities = ROBOT
    modes = MODES
    script = SCRIPT
    dialects = (MARKDOWN,)
    noted: ClassVar[str] = "which cards are not finished, and the calls of the month"
    without_id: ClassVar[str] = (
        "DingTalk gives no id for what is sent by a session webhook; with reply_by: api it can be taken back"
    )

    @classmethod
    def create(cls, config: AccountConfig, context: AdapterContext) -> Adapter:
        """The adapter of an app's robot, or of a group's custom robot."""
        if isinstance(config, DingTalkConfig) and config.mode is Mode.CUSTOM_ROBOT:
            return CustomRobotAdapter(config, context)
        return cls(config, context)

    def __init__(
        self, config: AccountConfig, context: AdapterContext, *, link_options: LinkOptions | None = None
    ) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, DingTalkConfig):
            raise TypeError(f"the DingTalk adapter needs a DingTalkConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.settings = config
        self.api = DingTalkApi(config, context.pool, context.notes)
        self.me = Identity(config.name, config.robot, seals=Seals(config.key, config.client_secret.get_secret_value()))
        self.sessions = Sessions(config, context.pool, context.notes)
        self.contacts = DingTalkContacts(self.api)
        self.oauth = OAuth(self.api, context.pool, self.contacts)
        self.media = DingTalkMedia(self.api, context.uploads)
        self.downloads = Downloads(self.api, context.pool)
        self._reactions = Reactions(self.api)
        self._speaking = Speaking(self.api, self.sessions, self.media)
        self._open_api = OpenApi(self.api)
        cards = CardApi(self.api)
        self.card_streams = CardStreams(cards, context.notes, self.capabilities)
        self._cards = CardSpeaking(
            cards, self.card_streams, self.media, self.me.seals, self._speaking.say, self.measure, self.capabilities
        )
        self.me.card_channel = self._cards.channel_of
        self.counts: Counter[str] = Counter()
        self._reading = Reading(config.key, self.me, self.counts)
        self._taking = Taking(config.key, context.intake, self.counts, patience=_PATIENCE)
        self.link_options = link_options or OPTIONS
        self.hearing = self._make_hearing()
        self._closed = False

    def _make_hearing(self) -> Hearing:
        config, context, taking = self.settings, self.context, self._taking
        if config.mode is Mode.CALLBACK:
            return Callbacks(config, context.intake, taking, self._decode, self.api.caller, self.tell, self.counts)

        def link() -> DingTalkLink:
            return DingTalkLink(
                config, context.pool, context.intake, taking, self._decode, self._answer_click, self.counts
            )

        return Streams(self.key, context.pool, taking, self.tell, link, number=config.links, options=self.link_options)

    # -- life ----------------------------------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Read how conversations can be answered, and how many calls the month has had."""
        await self.api.quota.open(self.context.notes)
        await self.sessions.restore()
        for conversation, person in self.sessions.private_chats():
            self.me.private_chats.note(conversation, person)

    async def start(self) -> None:
        """Connect, or see that the credentials are right where the platform connects to us; however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        await self.remember()
        await self.card_streams.start()
        await self.hearing.start()

    async def stop_reading(self) -> None:
        """Take nothing new; what came is taken in."""
        await self.hearing.stop()

    async def close(self) -> None:
        """Let go of everything."""
        if self._closed:
            return
        self._closed = True
        await self.stop_reading()
        await self.card_streams.close()
        await self.oauth.close()
        await self.api.close()
        self.api.quota.save()
        await self.context.notes.flush()
        self.tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """Whether the credentials work, the robot is the app's, it may send, and what is left of the month."""
        await self.api.quota.open(self.context.notes)
        return await probed(self.api, self.me.name)

    # -- hearing -------------------------------------------------------------------------------------------------------

    def _decode(self, frame: Frame) -> Inbound:
        inbound = self._reading.read(frame)
        if isinstance(inbound.item, Message):
            self.sessions.note(inbound.item)
        return inbound

    async def _answer_click(self, inbound: Inbound, within: float) -> tuple[bytes, Answer]:
        return await written_answer(inbound, within, self._cards.changed)

    def bot(self) -> Bot | None:
        """The app's robot; the platform does not tell its name: `aliases` do."""
        me = self.me
        bot_id = me.user_id or me.robot_code
        return Bot(platform=self.platform, account=me.account, id=bot_id, name=me.name, aliases=self.config.aliases)

    def chat_for_all(self, channel: Channel) -> str:
        """An `openConversationId` names a group in the organisation, with whatever robot it is used.

        So it is in the API, which takes the two side by side (open.dingtalk.com, "robot sends group messages").
        """
        return channel.id

    # -- speaking ------------------------------------------------------------------------------------------------------

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    def rehearsing(self, pool: RehearsalPool, target: Target) -> Adapter:
        """A twin that knows the conversation's webhook, and how much of the month is left."""
        twin = super().rehearsing(pool, target)
        if isinstance(twin, DingTalkAdapter):
            twin.sessions.know(self.sessions, target.channel.id)
            twin.api.quota.know(self.api.quota)
        return twin

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part: by the conversation's session webhook while it lives, else by the API."""
        return await again_when_gone(
            self.media.uploads,
            lambda more: self._send(target, part, f"{key}{more}"),
            gone=lambda error: isinstance(error, ContentRefusedError),
        )

    async def _send(self, target: Target, part: Part, key: str) -> Sent:
        degradations: list[Degradation] = []
        if target.reply_to is not None:
            why = "a robot's message cannot quote another"
            degradations.append(Degradation(loss=Loss.MOVED, what="reply", how="sent to the chat", why=why))
        if target.channel.thread is not None:
            degradations.append(
                Degradation(loss=Loss.MOVED, what="thread", how="sent to the chat", why="DingTalk has no threads")
            )
        if (card := self._cards.card_in(part)) is not None:
            sent = await self._cards.say(target, card, key)
        else:
            sent = await self._speaking.say(target, part, key)
        return sent.but(*degradations)

    def key_lasts(self, target: Target, part: Part, key: str) -> float:
        """A card is known by its outTrackId; messages have no key."""
        return math.inf if self._cards.card_in(part) is not None and not no_card_for(target.channel) else 0.0

    async def edit(self, channel: Channel, message_id: str, part: Part) -> Sent:
        """Put another card in the place of a sent one."""
        return await self._cards.change(message_id, part)

    def grow(self, *, markdown: bool, channel: Channel | None = None) -> AiCard | None:
        """An AI card; None where an answer is better said when it is done."""
        return self.card_streams.grow(channel, markdown=markdown)

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back, within 24 hours; only those of the API have an id."""
        if not message_id:
            raise NotSupportedError(self.without_id)
        message_id = self._cards.carrier_of(message_id)
        if channel.kind is ChannelKind.GROUP:
            answer = await self.api.recall_from_group(channel.id, [message_id])
        else:
            answer = await self.api.recall_from_users([message_id])
        check_recalled(message_id, answer.body, repeated=answer.attempts > 1)

    async def react(self, channel: Channel, message_id: str, emoji: str) -> None:
        """Put an emoji, or a short text, on a message that somebody wrote."""
        await self._reactions.put(self._conversation(channel), message_id, emoji)

    async def unreact(self, channel: Channel, message_id: str, emoji: str) -> None:
        """Take our reaction off a message."""
        await self._reactions.take(self._conversation(channel), message_id, emoji)

    async def typing(self, channel: Channel, message_id: str, on: bool) -> None:
        """The emotion that DingTalk's own assistants show, while there is enough of the month's calls for it."""
        await self._reactions.thinking(self._conversation(channel), message_id, on)

    def _conversation(self, channel: Channel) -> str:
        conversation = self.sessions.conversation(channel)
        if conversation is None:
            raise NotSupportedError(f"DingTalk's id of {channel.address} is not known before somebody writes there")
        return conversation

    async def read(self, message_id: str, media: Media) -> bytes:
        """Fetch the bytes of a received media element; at most `download_limit`."""
        return await self.downloads.read(media)

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write a received media element to disk; at most `download_limit`."""
        return await self.downloads.save(media, to)

    # -- the rest of the platform --------------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        once: bool | None = None,
    ) -> Any:
        """Call any API of the platform, with the app's token: `await adapter.call("GET", "/v1.0/robot/...")`.

        It goes over the bridge's connections, is paced as the platform wants it, counts against the month, is given a
        new token when it needs one, and is tried again while the platform has passing trouble, for `send_timeout`.

        Args:
            method: HTTP method.
            path: `/v1.0/...` of api.dingtalk.com; any other is of oapi.dingtalk.com.
            json: The body.
            params: The query, without the token.
            once: Whether an attempt that may have arrived is the last one, and its error `ambiguous`. Left out: so it
                is unless the method is GET, PUT or DELETE. Say `once=False` to a POST that only asks.

        Returns:
            The answer's JSON; an empty dict when there is none.

        Raises:
            ValueError: the path or the method is none.
            DeliveryError: and its kinds: the platform refuses it. Its `code` is the platform's, in words or a number.
            AuthError: the credentials are refused.
        """
        return await self._open_api.call(method, path, json=json, params=params, once=once)

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URLs, in mode `callback`, and the address that people come back to from the login page."""
        return (*self.hearing.routes(), *self.oauth.routes())

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller, quota = self.api.caller, self.api.quota
        return {
            **self.counts,
            **self.hearing.counters(),
            **self.sessions.counts,
            **self.media.uploads.counts,
            **quota.counters(),
            **self.card_streams.counts,
            "calls": caller.calls + self.api.oapi.calls,
            "retries": caller.retries + self.api.oapi.retries,
            "token_refreshes": caller.refreshes + self.api.oapi.refreshes,
        }
