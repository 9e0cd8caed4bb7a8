"""Groups that the app makes itself: `adapter.chats`.

Sources: developer.work.weixin.qq.com, path/90245 (appchat/create), 90247 (get), 98913 (update). Only an app whose
visible range is the whole corp may make groups, and each app knows those it has made only. They are written to at
`wecom:<account>/group/<chatid>`.
"""

import secrets
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from imbridge.adapters.entries import text, texts
from imbridge.adapters.errcode_calls import ErrcodeCaller
from imbridge.protocol import Channel, ChannelKind, DeliveryError, TargetGoneError
from imbridge.protocol.model import ProtocolModel

_EXISTS = 86215
_CREATE = "/cgi-bin/appchat/create"


class AppChat(ProtocolModel):
    """A group that an app has made.

    Attributes:
        id: Its chatid.
        name: What it is called.
        owner_id: Who owns it: a userid.
        user_ids: Who is in it.
        payload: All that the platform says.
    """

    id: str
    name: str = ""
    owner_id: str = ""
    user_ids: tuple[str, ...] = ()
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class WeComChats:
    """Makes groups, changes them, looks them up. All methods raise `DeliveryError` and its kinds."""

    def __init__(self, caller: ErrcodeCaller, account: str) -> None:
        """Over one account's caller; `account` is its name in the configuration."""
        self._caller = caller
        self._account = account

    async def create(
        self, user_ids: Iterable[str], *, name: str = "", owner_id: str = "", chat_id: str = ""
    ) -> Channel:
        """Make a group. People see it once something was sent to it.

        Args:
            user_ids: Who is in it: 2 to 2,000 userids.
            name: What it is called, at most 50 characters.
            owner_id: One of the members; the platform takes one by chance when left out.
            chat_id: Its id, 1 to 32 letters and digits; made up when left out, which makes the call harmless to repeat.

        Returns:
            The channel to send to.
        """
        own_id = chat_id or secrets.token_hex(16)
        body: dict[str, Any] = {"chatid": own_id, "userlist": list(user_ids)}
        body |= {field: value for field, value in (("name", name), ("owner", owner_id)) if value}
        try:
            answer = await self._caller.call("POST", _CREATE, json=body)
        except DeliveryError as error:
            if error.code != _EXISTS or chat_id:
                raise
            return self._channel(own_id)  # nobody else can have an id made up here: an earlier attempt had arrived
        return self._channel(text(answer.body, "chatid") or own_id)

    async def get(self, chat: Channel | str) -> AppChat:
        """What a group is, and who is in it.

        Raises:
            TargetGoneError: there is no such group, or another app has made it.
        """
        answer = await self._caller.call("GET", "/cgi-bin/appchat/get", params={"chatid": self._id(chat)})
        info = answer.body.get("chat_info")
        facts = info if isinstance(info, dict) else {}
        return AppChat(
            id=text(facts, "chatid") or self._id(chat),
            name=text(facts, "name"),
            owner_id=text(facts, "owner"),
            user_ids=texts(facts, "userlist"),
            payload=facts,
        )

    async def update(
        self,
        chat: Channel | str,
        *,
        name: str = "",
        owner_id: str = "",
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
    ) -> None:
        """Change a group: what is left out stays.

        Args:
            chat: The group.
            name: What it is to be called.
            owner_id: Who is to own it.
            add: Userids of who joins.
            remove: Userids of who leaves.
        """
        body: dict[str, Any] = {"chatid": self._id(chat), "name": name, "owner": owner_id}
        body |= {"add_user_list": list(add), "del_user_list": list(remove)}
        given = {field: value for field, value in body.items() if value}
        await self._caller.call("POST", "/cgi-bin/appchat/update", json=given)

    def _id(self, chat: Channel | str) -> str:
        if isinstance(chat, str):
            return chat
        if chat.kind is not ChannelKind.GROUP or chat.platform != "wecom" or chat.account != self._account:
            raise TargetGoneError(f"{chat.address} is no group of wecom:{self._account}", platform="wecom")
        return chat.id

    def _channel(self, chat_id: str) -> Channel:
        return Channel(platform="wecom", account=self._account, kind=ChannelKind.GROUP, id=chat_id)
