"""The DingTalk adapter of an app's robot over stream: wiring of start, stop, probe and the ways to speak."""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Sent, Target
from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.capabilities import ROBOT
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.frames import Frame
from imbridge.adapters.dingtalk.inbound import Identity, decode, unreadable
from imbridge.adapters.dingtalk.link import DingTalkLink
from imbridge.adapters.dingtalk.outbound import measure
from imbridge.adapters.dingtalk.sent.sessions import Sessions
from imbridge.adapters.dingtalk.sent.speaking import Speaking
from imbridge.adapters.dingtalk.services.open_api import OpenApi
from imbridge.adapters.dingtalk.services.probing import probed
from imbridge.adapters.pending import Answer
from imbridge.adapters.taking import Taking
from imbridge.config import AccountConfig
from imbridge.protocol import (
    AuthError,
    Channel,
    ChannelKind,
    DecodeError,
    Degradation,
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
        self._open_api = OpenApi(self.api)
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
        await self.api.quota.open(self.context.notes)
        self._taking.start()
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
        await self.api.close()
        self.api.quota.save()
        await self.context.notes.flush()
        self.tell(Health.STOPPED, "closed")

    async def _stop_links(self) -> None:
        for driver in self._drivers:
            await driver.close()
        for link in self._links:
            await link.stop()

    async def probe(self) -> Probe:
        """Whether the credentials work, the robot is the app's, it may send, and what is left of the month."""
        await self.api.quota.open(self.context.notes)
        return await probed(self.api, self.me.name)

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
        return b"", ()

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
        sent = await self._speaking.say(target.channel, part, key)
        return Sent(sent.part, sent.attempts, (*degradations, *sent.degradations))

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back, within 24 hours; only those of the API have an id."""
        if not message_id:
            raise NotSupportedError("DingTalk gives no id for what is sent by a session webhook; set reply_by: api")
        if channel.kind is ChannelKind.GROUP:
            await self.api.recall_from_group(channel.id, [message_id])
        else:
            await self.api.recall_from_users([message_id])

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
            **quota.counters(),
            "calls": caller.calls + self.api.oapi.calls,
            "retries": caller.retries + self.api.oapi.retries,
            "token_refreshes": caller.refreshes + self.api.oapi.refreshes,
        }
