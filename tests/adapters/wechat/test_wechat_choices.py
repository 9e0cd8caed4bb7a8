"""Numbered choices on WeChat: items that carry more than an id has room for."""

from wechat_rig import Rig, running

from imbridge import Bridge
from imbridge.protocol import Button, ButtonClicked, Card

ASK = Card(title="Which?", body=(Button("Short", value=1), Button("Long", action="long", value="x" * 200)))


async def test_what_has_no_item_is_answered_by_a_number(rig: Rig) -> None:
    bridge, told = Bridge([rig.config()]), list[ButtonClicked]()

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> str:
        told.append(event)
        return "noted"

    async with running(rig, bridge):
        rig.alice.quota.grant("message", 5, 60.0)
        receipt = await bridge.send(f"wechat:work/user/{rig.alice.openid}", ASK)
        menu = await rig.alice.receives()
        assert [item["content"] for item in menu.body["list"]] == ["Short"]
        assert menu.body["tail_content"] == "1. Long"
        await rig.alice.says("１")
        await rig.alice.receives("noted")
        await rig.alice.chooses(menu, "Short")
        await rig.alice.receives("noted")
    assert receipt.parts[0].choices == ("Long",)
    assert [(event.action, event.value, event.verified) for event in told] == [
        ("long", "x" * 200, True), ("Short", 1, True),
    ]  # fmt: skip
    assert [bool(event.said_in) for event in told] == [True, False]
    assert rig.wechat.violations == []
