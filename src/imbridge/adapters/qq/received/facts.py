"""What deliveries say: fields, times, people and places."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from imbridge.adapters.qq.api import DIRECT
from imbridge.protocol import Channel, ChannelKind, Sender
from imbridge.protocol.message import utc

_SECONDS, _MILLISECONDS = 10**11, 10**14
"""Below the first a number is one of seconds, below the second one of milliseconds: until the year 5138."""
_AS_GO_PRINTS = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d{4}) [A-Z]+(?: m=.*)?")


def moment(value: Any) -> datetime:
    """A time; now, when it makes no sense."""
    return moment_or_none(value) or datetime.now(UTC)


def moment_or_none(value: Any) -> datetime | None:
    """A time as RFC 3339, as digits, as a number of seconds; clients have seen milliseconds, and how Go prints it."""
    if isinstance(value, str):
        number = whole(value)
        if number is None:
            return _written(value)
        value = number
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _MILLISECONDS:
        return None
    return utc(value * 1000 if value < _SECONDS else value)


def _written(value: str) -> datetime | None:
    printed = _AS_GO_PRINTS.fullmatch(value)
    try:
        found = datetime.fromisoformat(f"{printed[1]}{printed[2]}" if printed else value)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A field that is a text; empty when it is missing or something else."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def id_of(data: Mapping[str, Any], name: str) -> str:
    """A field that is an id, which some events have as a number; empty when it is missing."""
    value = data.get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else ""


def first_id(data: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that is an id."""
    for name in names:
        if value := id_of(data, name):
            return value
    return ""


def fields(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field that is an object; an empty one when it is missing or something else."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def items(data: Mapping[str, Any], name: str) -> list[Any]:
    """A field that is a list; an empty one when it is missing or something else."""
    value = data.get(name)
    return value if isinstance(value, list) else []


def whole(value: Any) -> int | None:
    """A whole number that is not negative, as one or as digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else None


@lru_cache(maxsize=10_000)
def private(account: str, person: str) -> Channel:
    """The single chat with somebody. The same one each time: it is frozen, and knows its address already."""
    return Channel(platform="qq", account=account, kind=ChannelKind.PRIVATE, id=person)


@lru_cache(maxsize=10_000)
def direct(account: str, guild: str) -> Channel:
    """The private chat with somebody of a guild, by the id of the guild that is made for it."""
    return Channel(platform="qq", account=account, kind=ChannelKind.PRIVATE, id=DIRECT + guild)


def place_of(channel: Channel | None) -> str:
    """What a card is sealed for, and what a click in it tells: the id of the chat.

    A private chat of a guild is told as a channel, unless it is known by then: its cards are sealed for no chat.
    """
    return "" if channel is None or channel.id.startswith(DIRECT) else channel.id


@lru_cache(maxsize=10_000)
def group(account: str, openid: str) -> Channel:
    """A group."""
    return Channel(platform="qq", account=account, kind=ChannelKind.GROUP, id=openid)


@lru_cache(maxsize=10_000)
def room(account: str, channel: str) -> Channel:
    """A guild's channel."""
    return Channel(platform="qq", account=account, kind=ChannelKind.GUILD, id=channel)


@lru_cache(maxsize=10_000)
def person(identity: str, ids: tuple[tuple[str, str], ...], name: str, is_bot: bool, is_self: bool) -> Sender:
    """Somebody. The same one for each message of theirs."""
    return Sender(id=identity, ids=dict(ids), name=name or None, is_bot=is_bot, is_self=is_self)


def somebody(identity: str, kind: str, name: str = "", *, is_bot: bool = False, is_self: bool = False) -> Sender | None:
    """Somebody by an id of this kind; None when there is none."""
    return person(identity, ((kind, identity),), name, is_bot, is_self) if identity else None
