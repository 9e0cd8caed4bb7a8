"""Cards through the platform: the five kinds, what is clicked and chosen in them, and what takes their place."""

import asyncio
from typing import Any

import pytest
from contract import until
from wecom_rig import Rig, channel, part, to

from imbridge.adapters.base import Answer
from imbridge.adapters.wecom import WeComAdapter
from imbridge.protocol import (
    Button,
    ButtonClicked,
    Card,
    ChannelKind,
    ContentRefusedError,
    DatePicker,
    DeliveryError,
    Fields,
    Form,
    Image,
    Input,
    Note,
    NotSupportedError,
    Select,
    Toast,
)
from imbridge.rendering import PartKind

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
ORDER = Card(
    title="Order 7",
    body=("Is it **right**?", Fields({"by": "Alice", "for": "Bob"}), Button("Yes", value={"order": 7}), Button("No")),
)


def card(one: Card) -> Any:
    return part(PartKind.CARD, one)


async def click(rig: Rig, message: Any, number: int = 1, **what: Any) -> ButtonClicked:
    """Click, and what was taken in because of it."""
    await rig.alice.clicks_card(message, **what)
    item = (await rig.takes_in(number))[number - 1]
    assert isinstance(item, ButtonClicked)
    return item


async def test_buttons(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    assert message.card["card_type"] == "button_interaction"
    assert message.card["main_title"] == {"title": "Order 7"}
    assert message.card["sub_title_text"] == "Is it right?"
    assert message.card["horizontal_content_list"] == [
        {"keyname": "by", "value": "Alice"},
        {"keyname": "for", "value": "Bob"},
    ]
    assert [one.what for one in sent.degradations] == ["markdown"]
    event = await click(rig, message, key=message.card["button_list"][0]["key"])
    assert (event.action, event.value, event.form) == ("Yes", {"order": 7}, {})
    assert event.message_id == sent.part.message_id == message.msgid
    assert event.channel == channel()
    assert event.actor is not None
    assert event.actor.id == "alice"
    again = await click(rig, message, 2, key="No")
    assert (again.action, again.value) == ("No", None)
    assert rig.wecom.violations == []


async def test_the_code_of_a_click_is_shown_nowhere(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(ORDER), "key")
    event = await click(rig, await rig.alice.receives(), key="No")
    code = event.payload["ResponseCode"]
    assert code
    assert code not in repr(event) + repr(adapter.me) + str(event) + repr(adapter.me.cards)


async def test_two_buttons_that_do_the_same(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(Card(title="?", body=(Button("A", action="go"), Button("B", action="go")))), "key")
    message = await rig.alice.receives()
    keys = [button["key"] for button in message.card["button_list"]]
    assert len(set(keys)) == 2
    assert [(await click(rig, message, number, key=key)).action for number, key in enumerate(keys, 1)] == ["go", "go"]


async def test_one_choice_is_a_vote(rig: Rig, adapter: WeComAdapter) -> None:
    ask = Card(title="Lunch?", body=(Select(name="dish", options={"p": "Pizza", "n": "Noodles"}, initial="n"),))
    sent = await adapter.send(to(), card(ask), "key")
    message = await rig.alice.receives()
    assert message.card["card_type"] == "vote_interaction"
    assert message.card["checkbox"]["mode"] == 0
    assert [option["is_checked"] for option in message.card["checkbox"]["option_list"]] == [False, True]
    assert [one.what for one in sent.degradations] == ["select"]
    event = await click(rig, message, selected={"dish": ["p"]})
    assert (event.action, event.value, event.form) == ("dish", "p", {})


async def test_several_answers_are_a_list_even_when_it_is_one(rig: Rig, adapter: WeComAdapter) -> None:
    ask = Card(title="Toppings", body=(Select(name="top", options=("a", "b", "c"), multiple=True), Button("Order")))
    assert (await adapter.send(to(), card(ask), "key")).degradations == ()
    message = await rig.alice.receives()
    assert message.card["checkbox"]["mode"] == 1
    assert (await click(rig, message, selected={"top": ["b"]})).form == {"top": ["b"]}
    event = await click(rig, message, 2, selected={"top": ["a", "b"]})
    assert (event.action, event.form) == ("Order", {"top": ["a", "b"]})


async def test_several_choices(rig: Rig, adapter: WeComAdapter) -> None:
    form = Form(
        name="f",
        body=(
            Select(name="day", options=("mon", "tue"), label="Day"),
            Select(name="hour", options=("9", "10")),
            Button("Book", action="book", submit=True, value=3),
            Button("Forget it"),
        ),
    )
    sent = await adapter.send(to(), card(Card(title="When?", body=(form,))), "key")
    message = await rig.alice.receives()
    assert message.card["card_type"] == "multiple_interaction"
    assert [one.how for one in sent.degradations] == ["left out: Forget it"]
    event = await click(rig, message, selected={"day": ["tue"], "hour": ["9"]})
    assert (event.action, event.value, event.form) == ("book", 3, {"day": "tue", "hour": "9"})


async def test_a_choice_beside_buttons(rig: Rig, adapter: WeComAdapter) -> None:
    ask = Card(title="Room", body=(Select(name="room", options=("red", "blue")), Button("Book"), Button("Cancel")))
    await adapter.send(to(), card(ask), "key")
    message = await rig.alice.receives()
    assert message.card["card_type"] == "button_interaction"
    event = await click(rig, message, key="Book", selected={"room": ["red"]})
    assert (event.action, event.form) == ("Book", {"room": "red"})


async def test_pages_to_open(rig: Rig, adapter: WeComAdapter) -> None:
    links = (Button("Docs", url="https://example.com/d"), Button("Shop", url="https://example.com/s"))
    await adapter.send(to(), card(Card(title="News", body=("Read this", *links))), "key")
    message = await rig.alice.receives()
    assert message.card["card_type"] == "text_notice"
    assert message.card["card_action"] == {"type": 1, "url": "https://example.com/d"}
    assert [jump["title"] for jump in message.card["jump_list"]] == ["Docs", "Shop"]


async def test_a_picture(rig: Rig, adapter: WeComAdapter) -> None:
    body = (Image(data=PNG, alt="a cat"), "Look\nclosely", Fields({"age": "3"}))
    await adapter.send(to(), card(Card(title="Cat", body=body)), "key")
    message = await rig.alice.receives()
    assert message.card["card_type"] == "news_notice"
    assert message.card["card_image"]["url"].startswith(rig.wecom.base_url)
    assert message.card["vertical_content_list"] == [{"title": "Look", "desc": "closely"}]


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (Card(title="Just text", body=("nothing to click",)), "something to click on"),
        (Card(title="7", body=tuple(Button(f"b{n}") for n in range(7))), "6 buttons"),
        (Card(title="4", body=tuple(Select(name=f"s{n}", options=("a",)) for n in range(4))), "3 choices"),
        (Card(title="21", body=(Select(name="s", options=tuple(f"{n}" for n in range(21))),)), "20 options"),
        (Card(title="key", body=(Button("b", value="x" * 1100),)), "1024 bytes"),
        (Card(title="id", body=(Select(name="s", options={"x" * 129: "a"}),)), "128 bytes"),
        (Card(title="4 links", body=tuple(Button(f"l{n}", url="https://a.example") for n in range(4))), "3 links"),
    ],
)  # fmt: skip
async def test_what_no_card_has_room_for_is_text(rig: Rig, adapter: WeComAdapter, one: Card, why: str) -> None:
    sent = await adapter.send(to(), card(one), "key")
    message = await rig.alice.receives()
    assert message.kind == "markdown"
    assert message.text.startswith(one.title)
    assert sent.degradations[0].what == "card"
    assert why in sent.degradations[0].why
    assert rig.wecom.violations == []


