"""The emulated platform: all state, shared by the parts of the emulator."""

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.world import BaseWorld
from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.callbacks import Callbacks
from imbridge.emulators.wechat.faults import Faults
from imbridge.emulators.wechat.ids import Ids
from imbridge.emulators.wechat.media import Media, MediaStore
from imbridge.emulators.wechat.message import BotMessage, SentMessage
from imbridge.emulators.wechat.secret_fields import SECRET_FIELDS
from imbridge.emulators.wechat.settings import EmulatorSettings
from imbridge.emulators.wechat.stats import Stats
from imbridge.emulators.wechat.templates import Templates
from imbridge.emulators.wechat.tokens import Tokens
from imbridge.emulators.wechat.web_grants import WebGrants

if TYPE_CHECKING:
    from imbridge.emulators.wechat.follower import Follower


class World(BaseWorld[EmulatorSettings, Stats, Faults]):
    """State and the operations on it that no single part owns."""

    def __init__(self, seed: int, settings: EmulatorSettings) -> None:
        self.ids = Ids(seed)
        self.tokens = Tokens(settings, self.ids)
        super().__init__(settings, Stats(), Faults(self.tokens), SECRET_FIELDS)
        self.accounts: dict[str, Account] = {}
        self.followers: dict[str, Follower] = {}
        self.messages: deque[BotMessage] = deque(maxlen=settings.history)
        self.callbacks = Callbacks(self)
        self.media = MediaStore(settings, self.ids)
        self.templates = Templates(settings, self.ids)
        self.grants = WebGrants(settings, self.ids)
        self.scenes: dict[tuple[str, str], str] = {}

    def envelope(self, follower: "Follower", msg_type: str) -> dict[str, Any]:
        """The fields every message and event begins with."""
        return {
            "ToUserName": follower.account.original_id,
            "FromUserName": follower.openid,
            "CreateTime": int(time.time()),
            "MsgType": msg_type,
        }

    def push(self, sent: SentMessage) -> SentMessage:
        """Sends a message or event to the account's callback, in the background."""
        self.callbacks.push(sent)
        return sent

    def show(self, message: BotMessage) -> BotMessage:
        """A message arrives at its follower."""
        message.follower.last_contact = time.monotonic()
        message.follower.typing_until = float("-inf")
        self.messages.append(message)
        message.follower.inbox.add(message)
        return message

    def address(self, media: Media) -> str:
        """Where the public finds a file: on the platform a host of its own, here below `base_url`."""
        return f"{self.base_url}/mmbiz/{media.media_id}"

    def ticket(self, account: Account, scene: str) -> str:
        """The ticket of the account's code with this scene, the same every time."""
        return self.scenes.setdefault((account.app_id, scene), f"g{self.ids.text('ticket', 95)}")

    def service_fault(self, sent: SentMessage, reason: str) -> None:
        """The person reads that the account's service is out of order."""
        self.stats.service_faults += 1
        sent.follower.service_faults.append(reason)
