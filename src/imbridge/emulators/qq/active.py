"""Messages that answer nothing: who may send them, how often, and the wake-ups of single chats.

Rules: bot.q.qq.com/wiki, `server-inter/message/overview.html` (2026): wake-ups (`is_wakeup`) once on the same day, once
after 1, 3 and 7 days, never after 30; other active messages 20 a minute and 1000 a day for one person or group. In 2025
they were withdrawn, and robots without the permission are still told 40034102, as clients report: `Bot.active`.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from imbridge.emulators.common.rates import Rates
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import Way

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.group import Group
    from imbridge.emulators.qq.guild import Channel, Direct
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World

WAKEUP_DAYS = (1, 3, 7, 30)
"""Where the wake-up periods end, in days since somebody's last message."""


class Active:
    """Who may speak first, and how often."""

    def __init__(self, world: "World") -> None:
        self._world = world
        settings = world.settings
        self._rates = Rates((settings.active_minute, 60.0), (settings.active_day, settings.day))
        self._sent: dict[tuple[str, ...], list[tuple[float, str]]] = defaultdict(list)

    def check_c2c(self, bot: "Bot", user: "User") -> None:
        """Refuses a message to somebody that answers nothing.

        Raises:
            ApiError: It is refused.
        """
        if bot in user.refuses:
            raise ApiError(40034105)
        if not bot.active:
            raise ApiError(40034102)
        self._in_rate(bot, user.id)

    def check_group(self, bot: "Bot", group: "Group") -> None:
        """Refuses a message to a group that answers nothing.

        Raises:
            ApiError: It is refused.
        """
        if bot in group.refuses:
            raise ApiError(40034105)
        if not bot.active:
            raise ApiError(40034102)
        self._in_rate(bot, group.number)

    def check_channel(self, bot: "Bot", channel: "Channel") -> None:
        """Refuses a message to a channel that answers nothing.

        Raises:
            ApiError: It is refused.
        """
        settings = self._world.settings
        if not bot.active:
            raise ApiError(304046)
        if len(self._today("channel", bot.app_id, channel.id)) >= settings.channel_active:
            raise ApiError(304045)
        channels = {name for _, name in self._today("guild", bot.app_id, channel.guild.id)}
        if channel.id not in channels and len(channels) >= settings.guild_active:
            raise ApiError(304047)

    def check_direct(self, bot: "Bot", direct: "Direct") -> None:
        """Refuses a private message that answers nothing.

        Raises:
            ApiError: It is refused.
        """
        settings = self._world.settings
        if len(self._today("dms", bot.app_id)) >= settings.dms_active_total:
            raise ApiError(304050)
        if not bot.active or len(self._today("dms", bot.app_id, direct.id)) >= settings.dms_active:
            raise ApiError(304049)

    def count(self, bot: "Bot", way: Way, chat: "Channel | Direct") -> None:
        """Such a message has been sent to a channel or private messages."""
        now = self._world.now()
        if way == "channel":
            self._sent["channel", bot.app_id, chat.id].append((now, chat.id))
            self._sent["guild", bot.app_id, chat.guild.id].append((now, chat.id))
        else:
            self._sent["dms", bot.app_id].append((now, chat.id))
            self._sent["dms", bot.app_id, chat.id].append((now, chat.id))

    def wakeup(self, bot: "Bot", user: "User") -> int:
        """The period in which a wake-up falls.

        Raises:
            ApiError: There was one already, or there is none for such a long silence.
        """
        last = user.last_said.get(bot)
        if bot in user.refuses:
            raise ApiError(40034105)
        days = (self._world.now() - last) / self._world.settings.day if last is not None else WAKEUP_DAYS[-1]
        period = next((index for index, end in enumerate(WAKEUP_DAYS) if days < end), None)
        if period is None:
            raise ApiError(40034123)
        if period in user.wakeups.get(bot, ()):
            raise ApiError(40034122)
        return period

    def _in_rate(self, bot: "Bot", place: str) -> None:
        if self._world.settings.rate_limits and self._rates.take(bot.app_id, place)[0] > 0:
            self._world.stats.rate_limited += 1
            raise ApiError(40034100)

    def _today(self, *key: str) -> list[tuple[float, str]]:
        horizon = self._world.now() - self._world.settings.day
        self._sent[key] = [one for one in self._sent[key] if one[0] > horizon]
        return self._sent[key]