async def test_a_card_as_text_is_as_long_as_it_is(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), card(Card(title="Long", body=("word " * 1000,))), "key")
    shown = "".join([(await rig.alice.receives()).text for _ in range(3)])
    assert shown.count("word") == 1000
    assert any(one.what == "length" for one in sent.degradations)
    assert rig.wecom.violations == []


async def test_what_cannot_be_typed_into_is_named(rig: Rig, adapter: WeComAdapter) -> None:
    body = (Input(name="why", label="Why"), DatePicker(name="when"), Note("small"), Button("Ok", confirm="Sure?"))
    sent = await adapter.send(to(), card(Card(title="T", body=body)), "key")
    assert [one.what for one in sent.degradations] == ["input", "date", "confirm"]
    assert (await rig.alice.receives()).card["sub_title_text"] == "Why: ___\nwhen: ___\nsmall"


async def test_a_headline_that_is_too_long_begins_the_text(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(Card(title="long " * 10, body=("rest", Button("b")))), "key")
    shown = (await rig.alice.receives()).card
    assert len(shown["main_title"]["title"]) == 36
    assert shown["sub_title_text"] == f"{'long ' * 10}\nrest"


# -- changes -----------------------------------------------------------------------------------------------------------


async def test_a_card_is_changed_once_after_it_was_sent_and_once_for_each_click(
    rig: Rig, adapter: WeComAdapter
) -> None:
    sent = await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    await adapter.edit(channel(), sent.part.message_id, card(Card(title="Changed", body=(Button("Again"),))))
    assert message.card["main_title"]["title"] == "Changed"
    with pytest.raises(DeliveryError, match="cannot be changed"):
        await adapter.edit(channel(), sent.part.message_id, card(ORDER))
    event = await click(rig, message, key="Again")
    edited = await adapter.edit(channel(), event.message_id, card(ORDER))
    assert edited.part.message_id == message.msgid
    assert message.card["main_title"]["title"] == "Order 7"
    assert rig.wecom.violations == []


