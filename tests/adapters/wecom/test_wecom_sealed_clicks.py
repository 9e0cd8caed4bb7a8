"""Clicks on the cards of an app and of a smart bot: which are believed, and which are not."""

import json
from typing import Any

import pytest
from contract import until
from served import served
from wecom_bot_rig import BotRig
from wecom_bot_talk import silent, talking
from wecom_cards import card, click
from wecom_rig import Rig, channel, to

from imbridge import Bridge
from imbridge.adapters.card_seals import NO_SEAL, SEVERAL_OPTIONS, UNKNOWN_OPTION, WRONG_SEAL, RefusedClick
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.emulators.wecom.bot import BotChat, BotMessage
from imbridge.protocol import Button, ButtonClicked, Card, ChannelKind, Message, Select
from imbridge.rendering import Part, PartKind

ASK = Card(title="Release?", body=(Button("Yes", action="approve", value={"build": 7}), Button("No")))
LUNCH = Card(title="Lunch?", body=(Select(name="dish", options={"p": "Pizza", "n": "Noodles"}), Button("Order")))


def forge(shown: Any, **change: Any) -> None:
    """Change what the first button carries."""
    button = shown["button_list"][0]
    button["key"] = json.dumps(json.loads(button["key"]) | change)


# -- an app ------------------------------------------------------------------------------------------------------------


async def test_an_apps_buttons_and_choices_are_believed(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(ASK), "k1")
    event = await click(rig, await rig.alice.receives(), key="Yes")
    assert (event.action, event.value, event.verified) == ("approve", {"build": 7}, True)
    await adapter.send(to(), card(LUNCH), "k2")
    event = await click(rig, await rig.alice.receives(), 2, selected={"dish": ["Pizza"]})
    assert (event.action, event.form, event.verified) == ("Order", {"dish": "p"}, True)


async def test_an_apps_card_after_a_restart(rig: Rig) -> None:
    await (await rig.start()).send(to(), card(ASK), "k1")
    await rig.start()
    assert (await click(rig, await rig.alice.receives(), key="Yes")).verified


@pytest.mark.parametrize("kind", [ChannelKind.USER, ChannelKind.DEPARTMENT])
async def test_wherever_an_apps_card_was_sent(rig: Rig, adapter: WeComAdapter, kind: ChannelKind) -> None:
    await adapter.send(to("1" if kind is ChannelKind.DEPARTMENT else "alice", kind), card(ASK), "k1")
    assert (await click(rig, await rig.alice.receives(), key="Yes")).verified


async def test_a_card_that_took_the_place_of_another_is_believed(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), card(ASK), "k1")
    message = await rig.alice.receives()
    again = Card(title="Sure?", body=(Button("Sure", value=1),))
    await adapter.edit(channel(), sent.part.message_id, card(again))
    event = await click(rig, message, key="Sure")
    assert (event.value, event.verified) == (1, True)
    await adapter.edit(channel(), sent.part.message_id, card(again))
    assert (await click(rig, message, 2, key="Sure")).verified


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"imbridge": "reject"}, WRONG_SEAL),
        ({"value": {"build": 8}}, WRONG_SEAL),
        ({"many": ["dish"]}, WRONG_SEAL),
        ({"seal": "A" * 16}, WRONG_SEAL),
        ({"seal": None}, NO_SEAL),
    ],
)
async def test_a_forged_click_is_not_believed(
    rig: Rig, adapter: WeComAdapter, change: dict[str, Any], why: str
) -> None:
    await adapter.send(to(), card(ASK), "k1")
    message = await rig.alice.receives()
    forge(message.content, **change)
    event = await click(rig, message, key="Yes")
    assert isinstance(event, RefusedClick)
    assert event.refused == why


async def test_an_option_that_was_not_on_the_card_is_not_believed(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(LUNCH), "k1")
    message = await rig.alice.receives()
    message.content["checkbox"]["option_list"][0]["id"] = "caviar"
    event = await click(rig, message, selected={"dish": ["Pizza"]})
    assert isinstance(event, RefusedClick)
    assert event.refused == UNKNOWN_OPTION


async def test_several_options_of_a_list_from_which_one_is_chosen_are_not_believed(
    rig: Rig, adapter: WeComAdapter
) -> None:
    await adapter.send(to(), card(LUNCH), "k1")
    message = await rig.alice.receives()
    message.content["checkbox"]["mode"] = 1
    event = await click(rig, message, selected={"dish": ["Pizza", "Noodles"]})
    assert isinstance(event, RefusedClick)
    assert event.refused == SEVERAL_OPTIONS


async def test_a_card_of_another_member_is_not_believed(rig: Rig, adapter: WeComAdapter) -> None:
    bob = rig.wecom.add_user("Bob")
    await adapter.send(to("bob"), card(ASK), "k1")
    await adapter.send(to(), card(ASK), "k2")
    message, theirs = await rig.alice.receives(), await bob.receives()
    message.content["button_list"] = theirs.content["button_list"]
    assert isinstance(await click(rig, message, key="Yes"), RefusedClick)


async def test_a_card_of_another_account_or_of_an_old_secret_is_not_believed(rig: Rig) -> None:
    other = rig.make(name="other")
    await other.send(to(), card(ASK), "k1")
    adapter = await rig.start()
    assert isinstance(await click(rig, await rig.alice.receives(), key="Yes"), RefusedClick)
    await adapter.send(to(), card(ASK), "k2")
    rig.app.secret = "a-newer-secret"
    await rig.start()
    assert isinstance(await click(rig, await rig.alice.receives(), 2, key="Yes"), RefusedClick)


