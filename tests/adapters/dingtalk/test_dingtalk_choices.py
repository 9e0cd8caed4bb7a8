"""Numbered choices on DingTalk: more buttons than a card has room for, and people outside the organisation."""

from dingtalk_rig import Rig

from imbridge import Bridge
from imbridge.protocol import Button, ButtonClicked, Card, Loss, Message

MANY = Card(title="Which?", body=tuple(Button(f"b{n}", value=n) for n in range(1, 22)))


async def test_a_card_without_room_is_answered_by_a_number(rig: Rig) -> None:
    bridge, told = Bridge([rig.config()]), list[ButtonClicked]()

    @bridge.on_message
    async def ask(msg: Message) -> Card:
        return MANY

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> str:
        told.append(event)
        return f"you chose {event.value}"

    async with bridge:
        receipt = await bridge.send(f"dingtalk:work/user/{rig.alice.userid}", MANY)
        assert "21. b21" in (await rig.alice.receives()).text
        await rig.alice.says("21", app=rig.app)
        assert (await rig.alice.receives()).text == "you chose 21"
    assert (told[0].action, told[0].value, told[0].verified) == ("b21", 21, True)
    assert len(receipt.parts[-1].choices) == 21
    assert (Loss.AS_TEXT, "numbered choices") in {(one.loss, one.how) for one in receipt.degradations}
    assert rig.ding.violations == []
