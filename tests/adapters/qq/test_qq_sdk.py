"""botpy's API over our connections: guilds, members, roles; our token, our errors, our numbers of answers."""

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest
from qq_rig import PNG, Rig
from rigs import text

from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.services import sdk as sdk_module
from imbridge.emulators.qq import Channel, Guild
from imbridge.protocol import ConfigError, DeliveryError


@pytest.fixture
async def api(adapter: QQAdapter) -> Any:
    return await adapter.sdk()


@pytest.fixture
def guild(rig: Rig) -> Guild:
    rig.bot.private = True
    return rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot])


@pytest.fixture
def channel(guild: Guild) -> Channel:
    return guild.add_channel("talk")


class TestLoading:
    def test_nothing_is_loaded_before_it_is_asked_for(self) -> None:
        code = (
            "import sys, imbridge.adapters.qq, imbridge.adapters.qq.services.sdk\n"
            "sys.exit('loaded' if 'botpy' in sys.modules else 0)"
        )
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def test_the_log_is_as_it_was(self) -> None:
        code = (
            "import logging, sys\n"
            "from imbridge.adapters.qq.services.sdk import _imported\n"
            "_imported()\n"
            "assert 'botpy' in sys.modules\n"
            "sys.exit(str(logging.getLogger().handlers or logging.getLogger('botpy').level or 0))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, "--debug"], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.stderr.strip() == "0"

    async def test_one_api_of_their_class(self, adapter: QQAdapter) -> None:
        one, other = await asyncio.gather(adapter.sdk(), adapter.sdk())
        assert one is other
        assert type(one).__module__ == "botpy.api"

    async def test_it_is_loaded_off_the_loop(self, adapter: QQAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
        threads: list[str] = []
        imported = sdk_module._imported

        def spy() -> Any:
            threads.append(threading.current_thread().name)
            return imported()

        monkeypatch.setattr(sdk_module, "_imported", spy)
        await adapter.sdk()
        assert threads == ["botpy-import_0"]

    async def test_not_installed(self, adapter: QQAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sdk_module, "_MODULE", "no_such_botpy")
        with pytest.raises(ConfigError, match=r"imbridge\[qq\]"):
            await adapter.sdk()
        monkeypatch.undo()
        assert await adapter.sdk()  # it is tried again

    async def test_built_in_another_way(self, adapter: QQAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sdk_module, "_MODULE", "json")
        with pytest.raises(ConfigError, match=r"1\.2\.1"):
            await adapter.sdk()

    async def test_loading_goes_on_when_who_waits_gives_up(self, adapter: QQAdapter) -> None:
        waiting = asyncio.create_task(adapter.sdk())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await adapter.sdk()


class TestCalls:
    async def test_guilds_and_channels(self, rig: Rig, api: Any, guild: Guild, channel: Channel) -> None:
        assert (await api.get_guild(guild.id))["name"] == "Guild"
        assert [one["id"] for one in await api.me_guilds()] == [guild.id]
        assert [one["id"] for one in await api.get_channels(guild.id)] == [channel.id]
        made = await api.create_channel(guild.id, "more", 0, 0)
        assert guild.channels[made["id"]].name == "more"
        await api.update_channel(made["id"], name="less")
        assert guild.channels[made["id"]].name == "less"
        await api.delete_channel(made["id"])
        assert made["id"] not in guild.channels
        assert rig.qq.violations == []

    async def test_members(self, rig: Rig, api: Any, guild: Guild) -> None:
        bob = rig.qq.add_user("Bob")
        guild.members.append(bob)
        member = await api.get_guild_member(guild.id, bob.id)
        assert member["user"]["id"] == bob.id
        found = await api.get_guild_members(guild.id, limit=10)
        assert {one["user"]["id"] for one in found} == {rig.alice.id, bob.id}
        await api.mute_member(guild.id, bob.id, mute_seconds="60")
        assert rig.qq.world.muted[-1][1] == bob.id
        await api.get_delete_member(guild.id, bob.id)
        assert guild.members == [rig.alice]
        assert rig.qq.violations == []

    async def test_roles(self, rig: Rig, api: Any, guild: Guild, channel: Channel) -> None:
        made = await api.create_guild_role(guild.id, name="helpers", hoist=1)
        role = made["role_id"]
        assert [one["name"] for one in (await api.get_guild_roles(guild.id))["roles"]][-1] == "helpers"
        await api.create_guild_role_member(guild.id, role, rig.alice.id)
        assert guild.roles_of[rig.alice.id] == [role]
        await api.delete_guild_role_member(guild.id, role, rig.alice.id)
        assert guild.roles_of[rig.alice.id] == []
        await api.update_guild_role(guild.id, role, name="mates")
        assert guild.roles[role]["name"] == "mates"
        await api.delete_guild_role(guild.id, role)
        assert role not in guild.roles
        assert rig.qq.violations == []

    async def test_only_what_was_said_is_sent(self, rig: Rig, api: Any, guild: Guild, channel: Channel) -> None:
        sent = await rig.alice.says("hi", chat=channel, mentions=[rig.bot])
        await api.post_message(channel.id, content="hello", msg_id=sent.id)
        shown = await rig.alice.receives("hello", chat=channel)
        assert shown.body == {"content": "hello", "msg_id": sent.id}

    async def test_a_picture(self, rig: Rig, api: Any, guild: Guild, channel: Channel) -> None:
        sent = await rig.alice.says("hi", chat=channel, mentions=[rig.bot])
        await api.post_message(channel.id, content="look", file_image=PNG, msg_id=sent.id)
        assert (await rig.alice.receives("look", chat=channel)).data == PNG

    async def test_reactions_have_a_path_of_their_own(self, rig: Rig, api: Any, channel: Channel) -> None:
        sent = await rig.alice.says("hi", chat=channel, mentions=[rig.bot])
        await api.put_reaction(channel.id, sent.id, 1, "4")
        assert sent.reactions == {"1/4": [rig.bot.bot_id]}

    async def test_a_path_holds_what_it_is_given(self, api: Any) -> None:
        with pytest.raises(DeliveryError):
            await api.get_guild("../users/@me")


class TestAnswers:
    async def test_numbers_are_shared_with_what_the_bridge_says(self, rig: Rig, adapter: QQAdapter, api: Any) -> None:
        sent = await rig.alice.says("hi", bot=rig.bot)
        await rig.intake.has("hi")
        openid = rig.alice.openid_for(rig.bot)
        await adapter.send(rig.target(answers=sent.id), text("one"), "k1")
        await api.post_c2c_message(openid, content="two", msg_id=sent.id)
        await adapter.send(rig.target(answers=sent.id), text("three"), "k2")
        await api.post_c2c_message(openid, content="four", msg_id=sent.id)
        assert [message.text for message in rig.sent()] == ["one", "two", "three", "four"]
        assert [message.msg_seq for message in rig.sent()] == [1, 2, 3, 4]

    async def test_one_that_is_refused_uses_up_none(self, rig: Rig, adapter: QQAdapter, api: Any) -> None:
        sent = await rig.alice.says("hi", bot=rig.bot)
        await rig.intake.has("hi")
        rig.qq.faults.refuse("*/messages", 304025)
        with pytest.raises(DeliveryError):
            await api.post_c2c_message(rig.alice.openid_for(rig.bot), content="no", msg_id=sent.id)
        assert adapter.windows.left(rig.target().channel, sent.id) == 4

    async def test_a_lost_answer_is_no_second_message(self, rig: Rig, api: Any, channel: Channel) -> None:
        sent = await rig.alice.says("hi", chat=channel, mentions=[rig.bot])
        rig.qq.faults.cut_after_accept("*/messages")
        with pytest.raises(DeliveryError) as caught:
            await api.post_message(channel.id, content="once", msg_id=sent.id)
        assert caught.value.ambiguous
        assert [message.text for message in rig.sent()] == ["once"]

    async def test_refusals_are_raised(self, rig: Rig, api: Any) -> None:
        with pytest.raises(DeliveryError) as caught:
            await api.get_guild("1")
        assert caught.value.code
        assert not caught.value.ambiguous

    async def test_a_dead_token_is_replaced(self, rig: Rig, adapter: QQAdapter, api: Any) -> None:
        rig.qq.faults.expire_tokens()
        assert (await api.me())["username"] == "Demo"
        assert adapter.counters()["token_refreshes"] == 1
