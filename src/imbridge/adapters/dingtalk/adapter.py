"""The DingTalk adapter of an app's robot: wiring of start, stop, probe, the ways to hear and the ways to speak."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Sent, Target
from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.capabilities import ROBOT
from imbridge.adapters.dingtalk.config import DingTalkConfig, Mode
from imbridge.adapters.dingtalk.frames import Frame
from imbridge.adapters.dingtalk.hearing.base import Hearing
from imbridge.adapters.dingtalk.hearing.callbacks import Callbacks
from imbridge.adapters.dingtalk.hearing.streams import OPTIONS, Streams
from imbridge.adapters.dingtalk.inbound import Identity, decode, unreadable
from imbridge.adapters.dingtalk.link import DingTalkLink
from imbridge.adapters.dingtalk.outbound import measure
from imbridge.adapters.dingtalk.sent.ai_card import AiCard
from imbridge.adapters.dingtalk.sent.answers import written_answer
from imbridge.adapters.dingtalk.sent.card_api import CardApi
from imbridge.adapters.dingtalk.sent.card_speaking import CardSpeaking
from imbridge.adapters.dingtalk.sent.card_streams import CardStreams
from imbridge.adapters.dingtalk.sent.sessions import Sessions
from imbridge.adapters.dingtalk.sent.speaking import Speaking
from imbridge.adapters.dingtalk.services.contacts import DingTalkContacts
from imbridge.adapters.dingtalk.services.oauth import OAuth
from imbridge.adapters.pending import Answer
from imbridge.adapters.taking import Taking
from imbridge.config import AccountConfig
from imbridge.protocol import (
    Channel,
    ChannelKind,
    DecodeError,
    Degradation,
    ImbridgeError,
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

    def __init__(
        self, config: AccountConfig, context: AdapterContext, *, link_options: LinkOptions | None = None
    ) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, DingTalkConfig):
            raise TypeError(f"the DingTalk adapter needs a DingTalkConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.settings = config
        self.api = DingTalkApi(config, context.pool)
        self.me = Identity(config.name, config.robot)
        self.sessions = Sessions(config, context.pool)
        self.contacts = DingTalkContacts(self.api)
        self.oauth = OAuth(self.api, context.pool, self.contacts)
        self._speaking = Speaking(self.api, self.sessions)
        cards = CardApi(self.api)
        self.card_streams = CardStreams(cards, context.notes, self.capabilities)
        self._cards = CardSpeaking(cards, self.card_streams, self._speaking.say, self.measure, self.capabilities)
        self.me.card_channel = self._cards.channel_of
        self.counts: Counter[str] = Counter()
        self._taking = Taking(config.key, context.intake, self.counts, patience=_PATIENCE)
        self.link_options = link_options or OPTIONS
        self._hearing = self._make_hearing()
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

    async def start(self) -> None:
        """Connect, or see that the credentials are right where the platform connects to us; however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        await self.card_streams.start()
        await self._hearing.start()

    async def stop_reading(self) -> None:
        """Take nothing new; what came is taken in."""
        await self._hearing.stop()

    async def close(self) -> None:
        """Let go of everything."""
        if self._closed:
            return
        self._closed = True
        await self.stop_reading()
        await self.card_streams.close()
        await self.oauth.close()
        await self.api.close()
        self.tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """Ask for an access token: there is no call that says who a robot is."""
        try:
            await self.api.caller.token(patience=10.0)
        except ImbridgeError as error:
            return Probe(ok=False, problems=(str(error),))
        return Probe(ok=True, bot_id=self.settings.robot, bot_name=self.me.name)

    # -- hearing -------------------------------------------------------------------------------------------------------

    def _decode(self, frame: Frame) -> Inbound:
        try:
            inbound = decode(frame, self.me)
        except DecodeError as error:
            log.warning("%s: %s; it is passed on as unknown", self.key, error)
        except Exception as error:  # noqa: BLE001 - told, without its text; our mistake must not lose the message
            log.warning("%s: the decoder failed (%s); the delivery is passed on whole", self.key, type(error).__name__)
        else:
            if isinstance(inbound.item, Message):
                self.sessions.note(inbound.item)
            return inbound
        raw = frame.data.encode("utf-8", "replace")
        return unreadable(frame.data, raw + frame.message_id.encode("utf-8", "replace"), self.me)

    async def _answer_click(self, inbound: Inbound, within: float) -> tuple[bytes, Answer]:
        return await written_answer(inbound, within, self._cards.changed)

    # -- speaking ------------------------------------------------------------------------------------------------------

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part: by the conversation's session webhook while it lives, else by the API."""
        degradations: list[Degradation] = []
        if target.reply_to is not None:
            why = "a robot's message cannot quote another"
            degradations.append(Degradation(what="reply", how="sent to the chat", why=why))
        if (card := self._cards.card_in(part)) is not None:
            sent = await self._cards.say(target.channel, card, key)
        else:
            sent = await self._speaking.say(target.channel, part, key)
        return Sent(sent.part, sent.attempts, (*degradations, *sent.degradations))

    async def edit(self, channel: Channel, message_id: str, part: Part) -> Sent:
        """Put another card in the place of a sent one."""
        return await self._cards.change(message_id, part)

    def grow(self, *, markdown: bool, channel: Channel | None = None) -> AiCard | None:
        """An AI card; None where an answer is better said when it is done."""
        return self.card_streams.grow(channel, markdown=markdown)

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back, within 24 hours; only those of the API have an id."""
        if not message_id:
            raise NotSupportedError("DingTalk gives no id for what is sent by a session webhook; set reply_by: api")
        message_id = self._cards.carrier_of(message_id)
        if channel.kind is ChannelKind.GROUP:
            await self.api.recall_from_group(channel.id, [message_id])
        else:
            await self.api.recall_from_users([message_id])

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URLs, in mode `callback`, and the address that people come back to from the login page."""
        return (*self._hearing.routes(), *self.oauth.routes())

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller, quota = self.api.caller, self.api.quota
        return {
            **self.counts,
            **self._hearing.counters(),
            **self.sessions.counts,
            **self.card_streams.counts,
            "calls": caller.calls + self.api.oapi.calls,
            "retries": caller.retries + self.api.oapi.retries,
            "token_refreshes": caller.refreshes,
            "month_calls": quota.used,
            "month_budget": quota.budget,
        }
