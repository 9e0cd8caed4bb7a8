"""Which intent an event belongs to, and which intents a bot may have.

Rules: bot.q.qq.com/wiki, `dev-prepare/event-emit/payload.html` and the pages under `autogen/event` (2026), which have
the bit of group members; those of live channels and the open forum are the official client's.
"""

from collections.abc import Mapping

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_MESSAGES = 1 << 9
GUILD_MESSAGE_REACTIONS = 1 << 10
DIRECT_MESSAGE = 1 << 12
OPEN_FORUM_EVENT = 1 << 18
AUDIO_OR_LIVE_CHANNEL_MEMBER = 1 << 19
GROUP_MEMBER_EVENT = 1 << 24
GROUP_AND_C2C_EVENT = 1 << 25
INTERACTION = 1 << 26
MESSAGE_AUDIT = 1 << 27
FORUMS_EVENT = 1 << 28
AUDIO_ACTION = 1 << 29
PUBLIC_GUILD_MESSAGES = 1 << 30

BASE = GUILDS | GUILD_MEMBERS | PUBLIC_GUILD_MESSAGES
"""What every bot may have."""
APPLIED = (
    GUILD_MESSAGE_REACTIONS
    | DIRECT_MESSAGE
    | OPEN_FORUM_EVENT
    | AUDIO_OR_LIVE_CHANNEL_MEMBER
    | GROUP_MEMBER_EVENT
    | GROUP_AND_C2C_EVENT
    | INTERACTION
    | MESSAGE_AUDIT
    | AUDIO_ACTION
)
"""What is applied for; bots here have it unless their `intents` are changed."""
PRIVATE = GUILD_MESSAGES | FORUMS_EVENT
"""What only private bots may have."""
KNOWN = BASE | APPLIED | PRIVATE

_BY_PREFIX: Mapping[str, int] = {
    "GUILD_MEMBER_": GUILD_MEMBERS,
    "GUILD_": GUILDS,
    "CHANNEL_": GUILDS,
    "MESSAGE_REACTION_": GUILD_MESSAGE_REACTIONS,
    "MESSAGE_AUDIT_": MESSAGE_AUDIT,
    "MESSAGE_": GUILD_MESSAGES,
    "DIRECT_MESSAGE_": DIRECT_MESSAGE,
    "AT_MESSAGE_": PUBLIC_GUILD_MESSAGES,
    "PUBLIC_MESSAGE_": PUBLIC_GUILD_MESSAGES,
    "C2C_": GROUP_AND_C2C_EVENT,
    "FRIEND_": GROUP_AND_C2C_EVENT,
    "GROUP_": GROUP_AND_C2C_EVENT,
    "GROUP_MEMBER_": GROUP_MEMBER_EVENT,
    "GROUP_JOIN_": GROUP_MEMBER_EVENT,
    "SUBSCRIBE_MESSAGE_": GROUP_AND_C2C_EVENT,
    "INTERACTION_": INTERACTION,
    "FORUM_": FORUMS_EVENT,
    "OPEN_FORUM_": OPEN_FORUM_EVENT,
    "AUDIO_OR_LIVE_": AUDIO_OR_LIVE_CHANNEL_MEMBER,
    "AUDIO_": AUDIO_ACTION,
}


def intent_of(event_type: str) -> int:
    """The bit of an event's intent; 0: none that is known, any session gets it."""
    fitting = [prefix for prefix in _BY_PREFIX if event_type.startswith(prefix)]
    return _BY_PREFIX[max(fitting, key=len)] if fitting else 0
