"""Edits and recalls: their receipts tell what became of each message."""

from runtime_world import chat, echo, skill

from imbridge import DeliveryState, Text


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


async def test_a_change_whose_answer_gets_lost_is_unknown_and_not_failed() -> None:
    async with chat(skill(echo), send_timeout=1.0) as room:
        room.user.says("hi")
        first = await room.user.receives("echo: hi")
        sent = await room.bridge.send(f"feishu:test/group/{first.chat.chat_id}", "one")
        with room.feishu.faults.lose_answer("*/im/v1/messages/*", times=None, method="PUT"):
            changed = await room.bridge.edit(sent, Text("two"))
        assert changed.state is DeliveryState.UNKNOWN
        assert room.feishu.messages[-1].text == "two"
