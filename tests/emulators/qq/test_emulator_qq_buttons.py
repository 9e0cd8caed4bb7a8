"""Buttons: which may be sent, who may press them, and the robot's answer."""

import asyncio
from typing import Any

import pytest
from qq_raw_api import Api, RawGateway

from imbridge.emulators.qq import Bot, BotMessage, Channel, Group, Guild, QQEmulator, User


def button(number: str = "1", kind: int = 1, permission: Any = 2, **action: Any) -> dict[str, Any]:
    allowed = permission if isinstance(permission, dict) else {"type": permission}
    act = {"type": kind, "permission": allowed, "data": f"data {number}", "unsupport_tips": "old", **action}
    return {
        "id": number,
        "render_data": {"label": f"Label {number}", "visited_label": "done", "style": 1},
        "action": act,
    }


def keyboard(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"content": {"rows": [{"buttons": list(row)} for row in rows]}}


async def sent(api: Api, user: User, path: str, buttons: dict[str, Any], **place: Any) -> BotMessage:
    """A message with buttons that this person has received."""
    asked = await user.says("hi", **place)
    body = {"msg_type": 2, "markdown": {"content": "**?**"}, "keyboard": buttons, "msg_id": asked.id}
    status, answer = await api.post(path, body)
    assert status == 200, answer
    return await user.receives("**?**")


@pytest.fixture
def users(alice: User, bot: Bot) -> str:
    return f"/v2/users/{alice.openid_for(bot)}/messages"


async def test_a_button_in_a_single_chat(link: RawGateway, api: Api, alice: User, bot: Bot, users: str) -> None:
    message = await sent(api, alice, users, keyboard([button("1"), button("2")]))
    await link.event("C2C_MESSAGE_CREATE")
    pressed = asyncio.create_task(alice.clicks(message, "Label 2"))
    event = await link.event("INTERACTION_CREATE")
    data = event["d"]
    assert event["id"] == f"INTERACTION_CREATE:{data['id']}"
    assert (data["scene"], data["chat_type"], data["type"], data["user_openid"]) == (
        "c2c",
        2,
        11,
        alice.openid_for(bot),
    )
    assert data["data"]["resolved"] == {"button_id": "2", "button_data": "data 2"}
    assert (await api.refused("/interactions/unknown", {"code": 0}, "PUT"))[1] == 630001
    assert (await api.refused(f"/interactions/{data['id']}", {"code": 9}, "PUT"))[1] == 630001
    status, _ = await api.call("PUT", f"/interactions/{data['id']}", {"code": 3})
    assert (status, await pressed) == (200, 3)
    assert (await api.refused(f"/interactions/{data['id']}", {"code": 0}, "PUT"))[1] == 630001, "once only"
    for event_id, seq in ((event["id"], 1), (data["id"], 1)):
        body = {"content": "pressed", "msg_type": 0, "event_id": event_id, "msg_seq": seq}
        assert (await api.post(users, body))[0] == 200
        await alice.receives("pressed")


async def test_nobody_answers(link: RawGateway, api: Api, alice: User, users: str) -> None:
    message = await sent(api, alice, users, keyboard([button()]))
    with pytest.raises(TimeoutError):
        await alice.clicks(message, "1", timeout=0.01)


async def test_groups_and_channels(
    link: RawGateway, api: Api, qq: QQEmulator, alice: User, bot: Bot, group: Group, guild: Guild, channel: Channel
) -> None:
    path = f"/v2/groups/{qq.group_openid(group)}/messages"
    message = await sent(api, alice, path, keyboard([button()]), chat=group, mentions=[bot])
    await link.event("GROUP_AT_MESSAGE_CREATE")
    pressed = asyncio.create_task(alice.clicks(message, "1"))
    data = (await link.event("INTERACTION_CREATE"))["d"]
    assert (data["group_openid"], data["group_member_openid"]) == (
        qq.group_openid(group),
        alice.member_openid_for(bot, group),
    )
    await api.call("PUT", f"/interactions/{data['id']}", {"code": 0})
    assert await pressed == 0
    path = f"/channels/{channel.id}/messages"
    message = await sent(api, alice, path, keyboard([button()]), chat=channel, mentions=[bot])
    await link.event("AT_MESSAGE_CREATE")
    pressed = asyncio.create_task(alice.clicks(message, "1"))
    data = (await link.event("INTERACTION_CREATE"))["d"]
    assert (data["guild_id"], data["channel_id"], data["chat_type"]) == (guild.id, channel.id, 0)
    assert data["data"]["resolved"]["user_id"] == alice.id
    assert data["data"]["resolved"]["message_id"] == message.id
    await api.call("PUT", f"/interactions/{data['id']}", {})
    assert await pressed == 0


