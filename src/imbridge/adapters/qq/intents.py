"""Which events a bot asks for, by the bits of the gateway.

Source: bot.q.qq.com, "event subscription and notification".
"""

from collections.abc import Iterable, Mapping

INTENTS: Mapping[str, int] = {
    "guilds": 1 << 0,
    "guild_members": 1 << 1,
    "guild_messages": 1 << 9,
    "guild_message_reactions": 1 << 10,
    "direct_message": 1 << 12,
    "group_and_c2c": 1 << 25,
    "interaction": 1 << 26,
    "message_audit": 1 << 27,
    "forums": 1 << 28,
    "audio_action": 1 << 29,
    "public_guild_messages": 1 << 30,
}
DEFAULT = ("group_and_c2c", "interaction", "direct_message", "public_guild_messages", "guilds", "message_audit")
"""What every bot may have, as far as the console shows."""
CORE = "group_and_c2c"
"""What is left when the platform refuses the rest."""


def bits(names: Iterable[str]) -> int:
    """The bits of these names."""
    found = 0
    for name in names:
        found |= INTENTS[name]
    return found
