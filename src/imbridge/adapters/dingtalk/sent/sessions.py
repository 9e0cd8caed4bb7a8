"""Session webhooks: where a conversation can be answered for a while without the API.

Source: open.dingtalk.com, "receive messages of a robot": `sessionWebhook` and `sessionWebhookExpiredTime`, some 90
minutes after the message. It takes what a custom robot takes, and gives no message id.
"""

import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from imbridge.adapters.dingtalk.calls import OapiCaller
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.errors import DOCS, SESSION_ERRORS, SESSION_KINDS
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import Api
from imbridge.protocol import Message
from imbridge.transport import HttpPool

log = logging.getLogger(__name__)

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MOST = 10_000
_MARGIN = 30.0
"""Seconds before its end from which on it is not used: clocks differ, and the way takes time."""


@dataclass(slots=True)
class Session:
    """One conversation's webhook: a credential, which is shown nowhere.

    Attributes:
        origin: Scheme and host.
        path: Path.
        params: Query, with what makes it a credential.
        until: When it is over, in seconds since 1970.
    """

    origin: str
    path: str
    params: Mapping[str, str] = field(repr=False)
    until: float


class Sessions:
    """The newest webhook of each conversation; the latest 10,000 of them."""

    def __init__(self, config: DingTalkConfig, pool: HttpPool, *, now: Callable[[], float] = time.time) -> None:
        """None yet; `now` gives seconds since 1970."""
        self._config = config
        self._pool = pool
        self._now = now
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._callers: dict[str, OapiCaller] = {}
        self._local = any(urlsplit(url).hostname in _LOOPBACK for url in (config.base_url, config.oapi_url))
        self._told = False
        self.counts: Counter[str] = Counter()

    def note(self, message: Message) -> None:
        """Keep what a message brought. A webhook of a foreign host is not kept, and told once."""
        payload = message.payload
        url = payload.get("sessionWebhook") if isinstance(payload, Mapping) else None
        if not isinstance(url, str) or not url:
            return
        session = self._read(url, payload.get("sessionWebhookExpiredTime"))
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
        self._sessions[message.channel.id] = session
        self._sessions.move_to_end(message.channel.id)
        while len(self._sessions) > _MOST:
            self._sessions.popitem(last=False)

    def find(self, channel_id: str) -> Session | None:
        """The conversation's webhook, while it lives."""
        session = self._sessions.get(channel_id)
        if session is not None and session.until - _MARGIN <= self._now():
            self.forget(channel_id)
            return None
        return session

    def forget(self, channel_id: str) -> None:
        """It is over."""
        self._sessions.pop(channel_id, None)

    async def post(self, session: Session, body: dict[str, Any]) -> Answer:
        """Say something.

        Raises:
            RetargetError: it is over.
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
            caller = self._callers[session.origin] = OapiCaller(api, self._pool, None)
        return await caller.call("POST", session.path, json=body, params=session.params, once=True)

    def _read(self, url: str, until: Any) -> Session | None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return None
        if parts.username is not None or parts.password is not None:
            return None
        local = self._local and host in _LOOPBACK
        if not local and (parts.scheme != "https" or port not in (None, 443) or host not in self._config.session_hosts):
            return None
        if isinstance(until, str) and until.isascii() and until.isdigit():
            until = int(until)
        if isinstance(until, bool) or not isinstance(until, int | float):
            return None
        return Session(f"{parts.scheme}://{parts.netloc}", parts.path, dict(parse_qsl(parts.query)), until / 1000)
