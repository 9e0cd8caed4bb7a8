"""`POST /open-apis/bot/v2/hook/:token`: a message through a custom bot. Refusals come with HTTP 200 too."""

import json
import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu.content import parse_content
from imbridge.emulators.feishu.custom_bot import CustomBot
from imbridge.emulators.feishu.door import Knock, Reply
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.posting import post
from imbridge.emulators.feishu.readable import at_ids, readable_text

if TYPE_CHECKING:
    from imbridge.emulators.feishu.app import App
    from imbridge.emulators.feishu.gateway import Routes
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World

TEXTS = {
    9499: "Bad Request",
    11232: "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]",
    19001: "param invalid: incoming webhook access token invalid",
    19002: "params error, msg_type need",
    19007: "Bot Not Enabled",
    19021: "sign match fail or timestamp is not within one hour from current time",
    19022: "Ip Not Allowed",
    19024: "Key Words Not Found",
}
TYPES = frozenset({"text", "post", "image", "share_chat", "interactive"})


class _RefusedError(Exception):
    def __init__(self, code: int, msg: str = "") -> None:
        self.code = code
        self.msg = msg or TEXTS.get(code, "refused")
        super().__init__(f"{code}: {self.msg}")


def add_doors(doors: "Routes") -> None:
    """Adds the path of this part."""
    doors.add("POST", "open-apis/bot/v2/hook/:token", hook)


def hook(knock: Knock) -> Reply:
    """Takes a message. Success says the same twice: `StatusCode` and `StatusMessage` are of the first version."""
    try:
        _take(knock)
    except _RefusedError as error:
        return Reply({"code": error.code, "data": {}, "msg": error.msg})
    return Reply({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"})


def _take(knock: Knock) -> None:
    world = knock.world
    fault = world.faults.take("refuse_hook")
    if fault is not None:
        raise _RefusedError(fault.facts["code"], fault.facts["msg"])
    bot = world.custom_bots.get(knock.args[0])
    if bot is None:
        raise _RefusedError(19001)
    if not bot.enabled:
        raise _RefusedError(19007)
    if world.settings.rate_limits:
        wait, limit = world.hook_rates.take(knock.args[0])
        if wait > 0:
            world.stats.rate_limited += 1
            world.violation("rate_exceeded", f"more than {limit} messages in their period through a custom bot")
            raise _RefusedError(11232)
    body = _body(knock)
    if not bot.ip_allowed:
        raise _RefusedError(19022)
    if not bot.signed(body.get("timestamp"), body.get("sign"), time.time()):
        raise _RefusedError(19021)
    msg_type, content = _message(world, body)
    text = readable_text(msg_type, content, {})
    if bot.keywords and not any(keyword in text for keyword in bot.keywords):
        raise _RefusedError(19024)
    message = post(world, bot.sender, bot.chat, msg_type, dump(content), content)
    message.at_ids, message.mentions = _mentioned(world, bot, msg_type, content)
    world.stats.hook_sends += 1


def _body(knock: Knock) -> dict[str, Any]:
    if len(knock.raw_body) > knock.world.settings.hook_limit:
        raise _RefusedError(9499)
    try:
        body = json.loads(knock.raw_body)
    except ValueError:
        raise _RefusedError(9499) from None
    if not isinstance(body, dict):
        raise _RefusedError(9499)
    if not body.get("msg_type"):
        raise _RefusedError(19002)
    return body


def _message(world: "World", body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Type and content as the message API has them: three of the five types are written otherwise here."""
    msg_type = body["msg_type"]
    if msg_type not in TYPES:
        raise _RefusedError(9499)
    content = body.get("card" if msg_type == "interactive" else "content")
    # Both parts may come as the JSON text of the object too (unverified; clients do it).
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError:
            raise _RefusedError(9499) from None
    if isinstance(content, dict) and msg_type == "post":
        content = content.get("post")
    elif isinstance(content, dict) and msg_type == "share_chat":
        content = {"chat_id": content.get("share_chat_id")}
    if not isinstance(content, dict):
        raise _RefusedError(9499)
    try:
        checked = parse_content(msg_type, dump(content), world.settings)
        _check_image(world, msg_type, checked)
    except ApiError as error:
        raise _RefusedError(9499, f"{TEXTS[9499]}: {error.msg}") from None
    return msg_type, checked


def _check_image(world: "World", msg_type: str, content: dict[str, Any]) -> None:
    """A custom bot cannot upload: its image is one that any app of the tenant uploaded."""
    if msg_type == "image":
        upload = world.uploads.get(content["image_key"])
        if upload is None or upload.kind != "image":
            raise ApiError(230001, "invalid image_key")


def _mentioned(
    world: "World", bot: CustomBot, msg_type: str, content: dict[str, Any]
) -> "tuple[tuple[str, ...], tuple[User | App, ...]]":
    """The members that are mentioned: by user_id, or by any app's open_id, for the bot has no ids of its own."""
    found = []
    for given in at_ids(msg_type, content):
        for member in bot.chat.members:
            known = [world.directory.ids_of(member, app)["open_id"] for app in world.directory.apps.values()]
            if given in (member.user_id, *known):
                found.append((given, member))
                break
    return tuple(given for given, _ in found), tuple(who for _, who in found)