async def test_a_refused_change_does_not_use_up_the_code(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), card(ORDER), "key")
    rig.wecom.faults.refuse("*/update_template_card", 60011)
    with pytest.raises(DeliveryError):
        await adapter.edit(channel(), sent.part.message_id, card(ORDER))
    await adapter.edit(channel(), sent.part.message_id, card(Card(title="Now", body=(Button("b"),))))
    assert (await rig.alice.receives()).card["main_title"]["title"] == "Now"


async def test_after_a_restart_a_card_is_changed_by_its_click(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    again = await rig.start()
    event = await click(rig, message, key="No")
    assert event.message_id == "key"  # its task id
    await again.edit(channel(), event.message_id, card(Card(title="Later", body=(Button("b"),))))
    assert message.card["main_title"]["title"] == "Later"


async def test_the_card_of_one_member_is_changed_and_not_the_others(rig: Rig, adapter: WeComAdapter) -> None:
    bob = rig.wecom.add_user("Bob")
    sent = await adapter.send(to("1", ChannelKind.DEPARTMENT), card(ORDER), "key")
    message = await rig.alice.receives()
    assert message is await bob.receives()
    await click(rig, message, key="No")
    await adapter.edit(channel(), sent.part.message_id, card(Card(title="Alice's", body=(Button("b"),))))
    assert message.card_of("alice")["main_title"]["title"] == "Alice's"
    assert message.card_of("bob")["main_title"]["title"] == "Order 7"
    everybody = card(Card(title="All", body=(Button("b"),)))
    await adapter.edit(channel("1", ChannelKind.DEPARTMENT), sent.part.message_id, everybody)
    assert message.card_of("bob")["main_title"]["title"] == "All"


async def test_what_is_no_card_cannot_take_its_place(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), card(ORDER), "key")
    news = {"msgtype": "news", "news": {"articles": []}}
    with pytest.raises(ContentRefusedError):
        await adapter.edit(channel(), sent.part.message_id, card(Card(content=news)))
    with pytest.raises(NotSupportedError):
        await adapter.edit(channel(), sent.part.message_id, part(PartKind.TEXT))
    await adapter.edit(channel(), sent.part.message_id, card(Card(title="Still", body=(Button("b"),))))


# -- answers to clicks -------------------------------------------------------------------------------------------------


async def answered(rig: Rig, message: Any, say: Answer, key: str = "No", **chosen: Any) -> tuple[Any, Answer]:
    """Click, let a skill say something, and what the platform got; with what was left of it."""
    number = len(rig.intake.offered)
    clicked = await rig.alice.clicks_card(message, key=key, **chosen)
    await rig.takes_in(number + 1)
    waiting = rig.intake.offered[number].answer
    assert waiting is not None
    left = await waiting.show(say)
    return await clicked.delivered(), left


