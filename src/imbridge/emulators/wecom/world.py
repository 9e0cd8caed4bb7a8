"""The emulated corp: all state, shared by the parts of the emulator."""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.common.rates import Rates
from imbridge.emulators.common.tokens import Tokens
from imbridge.emulators.common.world import BaseWorld
from imbridge.emulators.wecom.amounts import Amounts
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.appchat import AppChat
from imbridge.emulators.wecom.approvals import Approvals
from imbridge.emulators.wecom.callbacks import Callbacks
from imbridge.emulators.wecom.card_clicks import CardClicks
from imbridge.emulators.wecom.directory import Directory
from imbridge.emulators.wecom.faults import Faults
from imbridge.emulators.wecom.grants import Grants
from imbridge.emulators.wecom.group_robot import GroupRobot
from imbridge.emulators.wecom.message import AppMessage, SentMessage, readable
from imbridge.emulators.wecom.secret_fields import SECRET_FIELDS
from imbridge.emulators.wecom.settings import EmulatorSettings
from imbridge.emulators.wecom.stats import Stats
from imbridge.emulators.wecom.uploads import Uploads

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User


class World(BaseWorld[EmulatorSettings, Stats, Faults]):
    """State and the operations on it that no single part owns."""

    def __init__(self, seed: int, settings: EmulatorSettings, corp_name: str) -> None:
        super().__init__(settings, Stats(), Faults(), SECRET_FIELDS)
        self.ids = Ids(seed)
        self.corp_id = "ww" + self.ids.hex("corp", 16)
        self.directory = Directory(corp_name)
        self.apps: dict[int, App] = {}
        self.contacts_secret: App | None = None
        self.tokens: Tokens[App] = Tokens(settings, partial(self.ids.text, "access_token", 128))
        """Asked again, an app gets the same one while it is valid (developer.work.weixin.qq.com, path/91039)."""
        self.uploads = Uploads(settings, self.ids)
        self.callbacks = Callbacks(self)
        self.clicks = CardClicks(self)
        self.messages: deque[AppMessage] = deque(maxlen=settings.history)
        self.by_msgid: Newest[str, AppMessage] = Newest(settings.history)
        self.clicked: Newest[str, AppMessage] = Newest(settings.history)
        """Cards by the response_code of a click."""
        self.duplicates: Newest[str, tuple[float, str]] = Newest(settings.history)
        """Requests of `enable_duplicate_check`: until when, and the msgid."""
        self.task_ids: Newest[tuple[int, str], None] = Newest(settings.history)
        """Task ids of cards, by app: each is good once."""
        self.sent_today: dict[tuple[int, int], int] = {}
        """Messages by app and day."""
        self.api_rates = Rates((settings.api_rate_minute, 60.0))
        self.member_rates = Rates((settings.member_rate_minute, 60.0), (settings.member_rate_hour, 3600.0))
        self.grants = Grants(settings, self.ids)
        self.approvals = Approvals(self)
        self.robots: dict[str, GroupRobot] = {}
        self.robot_rates = Rates((settings.robot_rate_minute, 60.0))
        self.appchats: dict[str, AppChat] = {}
        self.appchat_rates = Amounts(settings.appchat_rate_minute, 60.0)
        self.group_member_rates = Rates((settings.group_rate_minute, 60.0), (settings.group_rate_day, 86_400.0))
        self.faults.attach(self)

    def the_app(self, app: App | None) -> App:
        """The app, or the only one there is.

        Raises:
            ValueError: There are none or several.
        """
        if app is not None:
            return app
        if len(self.apps) != 1:
            raise ValueError(f"there are {len(self.apps)} apps: say which, app=...")
        return next(iter(self.apps.values()))

    def app_of_secret(self, secret: str) -> App | None:
        """The app whose secret it is."""
        known = [*self.apps.values(), *([self.contacts_secret] if self.contacts_secret else [])]
        return next((app for app in known if app.secret == secret), None)

    def push_event(self, app: App, fields: Mapping[str, Any] | str, user: "User | None" = None) -> SentMessage:
        """Pushes any event, see `WeComEmulator.push_event`."""
        if isinstance(fields, str):
            return self.callbacks.push(app, fields, user=user)
        head = {"ToUserName": app.corp_id, "FromUserName": user.userid if user else "sys"}
        whole = {**head, "CreateTime": int(time.time()), "MsgType": "event", **fields}
        return self.callbacks.push(app, whole, user=user)

    def show(
        self,
        app: App | None,
        recipients: Iterable["User"],
        kind: str,
        body: dict[str, Any],
        content: dict[str, Any],
        *,
        passive: bool = False,
        chatid: str = "",
        mentioned: tuple[str, ...] = (),
    ) -> AppMessage:
        """A message becomes visible to its recipients."""
        message = AppMessage(
            msgid=self.ids.text("msgid", 64),
            kind=kind,
            body=body,
            content=content,
            text=readable(kind, content),
            app=app,
            recipients=tuple(recipients),
            passive=passive,
            chatid=chatid,
            mentioned=mentioned,
        )
        self.messages.append(message)
        self.by_msgid[message.msgid] = message
        for user in message.recipients:
            user.inbox.add(message)
        self.stats.deliveries += len(message.recipients)
        return message

    def change_card(
        self, message: AppMessage, users: Iterable["User"], card: dict[str, Any] | None, replace_name: str
    ) -> None:
        """A card changes for some of its recipients: it becomes another one, or its buttons become a text."""
        for user in users:
            if card is not None:
                message.cards[user.userid] = card
                message.replaced.pop(user.userid, None)
            else:
                message.replaced[user.userid] = replace_name
            user.inbox.touch()
        self.stats.card_updates += 1
