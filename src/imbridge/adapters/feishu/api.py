"""The endpoints of Feishu that the adapter uses. Source: open.feishu.cn, server docs of im-v1 and bot-v3."""

import hashlib
from collections import OrderedDict
from contextlib import AbstractAsyncContextManager
from typing import Any, BinaryIO
from urllib.parse import quote

import aiohttp

from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.sent.formats import FileType
from imbridge.adapters.feishu.services.pages import entries
from imbridge.adapters.uploads import Source, multipart
from imbridge.protocol import Address, Channel, DeliveryError, NotPermittedError, NotSupportedError
from imbridge.transport import HttpResponse

_MESSAGES = "/open-apis/im/v1/messages"
_REMEMBERED_REACTIONS = 1024
_UUID_LENGTH = 50


class FeishuApi:
    """The endpoints, each one method. All raise as `Caller.call` does; each gives back its attempts where useful."""

    def __init__(self, caller: Caller) -> None:
        """Over one account's caller."""
        self.caller = caller
        self._reactions: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def bot(self, *, patience: float) -> dict[str, Any]:
        """`GET /bot/v3/info`: our name and open_id. Its answer has `bot` where others have `data`."""
        answer = await self.caller.exchange("GET", "/open-apis/bot/v3/info", api="bot.info", patience=patience)
        bot = answer.body.get("bot")
        if not isinstance(bot, dict) or not bot.get("open_id"):
            raise NotPermittedError(
                "feishu bot.info: the app has no bot; console: Add Features > Bot, then publish a version",
                platform="feishu",
            )
        return bot

    async def create(self, id_type: str, receive_id: str, kind: str, content: str, uuid: str) -> tuple[str, int]:
        """`POST /im/v1/messages`; the message's id and the attempts. One `uuid` makes one message within an hour."""
        body = {"receive_id": receive_id, "msg_type": kind, "content": content, "uuid": uuid_of(uuid)}
        answer = await self.caller.exchange(
            "POST", _MESSAGES, api="message.create", json=body, params={"receive_id_type": id_type}, chat=receive_id
        )
        return str(answer.data.get("message_id") or ""), answer.attempts

    async def reply(
        self, message_id: str, chat: str, kind: str, content: str, uuid: str, *, in_thread: bool
    ) -> tuple[str, int]:
        """`POST /im/v1/messages/:id/reply`."""
        body: dict[str, Any] = {"msg_type": kind, "content": content, "uuid": uuid_of(uuid)}
        if in_thread:
            body["reply_in_thread"] = True
        path = f"{_MESSAGES}/{quote(message_id, safe='')}/reply"
        data, attempts = await self.caller.call("POST", path, api="message.reply", json=body, chat=chat)
        return str(data.get("message_id") or ""), attempts

    async def edit(self, message_id: str, chat: str, kind: str, content: str) -> int:
        """`PUT /im/v1/messages/:id`: text and post only, 20 times a message."""
        path = f"{_MESSAGES}/{quote(message_id, safe='')}"
        body = {"msg_type": kind, "content": content}
        _, attempts = await self.caller.call("PUT", path, api="message.update", json=body, chat=chat)
        return attempts

    async def update_card(self, message_id: str, content: str) -> int:
        """`PATCH /im/v1/messages/:id`: a card only, 5 times a second, for 14 days."""
        path = f"{_MESSAGES}/{quote(message_id, safe='')}"
        _, attempts = await self.caller.call(
            "PATCH", path, api="message.patch", json={"content": content}, chat=message_id
        )
        return attempts

    async def recall(self, message_id: str) -> None:
        """`DELETE /im/v1/messages/:id`."""
        await self.caller.call("DELETE", f"{_MESSAGES}/{quote(message_id, safe='')}", api="message.delete")

    async def message(self, message_id: str, *, patience: float) -> dict[str, Any]:
        """`GET /im/v1/messages/:id`: a message, with what is in it if it is forwarded; cards as they were sent.

        The page does not name `card_msg_content_type`; the official SDK does, and clients that use it are known.
        """
        path = f"{_MESSAGES}/{quote(message_id, safe='')}"
        params = {"user_id_type": "open_id", "card_msg_content_type": "user_card_content"}
        data, _ = await self.caller.call("GET", path, api="message.get", params=params, patience=patience)
        return data

    async def react(self, message_id: str, emoji: str) -> None:
        """`POST /im/v1/messages/:id/reactions`."""
        path = f"{_MESSAGES}/{quote(message_id, safe='')}/reactions"
        body = {"reaction_type": {"emoji_type": emoji}}
        data, _ = await self.caller.call("POST", path, api="reaction.create", json=body)
        if reaction_id := data.get("reaction_id"):
            self._reactions[message_id, emoji] = str(reaction_id)
            while len(self._reactions) > _REMEMBERED_REACTIONS:
                self._reactions.popitem(last=False)

    async def unreact(self, message_id: str, emoji: str) -> None:
        """`DELETE /im/v1/messages/:id/reactions/:reaction_id`; the id is looked up when it is not remembered."""
        path = f"{_MESSAGES}/{quote(message_id, safe='')}/reactions"
        reaction_id = self._reactions.pop((message_id, emoji), None) or await self._find_reaction(path, emoji)
        if reaction_id is None:
            raise DeliveryError(f"we have no reaction {emoji} on message {message_id}", platform="feishu")
        await self.caller.call("DELETE", f"{path}/{quote(reaction_id, safe='')}", api="reaction.delete")

    async def _find_reaction(self, path: str, emoji: str) -> str | None:
        params = {"reaction_type": emoji}
        async for item in entries(self.caller, path, api="reaction.list", size=50, params=params):
            operator = item.get("operator") or {}
            if operator.get("operator_type") == "app" and operator.get("operator_id") == self.caller.config.app_id:
                return str(item.get("reaction_id"))
        return None

    async def upload_image(self, source: Source | bytes) -> str:
        """`POST /im/v1/images`: at most 10 MB; gives the image_key."""

        def form() -> AbstractAsyncContextManager[aiohttp.FormData]:
            return multipart({"image_type": "message"}, "image", source)

        answer, _ = await self.caller.call("POST", "/open-apis/im/v1/images", api="image.create", form=form)
        return str(answer["image_key"])

    async def upload_file(
        self, source: Source | bytes, name: str, *, kind: FileType = "stream", milliseconds: int | None = None
    ) -> str:
        """`POST /im/v1/files`: at most 30 MB, not empty; gives the file_key. Without a duration none is shown."""
        fields = {"file_type": kind, "file_name": name}
        if milliseconds is not None:
            fields["duration"] = str(milliseconds)

        def form() -> AbstractAsyncContextManager[aiohttp.FormData]:
            return multipart(fields, "file", source)

        answer, _ = await self.caller.call("POST", "/open-apis/im/v1/files", api="file.create", form=form)
        return str(answer["file_key"])

    async def download(
        self, message_id: str, key: str, kind: str, *, limit: int, into: BinaryIO | None = None
    ) -> HttpResponse:
        """`GET /im/v1/messages/:id/resources/:key`: `kind` is image, or file for everything else; at most 100 MB."""
        path = f"{_MESSAGES}/{quote(message_id, safe='')}/resources/{quote(key, safe='')}"
        answer = await self.caller.exchange(
            "GET", path, api="resource.get", params={"type": kind}, binary=limit, into=into
        )
        return answer.response


