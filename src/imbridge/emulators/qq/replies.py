"""What a message answers: reply windows, five answers, no `msg_seq` twice, and messages that answer nothing.

Rules: bot.q.qq.com/wiki, `server-inter/message/overview.html` and the pages of sending (2026), for channels bot-docs,
`server-inter/message/post_messages.md`. Undocumented: that answers to an event count like those to a message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.chat import Chat
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import Way

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.world import World

GUILD_EVENTS = ("GUILD_MEMBER_", "MESSAGE_REACTION_", "FORUM_")
EVENTS: Mapping[Way, tuple[str, ...]] = {
    "c2c": ("INTERACTION_CREATE", "C2C_MSG_RECEIVE", "FRIEND_ADD"),
    "group": ("INTERACTION_CREATE", "GROUP_ADD_ROBOT", "GROUP_MSG_RECEIVE"),
    "channel": ("INTERACTION_CREATE", *GUILD_EVENTS),
    "dms": ("INTERACTION_CREATE", *GUILD_EVENTS),
}
"""The events that can be answered, or how their names begin."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What a message answers.

    Attributes:
        to: The message or event; empty: nothing.
        seq: Its number among the answers.
        wakeup: Whether it is a wake-up.
    """

    to: str = ""
    seq: int = 0
    wakeup: bool = False


class Replies:
    """Which answers there were, by robot and by what they answer."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._used: Newest[tuple[str, str], set[int]] = Newest(world.settings.history)

    def check(self, bot: "Bot", way: Way, chat: Chat, key: str, body: Mapping[str, Any]) -> Answering | None:
        """What the message answers, if it may; None: it answers nothing.

        Args:
            bot: Who sends it.
            way: Where to.
            chat: The group, channel or private messages.
            key: The openid or the guild's number of the place.
            body: The request.

        Raises:
            ApiError: It may not.
        """
        guild = way in {"channel", "dms"}
        msg_id, event_id = str(body.get("msg_id") or ""), str(body.get("event_id") or "")
        if msg_id:
            sent = self._world.sent.get((bot.app_id, msg_id))
            if sent is None or sent.chat is not chat or (way == "c2c" and self._openid(bot, msg_id) != key):
                raise ApiError(304026 if guild else 40034024)
            self._in_time(way, sent.created, 304027 if guild else 40034005)
        elif event_id:
            self._event(bot, way, key, event_id)
        else:
            return None
        seq = body.get("msg_seq", 1)
        if not isinstance(seq, int) or isinstance(seq, bool):
            raise ApiError(40034001, "请求参数错误: msg_seq is no number")
        used = self._used.get((bot.app_id, msg_id or event_id), set())
        if not guild and seq in used:
            self._world.stats.duplicates_refused += 1
            raise ApiError(40054005)
        most = self._world.settings.c2c_replies if way == "c2c" else self._world.settings.group_replies
        if not guild and len(used) >= most:
            raise ApiError(40034128)
        return Answering(msg_id or event_id, seq)

    def count(self, bot: "Bot", answering: Answering) -> None:
        """The answer has been sent."""
        if answering.to:
            self._used.setdefault((bot.app_id, answering.to), set()).add(answering.seq)

    def _openid(self, bot: "Bot", msg_id: str) -> str:
        return self._world.people.openid(self._world.sent[bot.app_id, msg_id].sender, bot)

    def _event(self, bot: "Bot", way: Way, key: str, event_id: str) -> None:
        pushed = self._world.dispatch.by_id.get((bot, event_id)) or self._world.dispatch.by_id.get(
            (bot, f"INTERACTION_CREATE:{event_id}")
        )
        guild = way in {"channel", "dms"}
        if pushed is None or pushed.key != key:
            raise ApiError(304026 if guild else 40034025)
        if not pushed.event_type.startswith(EVENTS[way]):
            raise ApiError(304026 if guild else 40034027)
        self._in_time(way, pushed.created, 304027 if guild else 40034026)

    def _in_time(self, way: Way, created: float, code: int) -> None:
        settings = self._world.settings
        window = {"c2c": settings.c2c_window, "group": settings.group_window}.get(way, settings.guild_window)
        if self._world.now() - created > window:
            raise ApiError(code)
