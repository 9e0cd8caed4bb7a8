"""The adapter of the WeChat Official Account: wiring of start, stop, probe and the ways to speak."""

import logging
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

from imbridge.adapters.base import Adapter, AdapterContext, Health, Probe, Sent, Target
from imbridge.adapters.card_seals import Seals
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.patience import patiently
from imbridge.adapters.rehearsal import NoIntake, RehearsalPool
from imbridge.adapters.uploaded_once import again_when_gone
from imbridge.adapters.wechat import outbound
from imbridge.adapters.wechat.api import WeChatApi
from imbridge.adapters.wechat.capabilities import PASSIVE_ONLY, WECHAT, WITH_REST
from imbridge.adapters.wechat.config import WeChatConfig
from imbridge.adapters.wechat.crypto import CallbackKeys, keys_of
from imbridge.adapters.wechat.inbound import Identity
from imbridge.adapters.wechat.modes import MODES, SCRIPT
from imbridge.adapters.wechat.received.tries import CUT
from imbridge.adapters.wechat.sent.literal import measure
from imbridge.adapters.wechat.sent.media import GONE, WeChatMedia
from imbridge.adapters.wechat.sent.rest import Rest
from imbridge.adapters.wechat.services.followers import Follower, Followers
from imbridge.adapters.wechat.services.oauth import OAuth
from imbridge.adapters.wechat.services.sdk import Sdk
from imbridge.adapters.wechat.webhook import WeChatWebhook
from imbridge.config import AccountConfig
from imbridge.protocol import (
    Channel,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    Element,
    ImbridgeError,
    Loss,
    Media,
    NotPermittedError,
    NotSupportedError,
    SentPart,
)
from imbridge.rendering import Part
from imbridge.transport import WebhookRoute

log = logging.getLogger(__name__)

_TEMPLATE_KEYS = 600.0
"""Seconds for which the key of a template message is known (developers.weixin.qq.com, sendTemplateMessage)."""

_PATIENCE = 10.0
"""Seconds for the platform to give out a token, before somebody is told that it does not."""
_NO_RIGHT = 48001
_SHOWN_ALREADY = 45081


