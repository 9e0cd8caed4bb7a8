"""Numbered choices in WeCom: cards of an app or a smart bot for which there is no room."""

from typing import Any

from contract import until
from served import served
from wecom_bot_rig import BotRig
from wecom_bot_talk import talking
from wecom_cards import card
from wecom_rig import Rig, to

from imbridge import Bridge
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.protocol import Button, ButtonClicked, Card, ChannelKind, Message, Receipt, Select

SEVEN = Card(
    title="Which?", body=(*(Button(f"b{n}", value=n) for n in range(1, 8)), Button("Docs", url="https://a.example"))
)
SHOWN = "**Which?**\n\n1. b1\n2. b2\n3. b3\n4. b4\n5. b5\n6. b6\n7. b7\n\n[Docs](https://a.example)"

MEAL = Card(title="Meal", body=(Select(name="dish", options={"p": "Pizza", "n": "Noodles"}, label="Dish"), *SEVEN.body))


async def test_an_apps_card_is_answered_by_a_number(rig: Rig) -> None:
    app = rig.app
    config = WeComConfig(
        name="work", corp_id=app.corp_id, secret=app.secret, agent_id=app.agent_id, token=app.token,
        aes_key=app.aes_key, base_url=rig.wecom.base_url,
    )  # fmt: skip
    bridge, told = Bridge([config]), list[ButtonClicked]()

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> str:
        told.append(event)
        return f"you chose {event.value}"

    async with bridge, served(bridge.asgi()) as url:
        await rig.wecom.set_callback(app, f"{url}/wecom/work")
        receipt = await bridge.send("wecom:work/user/alice", SEVEN)
        assert (await rig.alice.receives()).text == SHOWN
        await rig.alice.says("b7")
        assert (await rig.alice.receives()).text == "you chose 7"
    assert told[0].message_id == receipt.message_id
    assert receipt.parts[-1].choices == tuple(f"b{n}" for n in range(1, 8))
    assert rig.wecom.violations == []


async def test_without_callbacks_nothing_is_offered(rig: Rig) -> None:
    adapter = rig.make(token="", aes_key="")
    sent = await adapter.send(to(), card(SEVEN), "k1")
    assert "1." not in (await rig.alice.receives()).text
    assert sent.choices == ()


async def test_in_the_group_of_an_app_nothing_is_offered(rig: Rig, adapter: WeComAdapter) -> None:
    rig.wecom.add_user("Bob")
    team = await adapter.chats.create(["alice", "bob"], name="Team")
    sent = await adapter.send(to(team.id, ChannelKind.GROUP), card(SEVEN), "k1")
    assert sent.choices == ()
    assert "1." not in (await rig.alice.receives()).text


async def test_a_bots_card_is_answered_by_a_number(bots: BotRig) -> None:
    bridge, told, shown = Bridge([bots.config()]), list[ButtonClicked](), list[Receipt]()

    @bridge.on_message
    async def ask(msg: Message) -> None:
        shown.append(await msg.reply(SEVEN))

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> str:
        told.append(event)
        return f"you chose {event.value}"

    async with bridge:
        await bots.alice.says("which", bot=bots.bot)
        assert (await bots.alice.receives(bot=bots.bot)).text == SHOWN
        await until(lambda: shown, "the receipt")
        await bots.alice.says("3", bot=bots.bot)
        assert (await bots.alice.receives(bot=bots.bot)).text == "you chose 3"
    assert (told[0].action, told[0].verified) == ("b3", True)
    assert bots.platform.violations == []


async def test_over_callbacks_too(bots: BotRig) -> None:
    async def ask(msg: Message) -> Receipt:
        return await msg.reply(MEAL)

    async def clicked(event: Any) -> str:
        told.append(event)
        return f"you chose {event.value}"

    told: list[Any] = []
    async with talking(bots, ask, clicked) as talk:
        await bots.alice.says("which", bot=bots.bot)
        assert "2. Noodles" in (await bots.alice.receives(bot=bots.bot)).text
        await until(lambda: talk.receipts, "the receipt")
        await bots.alice.says("2", bot=bots.bot)
        assert (await bots.alice.receives(bot=bots.bot)).text == "you chose n"
    await until(lambda: told, "the click")
    assert (told[0].action, told[0].value) == ("dish", "n")
    assert bots.platform.violations == []