async def test_who_may_press(
    link: RawGateway, api: Api, qq: QQEmulator, alice: User, bob: User, bot: Bot, group: Group
) -> None:
    path = f"/v2/groups/{qq.group_openid(group)}/messages"
    named = {"type": 0, "specify_user_ids": [bob.member_openid_for(bot, group)]}
    rows = keyboard([button("named", permission=named), button("admins", permission=1)])
    message = await sent(api, alice, path, rows, chat=group, mentions=[bot])
    for user, number in ((alice, "named"), (bob, "admins")):
        with pytest.raises(PermissionError, match=f"{user.name} may not press '{number}'"):
            await user.clicks(message, number)
    for user, number in ((bob, "named"), (alice, "admins")):
        with pytest.raises(TimeoutError):
            await user.clicks(message, number, timeout=0.01)
    carol = qq.add_user("Carol")
    with pytest.raises(ValueError, match="Carol sees no button"):
        await carol.clicks(message, "named")


async def test_buttons_that_tell_nothing_or_speak(link: RawGateway, api: Api, alice: User, users: str) -> None:
    message = await sent(api, alice, users, keyboard([button("web", 0), button("say", 2, enter=True, reply=True)]))
    await link.event("C2C_MESSAGE_CREATE")
    with pytest.raises(ValueError, match="'web' opens data web"):
        await alice.clicks(message, "web")
    assert await alice.clicks(message, "say") == 0
    data = (await link.event("C2C_MESSAGE_CREATE"))["d"]
    assert (data["content"], data["message_type"]) == ("data say", 103)


async def test_what_needs_no_answer(link: RawGateway, api: Api, qq: QQEmulator, alice: User, bot: Bot) -> None:
    number = qq.happenings.interacted(alice, bot, 13, {"feedback_opt": "LIKE", "message_id": "m"})
    data = (await link.event("INTERACTION_CREATE"))["d"]
    assert (data["type"], data["data"]["resolved"]["feedback_opt"]) == (13, "LIKE")
    assert (await api.refused(f"/interactions/{number}", {"code": 0}, "PUT"))[1] == 630001


async def test_the_menu(link: RawGateway, qq: QQEmulator, alice: User, bot: Bot) -> None:
    number = qq.happenings.menu_picked(alice, bot, "feature")
    data = (await link.event("INTERACTION_CREATE"))["d"]
    assert (data["id"], data["type"], data["data"]["resolved"]) == (number, 12, {"feature_id": "feature"})


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("text", 40034029),
        (keyboard(), 40034029),
        (keyboard([]), 40034029),
        (keyboard(*[[button(str(row))] for row in range(6)]), 40034029),
        (keyboard([button(str(column)) for column in range(6)]), 40034029),
        (keyboard([button("same"), button("same")]), 40034029),
        (keyboard([button(kind=7)]), 40034029),
        (keyboard([button(permission=7)]), 40034029),
        (keyboard([button(data=1)]), 40034029),
        (keyboard([{"id": "1"}]), 40034029),
        ({"id": "unknown"}, 304038),
    ],
)
async def test_keyboards_that_are_not_right(api: Api, alice: User, users: str, broken: Any, code: int) -> None:
    asked = await alice.says("hi")
    body = {"msg_type": 2, "markdown": {"content": "x"}, "keyboard": broken, "msg_id": asked.id}
    assert (await api.refused(users, body))[1] == code


async def test_keyboard_templates(api: Api, alice: User, bot: Bot, users: str) -> None:
    bot.keyboard = False
    bot.keyboards["k"] = keyboard([button()])["content"]
    message = await sent(api, alice, users, {"id": "k"})
    assert [one["id"] for one in message.buttons] == ["1"]
