"""What happens to a smart bot beside messages, through a whole bridge: welcomes, clicks, ratings."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from contract import until
from wecom_bot_rig import CARD, PNG, BotRig, card, text

from imbridge import Bridge
from imbridge.adapters.base import Health
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.protocol import (
    Button,
    ButtonClicked,
    Card,
    ChatOpened,
    FeedbackGiven,
    Image,
    Markdown,
    Message,
    Text,
    Toast,
    UnknownEvent,
)


@pytest.fixture
def bridge(bots: BotRig) -> Bridge:
    return Bridge([bots.config()])


@pytest.fixture
async def running(bots: BotRig, bridge: Bridge) -> AsyncIterator[Bridge]:
    async with bridge:
        yield bridge


# -- welcomes ----------------------------------------------------------------------------------------------------------


async def test_a_skill_welcomes_who_opens_the_chat(bots: BotRig, bridge: Bridge) -> None:
    @bridge.on_event(ChatOpened)
    async def welcome(event: ChatOpened) -> list[object]:
        assert event.actor is not None
        return ["Hello, ", Markdown(f"**{event.actor.id}**")]

    async with bridge:
        await bots.alice.opens(bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
    assert (message.how, message.kind, message.text) == ("welcome", "text", "Hello, alice")
    assert len(bots.platform.messages) == 1
    assert bots.platform.violations == []


async def test_a_card_welcomes(bots: BotRig, bridge: Bridge) -> None:
    @bridge.on_event(ChatOpened)
    async def welcome(event: ChatOpened) -> Card:
        return Card(title="Welcome", body=[Button("Start", action="start")])

    async with bridge:
        await bots.alice.opens(bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
    assert (message.how, message.kind) == ("welcome", "template_card")


async def test_what_is_no_welcome_is_sent_after_it(bots: BotRig, bridge: Bridge) -> None:
    bots.chat.open_to.add(bots.bot)

    @bridge.on_event(ChatOpened)
    async def welcome(event: ChatOpened) -> list[object]:
        return [Text("Hello"), Image(data=PNG)]

    async with bridge:
        await bots.alice.opens(bots.bot)
        await until(lambda: len(bots.platform.messages) == 2)
    assert [message.how for message in bots.platform.messages] == ["welcome", "push"]
    assert bots.shown() == ["Hello", "[image]"]


async def test_a_welcome_that_is_too_late_is_pushed(
    bots: BotRig, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imbridge.adapters.wecom.bot.awaited.ANSWER_WITHIN", 0.1)
    bots.chat.open_to.add(bots.bot)

    @bridge.on_event(ChatOpened)
    async def welcome(event: ChatOpened) -> str:
        await asyncio.sleep(0.3)
        return "at last"

    async with bridge:
        await bots.alice.opens(bots.bot)
        message = await bots.alice.receives("at last", bot=bots.bot)
    assert message.how == "push"


async def test_the_setting_welcomes_when_no_skill_does(bots: BotRig) -> None:
    async with Bridge([bots.config(welcome="How can I help?")]):
        await bots.alice.opens(bots.bot)
        message = await bots.alice.receives("How can I help?", bot=bots.bot)
    assert message.how == "welcome"


async def test_without_anything_to_say_nothing_is_said(bots: BotRig, running: Bridge) -> None:
    await bots.alice.opens(bots.bot)
    await bots.alice.receives_nothing(bot=bots.bot, within=0.2)


async def test_a_refused_welcome_is_pushed(bots: BotRig, bridge: Bridge) -> None:
    bots.chat.open_to.add(bots.bot)
    bots.platform.faults.refuse("aibot_respond_welcome_msg", 846605)

    @bridge.on_event(ChatOpened)
    async def welcome(event: ChatOpened) -> str:
        return "Hello"

    async with bridge:
        await bots.alice.opens(bots.bot)
        message = await bots.alice.receives("Hello", bot=bots.bot)
    assert message.how == "push"


async def test_a_welcome_whose_acknowledgement_got_lost_is_not_said_again(bots: BotRig, bridge: Bridge) -> None:
    """It may have arrived: nobody is greeted twice."""
    bots.chat.open_to.add(bots.bot)
    bots.platform.faults.cut_after_accept("aibot_respond_welcome_msg")

    @bridge.on_event(ChatOpened)
    async def welcome(event: ChatOpened) -> list[object]:
        return [Text("Hello"), Image(data=PNG)]

    async with bridge:
        await bots.alice.opens(bots.bot)
        await until(lambda: len(bots.platform.messages) == 2)
    assert bots.shown() == ["Hello", "[image]"]
    assert [message.how for message in bots.platform.messages] == ["welcome", "push"]


# -- clicks ------------------------------------------------------------------------------------------------------------


async def test_a_click_gets_a_new_card(bots: BotRig, bridge: Bridge) -> None:
    clicks: list[ButtonClicked] = []

    @bridge.on_message
    async def ask(msg: Message) -> Card:
        return Card(content=CARD)

    @bridge.on_event(ButtonClicked, unverified=True)
    async def clicked(event: ButtonClicked) -> Card:
        clicks.append(event)
        return Card(title="Done", body=[Button("Undo", action="undo")])

    async with bridge:
        await bots.alice.says("deploy", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await bots.alice.clicks(message, "yes")
        await message.becomes(lambda one: len(one.cards) == 1)
    assert message.card["main_title"]["title"] == "Done"
    (click,) = clicks
    assert (click.action, click.value, click.form) == ("yes", None, {})
    assert click.message_id == message.cards[0]["task_id"]
    assert click.channel is not None
    assert click.channel.id == "alice"
    assert bots.platform.violations == []


async def test_a_new_card_is_given_again_when_the_connection_broke_over_it(
    bots: BotRig, bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    """The same card in the same place: it does no harm."""
    bots.platform.faults.cut_after_accept("aibot_respond_update_msg")

    @bridge.on_message
    async def ask(msg: Message) -> Card:
        return Card(content=CARD)

    @bridge.on_event(ButtonClicked, unverified=True)
    async def clicked(event: ButtonClicked) -> Card:
        return Card(title="Done", body=[Button("Undo", action="undo")])

    async with bridge:
        await bots.alice.says("deploy", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await bots.alice.clicks(message, "yes")
        await until(lambda: len(bots.bodies("aibot_respond_update_msg")) == 2)
    assert message.card["main_title"]["title"] == "Done"
    assert "could not be changed" not in caplog.text


async def test_a_click_is_answered_by_a_message(bots: BotRig, bridge: Bridge) -> None:
    @bridge.on_message
    async def ask(msg: Message) -> Card:
        return Card(title="Pizza?", body=[Button("Yes", action="order", value={"size": 3})])

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> list[object]:
        return [Toast("is not shown"), Text(f"{event.action} {event.value}")]

    async with bridge:
        await bots.alice.says("hungry", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await bots.alice.clicks(message)
        answer = await bots.alice.receives(bot=bots.bot)
    assert answer.text == "order {'size': 3}"
    assert answer.how == "push"


async def test_choices_come_back_by_question(bots: BotRig, bot: BotAdapter) -> None:
    vote = {
        "card_type": "vote_interaction",
        "main_title": {"title": "Lunch?"},
        "checkbox": {
            "question_key": "dish",
            "mode": 1,
            "option_list": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}, {"id": "c", "text": "C"}],
        },
        "submit_button": {"text": "Send", "key": "send"},
    }
    await bot.send(await bots.asked(), card(vote), "key")
    await bots.alice.clicks(bots.platform.messages[0], selected=["a", "c"])
    await until(lambda: len(bots.intake.offered) == 2)
    click = bots.intake.items[1]
    assert isinstance(click, ButtonClicked)
    assert (click.action, click.form) == ("send", {"dish": ["a", "c"]})


async def test_a_card_that_cannot_take_the_place_leaves_it(
    bots: BotRig, bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "imbridge")

    @bridge.on_message
    async def ask(msg: Message) -> Card:
        return Card(content=CARD)

    @bridge.on_event(ButtonClicked, unverified=True)
    async def clicked(event: ButtonClicked) -> Card:
        return Card(content={"msgtype": "news"})

    async with bridge:
        await bots.alice.says("deploy", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await bots.alice.clicks(message, "yes")
        await until(lambda: "cannot take the place" in caplog.text)
    assert message.cards == []


async def test_a_card_that_comes_too_late_is_a_message(
    bots: BotRig, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A smart bot's card can be changed by the answer to its click, and by nothing else."""
    monkeypatch.setattr("imbridge.adapters.wecom.bot.awaited.ANSWER_WITHIN", 0.05)

    def is_answering() -> bool:
        return any(task.get_name().endswith(":answer") for task in asyncio.all_tasks())

    @bridge.on_message
    async def ask(msg: Message) -> Card:
        return Card(title="Deploy?", body=[Button("Yes", action="yes")])

    @bridge.on_event(ButtonClicked, unverified=True)
    async def clicked(event: ButtonClicked) -> list[object]:
        await until(lambda: not is_answering())
        return [Card(title="Done", body=[Button("Undo")]), Toast("nobody sees this")]

    async with bridge:
        await bots.alice.says("deploy", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await bots.alice.clicks(message, "Yes")
        late = await bots.alice.receives(bot=bots.bot)
        assert bridge.counters()["bridge"]["answered_too_late"] == 1
    assert (late.how, late.card["main_title"]["title"]) == ("push", "Done")
    assert message.card["main_title"]["title"] == "Deploy?"
    assert bots.platform.violations == []


# -- the rest ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "rating", "reasons"), [(True, "good", ()), (False, "bad", ("incomplete", "7")), (None, "withdrawn", ())]
)
async def test_ratings(bots: BotRig, good: bool | None, rating: str, reasons: tuple[str, ...]) -> None:
    bot = await bots.start(feedback=True)
    sent = await bot.send(await bots.asked(), text("answer"), "key")
    await bots.alice.rates(bots.platform.messages[0], good=good, text="hm", reasons=[2, 7] if reasons else [])
    await until(lambda: len(bots.intake.offered) == 2)
    event = bots.intake.items[1]
    assert isinstance(event, FeedbackGiven)
    assert (event.rating, event.text, event.reasons) == (rating, "hm", reasons)
    assert event.message_id == sent.part.message_id


