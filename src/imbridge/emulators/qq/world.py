"""The emulated platform: all state, shared by the parts of the emulator."""

import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.common.rates import Rates
from imbridge.emulators.common.tokens import Tokens
from imbridge.emulators.common.world import BaseWorld
from imbridge.emulators.qq.active import Active
from imbridge.emulators.qq.api_chunks import Chunks
from imbridge.emulators.qq.api_streaming import Streams
from imbridge.emulators.qq.audits import Audits
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.clicks import Clicks
from imbridge.emulators.qq.dispatch import Dispatch
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.faults import Faults
from imbridge.emulators.qq.gateway import Gateway
from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.guild import Channel, Direct, Guild
from imbridge.emulators.qq.ids import Ids
from imbridge.emulators.qq.limits import Limits
from imbridge.emulators.qq.message import BotMessage, SentMessage
from imbridge.emulators.qq.people import People
from imbridge.emulators.qq.replies import Replies
from imbridge.emulators.qq.secret_fields import SECRET_FIELDS
from imbridge.emulators.qq.settings import EmulatorSettings
from imbridge.emulators.qq.stats import Stats
from imbridge.emulators.qq.uploads import Uploads
from imbridge.emulators.qq.webhooks import Webhooks

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User


class World(BaseWorld[EmulatorSettings, Stats, Faults]):
    """State and the operations on it that no single part owns."""

    def __init__(self, seed: int, settings: EmulatorSettings) -> None:
        super().__init__(settings, Stats(), Faults(), SECRET_FIELDS)
        self.ids = Ids(seed)
        self.passed = 0.0
        """Seconds that have passed for windows and quotas besides those that really have."""
        self.bots: dict[str, Bot] = {}
        """By AppID."""
        self.users: list[User] = []
        self.groups: list[Group] = []
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.directs: dict[str, Direct] = {}
        self.directs_of: dict[tuple[User, Bot], Direct] = {}
        self.muted: list[tuple[Guild, str, dict[str, Any]]] = []
        self.people = People(self)
        self.tokens: Tokens[Bot] = Tokens(settings, partial(self.ids.text, "access_token", 48))
        self.gateway = Gateway(self)
        self.webhooks = Webhooks(self)
        self.dispatch = Dispatch(self)
        self.replies = Replies(self)
        self.active = Active(self)
        self.limits = Limits(self)
        self.uploads = Uploads(self)
        self.chunks = Chunks(self)
        self.streams = Streams(self)
        self.clicks = Clicks(self)
        self.audits = Audits(self)
        self.sent: Newest[tuple[str, str], SentMessage] = Newest(settings.history)
        """Messages of people, by AppID and id."""
        self.messages: deque[BotMessage] = deque(maxlen=settings.history)
        self.by_id: Newest[str, BotMessage] = Newest(settings.history)
        self.channel_rates = Rates((settings.channel_rate, 1.0))
        self.faults.attach(self)

    def now(self) -> float:
        """The time for windows and quotas, in seconds."""
        return time.monotonic() + self.passed

    def the_bot(self, bot: Bot | None) -> Bot:
        """The bot, or the only one there is.

        Raises:
            ValueError: There are none or several.
        """
        if bot is not None:
            return bot
        if len(self.bots) != 1:
            raise ValueError(f"there are {len(self.bots)} bots: say which, bot=...")
        return next(iter(self.bots.values()))

    def guild(self, bot: Bot, guild_id: str) -> Guild:
        """A guild that the bot is in.

        Raises:
            ApiError: There is no such guild, or it is not in it.
        """
        guild = self.guilds.get(guild_id)
        if guild is None:
            raise ApiError(10004)
        if bot not in guild.bots:
            raise ApiError(610007)
        return guild

    def channel(self, bot: Bot, channel_id: str) -> Channel:
        """A channel of a guild that the bot is in.

        Raises:
            ApiError: There is no such channel, or it is not in the guild.
        """
        channel = self.channels.get(channel_id)
        if channel is None:
            raise ApiError(10003)
        self.guild(bot, channel.guild.id)
        return channel
