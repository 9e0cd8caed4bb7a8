"""What takes the place of a card: by its code, and as the answer to a click; and what is known of cards."""

import asyncio
from typing import Any

import pytest
from contract import until
from wecom_cards import ORDER, card, click
from wecom_rig import Rig, channel, part, to

from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.pending import Answer
from imbridge.adapters.wecom import WeComAdapter
from imbridge.adapters.wecom.sent.codes import Cards, Code
from imbridge.protocol import (
    Button,
    Card,
    ChannelKind,
    ContentRefusedError,
    DeliveryError,
    NotSupportedError,
    Select,
    Toast,
)
from imbridge.rendering import PartKind

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


async def test_after_a_restart_a_card_is_changed_with_what_was_noted(rig: Rig) -> None:
    rig.kept = {"notes": MemoryNotes()}
    first = await rig.start()
    sent = await first.send(to(), card(ORDER), "key")
    message = await rig.alice.receives()
    await first.send(to(), card(ORDER), "used")
    await first.edit(channel(), "used", card(ORDER))
    second = rig.make()
    await second.remember()  # before it is started: what an earlier process left unsaid is sent then
    await second.edit(channel(), sent.part.message_id, card(Card(title="Later", body=(Button("Again"),))))
    assert message.card["main_title"]["title"] == "Later"
    with pytest.raises(DeliveryError, match="cannot be changed"):
        await second.edit(channel(), "used", card(ORDER))
    event = await click(rig, message, key="Again")
    assert event.message_id == message.msgid
    third = await rig.start()
    await third.edit(channel(), message.msgid, card(ORDER))  # with the code of the click
    assert message.card["main_title"]["title"] == "Order 7"
    assert rig.wecom.violations == []


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
    answer, _ = await answered(rig, message, (ORDER,), shown["submit_button"]["key"], selected={"s": ["A & B"]})
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
    assert (await asyncio.wait_for(clicked.delivered(), 20)).body == ""


# -- what is known of them ---------------------------------------------------------------------------------------------


def test_only_the_newest_cards_are_known() -> None:
    cards = Cards(most=3)
    for number in range(100):
        cards.sent(f"task{number}", f"message{number}", Code(f"code{number}", {"userids": ["alice"]}))
        cards.clicked(f"elsewhere{number}", "alice", "code")
        cards.sent("own id", f"again{number}", None)
    assert len(cards._by_task) == 3
    assert len(cards._task_of) <= 3
    assert cards.message_of("task98") == ""
    assert cards.message_of("task99") == "message99"


def test_only_the_last_who_clicked_are_known() -> None:
    cards = Cards()
    for number in range(1000):
        cards.clicked("task", f"user{number}", f"code{number}")
    assert cards.take("task", "user0") is None
    code = cards.take("task", "user999")
    assert code is not None
    assert code.value == "code999"