async def test_a_card_in_the_platforms_own_json_is_told_and_not_verified(rig: Rig, adapter: WeComAdapter) -> None:
    own = {
        "card_type": "button_interaction",
        "main_title": {"title": "Own"},
        "button_list": [{"text": "x", "key": "go"}],
    }
    await adapter.send(to(), card(Card(content=own)), "k1")
    event = await click(rig, await rig.alice.receives(), key="go")
    assert type(event) is ButtonClicked
    assert (event.action, event.verified) == ("go", False)


async def test_who_clicked_in_a_void_card_is_told_so_in_place_of_its_buttons(rig: Rig) -> None:
    app = rig.app
    config = WeComConfig(
        name="work", corp_id=app.corp_id, secret=app.secret, agent_id=app.agent_id, token=app.token,
        aes_key=app.aes_key, base_url=rig.wecom.base_url,
    )  # fmt: skip
    bridge, told = Bridge([config]), list[ButtonClicked]()

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> None:
        told.append(event)

    async with bridge, served(bridge.asgi()) as url:
        await rig.wecom.set_callback(app, f"{url}/wecom/work")
        await bridge.send("wecom:work/user/alice", ASK)
        message = await rig.alice.receives()
        forge(message.content, value={"build": 8})
        await (await rig.alice.clicks_card(message, key="Yes")).delivered()
    assert message.replaced == {"alice": "This card is no longer valid."}
    assert told == []


async def test_what_does_not_fit_into_a_key_says_what_to_shorten(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), card(Card(title="t", body=(Button("Go", value="x" * 980),))), "k1")
    assert (await rig.alice.receives()).kind == "markdown"
    assert "1024 bytes" in sent.degradations[0].why
    assert "'Go' takes 10" in sent.degradations[0].why
    assert "shorten" in sent.degradations[0].why


# -- a smart bot -------------------------------------------------------------------------------------------------------


async def clicked(bots: BotRig, message: BotMessage, key: str, **what: Any) -> ButtonClicked:
    before = len(bots.intake.offered)
    await bots.alice.clicks(message, key, **what)
    await until(lambda: len(bots.intake.offered) > before, "the click")
    inbound = bots.intake.offered[-1]
    assert isinstance(inbound.item, ButtonClicked)
    assert inbound.answer is not None
    inbound.answer.release()
    return inbound.item


def alone(one: Card) -> Part:
    return Part(PartKind.CARD, (one,))


async def test_a_bots_card_is_believed_also_after_a_restart(bots: BotRig) -> None:
    bot = await bots.start()
    await bot.send(await bots.asked(), alone(LUNCH), "k1")
    message = bots.platform.messages[-1]
    event = await clicked(bots, message, "Order", selected={"dish": "Noodles"})
    assert (event.action, event.form, event.verified) == ("Order", {"dish": "n"}, True)
    await bot.close()
    await bots.start()
    assert (await clicked(bots, message, "Order", selected={"dish": "Noodles"})).verified


async def test_a_bots_card_of_a_group(bots: BotRig, team: BotChat) -> None:
    bot = await bots.start()
    await bot.send(await bots.asked("in private"), alone(ASK), "k1")
    private = bots.platform.messages[-1]
    await bot.send(await bots.asked("in the team", team), alone(ASK), "k2")
    message = bots.platform.messages[-1]
    assert (await clicked(bots, message, "Yes")).verified
    message.card["button_list"] = private.card["button_list"]
    assert isinstance(await clicked(bots, message, "Yes"), RefusedClick)


@pytest.mark.parametrize("how", ["forged", "another account", "an old secret"])
async def test_a_bots_click_that_is_not_believed(bots: BotRig, how: str) -> None:
    bot = await bots.start(**{"name": "other"} if how == "another account" else {})
    await bot.send(await bots.asked(), alone(ASK), "k1")
    message = bots.platform.messages[-1]
    if how == "forged":
        forge(message.card, imbridge="reject")
    else:
        await bot.close()
        if how == "an old secret":
            bots.bot.secret = "a-newer-secret"
        await bots.start()
    event = await clicked(bots, message, "Yes")
    assert isinstance(event, RefusedClick)
    assert event.refused == WRONG_SEAL


async def test_over_callbacks_also_after_a_restart(bots: BotRig) -> None:
    async def ask(msg: Message) -> Card:
        return ASK

    async def note(event: Any) -> None:
        told.append(event)

    told: list[Any] = []
    async with talking(bots, ask, note):
        await bots.alice.says("deploy", bot=bots.bot)
        message = await bots.alice.receives(bot=bots.bot)
        await bots.alice.clicks(message, "Yes")
        await until(lambda: told, "the click")
    async with talking(bots, silent, note) as talk:
        await bots.alice.clicks(message, "Yes")
        await until(lambda: len(told) == 2, "the click")
        forge(message.card, imbridge="reject")
        await bots.alice.clicks(message, "Yes")
        await until(lambda: talk.bridge.counters()["bridge"].get("clicks_refused"), "the forged click")
    assert [(event.action, event.value, event.verified) for event in told] == [("approve", {"build": 7}, True)] * 2
