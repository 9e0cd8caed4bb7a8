"""Clicks on cards. Source: open.dingtalk.com, "event callback of cards".

A callback says which card it is (`outTrackId`, an id of the app's own choice), who clicked, and which action with which
parameters. Of the space some clients tell more than the documents: `spaceType` is `im` for groups and private chats
alike, so which it is, is known of our own cards, and of private chats that something was heard from.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from imbridge.adapters.card_seals import SEAL, Seals, kind_of_click
from imbridge.adapters.dingtalk.card_tracks import is_private
from imbridge.adapters.dingtalk.received.facts import group, private, text_of, unpacked
from imbridge.adapters.dingtalk.received.identity import Identity
from imbridge.protocol import Channel, Event, Sender
from imbridge.rendering.cards.carried import OWN, PICKS, carried

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
    facts = what_was_clicked(data, me.seals, card)
    return kind_of_click(facts)(
        id=key,
        platform="dingtalk",
        account=me.account,
        channel=me.card_channel(card) or _own_private(card, me, user) or _space(data, me, user),
        actor=_actor(data, user),
        timestamp=at,
        payload=dict(data),
        message_id=card,
        **facts,
    )


def what_was_clicked(data: Mapping[str, Any], seals: Seals, card: str) -> dict[str, Any]:
    """Action, value and form of a click, and whether it is to be believed.

    Of a card that is not of our making the action is its parameter `action`, else its id; the value, all parameters.

    Args:
        data: The callback.
        seals: The account's.
        card: The id of the card, for which it is sealed: another chat has another card.
    """
    private_data = _private_data(data)
    listed = private_data.get("actionIds")
    ids = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    params = dict(unpacked(private_data.get("params")) or {})
    own = _carried(params, ids)
    form = unpacked(params.get("form"))
    if own is not None:
        rest = {name: value for name, value in params.items() if name not in (OWN, "value", SEAL, "form")}
        opening = seals.open(own, card)
        filled = opening.filled({**rest, **_filled(form)}, own.get(PICKS))
        value, choice = own.get("value"), own.get("choice")
        if isinstance(choice, str) and choice in filled:
            value, filled = filled[choice], {}
        return {"action": own[OWN], "value": value, "form": filled, **opening.facts}
    action = text_of(params, "action") or (ids[0] if ids else "")
    return {"action": action, "value": params or None, "form": _filled(form)}


def _carried(params: Mapping[str, Any], ids: list[str]) -> Mapping[str, Any] | None:
    """What a button of ours carries: in its id, or as one of its parameters."""
    said = params.get(OWN)
    if isinstance(said, str):
        return carried(said) or params  # a card from before seals: action and value are parameters each
    return carried(ids[0]) if ids else None


def _filled(form: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was filled in: a choice comes as `{"index": ..., "value": ...}`, everything else as it is."""
    return {
        name: value["value"] if isinstance(value, Mapping) and value.keys() == {"index", "value"} else value
        for name, value in (form or {}).items()
    }


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


def _own_private(card: str, me: Identity, user: str) -> Channel | None:
    """Of a card of ours that an earlier process sent, its id tells whether it went to one person."""
    return private(me.account, user) if user and is_private(card) else None


def _space(data: Mapping[str, Any], me: Identity, user: str) -> Channel | None:
    """Where the card is, as far as the callback tells: what is not known as a private chat is taken for a group."""
    identity, kind = text_of(data, "spaceId"), text_of(data, "spaceType").upper()
    if named := _SPACE.fullmatch(identity):
        identity, kind = named["id"], named["type"].upper() if kind in _ANY else kind
    if kind in _PRIVATE:
        return private(me.account, user) if user else None
    if not identity or kind not in (*_GROUP, *_ANY):
        return None
    person = me.private_chats.person(identity) if kind in _ANY else None
    return private(me.account, person) if person is not None else group(me.account, identity)
