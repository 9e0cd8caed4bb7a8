"""What is done to messages that are there already: edit, recall, react."""

import pytest
from contract import until
from feishu_rig import Rig, text

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.sent.emoji import emoji_type
from imbridge.emulators.feishu import BotMessage
from imbridge.protocol import (
    DeliveryError,
    Image,
    Markdown,
    MessageRecalled,
    NotSupportedError,
    ReactionAdded,
    TargetGoneError,
)
from imbridge.rendering import Part, PartKind


@pytest.fixture
async def message(rig: Rig, adapter: FeishuAdapter) -> BotMessage:
    """A message of the bot."""
    await adapter.send(rig.target(), text("first"), "k")
    return rig.feishu.messages[-1]


class TestEdit:
    async def test_text_and_post(self, rig: Rig, adapter: FeishuAdapter, message: BotMessage) -> None:
        channel = rig.target().channel
        result = await adapter.edit(channel, message.message_id, text("second"))
        assert (message.text, result.part.message_id) == ("second", message.message_id)
        await adapter.edit(channel, message.message_id, Part(PartKind.MARKDOWN, (Markdown("**third**"),)))
        assert (message.msg_type, message.text) == ("post", "**third**")
        assert len(message.edits) == 2

    async def test_twenty_times(self, rig: Rig, adapter: FeishuAdapter, message: BotMessage) -> None:
        channel = rig.target().channel
        limit = adapter.capabilities.max_edits
        assert limit == 20
        for number in range(limit):
            await adapter.edit(channel, message.message_id, text(f"edit {number}"))
        with pytest.raises(DeliveryError, match="edited 20 times") as caught:
            await adapter.edit(channel, message.message_id, text("one too many"))
        assert caught.value.code == 230072
        assert not isinstance(caught.value, TargetGoneError)
        assert message.text == "edit 19"

    async def test_a_recalled_message(self, rig: Rig, adapter: FeishuAdapter, message: BotMessage) -> None:
        await adapter.recall(rig.target().channel, message.message_id)
        with pytest.raises(TargetGoneError, match="recalled"):
            await adapter.edit(rig.target().channel, message.message_id, text("too late"))

    async def test_somebody_elses_message(self, rig: Rig, adapter: FeishuAdapter) -> None:
        theirs = await rig.alice.says("mine")
        with pytest.raises(DeliveryError, match="not our own message"):
            await adapter.edit(rig.target().channel, theirs.message_id, text("yours"))

    async def test_an_image_cannot_become_one(self, rig: Rig, adapter: FeishuAdapter, message: BotMessage) -> None:
        with pytest.raises(NotSupportedError, match="not image"):
            await adapter.edit(rig.target().channel, message.message_id, Part(PartKind.MEDIA, (Image(key="img_1"),)))
        assert rig.feishu.stats.uploads == 0

    async def test_an_image_is_not_uploaded_for_nothing(
        self, rig: Rig, adapter: FeishuAdapter, message: BotMessage
    ) -> None:
        with pytest.raises(NotSupportedError):
            await adapter.edit(
                rig.target().channel, message.message_id, Part(PartKind.MEDIA, (Image(data=b"\x89PNG"),))
            )
        assert rig.feishu.stats.uploads == 0


class TestRecall:
    async def test_it(self, rig: Rig, adapter: FeishuAdapter, message: BotMessage) -> None:
        await adapter.recall(rig.target().channel, message.message_id)
        assert message.recalled

    async def test_twice_is_once(self, rig: Rig, adapter: FeishuAdapter, message: BotMessage) -> None:
        """As after an answer that got lost: the platform then says that the message is recalled."""
        await adapter.recall(rig.target().channel, message.message_id)
        await adapter.recall(rig.target().channel, message.message_id)
        assert rig.feishu.stats.recalls == 1

    async def test_somebody_elses(self, rig: Rig, adapter: FeishuAdapter) -> None:
        theirs = await rig.alice.says("mine")
        with pytest.raises(DeliveryError, match="230026"):
            await adapter.recall(rig.target().channel, theirs.message_id)
        assert not theirs.recalled


