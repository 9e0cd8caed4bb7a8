"""What people do with cards and links, for which the platform waits: clicks and link previews.

Shapes: open.feishu.cn, "card callback communication", "pull link preview data". A callback's `create_time` is in
microseconds. It names the chat without its kind: that is known from what was heard or said there before.
"""

from typing import Any

from imbridge.adapters.card_seals import kind_of_click
from imbridge.adapters.feishu.received.facts import Facts
from imbridge.protocol import Channel, Event, LinkPreviewRequested
from imbridge.rendering.cards.carried import OWN, PICKS, TYPED


def button_clicked(told: Facts) -> Event:
    """`card.action.trigger`, of a card of ours or of somebody else's making."""
    event = told.event
    context = event.get("context") or {}
    return clicked(told, event["action"], event.get("operator"), _place(told, context), context.get("open_message_id"))


def old_button_clicked(told: Facts) -> Event:
    """The older callback, whose fields are all at the top."""
    event = told.event
    return clicked(told, event["action"], event, _place(told, event), event.get("open_message_id"))


def clicked(told: Facts, action: dict[str, Any], who: Any, channel: Channel | None, message_id: Any) -> Event:
    """A click, a choice, or a form that was submitted."""
    carried, form = action.get("value"), action.get("form_value") or {}
    facts: dict[str, Any] = {}
    if isinstance(carried, dict) and isinstance(carried.get(OWN), str):
        opening = told.me.seals.open(carried, channel.id if channel is not None else "")
        name, picks, is_typed, carried = carried[OWN], carried.get(PICKS), carried.get(TYPED), carried.get("value")
        # What it is, the seal says, not the click: what a button carries must not give way to what somebody typed.
        if not form and picks:
            carried = opening.chosen(name, _entered(action, carried))
        elif not form and is_typed:
            carried = _entered(action, carried)
        form = opening.filled(form, picks)
        facts = opening.facts
    else:
        name = action.get("name") or _action_in(carried) or action.get("tag") or ""
        if action.get("tag") != "button" and not form:
            carried = _entered(action, carried)
    return told.make(
        kind_of_click(facts),
        channel=channel,
        actor=told.person(who),
        message_id=message_id or "",
        action=name,
        value=carried,
        form=form,
        **facts,
    )


def _entered(action: dict[str, Any], carried: Any) -> Any:
    """What was chosen or typed, outside a form; what the component carries, where there is no such thing."""
    for key in ("options", "option", "input_value", "checked"):
        if action.get(key) is not None:
            return action[key]
    return carried


def _action_in(value: Any) -> str:
    named = value.get("action") if isinstance(value, dict) else None
    return named if isinstance(named, str) else ""


def link_preview_requested(told: Facts) -> Event:
    """`url.preview.get`; of a link that is being written and not yet sent there is no chat."""
    context = told.event["context"]
    return told.make(
        LinkPreviewRequested,
        channel=_place(told, context),
        actor=told.person(told.event.get("operator")),
        url=context["url"],
    )


def _place(told: Facts, context: dict[str, Any]) -> Channel | None:
    return told.channel(context.get("open_chat_id"))
