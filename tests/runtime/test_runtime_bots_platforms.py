"""Bots that talk to each other on WeCom, DingTalk and QQ: each where its platform lets it."""

from pathlib import Path
from typing import Any

import pytest
from bots_stages import STAGES, Stage, dingtalk, qq, wecom
from runtime_world import until

from imbridge import Bridge, BridgeOptions, Mention, Message


def bridged(stage: Stage, heard: list[Message], **options: Any) -> Bridge:
    """Ann asks Bea, Bea answers."""
    bridge = Bridge(stage.accounts.values(), options=BridgeOptions(**options))

    @bridge.on_message
    async def answer(msg: Message) -> str:
        heard.append(msg)
        if msg.channel.account == "ann":
            return f"@Bea, what of {msg.text}?"
        return f"no more of {msg.text}" if msg.sender.is_bot else "I am here"

    return bridge


@pytest.mark.parametrize("platform", STAGES)
async def test_one_asks_the_other(platform: str) -> None:
    heard: list[Message] = []
    async with STAGES[platform]() as stage:
        same = (tuple(stage.groups.values()),) if platform == "qq group" else ()
        async with bridged(stage, heard, same_chats=same) as bridge:
            await stage.say("are you there", "bea")  # Bea is known to be in the group, and may speak there
            await stage.hear("I am here")
            await stage.say("tea", "ann")
            await stage.hear("no more of , what of tea?")
            assert {bot.called for bot in bridge.bots()} == {"Ann", "Bea"}
        assert stage.violations() == []
        assert stage.texts() == ["I am here", "@Bea, what of tea?", "no more of , what of tea?"]
    said = heard[-1]
    assert said.channel.address == stage.groups["bea"]
    assert (said.text, said.raw, said.hops) == (", what of tea?", "@Bea, what of tea?", 1)
    assert said.sender.is_bot
    assert said.sender.name == "Ann"
    assert said.mentions_me
    assert said.id


@pytest.mark.parametrize("platform", STAGES)
async def test_a_bot_that_was_never_heard_of_in_a_group_is_told_nothing(platform: str) -> None:
    heard: list[Message] = []
    async with STAGES[platform]() as stage:
        async with bridged(stage, heard) as bridge:
            await stage.say("tea", "ann")
            await stage.hear("@Bea, what of tea?")
            assert await heard[0].bots() == ()
            del bridge
        assert [msg.channel.account for msg in heard] == ["ann"]


async def test_in_a_group_of_qq_only_settings_tell_that_it_is_the_same() -> None:
    heard: list[Message] = []
    async with qq() as stage, bridged(stage, heard):
        await stage.say("are you there", "bea")
        await stage.hear("I am here")
        await stage.say("tea", "ann")
        await stage.hear("@Bea, what of tea?")
    assert [msg.channel.account for msg in heard] == ["bea", "ann"]


async def test_a_group_that_was_noted_is_known_after_a_restart(tmp_path: Path) -> None:
    heard: list[Message] = []
    async with wecom() as stage:
        for text, to in (("are you there", "bea"), ("tea", "ann")):
            async with bridged(stage, heard, state=tmp_path / "state.sqlite"):
                await stage.say(text, to)
                await until(lambda: len(heard) == (1 if to == "bea" else 3))  # noqa: B023 - awaited in the turn
    assert [msg.channel.account for msg in heard] == ["bea", "ann", "bea"]


async def test_a_mention_that_cannot_be_shown_is_text_that_calls() -> None:
    heard: list[Message] = []
    async with dingtalk() as stage:
        bridge = Bridge(stage.accounts.values())

        @bridge.on_message
        async def answer(msg: Message) -> Any:
            heard.append(msg)
            if msg.channel.account == "ann":
                receipt = await msg.reply(["hello ", Mention(name="Bea")])
                assert [(lost.what, lost.how) for lost in receipt.degradations] == [("mention", "text: @Bea")]
            return None

        async with bridge:
            await stage.say("are you there", "bea")
            await until(lambda: heard)
            await stage.say("go", "ann")
            await stage.hear("hello @Bea")
            await until(lambda: len(heard) == 3)
    assert heard[-1].text == "hello @Bea"
    assert heard[-1].mentions_me
