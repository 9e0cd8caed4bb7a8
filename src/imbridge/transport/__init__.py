"""HTTP, tokens, retries, pacing, long connections and webhooks, for adapters to build on; it knows no platform."""

from imbridge.transport.asgi import WebhookApp
from imbridge.transport.backoff import Backoff
from imbridge.transport.connection import Connection, Dial, LinkCounters
from imbridge.transport.driver import LinkDriver, LinkOptions, LinkState
from imbridge.transport.errors import HttpError
from imbridge.transport.http import HttpPool
from imbridge.transport.link import Link
from imbridge.transport.pacing import Pacer, Rate
from imbridge.transport.reconnect import LinkVerdict, ReconnectPolicy
from imbridge.transport.replay import ReplayWindow, constant_time_equal
from imbridge.transport.response import HttpResponse
from imbridge.transport.retry import ErrorRule, ErrorTable, Reaction, retry_delay, server_delay
from imbridge.transport.tokens import Token, TokenError, TokenSource
from imbridge.transport.webhook import Headers, Refused, WebhookRequest, WebhookResponse, WebhookRoute

__all__ = [
    "Backoff",
    "Connection",
    "Dial",
    "ErrorRule",
    "ErrorTable",
    "Headers",
    "HttpError",
    "HttpPool",
    "HttpResponse",
    "Link",
    "LinkCounters",
    "LinkDriver",
    "LinkOptions",
    "LinkState",
    "LinkVerdict",
    "Pacer",
    "Rate",
    "Reaction",
    "ReconnectPolicy",
    "Refused",
    "ReplayWindow",
    "Token",
    "TokenError",
    "TokenSource",
    "WebhookApp",
    "WebhookRequest",
    "WebhookResponse",
    "WebhookRoute",
    "constant_time_equal",
    "retry_delay",
    "server_delay",
]
