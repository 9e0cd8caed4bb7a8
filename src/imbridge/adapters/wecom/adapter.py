"""The WeCom adapter of a self-built app: wiring of start, stop, probe and the ways to speak."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Probe, Sent, Target
from imbridge.adapters.card_seals import Seals
from imbridge.adapters.envelope import Envelope
from imbridge.adapters.patience import passes, patiently
from imbridge.adapters.uploaded_once import again_when_gone
from imbridge.adapters.wecom.api import CHECKED, WeComApi
from imbridge.adapters.wecom.authorisation.oauth import OAuth
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.bot.callback_adapter import BotCallbackAdapter
from imbridge.adapters.wecom.capabilities import APP, APP_WITHOUT_MARKDOWN
from imbridge.adapters.wecom.config import Mode, WeComConfig
from imbridge.adapters.wecom.crypto import envelope_of
from imbridge.adapters.wecom.inbound import Identity
from imbridge.adapters.wecom.modes import MODES, SCRIPT
from imbridge.adapters.wecom.outbound import fits_passive, measure, passive_xml
from imbridge.adapters.wecom.received.facts import place_of
from imbridge.adapters.wecom.robot.group_robot import GroupRobotAdapter
from imbridge.adapters.wecom.sent.answers import written_answer
from imbridge.adapters.wecom.sent.cards import settled_label
from imbridge.adapters.wecom.sent.codes import Cards
from imbridge.adapters.wecom.sent.markdown import MARKDOWN
from imbridge.adapters.wecom.sent.media import GONE, WeComMedia
from imbridge.adapters.wecom.sent.speaking import Speaking
from imbridge.adapters.wecom.services.approvals import WeComApprovals
from imbridge.adapters.wecom.services.chats import WeComChats
from imbridge.adapters.wecom.services.contacts import WeComContacts
from imbridge.adapters.wecom.services.sdk import Sdk
from imbridge.adapters.wecom.webhook import WeComWebhook
from imbridge.config import AccountConfig
from imbridge.protocol import (
    ButtonClicked,
    Card,
    Channel,
    ChannelKind,
    Degradation,
    DeliveryError,
    ImbridgeError,
    Loss,
    Media,
    NotSupportedError,
    SentPart,
)
from imbridge.rendering import Part
from imbridge.transport import WebhookRoute

_PATIENCE = 10.0
"""Seconds for the platform to say who we are, before somebody is told that it does not."""
_NOT_TRUSTED = 60020


class WeComAdapter(Adapter):
    """One self-built app."""

    platform: ClassVar[str] = "wecom"
    config_type: ClassVar[type[AccountConfig]] = WeComConfig
    capabilities = APP
    modes = MODES
    script = SCRIPT

    @classmethod
    def create(cls, config: AccountConfig, context: AdapterContext) -> Adapter:
        """The adapter of an app, of a smart bot, or of a group's robot."""
        if isinstance(config, WeComConfig) and config.mode is Mode.BOT:
            return BotAdapter(config, context)
        if isinstance(config, WeComConfig) and config.mode is Mode.BOT_CALLBACK:
            return BotCallbackAdapter(config, context)
        if isinstance(config, WeComConfig) and config.mode is Mode.GROUP_ROBOT:
            return GroupRobotAdapter(config, context)
        return cls(config, context)

    def __init__(self, config: AccountConfig, context: AdapterContext) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, WeComConfig):
            raise TypeError(f"the WeCom adapter needs a WeComConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.settings = config
        self.api = WeComApi(config, context.pool, context.notes)
        seals = Seals(config.key, config.secret.get_secret_value())
        self.me = Identity(config.name, config.corp_id, config.agent_id, seals=seals, cards=Cards(context.notes))
        self.contacts = WeComContacts(self.api.caller, self.api.all_caller)
        self.chats = WeComChats(self.api.caller, config.name)
        self.approvals = WeComApprovals(self.api.caller)
        self.oauth = OAuth(self.api.caller, config)
        self._sdk = Sdk(self.api.caller, config)
        self.capabilities = APP if config.markdown else APP_WITHOUT_MARKDOWN
        self.dialects = (MARKDOWN,) if config.markdown else ()
        self.media = WeComMedia(
            self.api, context.uploads, download_limit=config.download_limit, download_timeout=config.download_timeout
        )
        envelope = envelope_of(config)
        self._speaking = Speaking(self.api, self.me, self.media, self.capabilities, hears=envelope is not None)
        self._webhook = None if envelope is None else self._make_webhook(envelope)

    def _make_webhook(self, envelope: Envelope) -> WeComWebhook:
        return WeComWebhook(
            self.settings.name,
            envelope,
            self.me,
            self.context.intake,
            write=lambda message, said: passive_xml(message, said, self.settings.corp_id),
            answer_click=lambda inbound, within: written_answer(inbound, within, self._settled_card),
            waits=self.settings.passive_reply,
        )

    async def _settled_card(self, card: Card, event: ButtonClicked) -> dict[str, Any]:
        seal = self.me.seals.at(place_of(event.channel))
        return await self._speaking.card_json(card, seal, settled=settled_label(event))

    # -- life ----------------------------------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Read by which codes cards can be changed."""
        await self.me.cards.restore()

    async def start(self) -> None:
        """Find out who we are, however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            NotPermittedError: secret and agent_id are of different apps; or this machine's address is not trusted and
                the account gets no callbacks.
        """
        await self.remember()
        try:
            await patiently(self.key, self._identify, self.tell, passing=lambda e: passes(e) or self._waits_for(e))
        except ImbridgeError as error:
            self.tell(Health.FAILED, str(error))
            raise
        self.tell(Health.UP, "sends only" if self._webhook is None else "waiting for callbacks")

    async def stop_reading(self) -> None:
        """Nothing is held open; the bridge takes the callbacks' address away."""

    async def close(self) -> None:
        """Let go of everything."""
        await self.oauth.close()
        await self._sdk.close()
        await self.api.close()
        self.tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """Ask who we are."""
        try:
            await self._identify()
        except ImbridgeError as error:
            return Probe(ok=False, problems=(str(error),))
        return Probe(ok=True, bot_id=str(self.me.agent_id), bot_name=self.me.name)

    def _waits_for(self, error: DeliveryError) -> bool:
        """Whether a person is about to mend it, who needs us for that.

        The console takes trusted addresses (60020) only once the callback URL is verified, which this account answers.
        """
        return error.code == _NOT_TRUSTED and self._webhook is not None

    async def _identify(self) -> None:
        self.me.name = str((await self.api.agent(patience=_PATIENCE)).get("name") or "")

    # -- speaking ------------------------------------------------------------------------------------------------------

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part to a member, a department, a tag, or a group that the app has made."""
        return await again_when_gone(
            self.media.uploads,
            lambda more: self._send(target, part, f"{key}{more}"),
            gone=lambda error: error.code == GONE,
        )

    def key_lasts(self, target: Target, part: Part, key: str) -> float:
        """With `duplicate_check` the platform looks for repetitions, for half an hour at least; not in groups."""
        checked = self.settings.duplicate_check and target.channel.kind is not ChannelKind.GROUP
        return CHECKED if checked else 0.0

    async def _send(self, target: Target, part: Part, key: str) -> Sent:
        degradations: list[Degradation] = []
        if target.reply_to is not None:
            why = "an app's message cannot quote another"
            degradations.append(Degradation(loss=Loss.MOVED, what="reply", how="sent to the chat", why=why))
        part, changed = await self.media.uploaded(part)
        degradations += changed
        webhook = self._webhook
        if webhook is not None and fits_passive(part) and await webhook.answer(target.answers, part.elements):
            return Sent(SentPart(kind="passive", key=key), 1, tuple(degradations), by_credentials=False)
        sent = await self._speaking.say(target, part, key)
        return sent.but(*degradations)

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    async def edit(self, channel: Channel, message_id: str, part: Part) -> Sent:
        """Put another card in the place of one that can be clicked: once when it was sent, and once for each click.

        Args:
            channel: Who clicked, or where it was sent.
            message_id: The card's message, or its task id.
            part: The other card.
        """
        return await self._speaking.change(channel, message_id, part)

    async def read(self, message_id: str, media: Media) -> bytes:
        """Fetch the bytes of a received media element; at most `download_limit`."""
        return await self.media.read(media)

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write a received media element to disk; at most `download_limit`."""
        return await self.media.save(media, to)

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back, within 24 hours."""
        if channel.kind is ChannelKind.GROUP:
            raise NotSupportedError("WeCom cannot take back what an app said in a group")
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
        return {
            "calls": caller.calls,
            "retries": caller.retries,
            "token_refreshes": caller.refreshes,
            "held_back": self._speaking.held_back,
        }