async def test_a_click_is_answered_with_another_card(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    other = Card(
        title="Which ]]></Title><Title>?",
        body=(Select(name="s", options={"a": "A & B", "b": "<B>"}, initial="b", multiple=True), Button("Go", value=1)),
    )
    answer, left = await answered(rig, message, (Toast("done"), other))
    assert answer.passive is message
    assert left == (Toast("done"),)  # one answer has room for one thing
    shown = message.card
    assert shown["card_type"] == "vote_interaction"
    assert shown["main_title"]["title"] == "Which ]]></Title><Title>?"
    assert [option["is_checked"] for option in shown["checkbox"]["option_list"]] == [False, True]
    assert rig.wecom.stats.card_updates == 1
    assert rig.wecom.violations == []
    answer, _ = await answered(rig, message, (ORDER,), shown["submit_button"]["key"], selected={"s": ["a"]})
    event = rig.intake.items[-1]
    assert (event.action, event.value, event.form) == ("Go", 1, {"s": ["a"]})
    assert message.card["main_title"]["title"] == "Order 7"


async def test_a_toast_takes_the_place_of_the_buttons(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    _, left = await answered(rig, message, (Toast("Noted", kind="success"),))
    assert left == ()
    assert message.replaced == {"alice": "Noted"}


async def test_a_card_with_nothing_to_click_on_settles_the_one_that_was_clicked(
    rig: Rig, adapter: WeComAdapter
) -> None:
    await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    _, left = await answered(rig, message, (Card(title="Order 7: approved"),))
    assert left == ()
    assert message.card["main_title"] == {"title": "Order 7: approved"}
    assert message.card["replace_text"] == message.card["button_list"][0]["text"]
    assert rig.wecom.violations == []


async def test_a_card_with_nothing_to_click_on_can_take_the_place_of_one(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    await adapter.edit(channel(), sent.part.message_id, card(Card(title="Order 7: late")))
    assert message.card["main_title"] == {"title": "Order 7: late"}
    assert message.card["replace_text"] == "✓"


@pytest.mark.parametrize("say", [(Toast("careful", kind="warning"),), ()])
async def test_what_cannot_be_shown_that_way_is_given_back(rig: Rig, adapter: WeComAdapter, say: Answer) -> None:
    await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    answer, left = await answered(rig, message, say)
    assert (answer.status, answer.body) == (200, "")
    assert left == say
    assert message.replaced == {}


async def test_nobody_waits_for_a_skill_that_takes_too_long(
    rig: Rig, adapter: WeComAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imbridge.adapters.wecom.webhook.ANSWER_WITHIN", 0.05)
    await adapter.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    clicked = await rig.alice.clicks_card(message, key="No")
    assert (await clicked.delivered()).body == ""
    waiting = rig.intake.offered[0].answer
    assert waiting is not None
    assert await waiting.show((ORDER,)) == (ORDER,)


async def test_a_clicks_answer_is_released_when_nothing_is_said(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(ORDER), "key")
    clicked = await rig.alice.clicks_card(await rig.alice.receives(), key="No")
    await until(lambda: rig.intake.offered, "the click")
    waiting = rig.intake.offered[0].answer
    assert waiting is not None
    waiting.release()
    assert (await asyncio.wait_for(clicked.delivered(), 2)).body == ""


# -- the platform's own JSON -------------------------------------------------------------------------------------------


async def test_own_json(rig: Rig, adapter: WeComAdapter) -> None:
    articles = [{"title": "One", "url": "https://example.com/1", "picurl": "https://example.com/1.png"}]
    own = {
        "news": {"msgtype": "news", "news": {"articles": articles}},
        "textcard": {
            "msgtype": "textcard",
            "textcard": {"title": "T", "description": "D", "url": "https://example.com"},
            "enable_id_trans": 1,
        },
        "template_card": {
            "card_type": "button_interaction",
            "main_title": {"title": "Own"},
            "button_list": [{"text": "x", "key": "X"}],
        },
    }
    for kind, content in own.items():
        await adapter.send(to(), card(Card(content=content)), f"key-{kind}")
        message = await rig.alice.receives()
        assert message.kind == kind
        if kind == "textcard":
            assert message.body["enable_id_trans"] == 1
    event = await click(rig, message, key="X")
    assert event.action == "X"
    assert event.message_id == message.msgid
    with pytest.raises(ContentRefusedError):
        await adapter.send(to(), card(Card(content={"schema": "2.0"})), "other")
    assert rig.wecom.violations == []


async def test_an_items_menu_in_a_cards_corner(rig: Rig, adapter: WeComAdapter) -> None:
    own = {
        "card_type": "text_notice",
        "main_title": {"title": "Own"},
        "card_action": {"type": 1, "url": "https://example.com"},
        "action_menu": {"desc": "more", "action_list": [{"text": "Stop", "key": "stop"}]},
    }
    sent = await adapter.send(to(), card(Card(content=own)), "menu")
    message = await rig.alice.receives()
    await rig.alice.clicks_card_menu(message, key="stop")
    (event,) = await rig.takes_in()
    assert isinstance(event, ButtonClicked)
    assert (event.action, event.message_id) == ("stop", sent.part.message_id)
