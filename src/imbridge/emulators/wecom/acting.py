"""What people do in an app besides writing: each is an event.

Rule: https://developer.work.weixin.qq.com/document/path/90376.
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.message import AppMessage, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World


class Acting:
    """The events of one person."""

    _world: "World"
    userid: str

    async def subscribes(self, app: App | None = None) -> SentMessage:
        """Comes into the app's visible range: `subscribe`."""
        return self._event(app, "subscribe", {})

    async def unsubscribes(self, app: App | None = None) -> SentMessage:
        """Leaves the app's visible range: `unsubscribe`."""
        return self._event(app, "unsubscribe", {})

    async def enters(self, app: App | None = None) -> SentMessage:
        """Opens the conversation with the app: `enter_agent`."""
        return self._event(app, "enter_agent", {"EventKey": ""})

    async def reports_location(
        self, latitude: float, longitude: float, precision: float = 65.0, *, app: App | None = None
    ) -> SentMessage:
        """The client reports where it is: `LOCATION`."""
        fields = {"Latitude": latitude, "Longitude": longitude, "Precision": precision, "AppType": "wxwork"}
        return self._event(app, "LOCATION", fields)

    async def clicks_menu(self, app: App | None = None, *, key: str) -> SentMessage:
        """Uses a menu item that asks for a message: `click`."""
        return self._event(app, "click", {"EventKey": key})

    async def views_page(self, app: App | None = None, *, url: str) -> SentMessage:
        """Uses a menu item that opens a page: `view`."""
        return self._event(app, "view", {"EventKey": url})

    async def scans_code(
        self, app: App | None = None, *, key: str, result: str, waits: bool = False, kind: str = "qrcode"
    ) -> SentMessage:
        """Scans a code from the menu: `scancode_push`, or with `waits=True` `scancode_waitmsg`."""
        fields = {"EventKey": key, "ScanCodeInfo": {"ScanType": kind, "ScanResult": result}}
        return self._event(app, "scancode_waitmsg" if waits else "scancode_push", fields)

    async def picks_pictures(
        self,
        app: App | None = None,
        *,
        key: str,
        md5s: Sequence[str] = ("1b5f7c23b5bf75682a53e7b6d163e185",),
        event: str = "pic_sysphoto",
    ) -> SentMessage:
        """Picks pictures from the menu: `pic_sysphoto`, `pic_photo_or_album` or `pic_weixin`."""
        pictures = {"Count": len(md5s), "PicList": {"item": [{"PicMd5Sum": md5} for md5 in md5s]}}
        return self._event(app, event, {"EventKey": key, "SendPicsInfo": pictures})

    async def picks_location(
        self, app: App | None = None, *, key: str, latitude: float, longitude: float, label: str = "", name: str = ""
    ) -> SentMessage:
        """Picks a place from the menu: `location_select`."""
        place = {"Location_X": str(latitude), "Location_Y": str(longitude), "Scale": "16", "Label": label}
        fields = {"EventKey": key, "SendLocationInfo": {**place, "Poiname": name}, "AppType": "wxwork"}
        return self._event(app, "location_select", fields)

    async def clicks_card(
        self, message: AppMessage, *, key: str = "", selected: Mapping[str, Sequence[str]] | None = None
    ) -> SentMessage:
        """Uses a template card: `template_card_event`.

        Args:
            message: The card.
            key: The button's, or what stands on it; not needed when the card has one button only.
            selected: What is chosen: ids or texts of options by the key of their question.

        Raises:
            ValueError: The card has no such button, question or option, or its buttons are used up.
        """
        return self._world.clicks.click(self._me(), message, key, selected or {})

    async def clicks_card_menu(self, message: AppMessage, *, key: str) -> SentMessage:
        """Uses the menu in a card's corner: `template_card_menu_event`.

        Raises:
            ValueError: The card's menu has no such item.
        """
        return self._world.clicks.click_menu(self._me(), message, key)

    def _event(self, app: App | None, event: str, fields: Mapping[str, Any]) -> SentMessage:
        app = self._world.the_app(app)
        head = {"ToUserName": app.corp_id, "FromUserName": self.userid, "CreateTime": int(time.time())}
        whole = {**head, "MsgType": "event", "Event": event, **fields, "AgentID": app.agent_id}
        return self._world.callbacks.push(app, whole, user=self._me())

    def _me(self) -> "User":
        return self._world.directory.users[self.userid.lower()]
