"""Hints over Redis, for any database: https://redis.io/docs/latest/develop/pubsub/."""

import logging
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from imbridge.protocol import ConfigError
from imbridge.storage.hints.base import BaseHints, HintsError

log = logging.getLogger(__name__)


class RedisHints(BaseHints):
    """Publishes to a channel for each process. Nothing is stored there; the number of the database says nothing.

    Args:
        url: `redis://user:password@host:6379`, `rediss://...` over TLS, or `unix:///path`.

    Raises:
        ConfigError: it is no URL of Redis; the message does not repeat it, for it may hold a password.
    """

    def __init__(self, url: SecretStr | str) -> None:
        self._url = url if isinstance(url, SecretStr) else SecretStr(url)
        try:
            parts = urlsplit(self._url.get_secret_value())
            # Nothing is connected, but the options of the URL are looked at.
            self._made().connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis has no type for it
        except (ValueError, TypeError) as error:
            raise ConfigError(
                f"storage: hints: this is no URL of Redis ({type(error).__name__}); expected "
                "redis://user:password@host:6379, rediss://... or unix:///path",
                key="storage",
            ) from None
        self._where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._client: Redis | None = None
        self._heard: PubSub | None = None

    def _made(self) -> Redis:
        return Redis.from_url(
            self._url.get_secret_value(),
            client_name="imbridge",
            socket_timeout=None,  # to hear nothing for long is no fault
            retry=Retry(NoBackoff(), 0),  # who uses this tries again, and says so
        )

    @property
    def where(self) -> str:  # noqa: D102 - inherited
        return self._where

    async def open(self, name: str) -> None:  # noqa: D102 - inherited
        self._client = self._made()
        self._heard = self._client.pubsub(ignore_subscribe_messages=True)
        try:
            await self._heard.subscribe(name)
        except (RedisError, OSError) as error:
            raise HintsError(_in_words(error)) from error

    async def hear(self) -> None:  # noqa: D102 - inherited
        assert self._heard is not None  # noqa: S101 - it is open
        try:
            said: Any = None
            while said is None:
                said = await self._heard.get_message(timeout=None)
        except (RedisError, OSError) as error:
            raise HintsError(_in_words(error)) from error

    async def say(self, names: Collection[str]) -> None:  # noqa: D102 - inherited
        assert self._client is not None  # noqa: S101 - it is open
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for name in names:
                    pipeline.publish(name, b"")
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise HintsError(_in_words(error)) from error

    async def close(self) -> None:  # noqa: D102 - inherited
        try:
            if self._heard is not None:
                await self._heard.aclose()  # type: ignore[no-untyped-call]  # redis has no type for it
            if self._client is not None:
                await self._client.aclose()
        except (RedisError, OSError) as error:
            log.debug("a broken connection to %s could not be closed: %s", self._where, _in_words(error))
        self._heard = self._client = None


def _in_words(error: Exception) -> str:
    """Redis's own words hold no password."""
    first = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {first}".rstrip(": ")
