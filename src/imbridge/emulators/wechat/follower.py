"""A person who follows an account."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.acting import Acting
from imbridge.emulators.wechat.inbox import Expected, Inbox
from imbridge.emulators.wechat.media import Kind, Media
from imbridge.emulators.wechat.message import BotMessage, SentMessage
from imbridge.emulators.wechat.quota import Quota
from imbridge.emulators.wechat.sending import Sending

if TYPE_CHECKING:
    from imbridge.emulators.wechat.world import World


class Follower(Sending, Acting):
    """A person, as one account knows them. Made by `WeChatEmulator.add_follower`.

    Attributes:
        name: Who it is; accounts are told only when the person consents on a web page.
        account: The account.
        openid: The person's id for this account.
        unionid: The person's id for all accounts of one owner, or empty.
        subscribed: Whether the person follows the account now.
        subscribed_at: Since when (seconds since the epoch).
        subscribe_scene: How the account was found.
        qr_scene: The scene of the code the account was found by, or empty.
        remark: What the account's staff noted.
        blocks_templates: Refuses template messages.
        quota: The customer-service messages the person's actions allow.
        service_faults: Why the person was told, each time, that the account's service is out of order.
        last_contact: When the last message went either way (time.monotonic).
        typing_until: Until when the person sees that somebody types (time.monotonic).
    """

    def __init__(self, world: "World", name: str, account: Account, openid: str, unionid: str) -> None:
        self.name = name
        self.account = account
        self.openid = openid
        self.unionid = unionid
        self.subscribed = True
        self.subscribed_at = int(time.time())
        self.subscribe_scene = "ADD_SCENE_SEARCH"
        self.qr_scene = ""
        self.remark = ""
        self.blocks_templates = False
        self.quota = Quota()
        self.inbox = Inbox(name, world.settings.history)
        self.service_faults: list[str] = []
        self.last_contact = float("-inf")
        self.typing_until = float("-inf")
        self._world = world

    def __repr__(self) -> str:
        return f"<Follower {self.name!r} {self.openid}>"

    @property
    def sees_typing(self) -> bool:
        """Whether the person sees now that somebody types."""
        return time.monotonic() < self.typing_until

    async def receives(self, expected: Expected = None, *, timeout: float = 5.0) -> BotMessage:
        """Waits for a message of the account: with this text, matching this pattern or predicate, or any.

        Raises:
            AssertionError: None came in `timeout` seconds.
        """
        return await self.inbox.receive(expected, timeout)

    async def receives_nothing(self, *, within: float = 0.3) -> None:
        """Sees that no message comes in `within` seconds (and none is there).

        Raises:
            AssertionError: One is there.
        """
        await self.inbox.receive_nothing(within)

    def _send(self, msg_type: str, fields: Mapping[str, Any]) -> SentMessage:
        settings = self._world.settings
        self.quota.grant("message", settings.message_quota, settings.message_window)
        return self._push(msg_type, fields)

    def _answer_menu(self, choice: str, text: str) -> SentMessage:
        # The rules count a click on a message's menu as one on the account's menu, not as a message.
        settings = self._world.settings
        self.quota.grant("action", settings.action_quota, settings.action_window)
        return self._push("text", {"Content": text, "bizmsgmenuid": choice})

    def _push(self, msg_type: str, fields: Mapping[str, Any]) -> SentMessage:
        msg_id = self._world.ids.msg_id()
        self.last_contact = time.monotonic()
        filled = {**self._world.envelope(self, msg_type), **fields, "MsgId": msg_id}
        return self._world.push(SentMessage(follower=self, kind=msg_type, fields=filled, msg_id=msg_id))

    def _event(self, name: str, fields: Mapping[str, Any], *, grants: bool = False) -> SentMessage:
        if grants:
            settings = self._world.settings
            self.quota.grant("action", settings.action_quota, settings.action_window)
        filled = {**self._world.envelope(self, "event"), "Event": name, **fields}
        return self._world.push(SentMessage(follower=self, kind="event", fields=filled))

    def _keep(self, kind: Kind, data: bytes, name: str = "") -> Media:
        return self._world.media.add(self.account, kind, data, name=name)

    def _address(self, media: Media) -> str:
        return self._world.address(media)

    def _recognises(self) -> bool:
        return self.account.recognises_voice

    def _menu(self) -> dict[str, Any] | None:
        return self.account.menu

    def _ticket(self, scene: str) -> str:
        return self._world.ticket(self.account, scene)

    def _leave(self) -> None:
        self.quota.close()
