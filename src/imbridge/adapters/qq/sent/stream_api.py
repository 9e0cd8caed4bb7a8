"""`POST /v2/users/{openid}/stream_messages`: one state of a message that grows. See `sent.streaming`."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.qq.api import QQApi
from imbridge.protocol import Channel

_UNDER_WAY, _LAST = 1, 10
TOO_LONG = frozenset({40054007})
OVER = frozenset({40034001})
"""A wrong parameter: of a state that is right, that the stream is over."""


@dataclass(slots=True)
class StreamPlace:
    """A stream that was begun.

    Attributes:
        openid: Whose single chat it is in.
        fields: What it answers, with the number of the answer.
        id: What the platform calls it.
        index: The number of its newest state.
    """

    openid: str
    fields: dict[str, Any]
    id: str
    index: int = 0


class StreamApi:
    """The calls of one bot."""

    def __init__(self, api: QQApi) -> None:
        """Over the bot's API."""
        self._api = api
        self.account = api.config.key

    async def begin(self, channel: Channel, fields: dict[str, Any], text: str) -> Answer:
        """The first state; with the same number it makes one stream, however often it is sent."""
        return await self._post(channel.id, {**_state(text, last=False), **fields, "index": 0}, once=False)

    async def state(self, place: StreamPlace, text: str, *, last: bool, patience: float) -> None:
        """A later state. Each attempt has an index of its own, so one that may have arrived is the last of its call."""
        place.index += 1
        body = {**_state(text, last=last), **place.fields, "stream_msg_id": place.id, "index": place.index}
        await self._post(place.openid, body, once=True, patience=patience)

    async def _post(self, openid: str, body: dict[str, Any], *, once: bool, patience: float | None = None) -> Answer:
        path = f"/v2/users/{quote(openid, safe='')}/stream_messages"
        limits = self._api.limits("stream")
        return await self._api.caller.call("POST", path, json=body, limits=limits, once=once, patience=patience)


def _state(text: str, *, last: bool) -> dict[str, Any]:
    return {
        "input_mode": "replace",
        "input_state": _LAST if last else _UNDER_WAY,
        "content_type": "markdown",
        "content_raw": text,
    }
