"""Smart bots over HTTP callbacks, through a whole bridge behind a web server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from contract import until
from served import served
from wecom_bot_rig import CARD, PNG, BotRig
from wecom_bot_talk import Talk, echo, silent, talking

from imbridge.adapters.envelope import Envelope
from imbridge.emulators.wecom.bot import BotChat
from imbridge.protocol import (
    Button,
    ButtonClicked,
    Card,
    ChatOpened,
    DeliveryState,
    Event,
    File,
    Image,
    Markdown,
    Media,
    Message,
    Receipt,
    Text,
)


async def test_a_quick_answer_is_the_callbacks_own_and_finished_at_once(bots: BotRig) -> None:
    async with talking(bots, echo):
        await bots.alice.says("hi", bot=bots.bot)
        message = await bots.alice.receives("echo hi", bot=bots.bot)
        await message.finishes()
    assert (message.kind, message.how) == ("stream", "passive")
    assert bots.platform.stats.polls == 0
    assert bots.platform.stats.response_urls == 0
    assert bots.platform.violations == []


async def test_in_a_group(bots: BotRig, team: BotChat) -> None:
    async with talking(bots, echo):
        await bots.alice.says("hi", chat=team, mentions=[bots.bot])
        message = await bots.alice.receives("echo hi", chat=team)
        await message.finishes()


async def test_nothing_said_is_an_empty_answer(bots: BotRig) -> None:
    async with talking(bots, silent):
        await bots.alice.says("hi", bot=bots.bot)
        await until(lambda: bots.platform.stats.callbacks_taken == 1)
        await bots.alice.receives_nothing(bot=bots.bot, within=0.1)
    assert bots.platform.stats.polls == 0


async def test_a_slow_answer_comes_with_the_polls(bots: BotRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imbridge.adapters.wecom.bot.webhook._FIRST_WITHIN", 0.1)

    async def slow(msg: Message) -> str:
        await asyncio.sleep(0.4)
        return "at last"

    async with talking(bots, slow):
        await bots.alice.says("hi", bot=bots.bot)
        message = await bots.alice.receives("at last", bot=bots.bot)
        await message.finishes()
    assert message.states == ["at last"]
    assert bots.platform.stats.polls > 1
    assert bots.platform.violations == []


async def test_slow_and_nothing_to_say_ends_all_the_same(bots: BotRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imbridge.adapters.wecom.bot.webhook._FIRST_WITHIN", 0.05)

    async def slow(msg: Message) -> None:
        await asyncio.sleep(0.2)

    async with talking(bots, slow):
        await bots.alice.says("hi", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await message.finishes()
    assert message.text == "…"
    assert bots.platform.violations == []


async def test_an_answer_that_grows(bots: BotRig) -> None:
    pieces = [f"{number} " for number in range(10)]

    async def grow(msg: Message) -> Receipt:
        async def parts() -> AsyncIterator[str]:
            for piece in pieces:
                yield piece
                await asyncio.sleep(0.15)

        return await msg.reply(parts())

    async with talking(bots, grow) as talk:
        await bots.alice.says("go", bot=bots.bot)
        message = await bots.alice.receives(lambda one: one.kind == "stream", bot=bots.bot)
        await message.finishes()
        await until(lambda: talk.receipts)
    assert message.text == "".join(pieces)
    assert len(message.states) > 2
    assert message.rewritten == 0
    assert talk.receipts[0].message_id == message.stream_id
    assert talk.receipts[0].degradations == ()
    assert bots.platform.violations == []


async def test_several_parts_are_one_answer(bots: BotRig) -> None:
    async def several(msg: Message) -> list[object]:
        await msg.reply("first")
        await asyncio.sleep(0.3)
        await msg.reply(Markdown("**second**"))
        return [Text("third"), Image(data=PNG)]

    async with talking(bots, several):
        await bots.alice.says("go", bot=bots.bot)
        message = await bots.alice.receives(lambda one: one.kind == "stream", bot=bots.bot)
        await message.finishes()
    assert message.text == "first\n\n**second**\n\nthird"
    assert message.images == [PNG]
    assert len(bots.platform.messages) == 1
    assert bots.platform.violations == []


async def test_a_card_is_the_answer(bots: BotRig) -> None:
    async def ask(msg: Message) -> Card:
        return Card(title="Deploy?", body=[Button("Yes", action="yes")])

    async with talking(bots, ask):
        await bots.alice.says("go", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
    assert (message.kind, message.how) == ("template_card", "passive")
    assert bots.platform.violations == []


async def test_a_text_and_a_card(bots: BotRig) -> None:
    async def ask(msg: Message) -> list[object]:
        return ["Look:", Card(content=CARD)]

    async with talking(bots, ask):
        await bots.alice.says("go", bot=bots.bot)
        stream = await bots.alice.receives(lambda one: one.kind == "stream", bot=bots.bot)
        shown = await bots.alice.receives(lambda one: one.kind == "template_card", bot=bots.bot)
        await stream.finishes()
    assert stream.text == "Look:"
    assert shown.card["card_type"] == "button_interaction"
    assert len(bots.platform.messages) == 2
    assert bots.platform.violations == []


async def test_a_click_gets_a_new_card(bots: BotRig) -> None:
    async def ask(msg: Message) -> Card:
        return Card(content=CARD)

    async def clicked(event: Event) -> Card:
        assert isinstance(event, ButtonClicked)
        return Card(title=f"chosen: {event.action}", body=[Button("Undo", action="undo")])

    async with talking(bots, ask, clicked):
        await bots.alice.says("go", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await bots.alice.clicks(message, "yes")
        await message.becomes(lambda one: len(one.cards) == 1)
    assert message.card["main_title"]["title"] == "chosen: yes"
    assert bots.platform.violations == []


@pytest.mark.parametrize("by_setting", [True, False])
async def test_a_welcome(bots: BotRig, by_setting: bool) -> None:
    async def welcome(event: Event) -> str:
        assert isinstance(event, ChatOpened)
        return "Hello from the skill"

    greeting = "Hello from the setting" if by_setting else ""
    async with talking(bots, silent, None if by_setting else welcome, welcome=greeting):
        await bots.alice.opens(bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
    assert message.how == "welcome"
    assert message.text == ("Hello from the setting" if by_setting else "Hello from the skill")
    assert bots.platform.violations == []


async def test_ratings_are_answered_by_nothing(bots: BotRig) -> None:
    async with talking(bots, echo, feedback=True):
        await bots.alice.says("hi", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await message.finishes()
        await bots.alice.rates(message, good=False, reasons=[1])
        await until(lambda: bots.platform.stats.callbacks_taken == 2)
    assert bots.platform.violations == []


async def test_media_are_decrypted_with_the_accounts_key(bots: BotRig, tmp_path: Path) -> None:
    async def keep(msg: Message) -> str:
        (media,) = msg.media
        assert isinstance(media, Media)
        saved = await media.save(tmp_path)
        return f"{saved.name} {len(await media.read())}"

    async with talking(bots, keep):
        await bots.alice.sends_file("notes.txt", b"x" * 1000, bot=bots.bot)
        await bots.alice.receives("notes.txt 1000", bot=bots.bot)


async def test_what_it_cannot_send_is_named(bots: BotRig) -> None:
    async def attach(msg: Message) -> File:
        return File(data=b"content", name="report.pdf")

    async with talking(bots, attach):
        await bots.alice.says("go", bot=bots.bot)
        await bots.alice.receives("[file: report.pdf, 7 bytes]", bot=bots.bot)


async def test_a_callback_that_comes_twice_is_answered_twice_and_handled_once(bots: BotRig) -> None:
    handled: list[str] = []

    async def count(msg: Message) -> str:
        handled.append(msg.text)
        return "once"

    bots.platform.faults.duplicate_callbacks(1)
    async with talking(bots, count):
        await bots.alice.says("hi", bot=bots.bot)
        message = await bots.alice.receives("once", bot=bots.bot)
        await message.finishes()
    assert handled == ["hi"]
    assert len(bots.platform.messages) == 1


async def test_a_stop_in_good_order_finishes_what_grows(bots: BotRig) -> None:
    started = asyncio.Event()

    async def grow(msg: Message) -> AsyncIterator[str]:
        async def parts() -> AsyncIterator[str]:
            for number in range(8):
                yield f"{number} "
                started.set()
                await asyncio.sleep(0.1)

        return parts()

    talk = Talk(bots, grow)
    async with served(talk.bridge.asgi()) as url:
        await talk.bridge.start()
        await bots.platform.set_callback(bots.bot, f"{url}/wecom/bot")
        await bots.alice.says("go", bot=bots.bot)
        await started.wait()
        await talk.bridge.stop()
        (message,) = bots.platform.messages
        await message.becomes(lambda one: one.text == "0 1 2 3 4 5 6 7 ")
    assert bots.platform.stats.response_urls == 0


async def test_what_an_answer_has_no_room_for_is_said_besides_when_it_is_written(bots: BotRig) -> None:
    """There is one thing that can be said besides: what of it came first would be all of it."""
    words = [f"w{number}" for number in range(6000)]
    done: list[Receipt] = []

    async def write(msg: Message) -> None:
        async with msg.stream(markdown=True) as out:
            for at in range(0, len(words), 100):
                await out.write(f"{' '.join(words[at : at + 100])} ")
                await asyncio.sleep(0.01)
        done.append(await out.finish())

    async with talking(bots, write):
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: done, "a receipt", 30)
    assert done[0].state is DeliveryState.SENT
    assert " ".join(message.text for message in bots.platform.messages).split() == words
    assert len(bots.platform.messages) == 2


async def test_two_people_at_once(bots: BotRig) -> None:
    bob = bots.platform.add_user("Bob")

    async def slow(msg: Message) -> str:
        await asyncio.sleep(0.2 if msg.sender.id == "alice" else 0.0)
        return f"for {msg.sender.id}"

    async with talking(bots, slow):
        await bots.alice.says("hi", bot=bots.bot)
        await bob.says("hi", bot=bots.bot)
        await bob.receives("for bob", bot=bots.bot)
        await bots.alice.receives("for alice", bot=bots.bot)
    assert bots.platform.violations == []


async def test_the_same_request_once_more_gets_the_answer_once_more(bots: BotRig) -> None:
    """The platform has perhaps not got it: reports say that a repetition is not signed anew."""
    heard: list[str] = []

    async def answer(msg: Message) -> str:
        heard.append(msg.id)
        return f"echo {msg.text}"

    async with talking(bots, answer):
        await bots.alice.says("hi", bot=bots.bot)
        message = await bots.alice.receives("echo hi", bot=bots.bot)
        await message.finishes()
        again = await bots.platform.callbacks.replay(bots.bot)
        assert again.status == 200
        envelope = Envelope(bots.bot.token, bots.bot.aes_key, "")
        stream = json.loads(envelope.open(json.loads(again.body)["encrypt"]))["stream"]
        assert (stream["id"], stream["content"], stream["finish"]) == (message.stream_id, "echo hi", True)
    assert len(heard) == 1
    assert len(bots.platform.messages) == 1
