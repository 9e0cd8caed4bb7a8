"""What a message of a guild quotes is asked for; elsewhere it comes along."""

import pytest
from contract import until
from qq_rig import PNG, Rig
from rigs import text

from imbridge.adapters.base import Target
from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import Channel
from imbridge.protocol import Message


@pytest.fixture
def talk(rig: Rig) -> Channel:
    """A channel with Alice and the bot."""
    return rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot]).add_channel("talk")


async def heard(rig: Rig, number: int) -> Message:
    await until(lambda: len(rig.intake.offered) >= number, "a message")
    message = rig.intake.items[number - 1]
    assert isinstance(message, Message)
    return message


async def test_what_somebody_said(rig: Rig, adapter: QQAdapter, talk: Channel) -> None:
    first = await rig.alice.says("is 1 < 2?", chat=talk, mentions=[rig.bot])
    await rig.alice.says("and this?", chat=talk, mentions=[rig.bot], quoting=first)
    message = await heard(rig, 2)
    assert message.quote is not None
    assert (message.quote.text, adapter.is_complete(message)) == ("", False)
    whole = await adapter.complete(message)
    assert whole.quote is not None
    assert (whole.quote.message_id, whole.quote.sender_name, whole.quote.text) == (first.id, "Alice", "@Demo is 1 < 2?")
    assert (whole.text, whole.reply_to) == (message.text, first.id)
    assert adapter.is_complete(whole)
    assert adapter.counters()["quotes_read"] == 1


async def test_what_we_said(rig: Rig, adapter: QQAdapter, talk: Channel) -> None:
    first = await rig.alice.says("hi", chat=talk, mentions=[rig.bot])
    message = await heard(rig, 1)
    await adapter.send(Target(message.channel, answers=first.id), text("our answer"), "k")
    await rig.alice.says("really?", chat=talk, quoting=rig.sent()[0])
    answer = await adapter.complete(await heard(rig, 2))
    assert answer.quote is not None
    assert (answer.quote.sender_name, answer.quote.text) == ("Demo", "our answer")


async def test_what_we_said_in_a_single_chat_has_the_id_of_its_receipt(rig: Rig, adapter: QQAdapter) -> None:
    first = await rig.alice.says("hi", bot=rig.bot)
    await heard(rig, 1)
    sent = await adapter.send(rig.target(answers=first.id), text("our answer"), "k")
    await rig.alice.says("really?", bot=rig.bot, quoting=rig.sent()[0])
    answer = await heard(rig, 2)
    assert answer.quote is not None
    assert answer.reply_to == answer.quote.message_id == sent.part.message_id
    assert answer.quote.text == "our answer"


async def test_a_picture(rig: Rig, adapter: QQAdapter, talk: Channel) -> None:
    first = await rig.alice.sends_image(PNG, chat=talk, mentions=[rig.bot])
    await rig.alice.says("what is it?", chat=talk, mentions=[rig.bot], quoting=first)
    whole = await adapter.complete(await heard(rig, 2))
    assert whole.quote is not None
    assert "[image]" in whole.quote.text


async def test_what_is_gone(rig: Rig, adapter: QQAdapter, talk: Channel, caplog: pytest.LogCaptureFixture) -> None:
    first = await rig.alice.says("hi", chat=talk, mentions=[rig.bot])
    first.recalled = True
    await rig.alice.says("and this?", chat=talk, mentions=[rig.bot], quoting=first)
    message = await heard(rig, 2)
    assert await adapter.complete(message) == message
    assert "left unread" in caplog.text
    assert not adapter.is_complete(message), "the next one may be there"


async def test_a_bot_that_may_not_read_asks_once(rig: Rig, adapter: QQAdapter, talk: Channel) -> None:
    first = await rig.alice.says("hi", chat=talk, mentions=[rig.bot])
    await rig.alice.says("and this?", chat=talk, mentions=[rig.bot], quoting=first)
    message = await heard(rig, 2)
    rig.qq.faults.http_fail("/channels/*", 403, times=None)
    assert await adapter.complete(message) == message
    assert adapter.is_complete(message)
    assert adapter.counters()["quotes_unread"] == 1


async def test_where_it_comes_along_or_cannot_be_asked_for(rig: Rig, adapter: QQAdapter, talk: Channel) -> None:
    direct = talk.guild.direct(rig.alice, rig.bot)
    whispered = await rig.alice.says("hi", chat=direct)
    await rig.alice.says("and this?", chat=direct, quoting=whispered)
    said = await rig.alice.says("hi", bot=rig.bot)
    await rig.alice.says("and this?", bot=rig.bot, quoting=said)
    for number in range(1, 5):
        message = await heard(rig, number)
        assert adapter.is_complete(message)
