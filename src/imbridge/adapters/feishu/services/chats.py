"""The groups a bot is in, and who else is in them: `adapter.chats`.

Sources: open.feishu.cn, im-v1 chat/get, chat/list, chat-members/get, chat-members/is_in_chat. Needs the scope
`im:chat:readonly` (or one of those that hold it).
"""

from collections.abc import AsyncIterator
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from imbridge.adapters.feishu.api import own_channel
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.services.pages import called, entries
from imbridge.protocol import Channel
from imbridge.protocol.model import ProtocolModel

_CHATS = "/open-apis/im/v1/chats"
_PAGE = 100

IdType = Literal["open_id", "user_id", "union_id"]


class Chat(ProtocolModel):
    """A group, or the private chat with somebody.

    Attributes:
        id: Its `chat_id`.
        name: What it is called; private chats have no name.
        description: What it is for.
        kind: `group`, `topic`, or `p2p` for a private chat; empty where the platform does not say.
        owner_id: Who owns it; empty when that is a bot.
        external: People of other tenants are in it.
        users: How many people are in it; None where the platform does not say.
        bots: How many bots are in it; None where the platform does not say.
        status: `normal`, `dissolved`, `dissolved_save`.
        payload: All that the platform says.
    """

    id: str
    name: str = ""
    description: str = ""
    kind: str = ""
    owner_id: str = ""
    external: bool = False
    users: int | None = None
    bots: int | None = None
    status: str = ""
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class Member(ProtocolModel):
    """A person in a group; the platform does not list bots.

    Attributes:
        id: Their id, of the type that was asked for.
        name: What they are called.
        tenant: The tenant they belong to.
        payload: All that the platform says.
    """

    id: str
    name: str = ""
    tenant: str = ""
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class FeishuChats:
    """Looks groups up. All methods raise `DeliveryError` and its kinds."""

    def __init__(self, caller: Caller) -> None:
        """Over one account's caller."""
        self._caller = caller

    async def info(self, chat: Channel | str) -> Chat:
        """What a chat is. Of one that the bot is not in, only its name, size and status are told."""
        chat_id = chat_id_of(chat, self._caller.config.key)
        data = await called(self._caller, "GET", f"{_CHATS}/{quote(chat_id, safe='')}", api="chat.get")
        return _chat({"chat_id": chat_id, **data})

    async def members(self, chat: Channel | str, *, id_type: IdType = "open_id") -> AsyncIterator[Member]:
        """The people in a chat, page by page as they are asked for. Bots are not among them."""
        path = f"{_CHATS}/{quote(chat_id_of(chat, self._caller.config.key), safe='')}/members"
        params = {"member_id_type": id_type}
        async for item in entries(self._caller, path, api="chat.members", size=_PAGE, params=params):
            if member_id := item.get("member_id"):
                yield Member(
                    id=str(member_id), name=_text(item, "name"), tenant=_text(item, "tenant_key"), payload=item
                )

    async def all(self) -> AsyncIterator[Chat]:
        """The groups that the bot is in, the oldest first. Private chats are not among them."""
        params = {"sort_type": "ByCreateTimeAsc"}
        async for item in entries(self._caller, _CHATS, api="chat.list", size=_PAGE, params=params):
            if item.get("chat_id"):
                yield _chat(item)

    async def is_member(self, chat: Channel | str) -> bool:
        """Whether the bot itself is in a chat."""
        path = f"{_CHATS}/{quote(chat_id_of(chat, self._caller.config.key), safe='')}/members/is_in_chat"
        data = await called(self._caller, "GET", path, api="chat.is_in_chat")
        return data.get("is_in_chat") is True


def chat_id_of(chat: Channel | str, account: str) -> str:
    """The id of a chat that is given as a channel, an address or an id; raises as `own_channel`."""
    channel = own_channel(chat, account)
    return str(chat) if channel is None else channel.id


def _chat(item: dict[str, Any]) -> Chat:
    return Chat(
        id=str(item["chat_id"]),
        name=_text(item, "name"),
        description=_text(item, "description"),
        kind=_text(item, "chat_mode"),
        owner_id=_text(item, "owner_id"),
        external=item.get("external") is True,
        users=_number(item, "user_count"),
        bots=_number(item, "bot_count"),
        status=_text(item, "chat_status"),
        payload=item,
    )


def _text(item: dict[str, Any], name: str) -> str:
    return str(item.get(name) or "")


def _number(item: dict[str, Any], name: str) -> int | None:
    """A count; this API writes numbers as text."""
    value = item.get(name)
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None