async def test_what_is_pushed_can_be_rated_too(bots: BotRig) -> None:
    bot = await bots.start(feedback=True)
    bots.chat.open_to.add(bots.bot)
    sent = await bot.send(bots.target(), text("unasked"), "key")
    await bots.alice.rates(bots.platform.messages[0])
    await until(lambda: bots.intake.offered)
    event = bots.intake.items[0]
    assert isinstance(event, FeedbackGiven)
    assert event.message_id == sent.part.message_id != ""


async def test_an_unknown_event_is_kept_whole(bots: BotRig, bot: BotAdapter) -> None:
    bots.platform.push_event(bots.bot, bots.alice, "moon_landed", {"crater": 4})
    await until(lambda: bots.intake.offered)
    event = bots.intake.items[0]
    assert isinstance(event, UnknownEvent)
    assert event.kind == "moon_landed"
    assert event.payload["event"]["moon_landed"] == {"crater": 4}


async def test_a_known_event_that_lacks_its_content_is_kept_whole(bots: BotRig, bot: BotAdapter) -> None:
    bots.platform.push_event(bots.bot, bots.alice, "template_card_event", None)
    await until(lambda: bots.intake.offered)
    assert isinstance(bots.intake.items[0], UnknownEvent)
    assert bot.health is Health.UP
