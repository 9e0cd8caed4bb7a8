"""What people say to robots, and which robots hear it.

Rules: bot.q.qq.com/wiki, `autogen/event/group_at_message_create.html` and the pages beside it (2026); for channels
bot-docs, `server-inter/message/send-receive/event.md` and `message_format.md` (`&`, `<` and `>` come escaped). That the
content of `GROUP_MESSAGE_CREATE` still has what mentions the robot, and `is_you`, is as clients have logged it.
Undocumented: a private robot that is mentioned in a channel gets `MESSAGE_CREATE` only.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.chat import Chat
from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.guild import Channel, Direct
from imbridge.emulators.qq.guild_json import user_json
from imbridge.emulators.qq.message import BotMessage, SentMessage
from imbridge.emulators.qq.quotes import Quotable, element

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World

BEIJING = timezone(timedelta(hours=8))


def now_text() -> str:
    """The time, as messages have it."""
    return datetime.now(BEIJING).isoformat(timespec="seconds")


def escape(text: str) -> str:
    """What was typed, as robots get it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What robots send to channels, as people read it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


class Writing(ABC):
    """Text of one person, and what all that is sent has in common."""

    _world: "World"

    @property
    @abstractmethod
    def _me(self) -> "User":
        """Whose it is."""

    async def says(
        self,
        text: str,
        *,
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
        quoting: Quotable | None = None,
    ) -> SentMessage:
        """Sends text.

        Args:
            text: What is typed.
            bot: To this robot; in the single chat the only one there is, if it is left out.
            chat: In this group, channel or private messages instead of the single chat.
            mentions: Who is mentioned, before the text. In a group or channel a robot hears what mentions it.
            quoting: The message that is quoted.
        """
        plain = isinstance(chat, Channel | Direct) or self._world.settings.escaped
        content = escape(text) if plain else text
        return await self.sends({"content": content}, bot=bot, chat=chat, mentions=mentions, quoting=quoting)

    async def sends(
        self,
        fields: Mapping[str, Any],
        *,
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
        quoting: Quotable | None = None,
    ) -> SentMessage:
        """Sends anything: `fields` go into the event's data as they are, `content` with the mentions before it.

        `ref_msg_idx` among them goes where the events have it, `message_scene`.
        """
        if chat is None:
            return self._to_bot(self._world.the_bot(bot), dict(fields), quoting)
        if isinstance(chat, Direct):
            return self._in_direct(chat, dict(fields), quoting)
        heard = []
        for one in chat.bots if isinstance(chat, Group) else chat.guild.bots:
            if isinstance(chat, Group):
                sent = self._in_group(one, chat, dict(fields), mentions, quoting)
            else:
                sent = self._in_channel(one, chat, dict(fields), mentions, quoting)
            if sent is not None:
                heard.append(sent)
        if isinstance(chat, Channel):
            chat.said += 1
        if not heard:
            text = str(fields.get("content", ""))
            return SentMessage(id="", bot=None, chat=chat, sender=self._me, text=text, data={})
        main = next((sent for sent in heard if bot in {None, sent.bot}), heard[0])
        main.others = [sent for sent in heard if sent is not main]
        return main

    # --- single chats and groups --------------------------------------------------------------------------------------

    def _to_bot(self, bot: Bot, fields: dict[str, Any], quoting: Quotable | None) -> SentMessage:
        world, me = self._world, self._me
        openid, union = world.people.openid(me, bot), world.people.union_openid(me)
        me.last_said[bot] = world.now()
        me.wakeups.pop(bot, None)
        author = {"id": openid, "user_openid": openid, "union_openid": union, "username": "", "bot": False}
        return self._push("C2C_MESSAGE_CREATE", bot, None, openid, {"author": author}, fields, quoting)

    def _in_group(
        self,
        bot: Bot,
        group: Group,
        fields: dict[str, Any],
        mentions: "Sequence[Bot | User]",
        quoting: Quotable | None,
    ) -> SentMessage | None:
        world, people = self._world, self._world.people
        spoken_to = bot in mentions or (isinstance(quoting, BotMessage) and quoting.bot is bot)
        if not spoken_to and not group.all_messages:
            return None
        tags, listed = [], []
        for one in mentions:
            if isinstance(one, Bot):
                member = people.bot_member_openid(one, group)
            else:
                member = people.member_openid(one, bot, group)
            # What mentions the robot itself is taken off, unless it gets everything.
            if one is not bot or group.all_messages:
                told = {"scope": "single", "id": member, "member_openid": member, "username": one.name}
                listed.append({**told, "bot": isinstance(one, Bot), "is_you": one is bot})
                if one is not bot or not world.settings.strips_mentions:
                    tags.append(f"<@{member}>")
        begin = "" if group.all_messages else " "
        fields["content"] = begin + " ".join([*tags, str(fields.get("content", ""))])
        member, group_openid = people.member_openid(self._me, bot, group), people.group_openid(group, bot)
        author: dict[str, Any] = {"id": member, "member_openid": member}
        author["union_openid"] = people.union_openid(self._me)
        author |= {"username": self._me.name, "bot": False, "member_role": group.role_of(self._me)}
        data: dict[str, Any] = {"author": author, "group_id": group_openid, "group_openid": group_openid}
        if listed:
            data["mentions"] = listed
        kind = "GROUP_MESSAGE_CREATE" if group.all_messages else "GROUP_AT_MESSAGE_CREATE"
        sent = self._push(kind, bot, group, group_openid, data, fields, quoting)
        if group.all_messages and spoken_to and world.settings.both_events:
            own = f"<@{people.bot_member_openid(bot, group)}>"
            mentioned = [one for one in listed if not one["is_you"]]
            again = {**sent.data, "content": sent.data["content"].replace(own, ""), "mentions": mentioned}
            world.dispatch.send(bot, "GROUP_AT_MESSAGE_CREATE", again, key=group_openid)
        return sent

    def _push(
        self,
        event_type: str,
        bot: Bot,
        chat: Chat,
        key: str,
        about: dict[str, Any],
        fields: dict[str, Any],
        quoting: Quotable | None,
    ) -> SentMessage:
        world = self._world
        ref_idx = world.ids.ref_idx()
        ext = [f"msg_idx={ref_idx}", f"auth_token={world.ids.hex('auth_token')}"]
        data = {"id": world.ids.message_id(), "content": "", "timestamp": now_text(), **about, "message_type": 0}
        if "ref_msg_idx" in fields:
            ext.append(f"ref_msg_idx={fields.pop('ref_msg_idx')}")
        if quoting is not None:
            ext.append(f"ref_msg_idx={quoting.ref_idx}")
            data |= {"message_type": 103, "msg_elements": [element(world, bot, quoting)]}
        data |= {"message_scene": {"source": "default", "ext": ext}, **fields}
        return self._remember(event_type, bot, chat, key, data, ref_idx)

    # --- channels -----------------------------------------------------------------------------------------------------

    def _in_channel(
        self,
        bot: Bot,
        channel: Channel,
        fields: dict[str, Any],
        mentions: "Sequence[Bot | User]",
        quoting: Quotable | None,
    ) -> SentMessage | None:
        spoken_to = bot in mentions or (isinstance(quoting, BotMessage) and quoting.bot is bot)
        if not spoken_to and not bot.private:
            return None
        tags = [f"<@!{one.bot_id if isinstance(one, Bot) else one.id}>" for one in mentions]
        fields["content"] = " ".join([*tags, str(fields.get("content", ""))])
        about = self._guild_data(channel.guild.id, channel.id, channel.said + 1, quoting)
        about["member"] = self._member(channel.guild.roles_for(self._me))
        if mentions:
            about["mentions"] = [user_json(one) for one in mentions]
        kind = "MESSAGE_CREATE" if bot.private else "AT_MESSAGE_CREATE"
        return self._remember(kind, bot, channel, channel.guild.id, {**about, **fields})

    def _in_direct(self, direct: Direct, fields: dict[str, Any], quoting: Quotable | None) -> SentMessage:
        direct.said += 1
        about = self._guild_data(direct.id, direct.channel_id, direct.said, quoting)
        about |= {"direct_message": True, "src_guild_id": direct.guild.id, "member": self._member()}
        return self._remember("DIRECT_MESSAGE_CREATE", direct.bot, direct, direct.id, {**about, **fields})

    def _guild_data(self, guild_id: str, channel_id: str, seq: int, quoting: Quotable | None) -> dict[str, Any]:
        me = self._me
        data: dict[str, Any] = {
            "id": self._world.ids.guild_message_id(),
            "guild_id": guild_id,
            "channel_id": channel_id,
            "content": "",
            "timestamp": now_text(),
            "author": {"id": me.id, "username": me.name, "avatar": "http://thirdqq.qlogo.cn/0", "bot": False},
            "seq": seq,
            "seq_in_channel": str(seq),
        }
        if quoting is not None:
            data["message_reference"] = {"message_id": quoting.id}
        return data

    def _member(self, roles: Sequence[str] = ()) -> dict[str, Any]:
        member: dict[str, Any] = {"joined_at": "2021-04-12T16:34:42+08:00"}
        return member | ({"nick": self._me.name, "roles": list(roles)} if roles else {})

    def _remember(
        self, event_type: str, bot: Bot, chat: Chat, key: str, data: dict[str, Any], ref_idx: str = ""
    ) -> SentMessage:
        world = self._world
        sent = SentMessage(
            id=data["id"], bot=bot, chat=chat, sender=self._me, text=str(data["content"]), data=data, ref_idx=ref_idx
        )
        sent.created = world.now()
        world.sent[bot.app_id, sent.id] = sent
        sent.pushed = world.dispatch.send(bot, event_type, data, key=key)
        return sent