class TestReactions:
    async def test_put_and_take_away(self, rig: Rig, adapter: FeishuAdapter) -> None:
        theirs = await rig.alice.says("?")
        channel = rig.target().channel
        await adapter.react(channel, theirs.message_id, "👍")
        assert [(one.emoji_type, one.by) for one in theirs.reactions] == [("THUMBSUP", rig.app)]
        await adapter.unreact(channel, theirs.message_id, "👍")
        assert theirs.reactions == []
        assert not rig.calls("/reactions", "GET"), "the id was remembered"

    async def test_looked_up_when_not_remembered(self, rig: Rig, adapter: FeishuAdapter) -> None:
        theirs = await rig.alice.says("?")
        rig.alice.reacts(theirs, "OK")
        await adapter.react(rig.target().channel, theirs.message_id, "OK")
        adapter.api._reactions.clear()
        await adapter.unreact(rig.target().channel, theirs.message_id, "OK")
        assert [one.by for one in theirs.reactions] == [rig.alice]
        assert len(rig.calls("/reactions", "GET")) == 1

    async def test_looked_up_over_pages(self, rig: Rig, adapter: FeishuAdapter) -> None:
        """The emulator lists on one page, so its first two pages are told here."""
        theirs = await rig.alice.says("?")
        await adapter.react(rig.target().channel, theirs.message_id, "OK")
        adapter.api._reactions.clear()
        operator = '{"operator_id": "ou_x", "operator_type": "user"}'
        items = f'[{{"reaction_id": "r", "operator": {operator}}}, {{"reaction_id": "q"}}]'
        for number in (2, 3):
            page = f'{{"code": 0, "data": {{"items": {items}, "has_more": true, "page_token": "{number}"}}}}'
            rig.feishu.faults.http_fail("*/reactions", 200, times=1, body=page, method="GET")
        await adapter.unreact(rig.target().channel, theirs.message_id, "OK")
        assert theirs.reactions == []
        assert len(rig.calls("/reactions", "GET")) == 3

    async def test_a_listing_without_end_ends(self, rig: Rig, adapter: FeishuAdapter) -> None:
        theirs = await rig.alice.says("?")
        page = '{"code": 0, "data": {"items": [], "has_more": true, "page_token": "again"}}'
        fault = rig.feishu.faults.http_fail("*/reactions", 200, times=None, body=page, method="GET")
        with pytest.raises(DeliveryError, match="does not say how to get on"):
            await adapter.unreact(rig.target().channel, theirs.message_id, "OK")
        assert fault.hits == 2

    async def test_one_that_is_not_there(self, rig: Rig, adapter: FeishuAdapter) -> None:
        theirs = await rig.alice.says("?")
        rig.alice.reacts(theirs, "OK")
        with pytest.raises(DeliveryError, match="no reaction OK"):
            await adapter.unreact(rig.target().channel, theirs.message_id, "OK")
        assert len(theirs.reactions) == 1

    async def test_taken_away_already(self, rig: Rig, adapter: FeishuAdapter) -> None:
        theirs = await rig.alice.says("?")
        await adapter.react(rig.target().channel, theirs.message_id, "OK")
        theirs.reactions.clear()
        await adapter.unreact(rig.target().channel, theirs.message_id, "OK")

    async def test_on_a_recalled_message(self, rig: Rig, adapter: FeishuAdapter) -> None:
        theirs = await rig.alice.says("?")
        rig.alice.recalls(theirs)
        with pytest.raises(TargetGoneError):
            await adapter.react(rig.target().channel, theirs.message_id, "OK")

    async def test_memory_of_reactions_is_bounded(self, rig: Rig, adapter: FeishuAdapter) -> None:
        for number in range(2000):
            adapter.api._reactions[f"om_{number}", "OK"] = "r"
        theirs = await rig.alice.says("?")
        await adapter.react(rig.target().channel, theirs.message_id, "OK")
        assert len(adapter.api._reactions) == 1024
        assert (theirs.message_id, "OK") in adapter.api._reactions

    def test_names(self) -> None:
        assert [emoji_type(emoji) for emoji in ("👍", "❤️", "Typing", "SMILE")] == [
            "THUMBSUP",
            "HEART",
            "Typing",
            "SMILE",
        ]


async def test_what_people_do_arrives_as_events(rig: Rig, adapter: FeishuAdapter, message: BotMessage) -> None:
    rig.alice.reacts(message, "SMILE")
    theirs = await rig.alice.says("oops")
    rig.alice.recalls(theirs)
    await until(lambda: len(rig.intake.offered) == 3)
    reaction, _, recalled = rig.intake.items
    assert isinstance(reaction, ReactionAdded)
    assert (reaction.message_id, reaction.emoji, reaction.actor.is_self) == (message.message_id, "SMILE", False)
    assert isinstance(recalled, MessageRecalled)
    assert recalled.message_id == theirs.message_id
    await adapter.react(rig.target().channel, message.message_id, "OK")
    await until(lambda: len(rig.intake.offered) == 4)
    assert rig.intake.items[3].actor.is_self
