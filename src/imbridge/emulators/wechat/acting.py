"""What a person does beside writing: the events.

Sources: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html and
https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from imbridge.emulators.wechat.menu import keys_of
from imbridge.emulators.wechat.message import BotMessage, SentMessage


class Acting(ABC):
    """Does things; what is abstract is the follower's."""

    subscribed: bool
    subscribed_at: int
    subscribe_scene: str
    qr_scene: str

    @abstractmethod
    def _event(self, name: str, fields: Mapping[str, Any], *, grants: bool = False) -> SentMessage:
        """Pushes an event to the account; `grants`: it allows customer-service messages."""

    @abstractmethod
    def _answer_menu(self, choice: str, text: str) -> SentMessage:
        """Pushes the click on a message's menu."""

    @abstractmethod
    def _menu(self) -> dict[str, Any] | None:
        """The account's menu."""

    @abstractmethod
    def _ticket(self, scene: str) -> str:
        """The ticket of the code with this scene."""

    @abstractmethod
    def _leave(self) -> None:
        """Ends what following allowed."""

    async def does(self, event: str, fields: Mapping[str, Any] | None = None, *, grants: bool = False) -> SentMessage:
        """Pushes any event; `grants`: it allows customer-service messages as a click does."""
        return self._event(event, fields or {}, grants=grants)

    async def follows(self, *, scene: str = "") -> SentMessage:
        """Follows the account: `subscribe`.

        Args:
            scene: The scene of the code that was scanned, if one was.

        Raises:
            ValueError: The person follows it already.
        """
        if self.subscribed:
            raise ValueError("they follow the account already: call unfollows first, or scans")
        self.subscribed = True
        self.subscribed_at = int(time.time())
        self.subscribe_scene = "ADD_SCENE_QR_CODE" if scene else "ADD_SCENE_SEARCH"
        self.qr_scene = scene
        fields = {"EventKey": f"qrscene_{scene}", "Ticket": self._ticket(scene)} if scene else {"EventKey": ""}
        return self._event("subscribe", fields, grants=True)

    async def unfollows(self) -> SentMessage:
        """Follows the account no more: `unsubscribe`. Nothing can be sent to them from now on."""
        self.subscribed = False
        self._leave()
        return self._event("unsubscribe", {"EventKey": ""})

    async def scans(self, scene: str) -> SentMessage:
        """Scans a code with this scene: `SCAN`, or `subscribe` by somebody who did not follow."""
        if not self.subscribed:
            return await self.follows(scene=scene)
        return self._event("SCAN", {"EventKey": scene, "Ticket": self._ticket(scene)}, grants=True)

    async def clicks_menu(self, key: str) -> SentMessage:
        """Clicks a button of the menu: `CLICK`.

        Raises:
            ValueError: The account has a menu, and no such button in it.
        """
        menu = self._menu()
        if menu is not None and key not in keys_of(menu, "click"):
            raise ValueError(f"no button of the menu has the key {key!r}; there are {sorted(keys_of(menu, 'click'))}")
        return self._event("CLICK", {"EventKey": key}, grants=True)

    async def views(self, url: str, *, menu_id: int = 0) -> SentMessage:
        """Opens a link of the menu: `VIEW`."""
        return self._event("VIEW", {"EventKey": url, **({"MenuId": menu_id} if menu_id else {})})

    async def opens_mini_program(self, page_path: str, *, menu_id: int = 0) -> SentMessage:
        """Opens a mini program of the menu: `view_miniprogram`."""
        return self._event("view_miniprogram", {"EventKey": page_path, **({"MenuId": menu_id} if menu_id else {})})

    async def scans_by_menu(self, key: str, result: str, *, waits: bool = False) -> SentMessage:
        """Scans something by a button of the menu: `scancode_push`, or `scancode_waitmsg` that waits for an answer."""
        info = {"ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": result}}
        name = "scancode_waitmsg" if waits else "scancode_push"
        return self._event(name, {"EventKey": key, **info}, grants=True)

    async def takes_photos(self, key: str, md5s: Sequence[str], *, event: str = "pic_sysphoto") -> SentMessage:
        """Takes or chooses pictures by a button: `pic_sysphoto`, `pic_photo_or_album`, `pic_weixin`.

        The pictures come as messages of their own: call `sends_image`.
        """
        pictures = [{"PicMd5Sum": md5} for md5 in md5s]
        return self._event(event, {"EventKey": key, "SendPicsInfo": {"Count": len(md5s), "PicList": pictures}})

    async def selects_location(
        self, key: str, latitude: float, longitude: float, *, label: str = "", poi: str = "", scale: int = 15
    ) -> SentMessage:
        """Chooses a place by a button (degrees): `location_select`; the place comes as a message of its own too."""
        place = {"Location_X": str(latitude), "Location_Y": str(longitude), "Scale": str(scale)}
        return self._event(
            "location_select", {"EventKey": key, "SendLocationInfo": {**place, "Label": label, "Poiname": poi}}
        )

    async def reports_location(self, latitude: float, longitude: float, *, precision: float = 40.0) -> SentMessage:
        """Is somewhere (degrees, metres) on entering the conversation: `LOCATION`."""
        return self._event("LOCATION", {"Latitude": latitude, "Longitude": longitude, "Precision": precision})

    async def chooses(self, message: BotMessage, choice: str) -> SentMessage:
        """Clicks a line of a menu message (`msgmenu`), by its id or its text: a text with `bizmsgmenuid`.

        Raises:
            ValueError: The message has no such line.
        """
        lines = {str(line["id"]): str(line["content"]) for line in message.body.get("list", ())}
        if choice not in lines:
            choice = next((one for one, text in lines.items() if text == choice), choice)
        if choice not in lines:
            raise ValueError(f"{message!r} has no line {choice!r}; there are {sorted(lines)}")
        return self._answer_menu(choice, lines[choice])
