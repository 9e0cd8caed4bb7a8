"""What people write to robots.

Rule: open-dingtalk developerpedia, `docs/learn/bot/message.md`, and open.dingtalk.com, "Receive messages" (robots): in
a group only messages that mention the robot reach it, and the mention is taken out of the text.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

from imbridge.emulators.dingtalk import quotes
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.frame import now_ms
from imbridge.emulators.dingtalk.group import Group
from imbridge.emulators.dingtalk.message import SentMessage
from imbridge.emulators.dingtalk.quotes import Quotable

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
        self,
        text: str,
        *,
        app: App | None = None,
        chat: Group | None = None,
        mentions: Sequence[Mention] = (),
        quoting: Quotable | None = None,
    ) -> SentMessage:
        """Writes a text.

        Args:
            text: The text, without the mentions.
            app: To this app's robot in the single chat (the only one, if there is one only).
            chat: In this group instead.
            mentions: Who is mentioned; only mentioned apps get the message.
            quoting: The message that it answers.
        """
        if chat is not None:
            others = "".join(f"@{one.name} " for one in mentions if not isinstance(one, App))
            text = f" {others}{text}" if any(isinstance(one, App) for one in mentions) else f"{others}{text}"
        fields = {"msgtype": "text", "text": {"content": text}}
        return await self.sends(fields, app=app, chat=chat, mentions=mentions, quoting=quoting)

    async def sends(
        self,
        fields: Mapping[str, Any],
        *,
        app: App | None = None,
        chat: Group | None = None,
        mentions: Sequence[Mention] = (),
        quoting: Quotable | None = None,
    ) -> SentMessage:
        """Sends a message of any kind: `msgtype` and what belongs to it; the rest is added where it is missing.

        Raises:
            ValueError: The group is no more, or the writer or a mentioned app is not in it.
        """
        world = self._world
        self._check(chat, mentions)
        fields = dict(fields)
        apps = [one for one in mentions if isinstance(one, App)]
        if chat is None:
            apps = [world.the_app(app)]
        msg_id = world.ids.msg_id()
        conversation = chat.open_conversation_id if chat is not None else world.single_chat(apps[0], self._me)
        sent: SentMessage | None = None
        for one in apps:
            data = {**self._head(one, chat, conversation, msg_id, mentions), **fields}
            if quoting is not None:
                data = quotes.quoting(world, quoting, data)
            each = SentMessage(data["msgId"], conversation, data, self._me, _future(), fields)
            sent = sent or each
            world.pushes.message(one, each)
        if sent is None:
            sent = SentMessage(msg_id, conversation, {}, self._me, _future(), fields, lost=True)
            sent.outcome.set_result(False)
        world.sent[sent.msg_id] = sent
        return sent

    def reactions_on(self, sent: SentMessage) -> tuple[str, ...]:
        """The names of the emotions that robots have put on a message, oldest first."""
        return tuple(sent.reactions)

    def _head(
        self, app: App, chat: Group | None, conversation: str, msg_id: str, mentions: Sequence[Mention]
    ) -> dict[str, Any]:
        webhook, expires = self._world.sessions.add(app, self._me, chat)
        head: dict[str, Any] = {"conversationId": conversation}
        if self._world.settings.null_at_users:
            head["atUsers"] = None
        elif chat is not None:
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
        return {**head, "sessionWebhook": webhook}

    def _check(self, chat: Group | None, mentions: Sequence[Mention]) -> None:
        if chat is None:
            return
        if chat.disbanded:
            raise ValueError(f"the group {chat.title} was disbanded")
        if self._me not in chat.members:
            raise ValueError(f"{self.name} is not in the group {chat.title}")
        for one in mentions:
            if isinstance(one, App) and one not in chat.apps:
                raise ValueError(f"the robot of {one.name} is not in the group {chat.title}")

    def _at(self, one: Mention) -> dict[str, str]:
        if isinstance(one, App):
            return {"dingtalkId": one.chatbot_user_id}
        return {"dingtalkId": one.dingtalk_id, **({"staffId": one.userid} if one.userid else {})}


def _future() -> "asyncio.Future[bool]":
    return asyncio.get_running_loop().create_future()
