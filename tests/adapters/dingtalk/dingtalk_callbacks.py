"""An adapter in mode `callback` behind a web server, and the emulator that posts to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dingtalk_rig import Rig
from served import served

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.transport import WebhookApp


def callback_settings(rig: Rig, **settings: Any) -> dict[str, Any]:
    """The settings of the app's account."""
    return {"mode": "callback", "token": rig.app.token, "aes_key": rig.app.aes_key} | settings


class CallbackRig:
    """An organisation whose app gets everything by HTTP."""

    def __init__(self, rig: Rig, adapter: DingTalkAdapter, url: str) -> None:
        self.rig = rig
        self.adapter = adapter
        self.url = url

    async def set(self, *, events: bool = True) -> None:
        """Enter the addresses at the platform, which checks them."""
        await self.rig.ding.set_callback(
            self.rig.app, f"{self.url}/dingtalk/work", events_url=f"{self.url}/dingtalk/work/events" if events else None
        )

    def message(self, text: str = "hello", **fields: Any) -> dict[str, Any]:
        """The body of a robot message that nobody has written."""
        return {
            "msgId": f"msg-{text}", "msgtype": "text", "text": {"content": text}, "conversationType": "1",
            "conversationId": "cidPrivate", "senderStaffId": self.rig.alice.userid, "senderId": "$:LWCP_v1:$x",
            "senderNick": "Alice", "createAt": 1764000000000, "robotCode": self.rig.app.robot_code,
        } | fields  # fmt: skip

    def event(self, kind: str = "chat_disband", **fields: Any) -> dict[str, Any]:
        """The plain text of an event that has not happened."""
        return {"EventType": kind, "EventTime": 1764000000000, "CorpId": self.rig.ding.corp_id} | fields


@asynccontextmanager
async def called_back(rig: Rig, *, set_up: bool = True, **settings: Any) -> AsyncIterator[CallbackRig]:
    """Started, served and known to the platform."""
    adapter = rig.make(**callback_settings(rig, **settings))
    await adapter.start()
    async with served(WebhookApp(adapter.routes())) as url:
        made = CallbackRig(rig, adapter, url)
        if set_up:
            await made.set(events=settings.get("token", True) is not None)
        yield made
        await adapter.close()
