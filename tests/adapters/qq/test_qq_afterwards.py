"""What is done with what was said on QQ: taken back, reacted to; and the sign that an answer is on its way."""

import pytest
from qq_rig import Rig
from qq_saying import guild_channel, hears, target
from rigs import text

from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.sent.reactions import path_of
from imbridge.emulators.qq import Group
from imbridge.protocol import (
    ContentRefusedError,
    DeliveryError,
    NotPermittedError,
    NotSupportedError,
)


class TestRecalls:
    async def test_within_two_minutes(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        sent = await adapter.send(rig.target(), text("oops"), "key")
        await adapter.recall(rig.target().channel, sent.part.message_id)
        assert rig.sent() == []

    async def test_and_not_later(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        sent = await adapter.send(rig.target(), text("oops"), "key")
        rig.qq.pass_time(121)
        with pytest.raises(ContentRefusedError, match="two minutes"):
            await adapter.recall(rig.target().channel, sent.part.message_id)

    async def test_of_a_message_without_id(self, rig: Rig, adapter: QQAdapter) -> None:
        with pytest.raises(NotSupportedError, match="no id"):
            await adapter.recall(rig.target().channel, "")

    async def test_in_a_channel_a_public_bot_may_not(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        await hears(rig, channel)
        where = target(rig, channel)
        sent = await adapter.send(where, text("oops"), "key")
        with pytest.raises(NotPermittedError):
            await adapter.recall(where.channel, sent.part.message_id)


class TestReactions:
    async def test_in_a_channel(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        message_id = await hears(rig, channel)
        where = target(rig, channel).channel
        for emoji in ("得意", "👌"):
            await adapter.react(where, message_id, emoji)
            await adapter.react(where, message_id, emoji)  # there already
        sent = rig.qq.world.sent[rig.bot.app_id, message_id]
        assert set(sent.reactions) == {"1/4", "2/128076"}
        for emoji in ("4", "👌", "👌"):
            await adapter.unreact(where, message_id, emoji)
        assert not any(sent.reactions.values())

    async def test_nowhere_else(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        direct = guild_channel(rig).guild.direct(rig.alice, rig.bot)
        for place in (None, team, direct):
            with pytest.raises(NotSupportedError):
                await adapter.react(target(rig, place).channel, "id", "👍")

    @pytest.mark.parametrize(
        ("emoji", "path"), [("4", "1/4"), ("[得意]", "1/4"), ("❤️", "2/10084"), ("2/128076", "2/128076")]
    )
    def test_names(self, emoji: str, path: str) -> None:
        assert path_of(emoji) == path

    @pytest.mark.parametrize("emoji", ["", "thumbsup", "3/4", "1/../../x", "👍🏽👍", "2/"])
    def test_what_is_none(self, emoji: str) -> None:
        with pytest.raises(NotSupportedError):
            path_of(emoji)


class TestTyping:
    async def test_it_uses_up_an_answer_and_so_is_shown_once(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        channel = rig.target().channel
        for _ in range(3):
            await adapter.typing(channel, message_id, True)
        assert rig.alice.typing == [(rig.bot, 60)]
        for number in range(3):
            await adapter.send(rig.target(answers=message_id), text(f"{number}"), f"k{number}")
        assert len(rig.sent()) == 3

    async def test_one_that_is_refused_uses_up_none(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        rig.qq.faults.refuse("*/messages", 40034001)
        with pytest.raises(DeliveryError):
            await adapter.typing(rig.target().channel, message_id, True)
        assert adapter.windows.left(rig.target().channel, message_id) == 4

    async def test_not_when_few_are_left(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        for number in range(2):
            await adapter.send(rig.target(answers=message_id), text(f"{number}"), f"k{number}")
        await adapter.typing(rig.target().channel, message_id, True)
        assert rig.alice.typing == []

    async def test_in_single_chats_only(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        with pytest.raises(NotSupportedError):
            await adapter.typing(rig.target(team).channel, "id", True)
