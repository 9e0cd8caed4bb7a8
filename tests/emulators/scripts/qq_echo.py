"""The official client: answers in single chats, groups, channels and private messages, and uses the API.

Usage: qq_echo.py BASE_URL APP_ID APP_SECRET [public | private]. Prints a JSON line for everything it notices.
"""

import asyncio
import json
import logging
import sys
from urllib.parse import urlsplit

import aiohttp

asyncio.set_event_loop(asyncio.new_event_loop())  # the client wants one when it is made

import botpy  # noqa: E402
from botpy import Intents  # noqa: E402
from botpy.errors import ServerError  # noqa: E402
from botpy.http import Route  # noqa: E402
from botpy.robot import Token  # noqa: E402
from botpy.types.message import Media  # noqa: E402

base_url, app_id, secret, kind = sys.argv[1:]
logging.disable(logging.CRITICAL)
Route.SCHEME, Route.DOMAIN = "http", urlsplit(base_url).netloc
BASE = {"guilds", "guild_members", "guild_message_reactions", "direct_message", "interaction", "message_audit"}


def note(what, **facts):
    print(json.dumps({"what": what, **facts}), flush=True)


class LocalToken(Token):
    async def update_access_token(self):
        asked = {"appId": self.app_id, "clientSecret": self.secret}
        url = f"{base_url}/app/getAppAccessToken"
        async with aiohttp.ClientSession() as session, session.post(url, json=asked) as response:
            data = await response.json()
        self.access_token, self.expires_in = data["access_token"], int(data["expires_in"])
        self.expires_in += int(asyncio.get_running_loop().time()) + 10**10


class Echo(botpy.Client):
    async def on_ready(self):
        note("ready", name=self.robot.name, id=str(self.robot.id))

    async def on_resumed(self):
        note("resumed")

    async def on_c2c_message_create(self, message):
        note("c2c", text=message.content, openid=message.author.user_openid, event=message.event_id)
        if message.content == "picture":
            openid = message.author.user_openid
            url = message.attachments[0].url
            uploaded = await self.api.post_c2c_file(openid=openid, file_type=1, url=url)
            media = Media(file_info=uploaded["file_info"])
            await message.reply(msg_type=7, media=media)
        else:
            await message.reply(content=f"Echo: {message.content}", msg_seq=1)
            try:
                await message.reply(content="the same number")
            except ServerError as error:
                note("refused", error=type(error).__name__, text=str(error))

    async def on_group_at_message_create(self, message):
        note("group", text=message.content, member=message.author.member_openid, group=message.group_openid)
        await message.reply(content=f"Echo:{message.content}")

    async def on_at_message_create(self, message):
        mentions = [one.username for one in message.mentions]
        note("channel", text=message.content, author=message.author.username, mentions=mentions)
        await message.reply(content=f"Echo: {message.content}")
        await self.api.put_reaction(message.channel_id, message.id, 1, "4")
        guild = await self.api.get_guild(message.guild_id)
        channels = await self.api.get_channels(message.guild_id)
        roles = await self.api.get_guild_roles(message.guild_id)
        names = [one["name"] for one in channels], [one["id"] for one in roles["roles"]]
        note("guild", name=guild["name"], channels=names[0], roles=names[1])

    async def on_message_create(self, message):
        note("all", text=message.content)
        await message.reply(content=f"Echo: {message.content}")
        await self.api.recall_message(message.channel_id, message.id)
        members = await self.api.get_guild_members(message.guild_id, limit=10)
        note("members", names=[one["user"]["username"] for one in members])

    async def on_direct_message_create(self, message):
        note("direct", text=message.content, source=message.src_guild_id)
        await message.reply(content=f"Echo: {message.content}")

    async def on_interaction_create(self, interaction):
        note("interaction", data=interaction.data.resolved.button_data, scene=interaction.scene)
        await self.api.on_interaction_result(interaction.id, 0)

    async def on_friend_add(self, event):
        note("friend", openid=event.openid)
        await self.api.post_c2c_message(openid=event.openid, msg_type=0, event_id=event.event_id, content="Welcome")

    async def on_group_add_robot(self, event):
        note("added", group=event.group_openid, by=event.op_member_openid)

    async def on_guild_member_add(self, member):
        note("member", name=member.user.username)

    async def on_message_reaction_add(self, reaction):
        note("reaction", emoji=reaction.emoji.id)

    async def on_message_audit_pass(self, audit):
        note("audit", id=audit.audit_id, message=audit.message_id)


botpy.client.Token = LocalToken
own = {"public_messages", "public_guild_messages"} if kind == "public" else {"public_messages", "guild_messages"}
note("starting")
Echo(intents=Intents(**dict.fromkeys(BASE | own, True)), bot_log=False).run(appid=app_id, secret=secret)
