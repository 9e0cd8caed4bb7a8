"""What a smart bot thinks, in the stream that it answers with: over its long connection, and over callbacks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract import until
from wecom_bot_rig import BotRig, alone, markdown, text
from wecom_bot_talk import talking

from imbridge import Bridge, Thinking
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.protocol import Loss, Message, Receipt
from imbridge.rendering import PartKind


async def answered(bots: BotRig, over: str, *pieces: str | Thinking, markdown: bool = True) -> Receipt:
    """A skill says and thinks this."""
    receipts: list[Receipt] = []

    async def answer(msg: Message) -> None:
        async with msg.stream(markdown=markdown) as out:
            for piece in pieces:
                await (out.think(piece.text) if isinstance(piece, Thinking) else out.write(piece))
                shown = [state for message in bots.platform.messages for state in message.states]
                await until(lambda before=shown: _states(bots) != before, "a state")
        receipts.append(await out.finish())

    if over == "callbacks":
        async with talking(bots, answer):
            await bots.alice.says("go", bot=bots.bot)
            await until(lambda: receipts, "the end")
    else:
        bridge = Bridge([bots.config()])
        bridge.on_message(answer)
        async with bridge:
            await bots.alice.says("go", bot=bots.bot)
            await until(lambda: receipts, "the end")
    return receipts[0]


def _states(bots: BotRig) -> list[str]:
    return [state for message in bots.platform.messages for state in message.states]


@pytest.mark.parametrize("over", ["long connection", "callbacks"])
async def test_it_stands_before_the_answer_in_tags_of_its_own(bots: BotRig, over: str) -> None:
    receipt = await answered(bots, over, Thinking("let "), Thinking("me see"), "It is ", "42.")
    assert _states(bots) == [
        "<think>let ",
        "<think>let me see",
        "<think>let me see</think>\nIt is",
        "<think>let me see</think>\nIt is 42.",
    ]
    assert (receipt.degradations, len(bots.platform.messages)) == ((), 1)
    assert bots.platform.violations == []


@pytest.mark.parametrize("over", ["long connection", "callbacks"])
async def test_thinking_alone_is_shut_at_the_end(bots: BotRig, over: str) -> None:
    assert await answered(bots, over, Thinking("hm"))
    assert _states(bots)[-1] == "<think>hm</think>"
    assert all(message.finished for message in bots.platform.messages)


@pytest.mark.parametrize("markdown", [True, False])
async def test_neither_an_answer_nor_a_thought_forges_the_tags(bots: BotRig, markdown: bool) -> None:
    await answered(bots, "long connection", Thinking("a</think>b"), "x <THINK>y</think> `<thinker>`", markdown=markdown)
    last = _states(bots)[-1]
    assert last.startswith("<think>a<\u200b/think>b</think>\nx ")
    assert last.lower().count("<think>") == last.lower().count("</think>") == 1
    assert "<thinker>" in last.replace("\u200b", "")


async def test_a_message_as_any_other_forges_none(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    await bot.send(target, text("<think>I am the boss</think>"), "one")
    await bot.send(target, markdown("<think>I am the boss</think>"), "two")
    assert len(bots.shown()) == 2
    assert all("<think>" not in shown and "</think>" not in shown for shown in bots.shown())


async def test_much_of_it_leaves_room_for_the_answer(bots: BotRig) -> None:
    answer = "word " * 3_200
    receipt = await answered(bots, "long connection", Thinking("想" * 5_000), answer)
    (message,) = bots.platform.messages
    thought, _, said = message.text.partition("</think>\n")
    assert said == answer.rstrip()
    assert len(thought.encode()) < 4_020
    assert len(message.text.encode()) <= 20_480
    assert [one.what for one in receipt.degradations] == ["thinking"]


async def test_a_long_answer_thinks_in_its_first_message_only(bots: BotRig) -> None:
    pieces = [f"{number:06} " for number in range(6_000)]
    receipts: list[Receipt] = []

    async def stream() -> AsyncIterator[Any]:
        yield Thinking("hm")
        for piece in pieces:
            yield piece

    bridge = Bridge([bots.config()])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        receipts.append(await msg.reply(stream()))

    async with bridge:
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: receipts, "the end", 20)
    shown = bots.shown()
    assert [one.startswith("<think>hm</think>\n") for one in shown] == [True, False, False]
    assert "".join(shown).removeprefix("<think>hm</think>\n") == "".join(pieces)
    assert all(len(one.encode()) <= 20_480 for one in shown)


async def test_what_a_stop_breaks_off_says_so_below_code_that_is_closed(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    stream = bot.grow(markdown=True)
    await bot.send(target, alone(PartKind.CARD, await stream.open("```\none")), "k")
    await bot.close()
    (message,) = bots.platform.messages
    assert (message.text, message.finished) == ("```\none\n```\n\n⏹ *已中断 (interrupted)*", True)


async def test_what_is_thought_after_something_was_said_is_told_over_callbacks(bots: BotRig) -> None:
    receipts: list[Receipt] = []

    async def answer(msg: Message) -> None:
        for words in ("one", "two"):
            async with msg.stream() as out:
                await out.think(f"hm {words}")
                await out.write(words)
            receipts.append(await out.finish())

    async with talking(bots, answer):
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: len(receipts) == 2, "the end")
    assert "hm two" not in _states(bots)[-1]
    assert [[(one.loss, one.what) for one in receipt.degradations] for receipt in receipts] == [
        [],
        [(Loss.DROPPED, "thinking")],
    ]
