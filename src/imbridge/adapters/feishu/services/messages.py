"""What can be done with messages beyond sending them: `adapter.messages`.

Sources: open.feishu.cn, im-v1 message (forward, merge_forward, thread/forward, urgent_app, urgent_sms, urgent_phone,
read_users, get, list), pin, batch_message; message/v4/batch_send.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote
from uuid import uuid4

from pydantic import AwareDatetime, Field

from imbridge.adapters.feishu.api import own_channel, receive_id_type, uuid_of
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.outbound import measure
from imbridge.adapters.feishu.received.fetched import Bounds, items_of
from imbridge.adapters.feishu.received.identity import Identity
from imbridge.adapters.feishu.sent.cards import images_in
from imbridge.adapters.feishu.sent.media import FeishuMedia
from imbridge.adapters.feishu.services.batches import (
    BATCH,
    BatchProgress,
    BatchSent,
    as_text_in_a_batch,
    batch_body,
    batch_progress,
    batch_sent,
)
from imbridge.adapters.feishu.services.chats import chat_id_of
from imbridge.adapters.feishu.services.contacts import by_type
from imbridge.adapters.feishu.services.pages import called, entries
from imbridge.adapters.feishu.services.stored import StoredMessage, stored, time_of, whole
from imbridge.protocol import (
    Address,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    DeliveryError,
    Sendable,
    TargetGoneError,
    to_reply,
)
from imbridge.protocol.model import ProtocolModel
from imbridge.rendering import render

_MESSAGES = "/open-apis/im/v1/messages"
_PINS = "/open-apis/im/v1/pins"
_BATCHES = "/open-apis/im/v1/batch_messages"
_PAGE, _READERS_PAGE = 50, 100
_MOST_FORWARDED = 100
_MOST_URGED = 200

To = Address | Channel | str
"""Where to: an address, a channel, or an id of any type (`oc_`, `ou_`, `on_`, `omt_`, a user_id, an e-mail)."""


class Forwarding(ProtocolModel):
    """Messages that were forwarded together.

    Attributes:
        message_id: Of the bundle.
        invalid: Those that are not in it: gone, taken back, or of a kind that cannot be forwarded.
    """

    message_id: str
    invalid: tuple[str, ...] = ()


class Reader(ProtocolModel):
    """Somebody who has read a message.

    Attributes:
        id: Their `open_id`.
        at: When.
    """

    id: str
    at: AwareDatetime | None = None


class Pin(ProtocolModel):
    """A message that is pinned in its chat.

    Attributes:
        message_id: Which.
        chat_id: Where.
        operator_id: Who pinned it: a person's `open_id` or a bot's `app_id`.
        at: When.
        payload: All that the platform says.
    """

    message_id: str
    chat_id: str = ""
    operator_id: str = ""
    at: AwareDatetime | None = None
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class FeishuMessages:
    """Forwards, urges, pins, reads. All methods raise `DeliveryError` and its kinds."""

    def __init__(self, caller: Caller, media: FeishuMedia, me: Identity) -> None:
        """Over one account's caller."""
        self._caller = caller
        self._media = media
        self._me = me

    # -- forwarding ----------------------------------------------------------------------------------------------------

    async def forward(self, message_id: str, to: To, *, key: str | None = None) -> str:
        """Forward a message; the id of the new one.

        Votes, red packets, voice, calendar and system messages cannot be forwarded (code 230061).

        Args:
            message_id: Which.
            to: Where to; an address or channel with a thread means that thread.
            key: Idempotency key: one key makes one message there within an hour.
        """
        return await self._forward(f"{_MESSAGES}/{quote(message_id, safe='')}/forward", "message.forward", to, key)

    async def forward_thread(self, thread_id: str, to: To, *, key: str | None = None) -> str:
        """Forward a topic as a whole; the id of the new message."""
        path = f"/open-apis/im/v1/threads/{quote(thread_id, safe='')}/forward"
        return await self._forward(path, "thread.forward", to, key)

    async def _forward(self, path: str, api: str, to: To, key: str | None) -> str:
        id_type, receive_id = self._target(to)
        data = await called(
            self._caller, "POST", path, api=api, json={"receive_id": receive_id}, chat=receive_id,
            params={"receive_id_type": id_type, "uuid": uuid_of(key or uuid4().hex)},
        )  # fmt: skip
        return str(data.get("message_id") or "")

    async def merge_forward(self, message_ids: Iterable[str], to: To, *, key: str | None = None) -> Forwarding:
        """Forward up to 100 messages of one chat as one bundle.

        Raises:
            ValueError: none, or more than 100.
        """
        ids = list(dict.fromkeys(message_ids))
        if not 1 <= len(ids) <= _MOST_FORWARDED:
            raise ValueError(f"1 to {_MOST_FORWARDED} messages are forwarded together, not {len(ids)}")
        id_type, receive_id = self._target(to)
        data = await called(
            self._caller, "POST", f"{_MESSAGES}/merge_forward", api="message.merge_forward", chat=receive_id,
            json={"receive_id": receive_id, "message_id_list": ids},
            params={"receive_id_type": id_type, "uuid": uuid_of(key or uuid4().hex)},
        )  # fmt: skip
        message = data.get("message") or {}
        invalid = data.get("invalid_message_id_list") or ()
        return Forwarding(message_id=str(message.get("message_id") or ""), invalid=tuple(map(str, invalid)))

    # -- urging, pinning -----------------------------------------------------------------------------------------------

    async def urgent(
        self, message_id: str, users: Iterable[str], *, by: Literal["app", "sms", "phone"] = "app"
    ) -> tuple[str, ...]:
        """Urge people to read a message of ours; whom that did not reach, since they are not in its chat.

        By text message or telephone it costs the tenant its quota. It is not repeated when its answer gets lost: the
        error is `ambiguous` then, and people may have been urged.

        Args:
            message_id: A message that this bot sent.
            users: Whom: ids of any type.
            by: In the app alone, or also by text message or telephone.
        """
        path = f"{_MESSAGES}/{quote(message_id, safe='')}/urgent_{by}"
        invalid: list[str] = []
        refusals: list[DeliveryError] = []
        reached = False
        for id_type, ids in by_type(users):
            for start in range(0, len(ids), _MOST_URGED):
                some = ids[start : start + _MOST_URGED]
                try:
                    data = await called(
                        self._caller, "PATCH", path, api=f"message.urgent_{by}", once=True,
                        params={"user_id_type": id_type}, json={"user_id_list": list(some)},
                    )  # fmt: skip
                except ContentRefusedError as error:
                    if error.code != 230001:  # which also means: none of these can be urged
                        raise
                    refusals.append(error)
                    invalid += some
                else:
                    reached = True
                    invalid += map(str, data.get("invalid_user_id_list") or ())
        if refusals and not reached:
            raise refusals[0]
        return tuple(invalid)

    async def pin(self, message_id: str) -> Pin:
        """Pin a message in its chat; when it is pinned already, by whom that was."""
        data = await called(self._caller, "POST", _PINS, api="pin.create", json={"message_id": message_id})
        return _pin({"message_id": message_id, **(data.get("pin") or {})})

    async def unpin(self, message_id: str) -> None:
        """Take a pin off; nothing happens when there is none."""
        await called(self._caller, "DELETE", f"{_PINS}/{quote(message_id, safe='')}", api="pin.delete")

    async def pins(
        self, chat: Channel | str, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Pin]:
        """What is pinned in a chat, the newest pin first, page by page as it is asked for."""
        params = {"chat_id": chat_id_of(chat, self._caller.config.key)}
        if since is not None:
            params["start_time"] = str(round(since.timestamp() * 1000))
        if until is not None:
            params["end_time"] = str(round(until.timestamp() * 1000))
        async for item in entries(self._caller, _PINS, api="pin.list", size=_PAGE, params=params):
            if item.get("message_id"):
                yield _pin(item)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def readers(self, message_id: str) -> AsyncIterator[Reader]:
        """Who has read a message of ours, page by page as it is asked for; told for 7 days after it was sent."""
        path = f"{_MESSAGES}/{quote(message_id, safe='')}/read_users"
        params = {"user_id_type": "open_id"}
        async for item in entries(self._caller, path, api="message.read_users", size=_READERS_PAGE, params=params):
            if user_id := item.get("user_id"):
                yield Reader(id=str(user_id), at=time_of(item.get("timestamp")))

    async def get(self, message_id: str) -> StoredMessage:
        """Read a message; a bundle of forwarded messages comes with what is in it, within the account's bounds.

        Raises:
            TargetGoneError: there is no such message.
        """
        path = f"{_MESSAGES}/{quote(message_id, safe='')}"
        params = {"user_id_type": "open_id", "card_msg_content_type": "user_card_content"}
        data = await called(self._caller, "GET", path, api="message.get", params=params)
        config = self._caller.config
        found = whole(items_of(data), message_id, self._me, Bounds(config.forward_depth, config.forward_count))
        if found is None:
            raise TargetGoneError(f"feishu message.get: the answer has no message {message_id}", platform="feishu")
        return found

    async def history(
        self,
        chat: Channel | str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
    ) -> AsyncIterator[StoredMessage]:
        """What was said in a chat or a topic, page by page as it is asked for.

        Needs `im:message.group_msg` for groups. In a group, topics are there by their first message only.

        Args:
            chat: A channel, an address or an id; one with a thread, or an `omt_...`, means that topic.
            since: Not before; of one second, everything.
            until: Not after.
            newest_first: Backwards.
        """
        container, container_id = self._container(chat)
        params = {
            "container_id_type": container, "container_id": container_id,
            "sort_type": "ByCreateTimeDesc" if newest_first else "ByCreateTimeAsc",
        }  # fmt: skip
        if container == "chat":  # of a topic, all is given out: sorted out below
            if since is not None:
                params["start_time"] = str(int(since.timestamp()))
            if until is not None:
                params["end_time"] = str(int(until.timestamp()))
        async for item in entries(self._caller, _MESSAGES, api="message.list", size=_PAGE, params=params):
            message = stored(item, self._me)
            if _is_between(message.created_at, since, until):
                yield message

    # -- to many at once -----------------------------------------------------------------------------------------------

    async def batch_send(
        self, content: Sendable, *, users: Iterable[str] = (), departments: Iterable[str] = ()
    ) -> BatchSent:
        """Send one message to many people, privately and not at once: the platform takes its time.

        Text, rich text without Markdown, an image, a shared group or a card. At most 200 of each type of id; 500,000
        messages a day. The platform takes no idempotency key: it is not repeated when its answer gets lost; the error
        is `ambiguous` then.

        Args:
            content: Anything sendable that makes one message.
            users: Ids of any type (`open_id`, `union_id`, `user_id`).
            departments: Ids of departments: everybody in them and below.

        Raises:
            ValueError: nobody is to get it, or more than 200 of one type of id.
            ContentRefusedError: it makes more or less than one message.
        """
        rendered = render(to_reply(content), BATCH, measure=measure)
        if len(rendered.parts) != 1:
            raise ContentRefusedError(
                f"a batch sends one message, and this makes {len(rendered.parts)}", platform="feishu"
            )
        part, changed = await self._media.uploaded(rendered.parts[0])
        card = part.elements[0]
        keys = await self._media.image_keys(images_in(card)) if isinstance(card, Card) else None
        body = batch_body(part, users, departments, keys, self._me.seals.at(""))
        path = "/open-apis/message/v4/batch_send/"
        data = await called(self._caller, "POST", path, api="batch.send", json=body, once=True)
        return batch_sent(data, (*rendered.degradations, *changed, *as_text_in_a_batch(part)))

    async def recall_batch(self, batch_id: str) -> None:
        """Take back what a batch has sent; that, too, takes its time."""
        await called(self._caller, "DELETE", f"{_BATCHES}/{quote(batch_id, safe='')}", api="batch.delete")

    async def batch_progress(self, batch_id: str) -> BatchProgress:
        """How far a batch is; told for 30 days."""
        path = f"{_BATCHES}/{quote(batch_id, safe='')}/get_progress"
        return batch_progress(await called(self._caller, "GET", path, api="batch.progress"))

    def _target(self, to: To) -> tuple[str, str]:
        """The `receive_id_type` and the id."""
        channel = own_channel(to, self._caller.config.key)
        if channel is None:
            return ("thread_id" if str(to).startswith("omt_") else receive_id_type(str(to))), str(to)
        if channel.thread:
            return "thread_id", channel.thread
        return (receive_id_type(channel.id) if channel.kind is ChannelKind.USER else "chat_id"), channel.id

    def _container(self, chat: Channel | str) -> tuple[str, str]:
        """The `container_id_type` and the id."""
        channel = own_channel(chat, self._caller.config.key)
        if channel is None:
            return ("thread" if str(chat).startswith("omt_") else "chat"), str(chat)
        return ("thread", channel.thread) if channel.thread else ("chat", channel.id)


def _is_between(at: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    """Whole seconds count, as they do for the platform."""
    if at is None:
        return True
    second = at.astimezone(UTC).replace(microsecond=0)
    return (since is None or second >= since.replace(microsecond=0)) and (until is None or second <= until)


def _pin(item: dict[str, Any]) -> Pin:
    return Pin(
        message_id=str(item["message_id"]),
        chat_id=str(item.get("chat_id") or ""),
        operator_id=str(item.get("operator_id") or ""),
        at=time_of(item.get("create_time")),
        payload=item,
    )
