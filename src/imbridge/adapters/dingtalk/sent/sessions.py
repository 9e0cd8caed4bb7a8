"""Session webhooks: where a conversation can be answered for a while without the API.

Source: open.dingtalk.com, "receive messages of a robot": `sessionWebhook` and `sessionWebhookExpiredTime`, some 90
minutes after the message. It takes what a custom robot takes, and gives no message id.
"""

import logging
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from yarl import URL

from imbridge.adapters.dingtalk.calls import OapiCaller
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.errors import BANNED, DOCS, SESSION_ERRORS, SESSION_KINDS
from imbridge.adapters.dingtalk.sent.recipients import OUTSIDE, is_outside
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import Api, RetargetError
from imbridge.adapters.notes import Notes
from imbridge.protocol import Channel, ChannelKind, Message
from imbridge.transport import HttpPool
from imbridge.transport.hosts import LOOPBACK

log = logging.getLogger(__name__)

_MOST = 10_000
_DIGITS = 15
"""Of a time in milliseconds: what has more is none."""
_MARGIN = 30.0
"""Seconds before its end from which on it is not used: clocks differ, and the way takes time."""
_MOST_PLACES = 64
_QUERY = re.compile(r"[A-Za-z0-9\-._~%=&+*:/@!$'(),;?]*")
_AS_IT_CAME = "query"

_CONVERSATION, _WEBHOOK = "conversation", "session_webhook"
_PASSING = frozenset({BANNED, 130101, 410100})
"""A webhook that is refused by one of these codes lives on: too much was said by it, or from our address."""


@dataclass(slots=True)
class Session:
    """One conversation's webhook: a credential, which is shown nowhere.

    Attributes:
        channel_id: The conversation.
        origin: Scheme and host.
        path: Path.
        query: With what makes it a credential, as it came.
        until: When it is over, in seconds since 1970.
    """

    channel_id: str
    origin: str
    path: str
    query: str = field(repr=False)
    until: float


class _WebhookCaller(OapiCaller):
    """Posts to webhooks, whose query is used as it came."""

    def address(self, path: str, params: Mapping[str, str] | None, token: str) -> URL:
        """The whole address."""
        return URL(f"{self.api.base_url}{path}?{(params or {}).get(_AS_IT_CAME, '')}", encoded=True)


