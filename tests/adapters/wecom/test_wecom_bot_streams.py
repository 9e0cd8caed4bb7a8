"""Answers that grow, as streams on the long connection."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from contract import until
from wecom_bot_rig import BotRig, alone, text

from backoffs import SoOften
from imbridge import Bridge
from imbridge.adapters.base import Target
from imbridge.adapters.growing import GrowingFullError
from imbridge.adapters.wecom.bot import calls
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.bot.streaming import BotStream
from imbridge.emulators.wecom.bot import BotEmulatorSettings
from imbridge.protocol import DeliveryError, DeliveryState, Message, Receipt
from imbridge.rendering import PartKind
from leap import Leap


async def begun(bots: BotRig, bot: BotAdapter, said: str = "one", *, markdown: bool = True) -> BotStream:
    """A stream that shows its first text."""
    return await opened(bot, await bots.asked(f"? {len(bots.intake.offered)}"), said, markdown=markdown)


async def opened(bot: BotAdapter, target: Target, said: str = "one", *, markdown: bool = True) -> BotStream:
    stream = bot.grow(markdown=markdown)
    sent = await bot.send(target, alone(PartKind.CARD, await stream.open(said)), f"key {stream.id}")
    assert sent.part.message_id == stream.id
    return stream


async def test_each_state_is_the_whole_text(bots: BotRig, bot: BotAdapter) -> None:
    stream = await begun(bots, bot)
    await stream.show("one two")
    await stream.show("one two")
    await stream.close("one two three")
    (message,) = bots.platform.messages
    assert message.states == ["one", "one two", "one two three"]
    assert message.finished
    assert message.rewritten == 0
    assert [body["stream"]["finish"] for body in bots.bodies("aibot_respond_msg")] == [False, False, True]
    assert bots.platform.violations == []


async def test_growing_plain_text_is_escaped(bots: BotRig, bot: BotAdapter) -> None:
    stream = await begun(bots, bot, "a *b", markdown=False)
    await stream.close("a *b* c")
    assert bots.platform.messages[0].states == [r"a \*b", r"a \*b\* c"]


async def test_when_its_time_is_over_it_is_finished_and_the_rest_goes_otherwise(bots: BotRig, leap: Leap) -> None:
    bot = await bots.start(stream_window=60)
    target = await bots.asked()
    stream = await opened(bot, target)
    assert bot.can_grow(target.answers or "")
    leap(61)
    await bots.platform.messages[0].finishes()
    assert bots.shown() == ["one"]
    assert not bot.can_grow(target.answers or "")
    with pytest.raises(GrowingFullError):
        await stream.show("one two")
    await stream.close("one")
    with pytest.raises(GrowingFullError):
        await stream.close("one two")
    assert bots.bodies("aibot_respond_msg")[-1]["stream"] == {"id": stream.id, "finish": True, "content": "one"}
    assert len(bots.bodies("aibot_respond_msg")) == 2


async def test_the_platform_says_that_its_time_is_over(bots: BotRig, bot: BotAdapter) -> None:
    stream = await begun(bots, bot)
    bots.platform.faults.refuse("aibot_respond_msg", 846608)
    with pytest.raises(GrowingFullError):
        await stream.show("one two")
    assert bots.shown() == ["one"]


async def test_a_lost_connection_and_a_stream_that_goes_on(bots: BotRig, bot: BotAdapter) -> None:
    stream = await begun(bots, bot)
    bots.platform.faults.cut_after_accept("aibot_respond_msg")
    await stream.show("one two")
    bots.platform.faults.drop_connections(bots.bot)
    await stream.close("one two three")
    assert bots.shown() == ["one two three"]
    assert bots.platform.messages[0].finished


async def test_a_last_state_whose_acknowledgement_got_lost(bots: BotRig, bot: BotAdapter) -> None:
    stream = await begun(bots, bot)
    bots.platform.faults.cut_after_accept("aibot_respond_msg")
    await stream.close("one two")
    assert bots.shown() == ["one two"]


async def test_a_first_state_that_may_have_arrived_is_not_left_open(bots: BotRig, leap: Leap) -> None:
    bot = await bots.start()
    bot.caller.backoff = SoOften(1)
    target = await bots.asked()
    lost = bots.platform.faults.lose_acks("aibot_respond_msg", times=None)
    opening = asyncio.create_task(opened(bot, target))
    for number in (1, 2):
        await until(lambda number=number: lost.hits == number, "an attempt")
        leap(calls.ACK_WITHIN)
    with pytest.raises(DeliveryError) as caught:
        await opening
    assert caught.value.ambiguous
    lost.clear()
    await bots.platform.messages[0].finishes()
    assert bots.shown() == ["one"]
    await until(lambda: not bot.speaker.open_streams)


async def test_a_stream_of_which_a_state_is_refused_is_finished_as_it_is(bots: BotRig, bot: BotAdapter) -> None:
    """The rest goes otherwise, so nobody would finish it."""
    stream = await begun(bots, bot)
    bots.platform.faults.refuse("aibot_respond_msg", 40201)
    with pytest.raises(DeliveryError, match="40201"):
        await stream.show("one two")
    await bots.platform.messages[0].finishes()
    assert bots.shown() == ["one"]


async def test_a_stream_that_could_not_be_finished_is_finished_later(bots: BotRig, leap: Leap) -> None:
    """While there is no connection, it waits for its window to end."""
    bot = await bots.start(stream_window=60)
    stream = await begun(bots, bot)
    refused = bots.platform.faults.refuse("aibot_respond_msg", 40201, times=2)
    with pytest.raises(DeliveryError, match="40201"):
        await stream.show("one two")
    await until(lambda: refused.hits == 2, "the end, refused too")
    leap(61)
    await bots.platform.messages[0].finishes()
    await until(lambda: not bot.speaker.open_streams)


async def test_what_answers_nothing_does_not_grow(bots: BotRig, bot: BotAdapter) -> None:
    assert not bot.can_grow("unknown")
    bots.chat.open_to.add(bots.bot)
    stream = bot.grow(markdown=True)
    sent = await bot.send(bots.target(answers="unknown"), alone(PartKind.CARD, await stream.open("*one*")), "key")
    assert sent.part.message_id == ""
    assert sent.degradations[0].how.startswith("text")
    assert bots.shown() == ["*one*"]
    with pytest.raises(GrowingFullError):
        await stream.show("one two")


async def test_a_stop_finishes_what_is_open(bots: BotRig, bot: BotAdapter) -> None:
    await begun(bots, bot)
    await bot.close()
    (message,) = bots.platform.messages
    assert message.finished
    assert message.text == "one\n\n⏹ *已中断 (interrupted)*"


async def test_two_streams_answer_one_message(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    first = await opened(bot, target, "first")
    second = await opened(bot, target, "second")
    await second.close("second done")
    await first.close("first done")
    assert bots.shown() == ["first done", "second done"]


async def test_people_can_rate_answers_when_the_setting_says_so(bots: BotRig) -> None:
    bot = await bots.start(feedback=True)
    stream = await begun(bots, bot)
    await stream.close("one two")
    first, last = (body["stream"] for body in bots.bodies("aibot_respond_msg"))
    assert first["feedback"] == {"id": f"trace_{stream.id}"}
    assert "feedback" not in last


# -- through a whole bridge --------------------------------------------------------------------------------------------


async def talk(
    bots: BotRig,
    pieces: list[str],
    *,
    pause: float = 0.0,
    shown: Callable[[], object] | None = None,
    **settings: object,
) -> Receipt:
    """A skill streams these pieces as its answer; `shown` happens when the first of them is there to see."""
    done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
    bridge = Bridge([bots.config(**settings)])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        async def parts() -> AsyncIterator[str]:
            for piece in pieces:
                yield piece
                await asyncio.sleep(pause)
                if shown is not None and piece is pieces[0]:
                    await until(bots.shown, "what it begins with")
                    shown()

        done.set_result(await msg.reply(parts()))

    async with bridge:
        await bots.alice.says("go", bot=bots.bot)
        return await asyncio.wait_for(done, 40)


async def test_through_a_bridge(bots: BotRig) -> None:
    receipt = await talk(bots, ["Hello ", "there, ", "Alice"])
    assert receipt
    assert receipt.degradations == ()
    (message,) = bots.platform.messages
    assert message.text == "Hello there, Alice"
    assert message.finished
    assert receipt.message_id == message.stream_id


async def test_in_groups_nothing_is_said_to_be_missing(bots: BotRig) -> None:
    """Answers in groups quote what they answer where the platform can; here it cannot, and nobody asked for it."""
    team = bots.platform.add_group("Team", members=[bots.alice], bots=[bots.bot])
    receipts: list[Receipt] = []
    bridge = Bridge([bots.config()])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        receipts.append(await msg.reply("usual"))
        receipts.append(await msg.reply("quoted", quote=True))

    async with bridge:
        await bots.alice.says("go", chat=team, mentions=[bots.bot])
        await until(lambda: len(receipts) == 2)
    usual, quoted = receipts
    assert usual.degradations == ()
    assert [one.what for one in quoted.degradations] == ["reply"]


async def test_what_comes_after_the_window_is_pushed(bots: BotRig, monkeypatch: pytest.MonkeyPatch, leap: Leap) -> None:
    receipt = await talk(
        bots,
        ["one ", "two ", "three ", "four"],
        pause=0.1,
        shown=lambda: leap(11),
        stream_window=10,
    )
    assert receipt
    assert [message.how for message in bots.platform.messages] == ["respond", "push"]
    assert "".join(bots.shown()) == "one two three four"
    assert all(message.finished for message in bots.platform.messages)


async def test_a_long_answer_goes_on_in_the_next_stream(bots: BotRig) -> None:
    pieces = [f"{number:06} " for number in range(6000)]
    receipt = await talk(bots, pieces)
    assert receipt
    assert "".join(bots.shown()) == "".join(pieces)
    assert all(len(message.text.encode()) <= 20_480 for message in bots.platform.messages)
    assert bots.platform.violations == []


async def test_a_skill_that_fails_leaves_no_open_stream(bots: BotRig) -> None:
    bridge = Bridge([bots.config()])

    @bridge.on_message
    async def answer(msg: Message) -> AsyncIterator[str]:
        yield "half a "
        raise RuntimeError("no more")

    async with bridge:
        await bots.alice.says("go", bot=bots.bot)
        message = await bots.alice.receives(lambda one: one.kind == "stream", bot=bots.bot)
        await message.finishes()
        await until(lambda: len(bots.platform.messages) == 2, "an apology")


async def test_the_connection_breaks_again_and_again_while_an_answer_grows(bots: BotRig) -> None:
    pieces = [f"{number} " for number in range(40)]

    async def trouble() -> None:
        while True:
            await asyncio.sleep(0.15)
            bots.platform.faults.drop_connections(bots.bot)

    troubling = asyncio.create_task(trouble())
    try:
        receipt = await talk(bots, pieces, pause=0.05)
    finally:
        troubling.cancel()
        await asyncio.wait((troubling,))
    assert receipt.state is DeliveryState.SENT
    assert "".join(bots.shown()) == "".join(pieces)


class TestWhenAnswersAreForgotten:
    @pytest.fixture
    def bot_settings(self) -> BotEmulatorSettings:
        return BotEmulatorSettings(rate_limits=False)

    async def test_the_rest_is_pushed_and_nothing_comes_twice(self, bots: BotRig) -> None:
        def forget() -> None:
            bots.platform.settings.respond_seconds = 0.0

        receipt = await talk(bots, ["one ", "two ", "three ", "four"], pause=0.1, shown=forget)
        assert receipt
        assert "".join(bots.shown()) == "one two three four"
        assert [message.how for message in bots.platform.messages] == ["respond", "push"]


async def test_text_after_a_stream(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    stream = await opened(bot, target)
    await stream.close("one two")
    await bot.send(target, text("and more"), "k")
    assert [message.how for message in bots.platform.messages] == ["respond", "push"]
