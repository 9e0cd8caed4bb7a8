"""Clicks through a whole bridge: a skill sends a card, is told of clicks, and what it says takes the card's place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from served import served
from wecom_rig import Rig

from imbridge import Bridge
from imbridge.adapters.wecom import WeComConfig
from imbridge.protocol import Button, ButtonClicked, Card, ChatOpened, Event, LocationReported, Toast

ASK = Card(title="Release?", body=(Button("Yes", value={"build": 7}), Button("No")))
DONE = Card(title="Released", body=("by Alice", Button("Undo")))


@asynccontextmanager
async def bridged(rig: Rig, handlers: dict[type[Event], Any]) -> AsyncIterator[Bridge]:
    app = rig.app
    config = WeComConfig(
        name="work", corp_id=app.corp_id, secret=app.secret, agent_id=app.agent_id, token=app.token,
        aes_key=app.aes_key, base_url=rig.wecom.base_url,
    )  # fmt: skip
    bridge = Bridge([config])
    for kind, handler in handlers.items():
        bridge.on_event(kind)(handler)
    async with bridge, served(bridge.asgi()) as url:
        await rig.wecom.set_callback(app, f"{url}/wecom/work")
        yield bridge


def clicked(say: Any, told: list[ButtonClicked]) -> dict[type[Event], Any]:
    async def handler(event: ButtonClicked) -> Any:
        told.append(event)
        return say

    return {ButtonClicked: handler}


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
async def test_a_card_in_place_of_the_one_that_was_clicked(
    rig: Rig, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time it is the answer to the callback, later it is a call with the click's code."""
    if late:
        monkeypatch.setattr("imbridge.adapters.wecom.webhook.ANSWER_WITHIN", 0.0)
    told: list[ButtonClicked] = []
    async with bridged(rig, clicked(DONE, told)) as bridge:
        receipt = await bridge.send("wecom:work/user/alice", ASK)
        message = await rig.alice.receives()
        click = await rig.alice.clicks_card(message, key=message.card["button_list"][0]["key"])
        answer = await click.delivered()
        async with asyncio.timeout(5):
            while message.card["main_title"]["title"] != "Released":
                await asyncio.sleep(0.01)
    (event,) = told
    assert (event.action, event.value, event.message_id) == ("Yes", {"build": 7}, receipt.message_id)
    assert (answer.body == "") == late
    assert rig.wecom.violations == []


async def test_a_toast_and_a_message(rig: Rig) -> None:
    told: list[ButtonClicked] = []
    async with bridged(rig, clicked([Toast("Noted"), "and a word"], told)) as bridge:
        await bridge.send("wecom:work/user/alice", ASK)
        message = await rig.alice.receives()
        await rig.alice.clicks_card(message, key="No")
        assert (await rig.alice.receives()).text == "and a word"
    assert message.replaced == {"alice": "Noted"}


async def test_nothing_is_said(rig: Rig) -> None:
    told: list[ButtonClicked] = []
    async with bridged(rig, clicked(None, told)) as bridge:
        await bridge.send("wecom:work/user/alice", ASK)
        click = await rig.alice.clicks_card(await rig.alice.receives(), key="No")
        assert (await click.delivered()).body == ""
    assert len(told) == 1


async def test_what_somebody_does_reaches_its_handler(rig: Rig) -> None:
    async def opened(event: ChatOpened) -> str:
        return "welcome"

    async def located(event: LocationReported) -> str:
        return f"{event.latitude} north"

    async with bridged(rig, {ChatOpened: opened, LocationReported: located}):
        await rig.alice.enters()
        assert (await rig.alice.receives()).text == "welcome"
        await rig.alice.reports_location(23.1, 113.3)
        assert (await rig.alice.receives()).text == "23.1 north"


async def test_a_receipt_changes_its_card_and_takes_it_back(rig: Rig) -> None:
    async with bridged(rig, {}) as bridge:
        receipt = await bridge.send("wecom:work/user/alice", ASK)
        message = await rig.alice.receives()
        assert await bridge.edit(receipt, DONE)
        assert message.card["main_title"]["title"] == "Released"
        refused = await bridge.edit(receipt, DONE)
        assert "cannot be changed" in refused.error
        text = await bridge.edit(receipt, "a text")
        assert "cards" in text.error
        assert await bridge.recall(receipt)
    assert message.recalled
