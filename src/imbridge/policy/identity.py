"""Who somebody is, and how a list in the configuration names them."""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import BeforeValidator

from imbridge.protocol import Address, Channel, ChannelKind, Event, Message, Sender

_SCOPED = re.compile(r"(?P<platform>[a-z][a-z0-9_]*):(?P<account>[^/:#\s]+)/(?P<id>\S+)")


@dataclass(frozen=True, slots=True)
class Name:
    """One entry of a list.

    Attributes:
        id: The platform's id.
        account: `platform:account` in which it counts; None for all accounts.
        kind: What an address said it is.
        thread: The thread an address named.
    """

    id: str
    account: str | None = None
    kind: ChannelKind | None = None
    thread: str | None = None


def parse_name(value: Any) -> Name:
    """Read an entry: an id (also as a number), `platform:account/id`, or an address.

    A bare id counts in every account. Where ids are chosen by people, as WeCom's user ids are, name the account too.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(value, Name):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"an id is text or a whole number, not {value!r}; write it in quotes")  # noqa: TRY004 - pydantic reports ValueError
    text = str(value).strip()
    if not text or re.search(r"\s", text):
        raise ValueError(f"not an id: {value!r}; write an id, platform:account/id, or an address")
    scoped = _SCOPED.fullmatch(text)
    if scoped is None:
        return Name(text)
    kind, slash, _ = scoped["id"].partition("/")
    if slash and kind in {each.value for each in ChannelKind}:
        channel = Address(text).channel
        return Name(channel.id, channel.account_key, channel.kind, channel.thread)
    return Name(unquote(scoped["id"]), f"{scoped['platform']}:{unquote(scoped['account'])}")


def _user(value: Any) -> Name:
    name = parse_name(value)
    if name.kind not in (None, ChannelKind.USER, ChannelKind.PRIVATE):
        raise ValueError(f"{value!r} is a {name.kind.value}, not a user; write its id into a list of groups")
    return name


def _group(value: Any) -> Name:
    name = parse_name(value)
    if name.kind in (ChannelKind.USER, ChannelKind.PRIVATE):
        raise ValueError(f"{value!r} is a user, not a group; write its id into a list of users")
    return name


UserName = Annotated[Name, BeforeValidator(_user)]
"""An entry of a list of people."""

GroupName = Annotated[Name, BeforeValidator(_group)]
"""An entry of a list of groups."""


def sender_of(item: Message | Event) -> Sender | None:
    """Who said or did it."""
    return item.sender if isinstance(item, Message) else item.actor


def account_of(item: Message | Event) -> str:
    """`platform:account` through which it came."""
    return item.channel.account_key if isinstance(item, Message) else f"{item.platform}:{item.account}"


def is_user(names: tuple[Name, ...], item: Message | Event) -> bool:
    """The sender is in a list: by the platform's ids, never by the name they show."""
    sender = sender_of(item)
    if sender is None:
        return False
    account = account_of(item)
    ids = {sender.id, *sender.ids.values()} - {""}
    return any(name.id in ids and name.account in (None, account) for name in names)


def is_group(names: tuple[Name, ...], channel: Channel | None) -> bool:
    """The group is in a list; a private chat never is."""
    if channel is None or channel.kind not in (ChannelKind.GROUP, ChannelKind.GUILD):
        return False
    return any(
        name.id == channel.id
        and name.account in (None, channel.account_key)
        and name.kind in (None, channel.kind)
        and name.thread in (None, channel.thread)
        for name in names
    )
