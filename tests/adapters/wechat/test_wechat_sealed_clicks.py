"""Taps on the items of a message's menu: which are believed, and which are not."""

from typing import Any

import pytest
from wechat_rig import Rig, running

from imbridge import Bridge
from imbridge.adapters.card_seals import WRONG_SEAL, RefusedClick, Seals
from imbridge.adapters.wechat.received.clicks import MOST_BYTES, clicked, menu_id
from imbridge.protocol import Button, ButtonClicked, Card, Loss

ASK = Card(title="Lunch?", body=(Button("Noodles", action="vote", value={"dish": 7}), Button("None")))
OURS = Seals("wechat:work", "secret")


def bridge_of(rig: Rig, told: list[ButtonClicked], **settings: Any) -> Bridge:
    bridge = Bridge([rig.config(**settings)])

    @bridge.on_event(ButtonClicked)
    async def vote(event: ButtonClicked) -> str:
        told.append(event)
        return f"{event.action} {event.verified}"

    return bridge


async def shown(rig: Rig, bridge: Bridge) -> Any:
    rig.alice.quota.grant("message", 5, 60.0)
    receipt = await bridge.send(f"wechat:work/user/{rig.alice.openid}", ASK)
    assert receipt, receipt.error
    return await rig.alice.receives()


async def test_also_after_a_restart(rig: Rig) -> None:
    told: list[ButtonClicked] = []
    bridge = bridge_of(rig, told)
    async with running(rig, bridge):
        menu = await shown(rig, bridge)
        await rig.alice.chooses(menu, "Noodles")
        assert (await rig.alice.receives()).text == "vote True"
    async with running(rig, bridge_of(rig, told)):
        await rig.alice.chooses(menu, "None")
        assert (await rig.alice.receives()).text == "None True"
    assert [(event.action, event.value) for event in told] == [("vote", {"dish": 7}), ("None", None)]


@pytest.mark.parametrize("how", ["forged", "another account", "an old secret", "another follower"])
async def test_what_is_not_believed_reaches_no_skill_and_is_told(rig: Rig, how: str) -> None:
    told: list[ButtonClicked] = []
    bridge = bridge_of(rig, told)
    async with running(rig, bridge):
        menu = await shown(rig, bridge)
    item = menu.body["list"][0]
    if how == "forged":
        item["id"] = item["id"].replace("vote", "veto")
    if how == "another account":
        item["id"] = menu_id("vote", 1, Seals("wechat:other", rig.account.secret).at(rig.alice.openid))
    if how == "another follower":
        item["id"] = menu_id("vote", 1, Seals("wechat:work", rig.account.secret).at("o_somebody"))
    if how == "an old secret":
        rig.account.secret = "canary00new00secret0000000000000"
    bridge = bridge_of(rig, told)
    async with running(rig, bridge):
        await rig.alice.chooses(menu, "Noodles")
        assert (await rig.alice.receives()).text == "This card is no longer valid."
        assert bridge.counters()["bridge"]["clicks_refused"] == 1
    assert told == []


@pytest.mark.parametrize(
    ("given", "action"), [("menu_1", "menu_1"), ("a%20b", "a b"), ("x=not json", "x=not json"), ("a=b=c=d", "a=b=c=d")]
)
def test_an_id_that_is_not_ours_is_told_and_not_verified(given: str, action: str) -> None:
    assert clicked(given, OURS, "o_alice") == {"action": action, "value": None}


def test_an_id_of_ours_for_somebody_else() -> None:
    facts = clicked(menu_id("vote", 7, OURS.at("o_bob")), OURS, "o_alice")
    assert facts["refused"] == WRONG_SEAL
    assert RefusedClick(id="1", platform="wechat", account="work", timestamp="2026-11-26T00:00:00Z", **facts).refused


async def test_what_does_not_fit_into_an_id_says_what_to_shorten(rig: Rig) -> None:
    long = Card(title="?", body=(Button("Yes", action="a" * 120),))
    bridge = bridge_of(rig, [])
    async with running(rig, bridge):
        rig.alice.quota.grant("message", 5, 60.0)
        receipt = await bridge.send(f"wechat:work/user/{rig.alice.openid}", long)
    (told,) = receipt.degradations
    assert (told.loss, told.what) == (Loss.AS_TEXT, "button")
    assert f"138 of {MOST_BYTES} bytes: shorten" in told.why