def uuid_of(key: str) -> str:
    """The platform takes at most 50 characters; what is longer is sent as its digest."""
    return key if len(key) <= _UUID_LENGTH else hashlib.blake2b(key.encode(), digest_size=24).hexdigest()


def receive_id_type(channel_id: str) -> str:
    """Which kind of id a user target is, by the platform's prefixes."""
    if channel_id.startswith("ou_"):
        return "open_id"
    if channel_id.startswith("on_"):
        return "union_id"
    if channel_id.startswith("oc_"):
        return "chat_id"
    return "email" if "@" in channel_id else "user_id"


def own_channel(to: Channel | str, account: str) -> Channel | None:
    """The channel that a channel or an address names; None for a bare id.

    Raises:
        ValueError: it is of another account than this one (`feishu:work`), whose ids mean nothing here.
    """
    if isinstance(to, str) and "/" not in to:
        return None
    channel = to if isinstance(to, Channel) else Address(to).channel
    if channel.account_key != account:
        raise ValueError(f"{channel.address} is of another account than {account}")
    return channel


def user_id_type(user_id: str) -> str:
    """Which kind of id of a person it is, by the platform's prefixes."""
    return "open_id" if user_id.startswith("ou_") else "union_id" if user_id.startswith("on_") else "user_id"


def download_kind(element_type: str) -> str:
    """The `type` of a resource download."""
    if element_type == "sticker":
        raise NotSupportedError("Feishu does not let bots download stickers")
    return "image" if element_type == "image" else "file"
