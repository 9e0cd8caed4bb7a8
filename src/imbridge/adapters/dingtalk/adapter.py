"""The DingTalk adapter of an app's robot over stream: wiring of start, stop, probe and the ways to speak."""

import logging
from collections import Counter
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Sent, Target
from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.capabilities import ROBOT
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.frames import Frame
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
from imbridge.adapters.pending import Answer
from imbridge.adapters.taking import Taking
from imbridge.config import AccountConfig
from imbridge.protocol import (
    AuthError,
    Channel,
    ChannelKind,
    DecodeError,
    Degradation,
    ImbridgeError,
    LinkError,
    Message,
    NotSupportedError,
)
from imbridge.rendering import Part
from imbridge.transport import Connection, Link, LinkOptions, LinkState

log = logging.getLogger(__name__)

_OPTIONS = LinkOptions(ping_interval=20.0, ping_timeout=40.0, drain=15.0)
"""A ping that is not answered within 40 s: a link on which nothing was heard for 60 s is dead. The server closes a
connection 10 s after it said `disconnect`."""
_PATIENCE = float("inf")
"""The platform never sends a message again, so there is no use in giving one up."""
_HEALTH = {
    LinkState.CONNECTING: Health.STARTING,
    LinkState.UP: Health.UP,
    LinkState.DOWN: Health.DOWN,
    LinkState.FAILED: Health.FAILED,
    LinkState.STOPPED: Health.STOPPED,
}
_BEST_FIRST = (LinkState.UP, LinkState.CONNECTING, LinkState.DOWN, LinkState.FAILED, LinkState.STOPPED)


class DingTalkAdapter(Adapter):
    """One app's robot over stream."""

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
        self._speaking = Speaking(self.api, self.sessions)
        cards = CardApi(self.api)
        self._streams = CardStreams(cards, context.notes, self.capabilities)
        self._cards = CardSpeaking(cards, self._streams, self._speaking.say, self.measure, self.capabilities)
        self.counts: Counter[str] = Counter()
        self._taking = Taking(config.key, context.intake, self.counts, patience=_PATIENCE)
        self.link_options = link_options or _OPTIONS
        self._drivers: list[DingTalkLink] = []
        self._links: list[Link] = []
        for number in range(config.links):
            self._add_link(number)
        self._closed = False

    def _add_link(self, number: int) -> None:
        context = self.context
        driver = DingTalkLink(
            self.settings, context.pool, context.intake, self._taking, self._decode, self._answer_click, self.counts
        )
        link = Link(
            driver,
            context.pool,
            options=self.link_options,
            name=self.key if number == 0 else f"{self.key}#{number + 1}",
            on_state=self._on_link_state,
        )

        def rotate(conn: Connection) -> None:
            if link.connection is conn:
                link.rotate_soon()

        driver.on_disconnect = rotate
        self._drivers.append(driver)
        self._links.append(link)

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connect; back when the first connection stands, however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        self._taking.start()
        await self._streams.start()
        for link in self._links[1:]:
            await link.start(wait=False)
        try:
            await self._links[0].start()
        except LinkError as error:
            await self._stop_links()
            await self._taking.stop(within=0)
            cause = error.__cause__
            if isinstance(cause, AuthError):
                raise cause from None
            raise

    async def stop_reading(self) -> None:
        """Take nothing new; what came is taken in."""
        for driver in self._drivers:
            driver.reading = False
        await self._stop_links()
        await self._taking.stop()

    async def close(self) -> None:
        """Let go of everything."""
        if self._closed:
            return
        self._closed = True
        await self.stop_reading()
        await self._streams.close()
        await self.api.close()
        self.tell(Health.STOPPED, "closed")

    async def _stop_links(self) -> None:
        for driver in self._drivers:
            await driver.close()
        for link in self._links:
            await link.stop()

    async def probe(self) -> Probe:
        """Ask for an access token: there is no call that says who a robot is."""
        try:
            await self.api.caller.token(patience=10.0)
        except ImbridgeError as error:
            return Probe(ok=False, problems=(str(error),))
        return Probe(ok=True, bot_id=self.settings.robot, bot_name=self.me.name)

    def _on_link_state(self, state: LinkState, error: Exception | None) -> None:
        if state is LinkState.STOPPED:
            return
        states = {link.state for link in self._links}
        best = next(state for state in _BEST_FIRST if state in states)
        if best is not LinkState.STOPPED:
            self.tell(_HEALTH[best], str(error or best.value))

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
        return self._streams.grow(channel, markdown=markdown)

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back, within 24 hours; only those of the API have an id."""
        if not message_id:
            raise NotSupportedError("DingTalk gives no id for what is sent by a session webhook; set reply_by: api")
        message_id = self._cards.carrier_of(message_id)
        if channel.kind is ChannelKind.GROUP:
            await self.api.recall_from_group(channel.id, [message_id])
        else:
            await self.api.recall_from_users([message_id])

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller, quota = self.api.caller, self.api.quota
        totals: Counter[str] = Counter()
        for link in self._links:
            counts = link.counters
            totals.update({name: getattr(counts, name) for name in counts.__slots__})
        return {
            **self.counts,
            **totals,
            **self.sessions.counts,
            **self._streams.counts,
            "calls": caller.calls + self.api.oapi.calls,
            "retries": caller.retries + self.api.oapi.retries,
            "token_refreshes": caller.refreshes,
            "month_calls": quota.used,
            "month_budget": quota.budget,
        }
