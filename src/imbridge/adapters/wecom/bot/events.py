"""What happens to a smart bot that is no message.

Source: developer.work.weixin.qq.com, "receive events" (path/101027) and "long connection" (path/101463).
"""

from collections.abc import Callable, Mapping
from typing import Any

from imbridge.adapters.card_seals import kind_of_click
from imbridge.adapters.wecom.bot.facts import BotFacts
from imbridge.adapters.wecom.received.clicks import what_was_clicked
from imbridge.adapters.wecom.received.facts import place_of
from imbridge.protocol import ChatOpened, Event, FeedbackGiven

FEEDBACK = "trace_"
"""What our feedback ids begin with. Ids that begin otherwise were once seen to get no buttons."""

Reader = Callable[[BotFacts, Mapping[str, Any]], Event]

_RATINGS = {1: "good", 2: "bad", 3: "withdrawn"}
_REASONS = {1: "off_topic", 2: "incomplete", 3: "wrong", 4: "wrong_data"}


def _chat_opened(told: BotFacts, event: Mapping[str, Any]) -> Event:
    """`enter_chat`: the first time in a day."""
    return told.make(ChatOpened)


def _button_clicked(told: BotFacts, event: Mapping[str, Any]) -> Event:
    """`template_card_event`: a button, a menu's item, or a form that was sent off."""
    click = event["template_card_event"]
    chosen: dict[str, list[str]] = {}
    for item in (click.get("selected_items") or {}).get("selected_item") or ():
        options = (item.get("option_ids") or {}).get("option_id") or ()
        chosen[str(item["question_key"])] = [str(option) for option in options]
    facts = what_was_clicked(str(click.get("event_key") or ""), chosen, told.me.seals, place_of(told.channel))
    return told.make(kind_of_click(facts), message_id=str(click.get("task_id") or ""), **facts)


def _feedback_given(told: BotFacts, event: Mapping[str, Any]) -> Event:
    """`feedback_event`: somebody rates an answer, or takes the rating back."""
    feedback = event["feedback_event"]
    return told.make(
        FeedbackGiven,
        message_id=str(feedback["id"]).removeprefix(FEEDBACK),
        rating=_RATINGS[feedback["type"]],
        text=str(feedback.get("content") or ""),
        reasons=tuple(_REASONS.get(one, str(one)) for one in feedback.get("inaccurate_reason_list") or ()),
    )


READERS: Mapping[str, Reader] = {
    "enter_chat": _chat_opened,
    "template_card_event": _button_clicked,
    "feedback_event": _feedback_given,
}
"""By `eventtype`."""
