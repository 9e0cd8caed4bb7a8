"""Which events a bot asks for, by the bits of the gateway; and for fewer, when it may not have all.

Source: bot.q.qq.com, "event subscription and notification": a bit that the bot may not have makes the gateway close the
connection (4014), without saying which one. Guilds, their members and what mentions the bot there are for every bot.
"""

from collections.abc import Iterable, Mapping, Sequence

INTENTS: Mapping[str, int] = {
    "guilds": 1 << 0,
    "guild_members": 1 << 1,
    "guild_messages": 1 << 9,
    "guild_message_reactions": 1 << 10,
    "direct_message": 1 << 12,
    "group_members": 1 << 24,
    "group_and_c2c": 1 << 25,
    "interaction": 1 << 26,
    "message_audit": 1 << 27,
    "forums": 1 << 28,
    "audio_action": 1 << 29,
    "public_guild_messages": 1 << 30,
}
DEFAULT = ("group_and_c2c", "interaction", "direct_message", "public_guild_messages", "guilds", "message_audit")
"""What a bot that answers needs."""
BASE = frozenset({"guilds", "guild_members", "public_guild_messages"})
"""What every bot may have."""
_FEWER: Sequence[frozenset[str]] = (
    frozenset({"group_and_c2c", "interaction", *BASE}),
    frozenset({"group_and_c2c", *BASE}),
    frozenset({"direct_message", "message_audit", *BASE}),
    BASE,
)
"""What is asked for instead of `DEFAULT`, one after another: single chats and groups matter most."""


def bits(names: Iterable[str]) -> int:
    """The bits of these names."""
    found = 0
    for name in names:
        found |= INTENTS[name]
    return found


def refusable(names: Iterable[str]) -> tuple[str, ...]:
    """Those of these names that not every bot may have."""
    return tuple(name for name in names if name not in BASE)


class Asked:
    """The intents that an account asks for; its shards share them.

    Attributes:
        wanted: What is set.
        names: What is asked for now.
    """

    def __init__(self, wanted: Sequence[str], *, chosen: bool) -> None:
        """`chosen`: a person has named them, so that none may be left out without being told."""
        self.wanted = self.names = tuple(wanted)
        self._fewer = [] if chosen else list(_FEWER)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is wanted and not asked for."""
        return tuple(name for name in self.wanted if name not in self.names)

    def fewer(self, refused: int) -> bool:
        """These bits were refused: ask for fewer from now on; False: there is nothing left to leave out."""
        if refused != bits(self.names):
            return True  # another shard was told the same
        while self._fewer:
            level = self._fewer.pop(0)
            names = tuple(name for name in self.wanted if name in level)
            if names and names != self.names:
                self.names = names
                return True
        return False
