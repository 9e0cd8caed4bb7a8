"""The emulated platform: all state, shared by the parts of the emulator."""

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.common.rates import Rates
from imbridge.emulators.common.world import BaseWorld
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.downloads import Downloads
from imbridge.emulators.wecom.bot.faults import Faults
from imbridge.emulators.wecom.bot.interaction import Interaction, Reason
from imbridge.emulators.wecom.bot.message import BotMessage
from imbridge.emulators.wecom.bot.secret_fields import SECRET_FIELDS
from imbridge.emulators.wecom.bot.settings import BotEmulatorSettings
from imbridge.emulators.wecom.bot.stats import Stats
from imbridge.emulators.wecom.bot.uploads import Uploads

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.callbacks import Callbacks
    from imbridge.emulators.wecom.bot.link import Link
    from imbridge.emulators.wecom.bot.user import BotUser

RESPONSE_PATH = "/cgi-bin/aibot/response"
MESSAGE_CALLBACK = "aibot_msg_callback"
EVENT_CALLBACK = "aibot_event_callback"


class World(BaseWorld[BotEmulatorSettings, Stats, Faults]):
    """State and the operations on it that no single part owns."""

    link: "Link"
    callbacks: "Callbacks"

    def __init__(self, seed: int, settings: BotEmulatorSettings) -> None:
        super().__init__(settings, Stats(), Faults(), SECRET_FIELDS)
        self.ids = Ids(seed)
        self.bots: dict[str, Bot] = {}
        self.users: dict[str, BotUser] = {}
        self.groups: dict[str, BotChat] = {}
        self.singles: dict[tuple[Bot, BotUser], BotChat] = {}
        self.messages: deque[BotMessage] = deque(maxlen=settings.history)
        self.interactions: Newest[tuple[Bot, str], Interaction] = Newest(settings.history)
        self.response_codes: Newest[str, Interaction] = Newest(settings.history)
        self.task_ids: set[tuple[Bot, str]] = set()
        self.chat_rates = Rates((settings.chat_rate_minute, 60.0), (settings.chat_rate_hour, 3600.0))
        self.downloads = Downloads(self)
        self.uploads = Uploads(self)

    def single_chat(self, user: "BotUser", bot: Bot) -> BotChat:
        """The conversation of a person and a bot."""
        chat = self.singles.get((bot, user))
        if chat is None:
            chat = BotChat(user.userid, "single", members=[user], bots=[bot])
            self.singles[bot, user] = chat
        return chat

    def response_url(self, interaction: Interaction) -> str:
        """The address by which a callback can be answered once."""
        return f"{self.base_url}{RESPONSE_PATH}?response_code={interaction.response_code}"

    def begin(self, bot: Bot, chat: BotChat, user: "BotUser", reason: Reason) -> Interaction:
        """Something happened that a bot is told of."""
        has_url = reason in {"message", "template_card_event"}
        if bot.mode == "long_connection":
            has_url = has_url and self.settings.response_url
        interaction = Interaction(
            bot=bot,
            chat=chat,
            user=user,
            reason=reason,
            msgid=self.ids.hex("msgid"),
            req_id=self.ids.text("req_id", 24),
            response_code=self.ids.text("response_code", 48) if has_url else "",
            born=time.monotonic(),
        )
        self.interactions[bot, interaction.req_id] = interaction
        if has_url:
            self.response_codes[interaction.response_code] = interaction
        return interaction

    def give_out(self, interaction: Interaction, body: dict[str, Any]) -> None:
        """Tells the bot, on its long connection or at its callback address."""
        self.stats.callbacks += 1
        if interaction.bot.mode == "callback":
            self.callbacks.deliver(interaction, body)
        else:
            cmd = MESSAGE_CALLBACK if interaction.reason == "message" else EVENT_CALLBACK
            self.link.deliver(interaction, cmd, body)
