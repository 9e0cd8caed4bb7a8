"""Whom the API sends to, whom it did not, and what it took back. Pure.

Source: open.dingtalk.com, "robots send messages to people": at most 20 people; the answer says success and names those
who got nothing. "Recall messages": the answer says success and names the messages that stay.
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.unreachable import no_address_for
from imbridge.protocol import (
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    Loss,
    RateLimitedError,
    TargetGoneError,
)

MOST_USERS = 20
OUTSIDE = "$:LWCP_v1:"
"""How the id of somebody begins whom the API cannot reach."""
_GONE = "message not exist"


def is_outside(channel: Channel) -> bool:
    """Whether it is the private chat with somebody outside the organisation."""
    return channel.kind is not ChannelKind.GROUP and channel.id.startswith(OUTSIDE)


def no_card_for(channel: Channel) -> str:
    """Why nobody can be shown a card there; empty where they can."""
    if is_outside(channel):
        return "people outside the organisation are shown no cards"
    several = channel.kind is ChannelKind.USER and "|" in channel.id
    return "a card is shown in one chat, and each of several people has another" if several else ""


def users_of(channel: Channel) -> list[str]:
    """The people that a channel means. Only an address that says `user` can mean several, joined by `|`.

    Raises:
        TargetGoneError: it is none that the API can send to.
        ContentRefusedError: they are too many for one message.
    """
    if is_outside(channel):
        raise TargetGoneError(
            f"{channel.address} is outside the organisation: DingTalk lets a robot answer them for some 90 minutes "
            "after their message, and not otherwise",
            platform="dingtalk",
            window_closed=True,
        )
    if channel.kind is ChannelKind.PRIVATE:
        return [channel.id]
    if channel.kind is not ChannelKind.USER:
        raise no_address_for(channel, "a robot", user="userid", group="openConversationId")
    users = list(dict.fromkeys(one for one in channel.id.split("|") if one))
    if len(users) > MOST_USERS:
        raise ContentRefusedError(f"one message goes to at most {MOST_USERS} people", platform="dingtalk")
    return users


def unreached(users: list[str], body: Mapping[str, Any]) -> list[Degradation]:
    """Those among several who got nothing.

    Raises:
        TargetGoneError: nobody got it, for there are no such people.
        RateLimitedError: nobody got it, for they get too much of this robot.
    """
    invalid, held = _named(users, body, "invalidStaffIdList"), _named(users, body, "flowControlledStaffIdList")
    if not invalid and not held:
        return []
    if len(invalid) == len(users):
        raise TargetGoneError(
            f"dingtalk: nobody in the organisation has the id {'|'.join(invalid)}", platform="dingtalk"
        )
    if len(invalid) + len(held) == len(users):
        text = f"dingtalk: {'|'.join(held)} gets too many messages of this robot; this one was not sent"
        raise RateLimitedError(text, platform="dingtalk")
    found = []
    if invalid:
        why = "nobody in the organisation has this id"
        found.append(Degradation(loss=Loss.DROPPED, what="recipient", how=f"not sent to {'|'.join(invalid)}", why=why))
    if held:
        why = "they get too many messages of this robot"
        found.append(Degradation(loss=Loss.DROPPED, what="recipient", how=f"not sent to {'|'.join(held)}", why=why))
    return found


def check_recalled(message_id: str, body: Mapping[str, Any], *, repeated: bool = False) -> None:
    """See that a message was taken back.

    Args:
        message_id: The message.
        body: The answer.
        repeated: It was asked for before, and the answer got lost: what is not there (any more) was taken back then.

    Raises:
        TargetGoneError: there is no such message.
        DeliveryError: it stays.
    """
    failed = body.get("failedResult")
    if not isinstance(failed, Mapping) or message_id not in failed:
        return
    said = str(failed[message_id])[:200]
    if repeated and _GONE in said:
        return
    kind = TargetGoneError if _GONE in said else DeliveryError
    raise kind(f"dingtalk: the message was not taken back: {said}", platform="dingtalk")


def _named(users: list[str], body: Mapping[str, Any], name: str) -> list[str]:
    listed = body.get(name)
    return [user for user in users if user in listed] if isinstance(listed, list) else []
