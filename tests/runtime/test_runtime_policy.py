"""Who is answered: permissions, rate limits, private chats by allow-list."""

import re

import pytest
from runtime_world import account, chat, counts, echo, emulated, skill, until

from imbridge import (
    BaseSkill,
    Bridge,
    BridgeOptions,
    Button,
    ButtonClicked,
    Card,
    ConfigError,
    Toast,
    on_command,
    on_event,
)
from imbridge.config.options import Language
from imbridge.protocol import ChatOpened


class Admin(BaseSkill):
    name = "admin"
    priority = 1

    @on_command("shutdown")
    async def shutdown(self):
        return "shutting down"


async def test_who_may_not_use_a_skill_does_not_reach_it(caplog) -> None:
    permissions = {"skills": {"admin": {"admin_only": True}}}
    caplog.set_level("INFO", logger="imbridge")
    async with chat(Admin(), permissions=permissions) as room:
        await room.user.says("/shutdown")
        await until(lambda: counts(room.bridge)["not_permitted"])
        await room.user.receives_nothing()
        assert f"{room.user._user.open_id} may not use admin" in caplog.text


async def test_the_next_skill_gets_what_one_may_not_take() -> None:
    async with chat(Admin(), skill(echo), permissions={"skills": {"admin": {"allow_users": ["ou_nobody"]}}}) as room:
        room.user.says("/shutdown")
        await room.user.receives("echo: /shutdown")


async def test_an_administrator_may() -> None:
    async with emulated() as feishu:
        app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
        permissions = {
            "skills": {"admin": {"admin_only": True}},
            "admins": [f"feishu:work/{alice.open_id_for(app)}"],
        }
        async with Bridge([account(feishu, app)], skills=[Admin()], permissions=permissions) as bridge:
            await bob.says("/shutdown")
            await alice.says("/shutdown")
            await alice.receives("shutting down")
            await until(lambda: counts(bridge)["not_permitted"])
            await bob.receives_nothing()


@pytest.mark.parametrize(("language", "words"), [("en", "Too many requests"), ("zh", "请求太频繁")])
async def test_too_many_requests_are_told(language, words) -> None:
    options = BridgeOptions(language=Language(language))
    permissions = {"skills": {"*": {"rate_limit": "2/60s"}}}
    async with chat(skill(echo), options=options, permissions=permissions) as room:
        for number in range(3):
            room.user.says(f"{number}")
        await room.user.receives("echo: 0")
        await room.user.receives("echo: 1")
        slow = await room.user.receives(re.compile(words))
        assert re.search(r"\b(60|59)\b", slow.text)
        bob = room.person("Bob")
        bob.says("hi")
        await bob.receives("echo: hi")


async def test_wrong_permissions_name_the_line() -> None:
    with pytest.raises(ConfigError, match=r"permissions\.skills\.echo\.rate_limit"):
        Bridge(permissions={"skills": {"echo": {"rate_limit": "often"}}})


async def test_the_allow_list_of_private_chats() -> None:
    class Welcome(BaseSkill):
        @on_event(ChatOpened)
        async def opened(self, event):
            return "welcome"

        async def handle_message(self, msg):
            return f"echo: {msg.text}"

    def opens(user):
        who = feishu.world.directory.ids_of(user, app)
        event = {"chat_id": feishu.private_chat(user, app).chat_id, "operator_id": who}
        feishu.push_event(app, "im.chat.access_event.bot_p2p_chat_entered_v1", event)

    async with emulated() as feishu:
        app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
        group = feishu.add_group("g", members=[alice, bob], apps=[app])
        config = account(feishu, app, dm_policy="allowlist", allow_from=[alice.open_id_for(app)])
        async with Bridge([config], skills=[Welcome()]) as bridge:
            await bob.says("hi")
            opens(bob)
            opens(alice)
            await alice.receives("welcome")
            await alice.says("hi")
            await alice.receives("echo: hi")
            await until(lambda: counts(bridge)["denied"] == 2)
            await bob.receives_nothing()
            await bob.says("in the group", chat=group)
            await bob.receives("echo: in the group", chat=group)


async def test_a_click_in_a_private_chat_that_was_not_seen_since_the_start_needs_permission() -> None:
    """A callback names the chat without its kind: a stranger's click must not pass for one in a group."""

    class Clicks(BaseSkill):
        @on_event(ButtonClicked)
        async def clicked(self, event):
            return Toast(f"hello {event.actor.id}")

    card = Card(title="Deploy?", body=[Button("Yes", action="yes")])
    async with emulated() as feishu:
        app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
        group = feishu.add_group("g", members=[alice, bob], apps=[app])
        cards = {}
        async with Bridge([account(feishu, app)]) as before:
            for who in (alice, bob):
                assert await before.send(f"feishu:work/private/{feishu.private_chat(who, app).chat_id}", card)
                cards[who] = feishu.messages[-1]
            assert await before.send(f"feishu:work/group/{group.chat_id}", card)
            shared = feishu.messages[-1]
        config = account(feishu, app, dm_policy="allowlist", allow_from=[alice.open_id_for(app)])
        async with Bridge([config], skills=[Clicks()]) as bridge:
            assert "hello" in str(await feishu.clicks(alice, cards[alice], button="Yes"))
            assert "hello" not in str(await feishu.clicks(bob, cards[bob], button="Yes"))
            assert "hello" not in str(await feishu.clicks(bob, shared, button="Yes"))
            assert counts(bridge)["denied"] == 2
            await alice.says("anything", chat=group)
            await until(lambda: counts(bridge)["accepted"] == 4)
            assert "hello" in str(await feishu.clicks(bob, shared, button="Yes"))
