"""Clicks on buttons and on the bot's menu, and ratings.

Source: bot.q.qq.com, "message buttons" (type 11 a button, 12 the menu of a single chat); the official Go client (13 a
rating of an answer). The first two have to be answered: see `sent.answers`.
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.card_seals import Seals, kind_of_click
from imbridge.adapters.qq.received.facts import (
    direct,
    fields,
    first_id,
    group,
    id_of,
    place_of,
    private,
    room,
    somebody,
    text_of,
)
from imbridge.adapters.qq.received.happening import Happening
from imbridge.protocol import Channel, Event, FeedbackGiven, MenuClicked, Sender
from imbridge.rendering.cards.carried import OWN, carried

BUTTON, MENU, FEEDBACK = 11, 12, 13


def interaction(told: Happening) -> Event:
    """`INTERACTION_CREATE`.

    Raises:
        ValueError: it is of another sort, or lacks what every one has.
    """
    data = fields(told.data, "data")
    resolved = fields(data, "resolved")
    told.needed("id")
    channel = _channel(told)
    facts = {"channel": channel, "actor": _actor(told, resolved)}
    kind = told.data.get("type") or data.get("type")
    message_id = id_of(resolved, "message_id")
    if kind == BUTTON:
        clicked = _clicked(resolved, told.me.seals, place_of(channel))
        return told.make(kind_of_click(clicked), message_id=message_id, **facts, **clicked)
    if kind == MENU:
        return told.make(MenuClicked, key=id_of(resolved, "feature_id") or text_of(resolved, "button_data"), **facts)
    if kind == FEEDBACK:
        return told.make(FeedbackGiven, message_id=message_id, rating=_rating(resolved), **facts)
    raise ValueError("an interaction of another sort")


def _clicked(resolved: Mapping[str, Any], seals: Seals, place: str) -> dict[str, Any]:
    """Action and value: of a button of ours what its data carry, of any other one its id and its data."""
    said = text_of(resolved, "button_data")
    own = carried(said)
    if own is not None:
        return {"action": own[OWN], "value": own.get("value"), **seals.open(own, place).facts}
    return {"action": id_of(resolved, "button_id") or said, "value": said or None}


def _rating(resolved: Mapping[str, Any]) -> str:
    """`checked` is 0 when it was taken back.

    Raises:
        ValueError: it is none that is known.
    """
    if resolved.get("checked") == 0:
        return "withdrawn"
    rating = {"LIKE": "good", "UNLIKE": "bad"}.get(text_of(resolved, "feedback_opt"))
    if rating is None:
        raise ValueError("an unknown rating")
    return rating


def _channel(told: Happening) -> Channel | None:
    """Where. A private chat of a guild is told like a channel: it is known once something was said there."""
    data, account = told.data, told.me.account
    if openid := id_of(data, "group_openid"):
        return group(account, openid)
    guild, channel = id_of(data, "guild_id"), id_of(data, "channel_id")
    if guild and told.me.is_direct(guild):
        return direct(account, guild)
    if channel:
        return room(account, channel)
    openid = id_of(data, "user_openid") or (id_of(_resolved(data), "user_id") if _is_single(data) else "")
    return private(account, openid) if openid else None


def _actor(told: Happening, resolved: Mapping[str, Any]) -> Sender | None:
    data = told.data
    if member := id_of(data, "group_member_openid"):
        return somebody(member, "member_openid")
    if user := first_id(data, "user_openid"):
        return somebody(user, "user_openid")
    return somebody(id_of(resolved, "user_id"), "user_openid" if _is_single(data) else "id")


def _resolved(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return fields(fields(data, "data"), "resolved")


def _is_single(data: Mapping[str, Any]) -> bool:
    """`scene`, and of old `chat_type` alone."""
    return text_of(data, "scene") == "c2c" or (not text_of(data, "scene") and data.get("chat_type") == 2)
