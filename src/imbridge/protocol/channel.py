"""Where messages are exchanged."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, Self
from urllib.parse import quote

from pydantic import Field

from imbridge.protocol.model import ProtocolModel

_SAFE_IN_ID = "@:=,+*!~$"
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")
_KNOWN = ("address", "account_key")
"""What a channel remembers of itself: a copy with other fields has its own."""


class ChannelKind(StrEnum):
    """What sort of room it is."""

    PRIVATE = "private"
    GROUP = "group"
    GUILD = "guild"
    USER = "user"
    """A person as a target: the platform opens or finds the private chat with them."""
    DEPARTMENT = "department"
    """The people of a department as a target."""
    TAG = "tag"
    """The people with a tag as a target."""


class Channel(ProtocolModel):
    """A conversation on a platform, seen from one account.

    Attributes:
        platform: `feishu`, `wecom`, `dingtalk`, `qq`, `console`, or an installed adapter's name.
        account: The account's name in the configuration (`work`).
        kind: Private chat, group, guild channel; or a target: a user, a department, a tag.
        id: The platform's own id, untouched.
        name: What people call it, when known. Not part of the address.
        thread: The thread or topic inside the channel, if any.
    """

    platform: str = Field(min_length=1)
    account: str = Field(min_length=1)
    kind: ChannelKind
    id: str = Field(min_length=1)
    name: str | None = None
    thread: str | None = None

    @cached_property
    def address(self) -> str:
        """`platform:account/kind/id[#thread]`."""
        where = f"{self.platform}:{_quoted(self.account, '')}/{self.kind.value}/{_quoted(self.id, _SAFE_IN_ID)}"
        return f"{where}#{_quoted(self.thread, _SAFE_IN_ID)}" if self.thread else where

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed, and so with its own address."""
        copied = super().model_copy(update=update, deep=deep)
        for known in _KNOWN:
            copied.__dict__.pop(known, None)
        return copied

    @cached_property
    def account_key(self) -> str:
        """`platform:account`: tokens, dedup keys, queues and limits are keyed by it."""
        return f"{self.platform}:{self.account}"


def _quoted(value: str, safe: str) -> str:
    """Percent-encoded; nearly all ids need nothing, and that is quick to see."""
    return value if _PLAIN.fullmatch(value) else quote(value, safe=safe)
