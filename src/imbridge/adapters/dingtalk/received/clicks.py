"""Clicks on cards. Source: open.dingtalk.com, "event callback of cards".

A callback says which card it is (`outTrackId`, an id of the app's own choice), who clicked, and which action with which
parameters. Of the space some clients tell more than the documents: `spaceType` is `im` for groups and private chats
alike, so which it is, is known of our own cards, and of private chats that something was heard from.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from imbridge.adapters.dingtalk.received.facts import group, private, text_of, unpacked
from imbridge.adapters.dingtalk.received.identity import Identity
from imbridge.adapters.dingtalk.sent.card_actions import what_was_clicked
from imbridge.protocol import ButtonClicked, Channel, Event, Sender

_UNION = 2
_SPACE = re.compile(r"dtv1\.card:?//(?P<type>[A-Za-z_]+)\.(?P<id>.+)", re.DOTALL)
_GROUP, _PRIVATE, _ANY = ("IM_GROUP",), ("IM_ROBOT", "IM_SINGLE"), ("", "IM")


def button_clicked(key: str, data: Mapping[str, Any], me: Identity, at: datetime) -> Event:
    """A click on a card of ours, or of somebody else's making.

    Raises:
        ValueError: it lacks what every click has.
    """
    card, user = text_of(data, "outTrackId"), text_of(data, "userId")
    if not card or text_of(data, "type") not in ("", "actionCallback"):
        raise ValueError("no click on a card")
    told = _private_data(data)
    ids = told.get("actionIds")
    action, value, form = what_was_clicked(ids if isinstance(ids, list) else (), unpacked(told.get("params")) or {})
    return ButtonClicked(
        id=key,
        platform="dingtalk",
        account=me.account,
        channel=me.card_channel(card) or _space(data, me, user),
        actor=_actor(data, user),
        timestamp=at,
        payload=dict(data),
        message_id=card,
        action=action,
        value=value,
        form=form,
    )


def _private_data(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """`content`, JSON in a text; `value` says the same."""
    for name in ("content", "value"):
        found = unpacked((unpacked(data.get(name)) or {}).get("cardPrivateData"))
        if found is not None:
            return found
    return {}


def _actor(data: Mapping[str, Any], user: str) -> Sender | None:
    if not user:
        return None
    ids = {"union_id" if data.get("userIdType") == _UNION else "staff_id": user}
    if corp := text_of(data, "corpId"):
        ids["corp_id"] = corp
    return Sender(id=user, ids=ids)


def _space(data: Mapping[str, Any], me: Identity, user: str) -> Channel | None:
    """Where the card is, as far as the callback tells: what is not known as a private chat is taken for a group."""
    identity, kind = text_of(data, "spaceId"), text_of(data, "spaceType").upper()
    named = _SPACE.fullmatch(identity)
    if named:
        identity, kind = named["id"], named["type"].upper() if kind in _ANY else kind
    if kind in _PRIVATE:
        whose = named["id"] if named else user
        return private(me.account, whose) if whose else None
    if not identity or kind not in (*_GROUP, *_ANY):
        return None
    person = me.private_chats.person(identity) if kind in _ANY else None
    return private(me.account, person) if person is not None else group(me.account, identity)
