"""The WeCom adapter of a self-built app: wiring of start, stop, probe and the ways to speak."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Probe, Sent, Target
from imbridge.adapters.envelope import Envelope
from imbridge.adapters.wecom.api import WeComApi
from imbridge.adapters.wecom.authorisation.oauth import OAuth
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.capabilities import APP
from imbridge.adapters.wecom.config import Mode, WeComConfig
from imbridge.adapters.wecom.crypto import envelope_of
from imbridge.adapters.wecom.inbound import Identity
from imbridge.adapters.wecom.outbound import fits_passive, message_body, passive_xml, recipients
from imbridge.adapters.wecom.robot.group_robot import GroupRobotAdapter
from imbridge.adapters.wecom.services.approvals import WeComApprovals
from imbridge.adapters.wecom.services.chats import WeComChats
from imbridge.adapters.wecom.services.contacts import WeComContacts
from imbridge.adapters.wecom.services.sdk import Sdk
from imbridge.adapters.wecom.webhook import WeComWebhook
from imbridge.config import AccountConfig
from imbridge.protocol import Channel, Degradation, DeliveryError, ImbridgeError, RateLimitedError, SentPart
from imbridge.rendering import Part
from imbridge.transport import Backoff, WebhookRoute

log = logging.getLogger(__name__)

_PATIENCE = 10.0
"""Seconds for the platform to say who we are, before somebody is told that it does not."""
_INVALID = {
    "invaliduser": "members that do not exist or cannot see the app",
    "invalidparty": "departments that do not exist or cannot see the app",
    "invalidtag": "tags that do not exist or cannot see the app",
    "unlicenseduser": "members without a licence for the app",
}


class WeComAdapter(Adapter):
    """One self-built app."""

    platform: ClassVar[str] = "wecom"
    config_type: ClassVar[type[AccountConfig]] = WeComConfig
    capabilities = APP

    @classmethod
    def create(cls, config: AccountConfig, context: AdapterContext) -> Adapter:
        """The adapter of an app, of a smart bot, or of a group's robot."""
        if isinstance(config, WeComConfig) and config.mode is Mode.BOT:
            return BotAdapter(config, context)
        if isinstance(config, WeComConfig) and config.mode is Mode.GROUP_ROBOT:
            return GroupRobotAdapter(config, context)
        return cls(config, context)

    def __init__(self, config: AccountConfig, context: AdapterContext) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, WeComConfig):
            raise TypeError(f"the WeCom adapter needs a WeComConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.settings = config
        self.api = WeComApi(config, context.pool)
        self.me = Identity(config.name, config.corp_id, config.agent_id)
        self.contacts = WeComContacts(self.api.caller, self.api.all_caller)
        self.chats = WeComChats(self.api.caller, config.name)
        self.approvals = WeComApprovals(self.api.caller)
        self.oauth = OAuth(self.api.caller, config)
        self._sdk = Sdk(self.api.caller, config)
        envelope = envelope_of(config)
        self._webhook = None if envelope is None else self._make_webhook(envelope)

    def _make_webhook(self, envelope: Envelope) -> WeComWebhook:
        return WeComWebhook(
            self.settings.name,
            envelope,
            self.me,
            self.context.intake,
            write=lambda message, said: passive_xml(message, said, self.settings.corp_id),
            waits=self.settings.passive_reply,
        )

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find out who we are, however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            NotPermittedError: secret and agent_id are of different apps, or this machine's address is not trusted.
        """
        try:
            await self._identify_patiently()
        except ImbridgeError as error:
            self._tell(Health.FAILED, str(error))
            raise
        self._tell(Health.UP, "sends only" if self._webhook is None else "waiting for callbacks")

    async def stop_reading(self) -> None:
        """Nothing is held open; the bridge takes the callbacks' address away."""

    async def close(self) -> None:
        """Let go of everything."""
        await self.oauth.close()
        await self._sdk.close()
        await self.api.close()
        self._tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """Ask who we are."""
        try:
            await self._identify()
        except ImbridgeError as error:
            return Probe(ok=False, problems=(str(error),))
        return Probe(ok=True, bot_id=str(self.me.agent_id), bot_name=self.me.name)

    async def _identify_patiently(self) -> None:
        """As long as it takes: a platform or a network that is down at the start comes back like any other."""
        backoff = Backoff(1.0, 60.0)
        attempt = 0
        while True:
            try:
                await self._identify()
            except DeliveryError as error:
                if not (isinstance(error, RateLimitedError) or error.ambiguous or not error.code):
                    raise
                log.warning("%s: not started yet, it goes on trying: %s", self.key, error)
                self._tell(Health.DOWN, str(error))
            else:
                return
            await asyncio.sleep(backoff.delay(attempt))
            attempt += 1

    async def _identify(self) -> None:
        self.me.name = str((await self.api.agent(patience=_PATIENCE)).get("name") or "")

    def _tell(self, health: Health, reason: str) -> None:
        if health is not self.health:
            self.health = health
            self.context.on_health(self, health, reason)

    # -- speaking ------------------------------------------------------------------------------------------------------

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part to a member, a department or a tag."""
        degradations: list[Degradation] = []
        if target.reply_to is not None:
            why = "an app's message cannot quote another"
            degradations.append(Degradation(what="reply", how="sent to the chat", why=why))
        markdown = self.settings.markdown
        if (
            self._webhook is not None
            and fits_passive(part, markdown=markdown)
            and await self._webhook.answer(target.answers, part.elements)
        ):
            return Sent(SentPart(kind="passive", key=key), 1, tuple(degradations))
        body = message_body(part, markdown=markdown)
        answer = await self.api.send(recipients(target.channel), body, key)
        degradations += [
            Degradation(what=name, how=f"not sent to {answer.body[name]}", why=why)
            for name, why in _INVALID.items()
            if answer.body.get(name)
        ]
        sent = SentPart(message_id=str(answer.body.get("msgid") or ""), kind=body["msgtype"], key=key)
        return Sent(sent, answer.attempts, tuple(degradations))

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back, within 24 hours."""
        await self.api.recall(message_id)

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URL, when callbacks are set up, and the address that people come back to from OAuth."""
        own = () if self._webhook is None else (self._webhook.route(),)
        return own + self.oauth.routes()

    async def sdk(self) -> Any:
        """Wechatpy's client for all the rest of the platform, over our connections and with our token.

        Its API methods return awaitables: `await (await adapter.sdk()).user.get("alice")`. It is loaded at the first
        call, in a thread.

        Raises:
            ConfigError: wechatpy is not installed.
        """
        return await self._sdk.client()

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller = self.api.caller
        return {"calls": caller.calls, "retries": caller.retries, "token_refreshes": caller.refreshes}