class Sessions:
    """The newest webhook of each conversation; the latest 10,000 of them."""

    def __init__(
        self, config: DingTalkConfig, pool: HttpPool, notes: Notes, *, now: Callable[[], float] = time.time
    ) -> None:
        """None yet; `now` gives seconds since 1970."""
        self._notes = notes
        self._conversations: OrderedDict[str, str] = OrderedDict()
        self._config = config
        self._pool = pool
        self._now = now
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._callers: dict[str, OapiCaller] = {}
        self._places: dict[str, tuple[str, str]] = {}
        self._local = any(urlsplit(url).hostname in LOOPBACK for url in (config.base_url, config.oapi_url))
        self._told = False
        self.counts: Counter[str] = Counter()

    async def restore(self) -> None:
        """Know again what an earlier process noted.

        The conversation of each private chat, and webhooks without which somebody could not be answered.
        """
        for channel_id, conversation in (await self._notes.all(_CONVERSATION)).items():
            if isinstance(conversation, str):
                self._conversations.setdefault(channel_id, conversation)
        for channel_id, noted in (await self._notes.all(_WEBHOOK)).items():
            url, until = (noted.get("url"), noted.get("until")) if isinstance(noted, Mapping) else ("", 0)
            session = self._read(channel_id, url, until) if isinstance(url, str) else None
            if session is None or session.until - _MARGIN <= self._now():
                self._notes.drop(_WEBHOOK, channel_id)
            else:
                self._sessions.setdefault(channel_id, session)

    def private_chats(self) -> Iterator[tuple[str, str]]:
        """The private chats that are known: the platform's id of each, and whose it is."""
        return ((conversation, channel_id) for channel_id, conversation in self._conversations.items())

    def conversation(self, channel: Channel) -> str | None:
        """The platform's id of a conversation; None for a private chat in which nothing was said yet."""
        return channel.id if channel.kind is ChannelKind.GROUP else self._conversations.get(channel.id)

    def note(self, message: Message) -> None:
        """Keep what a message brought. A webhook of a foreign host is not kept, and told once."""
        payload = message.payload
        if not isinstance(payload, Mapping):
            return
        if message.channel.kind is not ChannelKind.GROUP:
            self._note_conversation(message.channel.id, payload.get("conversationId"))
        url = payload.get("sessionWebhook")
        if not isinstance(url, str) or not url:
            return
        session = self._read(message.channel.id, url, payload.get("sessionWebhookExpiredTime"))
        if session is None:
            self.counts["session_webhooks_refused"] += 1
            if not self._told:
                self._told = True
                log.warning(
                    "%s: a message names a session webhook that is not DingTalk's; nothing will be posted to it. If it "
                    "is a host of yours, add it to session_hosts. Further ones are counted, not logged.",
                    self._config.key,
                )
            return
        channel_id = message.channel.id
        self._sessions[channel_id] = session
        self._sessions.move_to_end(channel_id)
        if is_outside(message.channel):
            self._notes.put(
                _WEBHOOK, channel_id, {"url": url, "until": round(session.until * 1000)}, until=session.until
            )
        while len(self._sessions) > _MOST:
            self.forget(next(iter(self._sessions)))

    def find(self, channel_id: str) -> Session | None:
        """The conversation's webhook, while it lives."""
        session = self._sessions.get(channel_id)
        if session is not None and session.until - _MARGIN <= self._now():
            self.forget(channel_id)
            return None
        return session

    def know(self, others: "Sessions", channel_id: str) -> None:
        """What others know of one conversation."""
        if (session := others.find(channel_id)) is not None:
            self._sessions[channel_id] = session
        if channel_id in others._conversations:
            self._conversations[channel_id] = others._conversations[channel_id]

    def forget(self, channel_id: str) -> None:
        """It is over."""
        if self._sessions.pop(channel_id, None) is not None and channel_id.startswith(OUTSIDE):
            self._notes.drop(_WEBHOOK, channel_id)

    async def post(self, session: Session, body: dict[str, Any]) -> Answer:
        """Say something in a conversation.

        Raises:
            RetargetError: it cannot be said this way, and was not; a webhook that is over is forgotten.
            DeliveryError: and its kinds, as `OapiCaller.call`.
        """
        caller = self._callers.get(session.origin)
        if caller is None:
            api = Api(
                "dingtalk",
                self._config.key,
                session.origin,
                SESSION_ERRORS,
                SESSION_KINDS,
                DOCS,
                self._config.send_timeout,
            )
            caller = self._callers[session.origin] = _WebhookCaller(api, self._pool, None)
        try:
            answer = await caller.call("POST", session.path, json=body, params={_AS_IT_CAME: session.query}, once=True)
        except RetargetError as error:
            self.counts["session_refusals"] += 1
            if error.code not in _PASSING and self._sessions.get(session.channel_id) is session:
                self.forget(session.channel_id)
            raise
        self.counts["session_sends"] += 1
        return answer

    def _note_conversation(self, channel_id: str, conversation: Any) -> None:
        if not isinstance(conversation, str) or not conversation:
            return
        if self._conversations.get(channel_id) != conversation:
            self._conversations[channel_id] = conversation
            self._notes.put(_CONVERSATION, channel_id, conversation)
        self._conversations.move_to_end(channel_id)
        while len(self._conversations) > _MOST:
            self._notes.drop(_CONVERSATION, self._conversations.popitem(last=False)[0])

    def _read(self, channel_id: str, url: str, until: Any) -> Session | None:
        address, _, query = url.partition("#")[0].partition("?")
        place = self._places.get(address) or self._place(address)
        if place is None or _QUERY.fullmatch(query) is None:
            return None
        if isinstance(until, str) and until.isascii() and until.isdigit() and len(until) <= _DIGITS:
            until = int(until)
        if isinstance(until, bool) or not isinstance(until, int | float) or not 0 < until < 10**_DIGITS:
            return None
        return Session(channel_id, *place, query, until / 1000)

    def _place(self, address: str) -> tuple[str, str] | None:
        """Origin and path of an address without its query, when something may be posted there.

        All webhooks have one, so it is looked at once.
        """
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return None
        if parts.username is not None or parts.password is not None:
            return None
        local = self._local and host in LOOPBACK
        if not local and (parts.scheme != "https" or port not in (None, 443) or host not in self._config.session_hosts):
            return None
        place = f"{parts.scheme}://{parts.netloc.lower()}", parts.path
        if len(self._places) < _MOST_PLACES:
            self._places[address] = place
        return place
