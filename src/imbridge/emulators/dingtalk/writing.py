"""What people write to robots.

Rule: open-dingtalk developerpedia, `docs/learn/bot/message.md`, and open.dingtalk.com, "Receive messages" (robots): in
a group only messages that mention the robot reach it, and the mention is taken out of the text.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.frame import now_ms
from imbridge.emulators.dingtalk.group import Group
from imbridge.emulators.dingtalk.message import SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World

Mention = Union[App, "User"]
SINGLE, GROUP = "1", "2"


class Writing(ABC):
    """The messages of one person."""

    _world: "World"
    name: str
    userid: str
    dingtalk_id: str
    corp_id: str
    admin: bool

    @property
    @abstractmethod
    def _me(self) -> "User":
        """Themselves."""

    async def says(
        self, text: str, *, app: App | None = None, chat: Group | None = None, mentions: Sequence[Mention] = ()
    ) -> SentMessage:
        """Writes a text.

        Args:
            text: The text, without the mentions.
            app: To this app's robot in the single chat (the only one, if there is one only).
            chat: In this group instead.
            mentions: Who is mentioned; only mentioned apps get the message.
        """
        if chat is not None:
            others = "".join(f"@{one.name} " for one in mentions if not isinstance(one, App))
            text = f" {others}{text}" if any(isinstance(one, App) for one in mentions) else f"{others}{text}"
        return await self.sends({"msgtype": "text", "text": {"content": text}}, app=app, chat=chat, mentions=mentions)

    async def sends(
        self,
        fields: Mapping[str, Any],
        *,
        app: App | None = None,
        chat: Group | None = None,
        mentions: Sequence[Mention] = (),
    ) -> SentMessage:
        """Sends a message of any kind: `msgtype` and what belongs to it; the rest is added where it is missing."""
        world = self._world
        apps = [one for one in mentions if isinstance(one, App)]
        if chat is None:
            apps = [world.the_app(app)]
        msg_id = world.ids.msg_id()
        conversation = chat.open_conversation_id if chat is not None else world.single_chat(apps[0], self._me)
        sent: SentMessage | None = None
        for one in apps:
            data = {**self._head(one, chat, conversation, msg_id, mentions), **fields}
            each = SentMessage(data["msgId"], conversation, data, self._me, _future())
            sent = sent or each
            world.pushes.message(one, each)
        if sent is None:
            sent = SentMessage(msg_id, conversation, {}, self._me, _future(), lost=True)
            sent.outcome.set_result(False)
        return sent

    def _head(
        self, app: App, chat: Group | None, conversation: str, msg_id: str, mentions: Sequence[Mention]
    ) -> dict[str, Any]:
        webhook, expires = self._world.sessions.add(app, self._me, chat)
        head: dict[str, Any] = {"conversationId": conversation}
        if chat is not None:
            head["atUsers"] = [self._at(one) for one in mentions]
        head |= {**self._world.facts_of(app), "msgId": msg_id, "senderNick": self.name, "isAdmin": self.admin}
        if self.userid:
            head["senderStaffId"] = self.userid
        head |= {
            "sessionWebhookExpiredTime": expires,
            "createAt": now_ms(),
            "senderCorpId": self.corp_id,
            "conversationType": SINGLE if chat is None else GROUP,
            "senderId": self.dingtalk_id,
        }
        if chat is not None:
            head |= {"conversationTitle": chat.title, "isInAtList": True}
        elif self._world.settings.null_at_users:
            head["atUsers"] = None
        return {**head, "sessionWebhook": webhook}

    def _at(self, one: Mention) -> dict[str, str]:
        if isinstance(one, App):
            return {"dingtalkId": one.chatbot_user_id}
        return {"dingtalkId": one.dingtalk_id, **({"staffId": one.userid} if one.userid else {})}


def _future() -> "asyncio.Future[bool]":
    return asyncio.get_running_loop().create_future()
