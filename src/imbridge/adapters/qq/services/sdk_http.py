"""How the official SDK talks, when it is ours: it takes the place of `botpy.http.BotHttp`.

Its methods hand over all of their parameters, those of the path and those that were left out among them; here only what
was said is sent. An answer to a message has a number (`msg_seq`) that must not be used twice; the SDK says 1 unless it
is told otherwise, so here the next free one takes its place.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import aiohttp

from imbridge.adapters.any_call import REPEATED
from imbridge.adapters.errcode_calls import Form
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.sent.windows import Handle, Windows
from imbridge.protocol import Channel, ChannelKind, ContentRefusedError, DeliveryError
from imbridge.transport import HttpError

_NUMBERED = re.compile(r"/v2/(?P<place>users|groups)/\{(?P<name>\w+)\}/messages")
_KINDS = {"users": ChannelKind.PRIVATE, "groups": ChannelKind.GROUP}
_PICTURE = "file_image"


class SdkHttp:
    """Sends the requests of one bot's `BotAPI`."""

    def __init__(self, api: QQApi, windows: Windows) -> None:
        """Over one bot's API."""
        self._api = api
        self._windows = windows

    async def request(self, route: Any, retry_time: int = 0, **options: Any) -> Any:
        """Do what a method of the SDK asks for; the answer's JSON, None when there is none.

        Args:
            route: `botpy.http.Route`: method, path, and the parameters of the path.
            retry_time: As the SDK has it; attempts are counted elsewhere.
            options: `json` and `params`, as the SDK hands them over.

        Raises:
            DeliveryError: and its kinds: the platform refuses it. Its `code` is the platform's.
            AuthError: the credentials are refused.
        """
        method, places = str(route.method).upper(), dict(route.parameters)
        path = str(route.path).format_map({name: quote(str(value), safe="") for name, value in places.items()})
        body = options.get("json")
        form: Form | None = None
        numbered: tuple[Handle, str] | None = None
        if isinstance(body, Mapping):
            body = _said({name: value for name, value in body.items() if name not in places}) or {}
            numbered = self._number(route.path, places, body)
            if _PICTURE in body:
                form, body = _multipart(body), None
        params = {name: _query(value) for name, value in (options.get("params") or {}).items() if value is not None}
        keyed = isinstance(body, dict) and "msg_seq" in body and ("msg_id" in body or "event_id" in body)
        try:
            answer = await self._api.caller.call(
                method,
                path,
                json=body,
                form=form,
                params=params or None,
                limits=self._api.limits("sdk"),
                once=method not in REPEATED and not keyed,
            )
        except DeliveryError as error:
            if numbered is not None and not error.ambiguous:  # it was none of the answers
                self._windows.give_back(*numbered)
            raise
        try:
            return answer.response.json()
        except HttpError:  # nothing, with a status that says success
            return None

    def _number(self, template: str, places: Mapping[str, Any], body: dict[str, Any]) -> tuple[Handle, str] | None:
        """Give an answer its number, where what it answers is known: that, and the number's key."""
        found = _NUMBERED.fullmatch(template)
        answered = body.get("msg_id") or body.get("event_id")
        if found is None or not answered or not isinstance(body.get("msg_seq"), int):
            return None
        account = self._api.config.name
        identity = str(places[found["name"]])
        channel = Channel(platform="qq", account=account, kind=_KINDS[found["place"]], id=identity)
        handle = self._windows.find(channel, str(answered))
        if handle is None or handle.id != answered:
            return None
        key = f"sdk {uuid4().hex}"
        body["msg_seq"] = self._windows.take(handle, key)["msg_seq"]
        return handle, key


def _said(value: Any) -> Any:
    """Without what is None, and without what is empty for nothing else was in it."""
    if not isinstance(value, Mapping):
        return value
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        said = _said(inner)
        if said is not None and (said or not isinstance(inner, Mapping) or not inner):
            kept[name] = said
    return kept


def _query(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _multipart(body: Mapping[str, Any]) -> Form:
    """A message with a picture's bytes: a form, as the platform wants it."""
    picture = body[_PICTURE]
    if not isinstance(picture, bytes | bytearray):
        raise ContentRefusedError(f"file_image is {type(picture).__name__}, not bytes", platform="qq")

    @asynccontextmanager
    async def form() -> AsyncIterator[aiohttp.FormData]:
        data = aiohttp.FormData()
        for name, value in body.items():
            if name == _PICTURE:
                data.add_field(name, bytes(picture), filename="image", content_type="application/octet-stream")
            else:
                data.add_field(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        yield data

    return form