class WeChatAdapter(Adapter):
    """One Official Account."""

    platform: ClassVar[str] = "wechat"
    config_type: ClassVar[type[AccountConfig]] = WeChatConfig
    capabilities = WECHAT
    modes = MODES
    script = SCRIPT

    def __init__(self, config: AccountConfig, context: AdapterContext) -> None:
        """Keep the settings; no I/O before `start`."""
        if not isinstance(config, WeChatConfig):
            raise TypeError(f"the WeChat adapter needs a WeChatConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.settings = config
        self._seals = Seals(config.key, config.app_secret.get_secret_value())
        self.api = WeChatApi(config, context.pool)
        self.media = WeChatMedia(self.api, context.pool, context.uploads)
        self.followers = Followers(self.api)
        self.oauth = OAuth(self.api, config)
        self._sdk = Sdk(self.api.caller, config)
        self._customer_service = config.customer_service
        """Whether customer-service messages can be sent; None as long as the platform has not said so."""
        self._rest = Rest(config.more, context.notes) if config.more and config.token is not None else None
        if config.customer_service is False:
            self._be_passive()
        keys = keys_of(config)
        self._webhook = None if keys is None else self._make_webhook(keys)

    def _make_webhook(self, keys: CallbackKeys) -> WeChatWebhook:
        settings = self.settings
        return WeChatWebhook(
            settings.name,
            keys,
            Identity(settings.name, settings.app_id, self._seals),
            self.context.intake,
            write=lambda item, said: outbound.passive_xml(item, said, self._seals),
            waits=settings.passive_reply,
            holds=lambda: self._customer_service is not True,
            rest=lambda: self._rest if self._customer_service is False else None,
            welcome=settings.welcome,
            cut=CUT,
        )

    # -- life ----------------------------------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Read what followers can still ask for."""
        if self._rest is not None:
            await self._rest.restore()
            if len(self._rest) and self._customer_service is None:  # else an earlier process had kept nothing
                self._be_passive()

    async def start(self) -> None:
        """See that the credentials work, however long that takes.

        Raises:
            AuthError: the credentials are wrong, or this machine's address is not on the account's whitelist.
        """
        await self.remember()
        try:
            await patiently(self.key, lambda: self.api.ask_token(patience=_PATIENCE), self.tell)
        except ImbridgeError as error:
            self.tell(Health.FAILED, str(error))
            raise
        self.tell(Health.UP, "sends only" if self._webhook is None else "waiting for callbacks")

    async def stop_reading(self) -> None:
        """Take nothing new from callbacks; the platform still gets the answers that it comes back for."""
        if self._webhook is not None:
            self._webhook.stop_reading()

    async def close(self) -> None:
        """Let go of everything."""
        if self._webhook is not None:
            self._webhook.exchanges.close()
        await self._sdk.close()
        await self.oauth.close()
        await self.api.close()
        self.tell(Health.STOPPED, "closed")

    async def probe(self) -> Probe:
        """See that the credentials work; the platform does not tell an account's name."""
        try:
            await self.api.ask_token(patience=_PATIENCE)
        except ImbridgeError as error:
            return Probe(ok=False, problems=(str(error),))
        return Probe(ok=True, bot_id=self.settings.app_id)

    # -- speaking ------------------------------------------------------------------------------------------------------

    def rehearsing(self, pool: RehearsalPool, target: Target) -> Adapter:
        """A twin that can speak as this one can; where that is by answering callbacks, one waits."""
        twin = _RehearsingAdapter(self.settings, AdapterContext(NoIntake(), pool))
        twin.pool = pool
        twin._customer_service, twin.capabilities = self._customer_service, self.capabilities
        return twin

    def measure(self, part: Part) -> int:
        """Bytes of a part as sent."""
        return measure(part)

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part to a follower: as the answer to a callback, as long as one waits, else as a message."""
        openid = outbound.openid_of(target.channel)
        sent = await again_when_gone(
            self.media.uploads,
            lambda more: self._send(openid, target, part, f"{key}{more}"),
            gone=lambda error: error.code == GONE,
        )
        return sent.offering(outbound.choices_in(part, self._seals.at(openid)))

    def key_lasts(self, target: Target, part: Part, key: str) -> float:
        """A template message has a `client_msg_id`, which is known for 10 minutes; other messages have no key."""
        return _TEMPLATE_KEYS if outbound.template_of(part) is not None else 0.0

    async def _send(self, openid: str, target: Target, part: Part, key: str) -> Sent:
        template = outbound.template_of(part)
        if template is not None:
            answer = await self.api.send_template(openid, template, key)
            sent = SentPart(message_id=str(answer.body.get("msgid") or ""), kind="template", key=key)
            return Sent(sent, answer.attempts)
        degradations: list[Degradation] = []
        if target.reply_to is not None:
            why = "an Official Account's message cannot quote another"
            degradations.append(Degradation(loss=Loss.MOVED, what="reply", how="sent to the chat", why=why))
        part, changed = await self.media.uploaded(part)
        degradations += changed
        seal = self._seals.at(openid)
        body, changed = outbound.message_body(part, seal)
        degradations += changed
        if self._customer_service is False:
            degradations += await self._say_passively(target, part)
            return Sent(SentPart(kind="passive", key=key), 1, tuple(degradations), by_credentials=False)
        if await self._answers(target, part.elements):
            return Sent(SentPart(kind="passive", key=key), 1, tuple(degradations), by_credentials=False)
        try:
            answer = await self._served(openid, body)
        except DegradeError as error:
            body = outbound.plainer_body(part, seal)
            degradations.append(Degradation(loss=Loss.AS_TEXT, what="card", how="text with links", why=str(error)))
            target.forbid(*degradations)
            answer = await self._served(openid, body)
        except NotPermittedError:
            if not self._keeps(target):
                raise
            # It is the first to be refused: it would be lost, where the next one is kept.
            degradations += await self._say_passively(target, part)
            return Sent(SentPart(kind="passive", key=key), 1, tuple(degradations), by_credentials=False)
        # There is no id in the documents' answer; accounts of some sorts are told that they get one.
        sent = SentPart(message_id=str(answer.body.get("msgid") or ""), kind=body["msgtype"], key=key)
        return Sent(sent, answer.attempts, tuple(degradations))

    def _keeps(self, target: Target) -> bool:
        """Whether what cannot be sent waits until the follower asks for it."""
        return self._customer_service is False and self._rest is not None and target.answers is not None

    async def _answers(self, target: Target, said: tuple[Element, ...]) -> bool:
        """Whether it was the answer to a callback."""
        if self._webhook is None or outbound.passive_fields(said, self._seals.at(target.channel.id)) is None:
            return False
        return await self._webhook.answer(target.answers, target.channel, said)

    async def _say_passively(self, target: Target, part: Part) -> list[Degradation]:
        """Answer a callback, and keep what it has no room for; what is kept."""
        rest = self._rest
        pieces = [part.elements] if rest is None else rest.pieces(part)
        seal = self._seals.at(target.channel.id)
        if any(outbound.passive_fields(piece, seal) is None for piece in pieces):
            raise ContentRefusedError(
                "wechat: not sent: it is longer than the 2,048 bytes, or of another kind, than the answer to a "
                "callback can be, and the account has no customer-service messages",
                platform="wechat",
            )
        shown = await self._answers(target, pieces[0])
        left = pieces[1:] if shown else pieces
        if not left:
            return []
        if rest is None or (target.answers is None and not shown):
            raise NotPermittedError(
                "wechat: not sent: no callback waits for it (any more), and the account has no customer-service "
                "messages; a message of a follower can be answered once, within some 14 seconds",
                platform="wechat",
            )
        rest.keep(outbound.openid_of(target.channel), left)
        why = "the account has no customer-service messages, and a message of a follower is answered once"
        how = f"kept until the follower writes {self.settings.more}"
        return [Degradation(loss=Loss.DELAYED, what="rest" if shown else "answer", how=how, why=why)]

    async def _served(self, openid: str, body: outbound.Body) -> Answer:
        try:
            answer = await self.api.send(openid, body)
        except NotPermittedError as error:
            self._note_refusal(error)
            raise
        self._customer_service = True
        return answer

    def _note_refusal(self, error: NotPermittedError) -> None:
        """The account has no customer-service messages: from now on each callback is its only chance."""
        if error.code == _NO_RIGHT and self._customer_service is None:
            log.warning("%s: it has no customer-service messages: every message can be answered once", self.key)
            self._be_passive()

    def _be_passive(self) -> None:
        self._customer_service = False
        self.capabilities = PASSIVE_ONLY if self._rest is None else WITH_REST

    async def typing(self, channel: Channel, message_id: str, on: bool) -> None:
        """Show, or stop showing, that somebody types; the platform shows it for 15 s."""
        if self._customer_service is False:
            raise NotSupportedError("wechat: an account without customer-service messages cannot show that it types")
        try:
            await self.api.typing(outbound.openid_of(channel), on)
        except NotPermittedError as error:
            self._note_refusal(error)
            raise
        except DeliveryError as error:
            if error.code != _SHOWN_ALREADY:
                raise
        else:
            self._customer_service = True  # it is part of the same right

    async def read(self, message_id: str, media: Media) -> bytes:
        """Fetch the bytes of a received media element; the platform keeps them for three days."""
        return await self.media.read(media)

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write a received media element to disk."""
        return await self.media.save(media, to)

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URL, when callbacks are set up; where people come back to, when somebody waits for them."""
        routes = self.oauth.routes()
        return routes if self._webhook is None else (self._webhook.route(), *routes)

    # -- beyond messages -----------------------------------------------------------------------------------------------

    async def user(self, openid: str) -> Follower:
        """What is known of a follower; their name is not among it, since 2021.

        Raises:
            TargetGoneError: no such openid.
        """
        return await self.followers.get(openid)

    async def sdk(self) -> Any:
        """Wechatpy's client over our connections and with our token: each of its methods returns an awaitable.

        Raises:
            ConfigError: wechatpy is not installed.
        """
        return await self._sdk.client()

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller = self.api.caller
        counts = {"calls": caller.calls, "retries": caller.retries, "token_refreshes": caller.refreshes}
        return counts if self._webhook is None else {**counts, **self._webhook.counts}


class _RehearsingAdapter(WeChatAdapter):
    """One that is never started: a callback waits for its answer where there is no other way to speak."""

    pool: RehearsalPool

    async def _answers(self, target: Target, said: tuple[Element, ...]) -> bool:
        fields = outbound.passive_fields(said)
        if self._customer_service is not False or fields is None:
            return False
        self.pool.note("ANSWER", "message", fields)
        return True
