"""The emulated organisation: all state, shared by the parts of the emulator."""

from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.common.rates import Rates
from imbridge.emulators.common.tokens import Tokens
from imbridge.emulators.common.world import BaseWorld
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.approvals import Approvals
from imbridge.emulators.dingtalk.callbacks import Callbacks
from imbridge.emulators.dingtalk.card_clicks import CardClicks
from imbridge.emulators.dingtalk.cards import Cards
from imbridge.emulators.dingtalk.custom_robot import CustomRobot
from imbridge.emulators.dingtalk.directory import Directory
from imbridge.emulators.dingtalk.faults import Faults
from imbridge.emulators.dingtalk.grants import Grants
from imbridge.emulators.dingtalk.group import Group
from imbridge.emulators.dingtalk.ids import Ids
from imbridge.emulators.dingtalk.message import BotMessage, SentMessage
from imbridge.emulators.dingtalk.pushes import Pushes
from imbridge.emulators.dingtalk.secret_fields import SECRET_FIELDS
from imbridge.emulators.dingtalk.sessions import Sessions
from imbridge.emulators.dingtalk.settings import EmulatorSettings
from imbridge.emulators.dingtalk.stats import Stats
from imbridge.emulators.dingtalk.stream import Stream
from imbridge.emulators.dingtalk.uploads import Uploads

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.user import User


class World(BaseWorld[EmulatorSettings, Stats, Faults]):
    """State and the operations on it that no single part owns."""

    def __init__(self, seed: int, settings: EmulatorSettings, corp_name: str) -> None:
        super().__init__(settings, Stats(), Faults(), SECRET_FIELDS)
        self.ids = Ids(seed)
        self.corp_name = corp_name
        self.corp_id = "ding" + self.ids.hex("corp", 32)
        self.apps: dict[str, App] = {}
        """By ClientID."""
        self.users: dict[str, User] = {}
        """Members of the organisation, by userid."""
        self.externals: dict[str, User] = {}
        """People of elsewhere, by dingtalk_id."""
        self.groups: dict[str, Group] = {}
        """By openConversationId."""
        self.robots: dict[str, CustomRobot] = {}
        """By access_token."""
        self.single_chats: dict[tuple[App, User], str] = {}
        """conversationId of single chats with robots."""
        self.tokens: Tokens[App] = Tokens(settings, partial(self.ids.hex, "access_token", 32))
        """For api.dingtalk.com and oapi.dingtalk.com alike."""
        self.sessions = Sessions(self)
        self.stream = Stream(self)
        self.pushes = Pushes(self)
        self.uploads = Uploads(self)
        self.sent: Newest[str, SentMessage] = Newest(settings.history)
        """Messages of people, by msgId."""
        self.callbacks = Callbacks(self)
        self.directory = Directory(corp_name)
        self.grants = Grants(settings, self.ids)
        self.cards = Cards(settings.history)
        self.clicks = CardClicks(self)
        self.approvals = Approvals(self)
        self.messages: deque[BotMessage] = deque(maxlen=settings.history)
        self.by_message_id: Newest[str, BotMessage] = Newest(settings.history)
        """What has a processQueryKey, by it."""
        self.posted_uuids: Newest[tuple[str, str], BotMessage] = Newest(settings.history)
        """What custom robots posted, by access_token and msgUuid."""
        self.api_rates = Rates((settings.api_rate_second, 1.0))
        self.robot_rates = Rates((settings.robot_rate_minute, 60.0))
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

    def people(self) -> "list[User]":
        """The members of the organisation, in the order they joined."""
        return list(self.users.values())

    def app_of_robot(self, robot_code: object) -> App | None:
        """The app whose robot has this code."""
        return next((app for app in self.apps.values() if app.robot_code == robot_code), None)

    def single_chat(self, app: App, user: "User") -> str:
        """The conversationId of somebody's single chat with a robot."""
        known = self.single_chats.get((app, user))
        if known is None:
            known = self.single_chats[app, user] = self.ids.conversation_id()
        return known

    def user_by_mobile(self, mobile: str) -> "User | None":
        """Whose telephone number it is."""
        people = (*self.users.values(), *self.externals.values())
        return next((user for user in people if mobile and user.mobile == mobile), None)

    def show(self, message: BotMessage, recipients: Iterable["User"]) -> BotMessage:
        """A message becomes visible to people."""
        message.recipients = tuple(recipients)
        self.messages.append(message)
        key = message.process_query_key or message.message_id
        if key:
            self.by_message_id[key] = message
        for user in message.recipients:
            user.inbox.add(message)
        self.stats.deliveries += len(message.recipients)
        return message

    def facts_of(self, app: App) -> dict[str, Any]:
        """What every message to a robot says of the robot."""
        return {"chatbotCorpId": self.corp_id, "chatbotUserId": app.chatbot_user_id, "robotCode": app.robot_code}
