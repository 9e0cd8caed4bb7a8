"""Events: answered where somebody is there to read it, by the callback itself or by a message."""

import re
from typing import Any

import pytest
from contract import until
from wechat_rig import Rig, running

from imbridge import Bridge
from imbridge.protocol import (
    BotAdded,
    BotRemoved,
    Button,
    ButtonClicked,
    Card,
    ChatOpened,
    Event,
    LocationReported,
    MenuClicked,
    Message,
    Toast,
    UnknownEvent,
)

PASSIVE: dict[str, Any] = {"customer_service": False}


def bridge_with(rig: Rig, answer: Any, kind: type[Event] = Event, **config: Any) -> tuple[Bridge, list[Event]]:
    bridge = Bridge([rig.config(**PASSIVE | config)])
    seen: list[Event] = []

    @bridge.on_event(kind)
    async def handle(event: Event) -> Any:
        seen.append(event)
        return answer

    return bridge, seen


async def test_who_follows_is_greeted_by_a_skill(rig: Rig) -> None:
    bridge, seen = bridge_with(rig, "welcome, from a skill", welcome="not this")
    async with running(rig, bridge):
        await rig.alice.unfollows()
        await until(lambda: seen)
        sent = await rig.alice.follows(scene="poster 7")
        answer = await rig.alice.receives()
        assert await sent.settled() == "answered"
    assert (answer.how, answer.text) == ("passive", "welcome, from a skill")
    assert [type(event) for event in seen] == [BotRemoved, BotAdded]
    assert seen[1].payload["EventKey"] == "qrscene_poster 7"
    assert rig.wechat.violations == []


async def test_who_follows_is_greeted_by_the_setting_when_no_skill_does(rig: Rig) -> None:
    bridge = Bridge([rig.config(**PASSIVE, welcome="欢迎关注")])
    async with running(rig, bridge):
        rig.alice.subscribed = False
        await rig.alice.follows()
        answer = await rig.alice.receives()
        sent = await rig.alice.says("no skill takes this")
        assert await sent.settled() == "taken"
    assert (answer.how, answer.text) == ("passive", "欢迎关注")


async def test_what_people_do_is_answered(rig: Rig) -> None:
    bridge, seen = bridge_with(rig, "seen")
    alice = rig.alice
    async with running(rig, bridge):
        for act in (
            alice.scans("door"), alice.clicks_menu("HELP"), alice.scans_by_menu("SCAN", "code", waits=True),
            alice.takes_photos("PHOTO", ["0" * 32]), alice.selects_location("PLACE", 23.1, 113.3),
            alice.reports_location(23.137466, 113.352425, precision=119.385),
        ):  # fmt: skip
            sent = await act
            answer = await alice.receives("seen")
            assert answer.how == "passive"
            assert await sent.settled() == "answered"
    assert [type(event) for event in seen] == [ChatOpened, *[MenuClicked] * 4, LocationReported]
    assert [event.key for event in seen if isinstance(event, MenuClicked)] == ["HELP", "SCAN", "PHOTO", "PLACE"]
    place = seen[-1]
    assert isinstance(place, LocationReported)
    assert (place.latitude, place.longitude, place.precision) == (23.137466, 113.352425, 119.385)
    assert {event.actor.id for event in seen if event.actor} == {alice.openid}


async def test_what_nobody_would_read_is_not_answered_by_the_callback(rig: Rig) -> None:
    bridge, seen = bridge_with(rig, None)
    async with running(rig, bridge) as adapter:
        for act in (rig.alice.views("https://example.com/a"), rig.alice.does("MASSSENDJOBFINISH", {"Status": "ok"})):
            assert await (await act).settled() == "taken"
        assert adapter._webhook is not None
        assert len(adapter._webhook.exchanges) == 0
    assert [type(event) for event in seen] == [MenuClicked, UnknownEvent]
    assert isinstance(seen[1], UnknownEvent)
    assert seen[1].kind == "MASSSENDJOBFINISH"
    assert rig.wechat.violations == []


async def test_an_event_with_customer_service_after_the_callback(rig: Rig) -> None:
    bridge, _ = bridge_with(rig, "by message", customer_service=True, passive_reply=0)
    async with running(rig, bridge):
        sent = await rig.alice.clicks_menu("HELP")
        assert (await rig.alice.receives("by message")).how == "customer_service"
        assert await sent.settled() == "taken"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [("a text", "a text"), (Toast("voted"), "voted"), (Card(title="Result", body=["**3** of 4"]), "Result\n3 of 4")],
    ids=["text", "toast", "card"],
)
async def test_a_click_in_a_menu(rig: Rig, answer: Any, shown: str) -> None:
    """What a person taps comes back as a click with the button's action and value, and is answered by the callback."""
    bridge, seen = bridge_with(rig, answer, ButtonClicked)
    card = Card(title="Lunch?", body=[Button("Noodles", action="vote", value={"dish": 7}), Button("None")])
    async with running(rig, bridge) as adapter:
        adapter._customer_service = True
        rig.alice.quota.grant("message", 5, 60.0)
        receipt = await bridge.send(f"wechat:work/user/{rig.alice.openid}", card)
        assert receipt, receipt.error
        menu = await rig.alice.receives()
        assert menu.kind == "msgmenu"
        adapter._customer_service = False
        sent = await rig.alice.chooses(menu, menu.body["list"][0]["id"])
        said = await rig.alice.receives()
        assert (said.how, said.text) == ("passive", shown)
        assert await sent.settled() == "answered"
    (click,) = seen
    assert isinstance(click, ButtonClicked)
    assert (click.action, click.value) == ("vote", {"dish": 7})
    assert click.channel == rig.channel()
    assert rig.wechat.violations == []


async def test_a_menu_that_answers_a_callback_is_text_with_links(rig: Rig) -> None:
    bridge = Bridge([rig.config(**PASSIVE)])

    @bridge.on_message
    async def answer(msg: Message) -> Card:
        return Card(
            title="Sure?", body=[Button("Yes", action="yes", value=1), Button("More", url='https://a.example/?q="')]
        )

    async with running(rig, bridge):
        await rig.alice.says("delete")
        said = await rig.alice.receives()
    assert said.how == "passive"
    assert re.fullmatch(
        r'Sure\?\n<a href="weixin://bizmsgmenu\?msgmenucontent=Yes&msgmenuid=yes%3D1%3D[\w-]{16}">Yes</a>\n'
        r'<a href="https://a.example/\?q=%22">More</a>',
        said.text,
    )


async def test_two_events_of_one_second_are_two(rig: Rig) -> None:
    bridge, seen = bridge_with(rig, None)
    async with running(rig, bridge):
        await rig.alice.clicks_menu("A")
        await rig.alice.clicks_menu("B")
        await until(lambda: len(seen) == 2)
    assert {event.key for event in seen if isinstance(event, MenuClicked)} == {"A", "B"}
