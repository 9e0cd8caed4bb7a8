"""Buttons that are pressed: INTERACTION_CREATE, and the answer by `PUT /interactions/{id}`.

Rule: bot.q.qq.com/wiki, `autogen/event/interaction_create.html` (2026): buttons (11) and the menu (12) are to be
answered, once; other kinds are not.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.guild import ADMIN, OWNER, Channel, Direct
from imbridge.emulators.qq.message import BotMessage
from imbridge.emulators.qq.routes import Raw
from imbridge.emulators.qq.writing import now_text

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World

JUMP, CALLBACK, COMMAND = 0, 1, 2
CODES = range(6)
ANSWERED = (11, 12)
"""The kinds of interactions that are answered."""


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("PUT", "/interactions/{interaction_id}", lambda call: call.world.clicks.answer(call))


class Clicks:
    """All pressed buttons."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: Newest[str, tuple[Bot, asyncio.Future[int]]] = Newest(world.settings.history)

    async def click(self, user: "User", message: BotMessage, button_id: str, timeout: float | None) -> int:
        """Presses a button; see `User.clicks`."""
        button = next((one for one in message.buttons if one.get("id") == button_id), None) or next(
            (one for one in message.buttons if one["render_data"]["label"] == button_id), None
        )
        if button is None or user not in message.recipients or message.recalled:
            raise ValueError(f"{user.name} sees no button {button_id!r} on {message.id}")
        action = button["action"]
        if not _may(user, message, action["permission"]):
            raise PermissionError(f"{user.name} may not press {button_id!r}")
        if action["type"] == JUMP:
            raise ValueError(f"{button_id!r} opens {action['data']}: the robot hears nothing of it")
        if action["type"] == COMMAND:
            quoting = message if action.get("reply") else None
            place: dict[str, Any] = {"bot": message.bot, "chat": message.chat}
            mentions = () if message.chat is None else (message.bot,)
            await user.says(action["data"], mentions=mentions, quoting=quoting, **place)
            return 0
        interaction_id = self._push(user, message, button)
        waiting = self._waiting[interaction_id][1]
        async with asyncio.timeout(self._world.settings.click_timeout if timeout is None else timeout):
            return await asyncio.shield(waiting)

    def menu(self, user: "User", bot: "Bot", feature_id: str) -> str:
        """Picks an entry of the robot's menu in the single chat; returns the interaction's id."""
        resolved = {"feature_id": feature_id}
        return self._send(bot, 12, "c2c", {"user_openid": user.openid_for(bot)}, user.openid_for(bot), resolved)

    def interact(self, user: "User", bot: "Bot", kind: int, resolved: dict[str, Any]) -> str:
        """Anything else that is done with the robot in the single chat; returns the interaction's id."""
        openid = user.openid_for(bot)
        return self._send(bot, kind, "c2c", {"user_openid": openid}, openid, resolved)

    def answer(self, call: "Call") -> Raw:
        """Answers `PUT /interactions/{id}`."""
        known = self._waiting.get(call.places["interaction_id"])
        code = call.json().get("code", 0)
        if known is None or known[0] is not call.bot or code not in CODES or known[1].done():
            raise ApiError(630001)
        known[1].set_result(int(code))
        self._world.stats.interactions_answered += 1
        return Raw(b"{}")

    def _push(self, user: "User", message: BotMessage, button: dict[str, Any]) -> str:
        bot, chat = message.bot, message.chat
        resolved = {"button_id": button.get("id", ""), "button_data": button["action"]["data"]}
        if isinstance(chat, Channel | Direct):
            channel_id = chat.id if isinstance(chat, Channel) else chat.channel_id
            guild_id = chat.guild.id if isinstance(chat, Channel) else chat.id
            place = {"guild_id": guild_id, "channel_id": channel_id}
            resolved |= {"user_id": user.id, "message_id": message.id}
            return self._send(bot, 11, "guild", place, guild_id, resolved)
        if isinstance(chat, Group):
            openid = self._world.people.group_openid(chat, bot)
            place = {"group_openid": openid, "group_member_openid": user.member_openid_for(bot, chat)}
            return self._send(bot, 11, "group", place, openid, resolved)
        openid = user.openid_for(bot)
        return self._send(bot, 11, "c2c", {"user_openid": openid}, openid, resolved)

    def _send(
        self, bot: "Bot", kind: int, scene: str, place: dict[str, str], key: str, resolved: dict[str, Any]
    ) -> str:
        world = self._world
        interaction_id = world.ids.uuid("interaction")
        if kind in ANSWERED:
            self._waiting[interaction_id] = (bot, asyncio.get_running_loop().create_future())
        data = {
            "id": interaction_id,
            "application_id": bot.app_id,
            "type": kind,
            "scene": scene,
            "chat_type": {"guild": 0, "group": 1, "c2c": 2}[scene],
            "timestamp": now_text(),
            **place,
            "data": {"type": kind, "resolved": resolved},
            "version": 1,
        }
        world.stats.interactions += 1
        world.dispatch.send(bot, "INTERACTION_CREATE", data, key=key, event_id=f"INTERACTION_CREATE:{interaction_id}")
        return interaction_id


def _may(user: "User", message: BotMessage, permission: dict[str, Any]) -> bool:
    chat, bot = message.chat, message.bot
    roles = chat.guild.roles_for(user) if isinstance(chat, Channel) else []
    match permission["type"]:
        case 0:
            own = user.member_openid_for(bot, chat) if isinstance(chat, Group) else user.openid_for(bot)
            return bool({user.id, own} & set(permission.get("specify_user_ids") or ()))
        case 1:
            return chat.role_of(user) != "member" if isinstance(chat, Group) else bool({ADMIN, OWNER} & set(roles))
        case 3:
            return bool(set(roles) & set(permission.get("specify_role_ids") or ()))
        case _:
            return True
