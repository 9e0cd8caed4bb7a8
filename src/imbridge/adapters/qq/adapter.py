"""The QQ adapter: wiring of start, stop, probe and the ways to speak."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Sent, Target
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.capabilities import BOT
from imbridge.adapters.qq.config import Mode, QQConfig
from imbridge.adapters.qq.hearing.base import Hearing
from imbridge.adapters.qq.hearing.callbacks import Callbacks
from imbridge.adapters.qq.hearing.gateway import OPTIONS, Gateway
from imbridge.adapters.qq.inbound import Identity, decode, unreadable
from imbridge.adapters.qq.outbound import measure
from imbridge.adapters.qq.received.facts import text_of
from imbridge.adapters.qq.sent.speaking import Speaking
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.adapters.taking import Taking
from imbridge.config import AccountConfig
from imbridge.protocol import (
    Channel,
    DecodeError,
    Degradation,
    ImbridgeError,
    Message,
)
from imbridge.rendering import Part
from imbridge.transport import LinkOptions, WebhookRoute

log = logging.getLogger(__name__)

_PATIENCE = float("inf")
"""What the inbox has no room for is offered again: the gateway does not send it a second time."""


class QQAdapter(Adapter):
    """One bot, over the gateway or webhooks."""

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
        self.counts: Counter[str] = Counter()
        self.link_options = link_options or OPTIONS
        self._hearing = self._make_hearing()
        self._closed = False

    def _make_hearing(self) -> Hearing:
        config, context = self.settings, self.context
        if config.mode is Mode.WEBHOOK:
            return Callbacks(config, self.api, context.intake, self._decode, self._introduced, self.tell, self.counts)
        taking = Taking(config.key, context.intake, self.counts, patience=_PATIENCE)
        return Gateway(
            config, self.api, context.pool, context.notes, taking, self._decode, self._introduced, self.tell,
            self.counts, options=self.link_options,
        )  # fmt: skip

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connect, or see that the credentials are right where the platform connects to us; however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        await self.windows.restore()
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

    def _introduced(self, user: Mapping[str, Any]) -> None:
        self.me.bot_id = text_of(user, "id") or self.me.bot_id
        self.me.name = text_of(user, "username") or self.me.name

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URL, in mode `webhook`."""
        return self._hearing.routes()

    def _decode(self, payload: dict[str, Any]) -> Inbound | None:
        try:
            inbound = decode(payload, self.me)
        except DecodeError as error:
            log.warning("%s: %s; it is passed on as unknown", self.key, error)
        except Exception as error:  # noqa: BLE001 - told, without its text; our mistake must not lose the message
            log.warning("%s: the decoder failed (%s); the delivery is passed on whole", self.key, type(error).__name__)
        else:
            if isinstance(inbound.item, Message):
                self.windows.note(inbound.item)
            return inbound
        return unreadable(payload, self.me)

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

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller = self.api.caller
        return {
            **self.counts,
            **self._hearing.counters(),
            "calls": caller.calls,
            "retries": caller.retries,
            "token_refreshes": caller.refreshes,
        }
