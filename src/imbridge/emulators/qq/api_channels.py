"""`POST /channels/{channel_id}/messages` and `POST /dms/{guild_id}/messages`, as JSON or with a picture as form data.

Rules: bot-docs, `server-inter/message/post_messages.md` and `dms/*.md`. Audits are answered with HTTP 202, code
304023 or 304024 and the audit's id.
"""

import json
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.form import read_parts
from imbridge.emulators.qq import content as contents
from imbridge.emulators.qq.api_files import read_bytes
from imbridge.emulators.qq.content import Content
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.guild import Channel, Direct
from imbridge.emulators.qq.message import BotMessage
from imbridge.emulators.qq.sends import check_text, make, show
from imbridge.emulators.qq.writing import now_text, unescape

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World

PUSHED, ANSWERED = 304023, 304024


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/channels/{channel_id}/messages", send_channel)
    routes.add("POST", "/dms/{guild_id}/messages", send_direct)
    routes.add("GET", "/channels/{channel_id}/messages/{message_id}", get_message)
    routes.add("POST", "/users/@me/dms", create_direct)


async def send_channel(call: "Call") -> dict[str, Any]:
    """Sends to a channel."""
    world, bot = call.world, call.bot
    channel = world.channel(bot, call.places["channel_id"])
    body, picture = await _body(call)
    content, data = await _read(world, bot, body, picture)
    _online(world, bot)
    wait, _ = world.channel_rates.take(channel.id) if world.settings.rate_limits else (0.0, 0)
    if wait > 0:
        world.stats.rate_limited += 1
        raise ApiError(20028, status=429)
    answering = world.replies.check(bot, "channel", channel, channel.guild.id, body)
    if answering is None:
        world.active.check_channel(bot, channel)
        world.active.count(bot, "channel", channel)
    message = make(world, bot, "channel", channel, body, content, answering)
    message.data = data
    return _shown(world, message, channel, channel.guild.members)


async def send_direct(call: "Call") -> dict[str, Any]:
    """Sends a private message."""
    world, bot = call.world, call.bot
    direct = world.directs.get(call.places["guild_id"])
    if direct is None or direct.bot is not bot:
        raise ApiError(304032)
    body, picture = await _body(call)
    content, data = await _read(world, bot, body, picture)
    _online(world, bot)
    answering = world.replies.check(bot, "dms", direct, direct.id, body)
    if answering is None:
        world.active.check_direct(bot, direct)
        world.active.count(bot, "dms", direct)
    message = make(world, bot, "dms", direct, body, content, answering)
    message.data = data
    return _shown(world, message, direct, [direct.user])


def get_message(call: "Call") -> dict[str, Any]:
    """A message of a channel."""
    world, message_id = call.world, call.places["message_id"]
    channel = world.channel(call.bot, call.places["channel_id"])
    message = world.by_id.get(message_id)
    if message is not None and message.chat is channel and not message.recalled:
        return {"message": as_json(message)}
    sent = world.sent.get((call.bot.app_id, message_id))
    if sent is None or sent.chat is not channel or sent.recalled:
        raise ApiError(50039)
    return {"message": sent.data}


def create_direct(call: "Call") -> dict[str, Any]:
    """Opens private messages with a member."""
    body = call.json()
    guild = call.world.guild(call.bot, str(body.get("source_guild_id")))
    user = next((one for one in guild.members if one.id == str(body.get("recipient_id"))), None)
    if user is None:
        raise ApiError(304033, "direct message error: no such member")
    direct = guild.direct(user, call.bot)
    return {"guild_id": direct.id, "channel_id": direct.channel_id, "create_time": "1642545606"}


def as_json(message: BotMessage) -> dict[str, Any]:
    """A message as the API returns it."""
    chat = message.chat
    place = {"channel_id": "", "guild_id": ""}
    if isinstance(chat, Channel):
        place = {"channel_id": chat.id, "guild_id": chat.guild.id}
    elif isinstance(chat, Direct):
        place = {"channel_id": chat.channel_id, "guild_id": chat.id}
    author = {"id": message.bot.bot_id, "username": message.bot.name, "avatar": "", "bot": True}
    facts = {"tts": False, "mention_everyone": False, "pinned": False, "type": 0, "flags": 0}
    return {"id": message.id, **place, "content": message.text, "timestamp": now_text(), "author": author, **facts}


def _shown(world: "World", message: BotMessage, chat: Channel | Direct, people: "list[User]") -> dict[str, Any]:
    fault = world.faults.take("audit_pending") if world.faults.active else None
    if fault is not None or message.bot.audit:
        audit_id = world.audits.wait(message, people)
        data = {"message_audit": {"audit_id": audit_id}}
        status = fault.facts["status"] if fault is not None else 202
        raise ApiError(PUSHED if message.active else ANSWERED, status=status, data=data)
    chat.said += 1
    show(world, message, people)
    return as_json(message)


def _online(world: "World", bot: "Bot") -> None:
    if world.settings.needs_session and not world.gateway.sessions(bot) and not world.webhooks.has(bot):
        raise ApiError(304018)


async def _body(call: "Call") -> tuple[dict[str, Any], bytes]:
    """The request's fields and its picture, from JSON or from a form."""
    if not call.request.headers.get("Content-Type", "").startswith("multipart/"):
        return call.json(), b""
    body: dict[str, Any] = {}
    picture = b""
    try:
        for part in await read_parts(call.request):
            if part.name == "file_image":
                picture = part.data
            else:
                text = part.data.decode()
                body[part.name] = json.loads(text) if text[:1] in {"{", "["} else text
    except ValueError:
        raise ApiError(50035) from None
    if str(body.get("msg_seq", "")).isdigit():
        body["msg_seq"] = int(body["msg_seq"])
    return body, picture


async def _read(world: "World", bot: "Bot", body: dict[str, Any], picture: bytes) -> tuple[Content, bytes]:
    text = body.get("content")
    text = text if isinstance(text, str) else ""
    if body.get("markdown"):
        if any(body.get(other) for other in ("content", "embed", "ark", "image")) or picture:
            raise ApiError(50037)
        content = contents.read_markdown(bot, body)
    elif body.get("ark"):
        content = contents.read_ark(bot, body["ark"])
    elif body.get("embed"):
        content = contents.read_embed(body["embed"])
    elif picture or body.get("image"):
        if not picture:
            try:
                picture = await read_bytes(world, {"url": body["image"]})
            except ApiError:
                raise ApiError(304010, "change image url fail") from None
        if len(picture) > world.settings.inline_limit:
            raise ApiError(304020)
        content = Content("image", unescape(text))
    elif text.strip():
        content = Content("text", unescape(text))
    else:
        raise ApiError(50006)
    check_text(world, bot, content.text)
    return content, picture
