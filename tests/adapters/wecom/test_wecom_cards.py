"""Cards through the platform: the five kinds, and what is clicked and chosen in them."""

import pytest
from wecom_cards import ORDER, card, click
from wecom_rig import Rig, channel, to

from imbridge.adapters.wecom import WeComAdapter
from imbridge.protocol import (
    Button,
    ButtonClicked,
    Card,
    ContentRefusedError,
    DatePicker,
    Fields,
    Form,
    Image,
    Input,
    Note,
    Select,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


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
    event = await click(rig, message, selected={"dish": ["Pizza"]})
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
        (Card(title="id", body=(Select(name="s", options={"x" * 129: "a"}),)), "1 to 111 bytes"),
        (Card(title="4 links", body=tuple(Button(f"l{n}", url="https://a.example") for n in range(4))), "3 links"),
    ],
)  # fmt: skip
async def test_what_no_card_has_room_for_is_text(rig: Rig, adapter: WeComAdapter, one: Card, why: str) -> None:
    sent = await adapter.send(to(), card(one), "key")
    message = await rig.alice.receives()
    assert message.kind == "markdown"
    assert message.text.startswith(f"**{one.title}**")
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
    assert [one.what for one in sent.degradations] == ["input", "date", "note", "confirm"]
    assert (await rig.alice.receives()).card["sub_title_text"] == "Why: ＿＿＿\nwhen: ＿＿＿\nsmall"


async def test_a_headline_that_is_too_long_begins_the_text(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), card(Card(title="long " * 10, body=("rest", Button("b")))), "key")
    shown = (await rig.alice.receives()).card
    assert len(shown["main_title"]["title"]) == 36
    assert shown["sub_title_text"] == f"{'long ' * 10}\nrest"


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
