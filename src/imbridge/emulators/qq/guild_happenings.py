"""What happens in guilds: the guild, its channels and members, reactions, and messages that are taken back.

Rules: bot-docs, `channel/manage/event/*.md`, `channel/role/guild_member.md`, `message/trans/emoji.md` and
`template/model.md` (MessageDelete).
"""

from typing import TYPE_CHECKING, Any, Literal

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.chat import Chat
from imbridge.emulators.qq.guild import Channel, Direct, Guild
from imbridge.emulators.qq.guild_json import channel_json, guild_json, member_json, user_json
from imbridge.emulators.qq.message import BotMessage, SentMessage
from imbridge.emulators.qq.pushed import Pushed

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World


class GuildHappenings:
    """What `Happenings` says of guilds. Each returns the events for the guild's robots."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def guild_bot_added(self, guild: Guild, bot: Bot, by: "User") -> Pushed:
        """The robot comes into a guild: GUILD_CREATE."""
        if bot not in guild.bots:
            guild.bots.append(bot)
        return self._tell_one("GUILD_CREATE", guild, bot, {**guild_json(guild), "op_user_id": by.id})

    def guild_bot_removed(self, guild: Guild, bot: Bot, by: "User") -> Pushed:
        """The robot is taken out of a guild: GUILD_DELETE."""
        if bot in guild.bots:
            guild.bots.remove(bot)
        return self._tell_one("GUILD_DELETE", guild, bot, {**guild_json(guild), "op_user_id": by.id})

    def guild_renamed(self, guild: Guild, name: str, by: "User") -> list[Pushed]:
        """The guild gets another name: GUILD_UPDATE."""
        guild.name = name
        return self._tell("GUILD_UPDATE", guild, {**guild_json(guild), "op_user_id": by.id})

    def channel_created(self, guild: Guild, name: str, by: "User") -> tuple[Channel, list[Pushed]]:
        """A channel comes about: CHANNEL_CREATE."""
        channel = guild.add_channel(name)
        return channel, self._tell("CHANNEL_CREATE", guild, {**channel_json(channel), "op_user_id": by.id})

    def channel_renamed(self, channel: Channel, name: str, by: "User") -> list[Pushed]:
        """A channel gets another name: CHANNEL_UPDATE."""
        channel.name = name
        return self._tell("CHANNEL_UPDATE", channel.guild, {**channel_json(channel), "op_user_id": by.id})

    def channel_deleted(self, channel: Channel, by: "User") -> list[Pushed]:
        """A channel is gone: CHANNEL_DELETE."""
        channel.guild.channels.pop(channel.id, None)
        self._world.channels.pop(channel.id, None)
        return self._tell("CHANNEL_DELETE", channel.guild, {**channel_json(channel), "op_user_id": by.id})

    def guild_member_joined(self, guild: Guild, user: "User", by: "User | None" = None) -> list[Pushed]:
        """Somebody joins: GUILD_MEMBER_ADD."""
        guild.members.append(user)
        return self._member("GUILD_MEMBER_ADD", guild, user, by)

    def guild_member_changed(self, guild: Guild, user: "User", by: "User | None" = None) -> list[Pushed]:
        """Somebody's name or roles have changed: GUILD_MEMBER_UPDATE."""
        return self._member("GUILD_MEMBER_UPDATE", guild, user, by)

    def guild_member_left(self, guild: Guild, user: "User", by: "User | None" = None) -> list[Pushed]:
        """Somebody leaves: GUILD_MEMBER_REMOVE."""
        guild.members.remove(user)
        return self._member("GUILD_MEMBER_REMOVE", guild, user, by)

    def message_deleted(self, message: SentMessage | BotMessage, by: "User") -> list[Pushed]:
        """A message in a channel or in private messages is taken back.

        Raises:
            ValueError: It is in a single chat or group: nobody is told there.
        """
        message.recalled = True
        chat = message.chat
        author = message.sender if isinstance(message, SentMessage) else message.bot
        data: dict[str, Any] = {"op_user": {"id": by.id}}
        shown = {"id": message.id, "author": user_json(author)}
        if isinstance(chat, Direct):
            data["message"] = {**shown, "guild_id": chat.id, "channel_id": chat.channel_id}
            return [self._world.dispatch.send(chat.bot, "DIRECT_MESSAGE_DELETE", data, key=chat.id)]
        channel = _channel(chat)
        data["message"] = {**shown, "guild_id": channel.guild.id, "channel_id": channel.id}
        return [
            self._tell_one("MESSAGE_DELETE" if bot.private else "PUBLIC_MESSAGE_DELETE", channel.guild, bot, data)
            for bot in channel.guild.bots
        ]

    def reaction_added(
        self, user: "User", message: SentMessage | BotMessage, emoji_id: str, emoji_type: Literal[1, 2] = 1
    ) -> list[Pushed]:
        """Somebody puts an emoji on a message of a channel: MESSAGE_REACTION_ADD."""
        message.reactions.setdefault(f"{emoji_type}/{emoji_id}", []).append(user.id)
        return self._reaction("MESSAGE_REACTION_ADD", user, message, emoji_id, emoji_type)

    def reaction_removed(
        self, user: "User", message: SentMessage | BotMessage, emoji_id: str, emoji_type: Literal[1, 2] = 1
    ) -> list[Pushed]:
        """Somebody takes their emoji off again: MESSAGE_REACTION_REMOVE."""
        people = message.reactions.get(f"{emoji_type}/{emoji_id}", [])
        if user.id in people:
            people.remove(user.id)
        return self._reaction("MESSAGE_REACTION_REMOVE", user, message, emoji_id, emoji_type)

    def _reaction(
        self, kind: str, user: "User", message: SentMessage | BotMessage, emoji_id: str, emoji_type: int
    ) -> list[Pushed]:
        channel = _channel(message.chat)
        data = {
            "user_id": user.id,
            "guild_id": channel.guild.id,
            "channel_id": channel.id,
            "emoji": {"id": emoji_id, "type": emoji_type},
            "target": {"id": message.id, "type": 0},
        }
        return self._tell(kind, channel.guild, data)

    def _member(self, kind: str, guild: Guild, user: "User", by: "User | None") -> list[Pushed]:
        data = {"guild_id": guild.id, **member_json(guild, user), "op_user_id": (by or user).id}
        return self._tell(kind, guild, data)

    def _tell(self, kind: str, guild: Guild, data: dict[str, Any]) -> list[Pushed]:
        return [self._tell_one(kind, guild, bot, data) for bot in guild.bots]

    def _tell_one(self, kind: str, guild: Guild, bot: Bot, data: dict[str, Any]) -> Pushed:
        return self._world.dispatch.send(bot, kind, data, key=guild.id)


def _channel(chat: Chat) -> Channel:
    if isinstance(chat, Channel):
        return chat
    raise ValueError("this happens to messages in channels only")
