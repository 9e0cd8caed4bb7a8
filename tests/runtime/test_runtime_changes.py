"""Edits and recalls: their receipts tell what became of each message; and what was received is kept."""

import re

import pytest
from outbox_world import soon_tired
from runtime_world import chat, echo, skill

from imbridge import Card, DeliveryState, SkillError, Text


async def test_a_recall_that_breaks_off_says_what_it_took_back() -> None:
    async with chat(skill(echo)) as room:
        room.user.says("hi")
        first = await room.user.receives("echo: hi")
        channel = f"feishu:test/group/{first.chat.chat_id}"
        one = await room.bridge.send(channel, "one")
        two = await room.bridge.send(channel, "two")
        both = one.model_copy(update={"parts": (*one.parts, *two.parts)})
        room.feishu.faults.refuse(f"*/{two.message_id}", 230026, method="DELETE")
        result = await room.bridge.recall(both)
        assert (result.state, result.parts) == (DeliveryState.PARTIAL, one.parts)
        assert result.code == 230026
        again = await room.bridge.recall(both)
        assert (again.state, again.parts) == (DeliveryState.SENT, both.parts)


async def test_what_has_no_id_is_neither_changed_nor_taken_back_and_the_receipt_says_so() -> None:
    async with chat() as room:
        address = f"feishu:test/private/{room.feishu.private_chat(room.user._user, room.user._bot).chat_id}"
        sent = await room.bridge.send(address, "one")
        nameless = sent.model_copy(update={"parts": (sent.parts[0].model_copy(update={"message_id": ""}),)})
        for result in (await room.bridge.edit(nameless, "two"), await room.bridge.recall(nameless)):
            assert (result.state, result.parts) == (DeliveryState.FAILED, ())
            assert result.error is not None
            assert "no id" in result.error
        both = sent.model_copy(update={"parts": (*sent.parts, *nameless.parts)})
        result = await room.bridge.recall(both)
        assert (result.state, result.parts) == (DeliveryState.PARTIAL, sent.parts)
        assert room.feishu.messages[-1].recalled


async def test_a_change_whose_answer_gets_lost_is_unknown_and_not_failed() -> None:
    async with chat(skill(echo)) as room:
        room.user.says("hi")
        first = await room.user.receives("echo: hi")
        sent = await room.bridge.send(f"feishu:test/group/{first.chat.chat_id}", "one")
        soon_tired(room.bridge, "feishu:test")
        with room.feishu.faults.lose_answer("*/im/v1/messages/*", times=None, method="PUT"):
            changed = await room.bridge.edit(sent, Text("two"))
        assert changed.state is DeliveryState.UNKNOWN
        assert room.feishu.messages[-1].text == "two"


async def test_what_was_pushed_can_be_changed_and_taken_back() -> None:
    async with chat() as room:
        address = f"feishu:test/private/{room.feishu.private_chat(room.user._user, room.user._bot).chat_id}"
        card = await room.bridge.send(address, Card(title="deploying"))
        message = await room.user.receives("deploying")
        changed = await room.bridge.edit(card, Card(title="deployed"))
        assert changed
        assert message.text == "deployed"
        with pytest.raises(SkillError, match="one message"):
            await room.bridge.edit(card, [Card(title="a"), Card(title="b")])
        assert await room.bridge.recall(card)
        assert message.recalled


async def test_a_received_file_is_saved(tmp_path) -> None:
    async def keep(msg):
        saved = await msg.media[0].save(tmp_path)
        with pytest.raises(NotADirectoryError, match="make it first"):
            await msg.media[0].save(f"{tmp_path}/missing/")
        return f"{saved.name}: {saved.read_bytes().decode()}"

    async with chat(skill(keep)) as room:
        room.user.sends_file(b"hello", name="../../notes.txt")
        answer = await room.user.receives(re.compile("hello"))
        assert answer.text == "notes.txt: hello"
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
